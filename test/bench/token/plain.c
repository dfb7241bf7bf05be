/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A process without Kamailio that checks the same tokens. Arguments: ES256 or
 * RS256, and the file of the token, which is made if there is none. Lines in,
 * `<way> <from> <until>` in nanoseconds of CLOCK_MONOTONIC, way evp or ours;
 * lines out: how many.
 */
#include "subject.h"

static char *token_read(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");

	if(f == NULL)
		return NULL;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void token_write(const char *path, const char *token)
{
	FILE *f = fopen(path, "w");

	need(f != NULL && fputs(token, f) >= 0 && fclose(f) == 0, path);
}

int main(int argc, char **argv)
{
	static struct bench b;
	char line[128], way[16];
	long long from, until;
	char *token;

	need(argc == 3, "usage");
	token = token_read(argv[2]);
	subject_make(&b, argv[1],
			strcmp(argv[1], "ES256") == 0 ? mint_pem_ec : mint_pem_rsa, token);
	subject_load(&b);
	if(token == NULL)
		token_write(argv[2], b.token);
	while(fgets(line, sizeof(line), stdin) != NULL) {
		need(sscanf(line, "%15s %lld %lld", way, &from, &until) == 3, line);
		printf("%ld\n",
				slice_between(&b, strcmp(way, "evp") == 0 ? run_evp : run_ours,
						from, until));
		fflush(stdout);
	}
	return 0;
}
