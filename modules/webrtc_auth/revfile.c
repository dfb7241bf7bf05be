/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/atomic_ops.h"
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/timer.h"

#include "base/buf.h"
#include "common/mem.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/revfile.h"
#include "webrtc_auth/revoke.h"

#define HEAD "# webrtc_auth revoked 1"
#define END "end "

/* The generation that the disk has. */
static atomic_t *written;

bool ep_revfile_exists(void)
{
	return ep_params()->revoked_file != NULL;
}

/* --- reading --- */

struct reader
{
	unsigned line;
	unsigned n;
	bool ended;
	const char *why;
};

static bool entry_read(struct reader *r, struct ep_view line)
{
	struct ep_revoke_entry e;
	struct ep_arena arena;
	char first[8192];
	bool changed;
	enum ep_err err;

	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	err = ep_revoke_entry_parse(&e, line, &arena);
	if(err == EP_OK) {
		e.by = EP_REVOKE_BY_FILE;
		err = ep_revoke_put(&changed, &e);
	}
	if(err == EP_ENOSPC)
		r->why = "more entries than max_revoked";
	else if(err == EP_ENOMEM)
		r->why = "out of memory";
	else if(err != EP_OK)
		r->why = "not an entry";
	return err == EP_OK;
}

static bool line_read(struct reader *r, struct ep_view line)
{
	uint64_t n;

	r->line++;
	if(r->ended) {
		r->why = "something behind the end";
		return false;
	}
	if(r->line == 1) {
		r->why = "not a list of revocations";
		return ep_view_eq(line, EP_LIT(HEAD));
	}
	if(ep_view_starts(line, EP_LIT(END))) {
		r->ended = true;
		r->why = "the number of entries is another";
		return ep_view_u64(&n, ep_view_from(line, strlen(END)), UINT32_MAX)
			   && n == r->n;
	}
	r->n++;
	return entry_read(r, line);
}

/* The last line ends, too: else the file was cut off. */
static bool text_read(struct reader *r, struct ep_view text)
{
	struct ep_view rest = text, line;

	while(rest.p != NULL && rest.len > 0) {
		line = ep_view_cut(&rest, '\n');
		if(rest.p == NULL) {
			r->line++;
			r->why = "cut off";
			return false;
		}
		if(!line_read(r, line))
			return false;
	}
	r->line++;
	r->why = "cut off";
	return r->ended;
}

static char *file_text(size_t *len, FILE *f)
{
	size_t cap = 65536, n;
	char *text = malloc(cap), *more;

	*len = 0;
	while(text != NULL) {
		n = fread(text + *len, 1, cap - *len, f);
		*len += n;
		if(n == 0)
			break;
		if(*len < cap)
			continue;
		more = realloc(text, cap *= 2);
		if(more == NULL)
			free(text);
		text = more;
	}
	if(text != NULL && ferror(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static int file_read(const char *path)
{
	struct reader r = {.line = 0};
	FILE *f = fopen(path, "r");
	char *text;
	size_t len;
	bool good;

	if(f == NULL && errno == ENOENT) {
		LM_NOTICE("%s is not there yet: nothing is revoked\n", path);
		return 0;
	}
	text = f != NULL ? file_text(&len, f) : NULL;
	if(f != NULL)
		fclose(f);
	if(text == NULL) {
		LM_ERR("revoked_file %s: %s\n", path, strerror(errno));
		return -1;
	}
	good = text_read(&r, ep_view_of(text, len));
	free(text);
	if(!good)
		LM_ERR("revoked_file %s, line %u: %s\n", path, r.line, r.why);
	else
		LM_INFO("%u entries in %s\n", r.n, path);
	return good ? 0 : -1;
}

int ep_revfile_init(void)
{
	if(!ep_revfile_exists())
		return 0;
	written = shm_malloc(sizeof(*written));
	if(written == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	atomic_set(written, 0);
	return file_read(ep_params()->revoked_file);
}

void ep_revfile_fini(void)
{
	if(written != NULL)
		shm_free(written);
	written = NULL;
}

bool ep_revfile_wait(int ms)
{
	unsigned wanted;
	int left;

	if(!ep_revfile_exists())
		return true;
	wanted = ep_revoke_generation();
	for(left = ms; left > 0; left--) {
		if((int)((unsigned)atomic_get(written) - wanted) >= 0)
			return true;
		usleep(1000);
	}
	return false;
}

/* --- writing --- */

/* Lines of one chain, gathered while the list is locked. */
struct lines
{
	struct ep_buf text;
	unsigned n;
};

static void line_put(const struct ep_revoke_entry *e, void *ctx)
{
	struct lines *l = ctx;

	ep_revoke_entry_print(&l->text, e);
	ep_buf_put_chr(&l->text, '\n');
	l->n++;
}

/* The buffer is the process's own and grows until a chain fits. */
static bool chain_write(FILE *f, size_t chain, unsigned *n, bool *there)
{
	static char *room;
	static size_t cap;
	struct lines l;
	char *more;

	for(;;) {
		l.n = 0;
		ep_buf_init(&l.text, room, cap);
		*there = ep_revoke_walk(chain, line_put, &l);
		if(!l.text.overflow)
			break;
		more = realloc(room, cap == 0 ? 65536 : cap * 2);
		if(more == NULL)
			return false;
		cap = cap == 0 ? 65536 : cap * 2;
		room = more;
	}
	*n += l.n;
	return l.text.len == 0 || fwrite(l.text.p, l.text.len, 1, f) == 1;
}

static bool all_write(FILE *f)
{
	bool there = true;
	unsigned n = 0;
	size_t chain;

	if(fputs(HEAD "\n", f) < 0)
		return false;
	for(chain = 0; there; chain++)
		if(!chain_write(f, chain, &n, &there))
			return false;
	return fprintf(f, END "%u\n", n) > 0 && fflush(f) == 0
		   && fsync(fileno(f)) == 0;
}

/* The name of a file is on the disk when its directory is. */
static bool directory_sync(const char *path)
{
	char dir[4096];
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
	bool good;
	int fd;

	if(n >= sizeof(dir))
		return false;
	memcpy(dir, slash == NULL ? "." : path, n);
	dir[n] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if(fd < 0)
		return false;
	good = fsync(fd) == 0;
	close(fd);
	return good;
}

static bool file_write(const char *path)
{
	char temp[4096];
	FILE *f;
	int fd;

	if(snprintf(temp, sizeof(temp), "%s.new", path) >= (int)sizeof(temp))
		return false;
	fd = open(
			temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if(fd < 0)
		return false;
	f = fdopen(fd, "w");
	if(f == NULL) {
		close(fd);
		return false;
	}
	if(!all_write(f)) {
		fclose(f);
		return false;
	}
	return fclose(f) == 0 && rename(temp, path) == 0 && directory_sync(path);
}

/* What changes while it is written makes another generation, and another
 * file. */
void ep_revfile_step(void)
{
	static unsigned failed_s;
	unsigned generation = ep_revoke_generation();

	if(!ep_revfile_exists() || (unsigned)atomic_get(written) == generation)
		return;
	if(failed_s != 0 && failed_s == get_ticks())
		return;
	if(file_write(ep_params()->revoked_file)) {
		atomic_set(written, (int)generation);
		failed_s = 0;
		return;
	}
	counter_inc(ep_counters.revoked_file_failed);
	LM_ERR("revoked_file %s cannot be written: %s\n", ep_params()->revoked_file,
			strerror(errno));
	failed_s = get_ticks();
}
