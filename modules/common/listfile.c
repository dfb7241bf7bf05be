/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/timer.h"

#include "common/listfile.h"

#define END "end "

bool ep_listfile_exists(const struct ep_listfile *f)
{
	return f->path != NULL;
}

/* --- reading --- */

struct reader
{
	const struct ep_listfile *f;
	unsigned line;
	unsigned n;
	bool ended;
	const char *why;
};

static bool entry_read(struct reader *r, struct ep_view line)
{
	bool changed;
	enum ep_err err = r->f->list->take(&changed, line, EP_LINES_FILE);

	if(err == EP_ENOSPC)
		r->why = r->f->limit;
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
		r->why = "not a list of this kind";
		return ep_view_eq(line, ep_view_z(r->f->head));
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

static int file_read(const struct ep_listfile *f)
{
	struct reader r = {.f = f};
	FILE *stream = fopen(f->path, "r");
	char *text;
	size_t len;
	bool good;

	if(stream == NULL && errno == ENOENT) {
		LM_NOTICE("%s %s is not there yet: the list is empty\n", f->param,
				f->path);
		return 0;
	}
	text = stream != NULL ? file_text(&len, stream) : NULL;
	if(stream != NULL)
		fclose(stream);
	if(text == NULL) {
		LM_ERR("%s %s: %s\n", f->param, f->path, strerror(errno));
		return -1;
	}
	good = text_read(&r, ep_view_of(text, len));
	free(text);
	if(!good)
		LM_ERR("%s %s, line %u: %s\n", f->param, f->path, r.line, r.why);
	else
		LM_INFO("%u entries in %s\n", r.n, f->path);
	return good ? 0 : -1;
}

int ep_listfile_init(struct ep_listfile *f, const char *path)
{
	if(path == NULL || path[0] == '\0')
		return 0;
	f->path = path;
	f->written = shm_malloc(sizeof(*f->written));
	if(f->written == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	atomic_set(f->written, 0);
	return file_read(f);
}

void ep_listfile_fini(struct ep_listfile *f)
{
	if(f->written != NULL)
		shm_free(f->written);
	f->written = NULL;
}

bool ep_listfile_wait(const struct ep_listfile *f, int ms)
{
	unsigned wanted;
	int left;

	if(!ep_listfile_exists(f))
		return true;
	wanted = f->list->generation();
	for(left = ms; left > 0; left--) {
		if((int)((unsigned)atomic_get(f->written) - wanted) >= 0)
			return true;
		usleep(1000);
	}
	return false;
}

/* --- writing --- */

/* The room is the process's own and grows until a chain fits. */
static bool chain_write(struct ep_listfile *f, FILE *stream, size_t chain,
		unsigned *n, bool *there)
{
	struct ep_lines_out out;
	size_t cap;
	char *more;

	for(;;) {
		out = (struct ep_lines_out){.n = 0};
		ep_buf_init(&out.text, f->room, f->cap);
		*there = f->list->print(&out, chain);
		if(!out.cut)
			break;
		cap = f->cap == 0 ? 65536 : f->cap * 2;
		more = realloc(f->room, cap);
		if(more == NULL)
			return false;
		f->room = more;
		f->cap = cap;
	}
	*n += out.n;
	return out.text.len == 0
		   || fwrite(out.text.p, out.text.len, 1, stream) == 1;
}

static bool all_write(struct ep_listfile *f, FILE *stream)
{
	bool there = true;
	unsigned n = 0;
	size_t chain;

	if(fprintf(stream, "%s\n", f->head) < 0)
		return false;
	for(chain = 0; there; chain++)
		if(!chain_write(f, stream, chain, &n, &there))
			return false;
	return fprintf(stream, END "%u\n", n) > 0 && fflush(stream) == 0
		   && fsync(fileno(stream)) == 0;
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

static bool file_write(struct ep_listfile *f)
{
	char temp[4096];
	FILE *stream;
	int fd;

	if(snprintf(temp, sizeof(temp), "%s.new", f->path) >= (int)sizeof(temp))
		return false;
	fd = open(
			temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if(fd < 0)
		return false;
	stream = fdopen(fd, "w");
	if(stream == NULL) {
		close(fd);
		return false;
	}
	if(!all_write(f, stream)) {
		fclose(stream);
		return false;
	}
	return fclose(stream) == 0 && rename(temp, f->path) == 0
		   && directory_sync(f->path);
}

/* What changes while it is written makes another generation, and another
 * file. */
void ep_listfile_step(struct ep_listfile *f)
{
	unsigned generation;

	if(!ep_listfile_exists(f))
		return;
	generation = f->list->generation();
	if((unsigned)atomic_get(f->written) == generation)
		return;
	if(f->failed_s != 0 && f->failed_s == get_ticks())
		return;
	if(file_write(f)) {
		atomic_set(f->written, (int)generation);
		f->failed_s = 0;
		return;
	}
	f->failed();
	LM_ERR("%s %s cannot be written: %s\n", f->param, f->path, strerror(errno));
	f->failed_s = get_ticks();
}
