/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/mem/shm_mem.h"
#include "core/timer.h"

#include "common/locks.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/replay.h"

#define BUCKETS 1024
/* A claim counts for so long before its connection is authenticated. */
#define GRACE_S 5

struct claim
{
	struct claim *next;
	unsigned char said[EP_SHA256_LEN];  /* what was signed: it is found by */
	unsigned char token[EP_SHA256_LEN]; /* as this connection brought it */
	int conid;
	unsigned since_s; /* get_ticks() */
};

struct table
{
	gen_lock_set_t *locks;
	struct claim *buckets[BUCKETS];
};

static struct table *table;

enum ep_err ep_replay_init(void)
{
	table = shm_malloc(sizeof(*table));
	if(table == NULL)
		return EP_ENOMEM;
	memset(table, 0, sizeof(*table));
	table->locks = ep_locks_new(BUCKETS);
	if(table->locks == NULL) {
		shm_free(table);
		table = NULL;
		return EP_ENOMEM;
	}
	return EP_OK;
}

void ep_replay_fini(void)
{
	struct claim *c, *next;
	unsigned i;

	if(table == NULL)
		return;
	for(i = 0; i < BUCKETS; i++)
		for(c = table->buckets[i]; c != NULL; c = next) {
			next = c->next;
			shm_free(c);
		}
	ep_locks_free(table->locks);
	shm_free(table);
	table = NULL;
}

/* Does the connection still hold what it claimed? */
static bool is_held(const struct claim *c)
{
	struct ep_conn conn;

	if(ep_conn_get(&conn, c->conid) != EP_OK || conn.revoked)
		return false;
	if(conn.authenticated && memcmp(conn.token, c->token, EP_SHA256_LEN) == 0)
		return true;
	return get_ticks() - c->since_s < GRACE_S;
}

/* Bucket locked. The claim of this token; claims that nobody holds any more
 * go on the way, so that the table never has more than there are
 * connections, but for those of buckets nobody visits. */
static struct claim *claim_find(
		unsigned bucket, const unsigned char said[EP_SHA256_LEN])
{
	struct claim **at = &table->buckets[bucket], *c, *found = NULL;

	while((c = *at) != NULL) {
		if(!is_held(c)) {
			*at = c->next;
			shm_free(c);
			continue;
		}
		if(memcmp(c->said, said, EP_SHA256_LEN) == 0)
			found = c;
		at = &c->next;
	}
	return found;
}

static enum ep_err claim_add(unsigned bucket,
		const unsigned char said[EP_SHA256_LEN],
		const unsigned char token[EP_SHA256_LEN], int conid)
{
	struct claim *c = shm_malloc(sizeof(*c));

	if(c == NULL)
		return EP_ENOMEM;
	memcpy(c->said, said, EP_SHA256_LEN);
	memcpy(c->token, token, EP_SHA256_LEN);
	c->conid = conid;
	c->since_s = get_ticks();
	c->next = table->buckets[bucket];
	table->buckets[bucket] = c;
	return EP_OK;
}

enum ep_err ep_replay_claim(const unsigned char said[EP_SHA256_LEN],
		const unsigned char token[EP_SHA256_LEN], int conid)
{
	unsigned bucket = (said[0] << 8 | said[1]) % BUCKETS;
	enum ep_err err = EP_OK;
	struct claim *c;

	lock_set_get(table->locks, bucket);
	c = claim_find(bucket, said);
	if(c == NULL) {
		err = claim_add(bucket, said, token, conid);
	} else if(c->conid != conid) {
		err = EP_ENOENT;
	} else if(memcmp(c->token, token, EP_SHA256_LEN) != 0) {
		memcpy(c->token, token, EP_SHA256_LEN);
		c->since_s = get_ticks();
	}
	lock_set_release(table->locks, bucket);
	return err;
}
