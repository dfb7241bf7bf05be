/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "credentials.h"
#include "tna_register.h"

#define FILE_MAX (64 * 1024 * 1024)

static struct
{
	gen_lock_t lock;
	struct ep_credentials c;
	void *block; /* of `c`; NULL: nothing */
	size_t block_len;
	bool wanted; /* somebody asked for it to be read again */
	uint64_t read_s;
	unsigned refused_line; /* of the last attempt, with `refused` */
	const char *refused;   /* why it was refused; NULL: it was not */
} * store;

static const char *file_path;

static void forget(void *block, size_t len)
{
	if(block == NULL)
		return;
	ep_cleanse(block, len);
	shm_free(block);
}

/* --- the file --- */

/* Whoever can write it registers as anybody; whoever can read it, too. */
static const char *file_check(int fd, size_t *len)
{
	struct stat st;

	if(fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "is no file";
	if(st.st_uid != 0 && st.st_uid != geteuid())
		return "belongs to somebody else";
	if((st.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP)) != 0)
		return "is open to others: chmod 600 (or 640 for Kamailio's group)";
	if(st.st_size > FILE_MAX)
		return "is too long";
	*len = (size_t)st.st_size;
	return NULL;
}

/* The text in a block of shared memory of *len octets: what grew while it was
 * read is cut off there, and told by its last line. */
static const char *file_read(char **text, size_t *len)
{
	int fd = open(file_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	const char *why;
	size_t n = 0;
	ssize_t got = 1;

	*text = NULL;
	*len = 0;
	if(fd < 0)
		return errno == ELOOP ? "is a link" : "cannot be read";
	why = file_check(fd, len);
	if(why == NULL && (*text = shm_malloc(*len + 1)) == NULL)
		why = "does not fit into shared memory";
	while(why == NULL && n < *len && got > 0) {
		got = read(fd, *text + n, *len - n);
		if(got < 0)
			why = "cannot be read";
		else
			n += (size_t)got;
	}
	close(fd);
	*len = *text != NULL ? n : 0;
	return why;
}

static const char *parse(struct ep_credentials *c, void **block,
		size_t *block_len, unsigned *line, struct ep_view text)
{
	const char *why;

	*block_len = ep_credentials_size(text);
	*block = shm_malloc(*block_len);
	if(*block == NULL)
		return "does not fit into shared memory";
	why = ep_credentials_parse(c, *block, text, line);
	if(why != NULL) {
		forget(*block, *block_len);
		*block = NULL;
	}
	return why;
}

static int load(void)
{
	struct ep_credentials c = {.users = 0};
	void *block = NULL, *old = NULL;
	size_t len, block_len = 0, old_len = 0;
	unsigned line = 0;
	char *text;
	const char *why = file_read(&text, &len);

	if(why == NULL)
		why = parse(&c, &block, &block_len, &line, ep_view_of(text, len));
	forget(text, len);
	lock_get(&store->lock);
	store->refused = why;
	store->refused_line = line;
	if(why == NULL) {
		old = store->block;
		old_len = store->block_len;
		store->c = c;
		store->block = block;
		store->block_len = block_len;
		store->read_s = tna_now_s();
	}
	lock_release(&store->lock);
	forget(old, old_len);
	if(why == NULL)
		LM_NOTICE(
				"%zu users and %zu pools in %s\n", c.users, c.pools, file_path);
	else
		LM_ERR("%s, line %u: %s\n", file_path, line, why);
	return why == NULL ? 0 : -1;
}

int tna_credentials_init(const char *path)
{
	file_path = path;
	if(path == NULL)
		return 0;
	store = shm_malloc(sizeof(*store));
	if(store == NULL)
		return -1;
	memset(store, 0, sizeof(*store));
	lock_init(&store->lock);
	return load();
}

void tna_credentials_destroy(void)
{
	if(store == NULL)
		return;
	forget(store->block, store->block_len);
	shm_free(store);
	store = NULL;
}

void tna_credentials_tick(void)
{
	bool wanted;

	if(store == NULL)
		return;
	lock_get(&store->lock);
	wanted = store->wanted;
	store->wanted = false;
	lock_release(&store->lock);
	if(wanted)
		load();
}

bool tna_credentials_find(
		struct ep_secret *out, struct ep_view impi, struct ep_view realm)
{
	bool found;

	if(store == NULL)
		return false;
	lock_get(&store->lock);
	found = ep_credentials_find(out, &store->c, impi, realm);
	lock_release(&store->lock);
	return found;
}

/* --- RPC --- */

/* The answer comes from whoever took the question, perhaps a SIP worker: it
 * must not wait for the disk. */
void tna_credentials_rpc_reload(rpc_t *rpc, void *ctx)
{
	if(store == NULL) {
		rpc->fault(ctx, 404, "no credentials are configured");
		return;
	}
	lock_get(&store->lock);
	store->wanted = true;
	lock_release(&store->lock);
}

void tna_credentials_rpc_show(rpc_t *rpc, void *ctx)
{
	size_t users, pools;
	unsigned line;
	const char *why;
	bool wanted;
	int age_s;
	void *st;

	if(store == NULL) {
		rpc->fault(ctx, 404, "no credentials are configured");
		return;
	}
	lock_get(&store->lock);
	users = store->c.users;
	pools = store->c.pools;
	line = store->refused_line;
	why = store->refused;
	wanted = store->wanted;
	age_s = (int)(tna_now_s() - store->read_s);
	lock_release(&store->lock);
	if(rpc->add(ctx, "{", &st) < 0)
		return;
	rpc->struct_add(st, "ddds", "users", (int)users, "pools", (int)pools,
			"age_s", age_s, "reload",
			wanted        ? "waits"
			: why != NULL ? "refused"
						  : "done");
	if(why != NULL)
		rpc->struct_add(st, "sd", "why", why, "line", (int)line);
}
