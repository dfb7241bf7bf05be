/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem/shm_mem.h"

#include "common/mem.h"
#include "webrtc_auth/tables.h"

/* What the index of one table may take: 16 octets for each row of 9. */
#define INDEX_MAX (64 * 1024 * 1024)

struct table
{
	char *text; /* NULL: this map has no table */
	struct ep_arena arena;
	const struct ep_maptable *content;
};

/* One shm block, and the blocks of each table. */
struct ep_tables
{
	size_t n; /* maps of the policy */
	struct table v[];
};

static enum ep_err fail(struct ep_config_error *error, const struct ep_map *map,
		enum ep_err err, const char *what)
{
	error->line = map->line;
	snprintf(error->text, sizeof(error->text), "%.*s: table %.*s: %s",
			EP_FMT(map->name), EP_FMT(ep_view_head(map->table, 120)), what);
	return err;
}

static enum ep_err fail_line(struct ep_config_error *error,
		const struct ep_map *map, enum ep_err err,
		const struct ep_config_error *in_table)
{
	char text[160];

	if(err == EP_ENOMEM)
		return fail(error, map, err, "out of shared memory");
	if(in_table->line == 0)
		return fail(error, map, err, in_table->text);
	snprintf(text, sizeof(text), "line %u: %.120s", in_table->line,
			in_table->text);
	return fail(error, map, err, text);
}

/* A regular file of a bearable size, whole, as one shm block. */
static enum ep_err text_read(struct table *t, size_t *len,
		const struct ep_map *map, struct ep_config_error *error, int fd)
{
	struct stat st;
	size_t n = 0;
	ssize_t got;

	if(fstat(fd, &st) != 0)
		return fail(error, map, EP_ENOENT, strerror(errno));
	if(!S_ISREG(st.st_mode))
		return fail(error, map, EP_ENOENT, "not a regular file");
	if(st.st_size > EP_MAPTABLE_TEXT_MAX)
		return fail(error, map, EP_ERANGE, "table is too long");
	t->text = shm_malloc((size_t)st.st_size + 1);
	if(t->text == NULL)
		return fail(error, map, EP_ENOMEM, "out of shared memory");
	/* One octet more, to see that the file did not grow meanwhile. */
	while((got = read(fd, t->text + n, (size_t)st.st_size + 1 - n)) > 0)
		n += (size_t)got;
	if(got < 0)
		return fail(error, map, EP_ENOENT, strerror(errno));
	if(n != (size_t)st.st_size)
		return fail(
				error, map, EP_ENOENT, "the file changed while it was read");
	*len = n;
	return EP_OK;
}

static enum ep_err table_read(struct table *t, const struct ep_map *map,
		struct ep_config_error *error)
{
	struct ep_config_error in_table;
	char path[PATH_MAX];
	enum ep_err err;
	size_t len = 0;
	int fd;

	if(map->table.len >= sizeof(path))
		return fail(error, map, EP_ERANGE, "the path is too long");
	snprintf(path, sizeof(path), "%.*s", EP_FMT(map->table));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if(fd < 0)
		return fail(error, map, EP_ENOENT, strerror(errno));
	err = text_read(t, &len, map, error, fd);
	close(fd);
	if(err != EP_OK)
		return err;
	err = ep_maptable_parse(
			&t->content, ep_view_of(t->text, len), &t->arena, &in_table);
	return err == EP_OK ? EP_OK : fail_line(error, map, err, &in_table);
}

enum ep_err ep_tables_read(struct ep_tables **out,
		const struct ep_token_policy *policy, struct ep_config_error *error)
{
	size_t n = policy->maps_n;
	enum ep_err err = EP_OK;
	struct ep_tables *all;
	size_t i;

	all = shm_malloc(sizeof(*all) + n * sizeof(all->v[0]));
	if(all == NULL) {
		error->line = 0;
		snprintf(error->text, sizeof(error->text), "out of shared memory");
		return EP_ENOMEM;
	}
	all->n = n;
	for(i = 0; i < n; i++) {
		all->v[i] = (struct table){.text = NULL};
		ep_arena_init(&all->v[i].arena, NULL, 0, &ep_shm_alloc, INDEX_MAX);
	}
	for(i = 0; i < n && err == EP_OK; i++)
		if(policy->maps[i].table.p != NULL)
			err = table_read(&all->v[i], &policy->maps[i], error);
	if(err != EP_OK)
		ep_tables_free(all);
	else
		*out = all;
	return err;
}

void ep_tables_free(struct ep_tables *tables)
{
	size_t i;

	for(i = 0; i < tables->n; i++) {
		ep_arena_fini(&tables->v[i].arena);
		if(tables->v[i].text != NULL)
			shm_free(tables->v[i].text);
	}
	shm_free(tables);
}

void ep_tables_link(
		const struct ep_tables *tables, const struct ep_token_policy *policy)
{
	size_t i;

	for(i = 0; i < tables->n && i < policy->maps_n; i++)
		ep_token_config_table(policy, i, tables->v[i].content);
}
