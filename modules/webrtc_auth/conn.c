/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/atomic_ops.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "webrtc_auth/conn.h"

#define BUCKETS 4096

struct entry
{
	struct entry *next;
	struct ep_conn c;
};

struct table
{
	gen_lock_set_t *locks;
	unsigned max;
	atomic_t n;
	struct entry *buckets[BUCKETS];
};

static struct table *table;

enum ep_err ep_conns_init(unsigned max)
{
	table = shm_malloc(sizeof(*table));
	if(table == NULL)
		return EP_ENOMEM;
	memset(table, 0, sizeof(*table));
	table->max = max;
	atomic_set(&table->n, 0);
	table->locks = lock_set_alloc(BUCKETS);
	if(table->locks == NULL || lock_set_init(table->locks) == NULL) {
		if(table->locks != NULL)
			lock_set_dealloc(table->locks);
		shm_free(table);
		table = NULL;
		return EP_ENOMEM;
	}
	return EP_OK;
}

void ep_conns_fini(void)
{
	struct entry *e, *next;
	unsigned i;

	if(table == NULL)
		return;
	for(i = 0; i < BUCKETS; i++)
		for(e = table->buckets[i]; e != NULL; e = next) {
			next = e->next;
			shm_free(e);
		}
	lock_set_destroy(table->locks);
	lock_set_dealloc(table->locks);
	shm_free(table);
	table = NULL;
}

unsigned ep_conns_count(void)
{
	return (unsigned)atomic_get(&table->n);
}

static unsigned bucket_of(int id)
{
	return (unsigned)id % BUCKETS;
}

/* The link that holds the entry, or the NULL at the end. Bucket locked. */
static struct entry **entry_find(int id)
{
	struct entry **at = &table->buckets[bucket_of(id)];

	while(*at != NULL && (*at)->c.id != id)
		at = &(*at)->next;
	return at;
}

/* Locks the bucket; NULL (and unlocked) when there is no such entry. */
static struct entry *entry_lock(int id)
{
	struct entry *e;

	lock_set_get(table->locks, bucket_of(id));
	e = *entry_find(id);
	if(e == NULL)
		lock_set_release(table->locks, bucket_of(id));
	return e;
}

static void entry_unlock(struct entry *e)
{
	lock_set_release(table->locks, bucket_of(e->c.id));
}

static void entry_unlink(struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	atomic_dec(&table->n);
	shm_free(e);
}

/* Bucket locked. */
static enum ep_err entry_new(struct entry **out, int id)
{
	struct entry *e;

	if((unsigned)atomic_get(&table->n) >= table->max)
		return EP_ENOSPC;
	e = shm_malloc(sizeof(*e));
	if(e == NULL)
		return EP_ENOMEM;
	memset(e, 0, sizeof(*e));
	e->c.id = id;
	e->next = table->buckets[bucket_of(id)];
	table->buckets[bucket_of(id)] = e;
	atomic_inc(&table->n);
	*out = e;
	return EP_OK;
}

enum ep_err ep_conn_add(int id, struct ep_view wwsf)
{
	enum ep_err err = EP_OK;
	struct entry *e;

	if(wwsf.len > WEBRTC_AUTH_WWSF_MAX)
		return EP_ERANGE;
	lock_set_get(table->locks, bucket_of(id));
	e = *entry_find(id);
	if(e == NULL)
		err = entry_new(&e, id);
	else if(e->c.revoked)
		err = EP_ENOENT;
	if(err == EP_OK) {
		memcpy(e->c.wwsf, wwsf.p, wwsf.len);
		e->c.wwsf[wwsf.len] = '\0';
	}
	lock_set_release(table->locks, bucket_of(id));
	return err;
}

enum ep_err ep_conn_get(struct ep_conn *out, int id)
{
	struct entry *e = entry_lock(id);

	if(e == NULL)
		return EP_ENOENT;
	*out = e->c;
	entry_unlock(e);
	return EP_OK;
}

void ep_conn_del(int id)
{
	struct entry **at;

	lock_set_get(table->locks, bucket_of(id));
	at = entry_find(id);
	if(*at != NULL)
		entry_unlink(at);
	lock_set_release(table->locks, bucket_of(id));
}

bool ep_conn_is_revoked(int id)
{
	struct entry *e = entry_lock(id);
	bool revoked;

	if(e == NULL)
		return false;
	revoked = e->c.revoked;
	entry_unlock(e);
	return revoked;
}

/* Printable ASCII only: the reason of a close frame must be UTF-8, and ends
 * up in logs. */
static void reason_copy(char *out, struct ep_view reason)
{
	size_t i;

	reason = ep_view_head(reason, EP_CLOSE_REASON_MAX);
	for(i = 0; i < reason.len; i++)
		out[i] = reason.p[i] >= 0x20 && reason.p[i] < 0x7f ? reason.p[i] : '?';
	out[i] = '\0';
}

enum ep_err ep_conn_revoke(
		bool *first, int id, int code, struct ep_view reason, bool hold)
{
	struct entry *e = entry_lock(id);

	*first = false;
	if(e == NULL)
		return EP_ENOENT;
	if(!e->c.revoked) {
		*first = true;
		e->c.revoked = true;
		e->c.held = hold;
		e->c.close_code = code;
		reason_copy(e->c.close_reason, reason);
	}
	entry_unlock(e);
	return EP_OK;
}

void ep_conn_unhold(int id)
{
	struct entry *e = entry_lock(id);

	if(e == NULL)
		return;
	e->c.held = false;
	entry_unlock(e);
}

enum ep_err ep_conn_bind(int id, const unsigned char *binding)
{
	enum ep_err err = EP_OK;
	struct entry *e = entry_lock(id);

	if(e == NULL)
		return EP_ENOENT;
	if(binding == NULL) {
		e->c.bound = false;
	} else if(e->c.revoked) {
		err = EP_ENOENT;
	} else {
		e->c.bound = true;
		memcpy(e->c.binding, binding, sizeof(e->c.binding));
	}
	entry_unlock(e);
	return err;
}

enum ep_err ep_conn_authenticate(int id,
		const unsigned char token[EP_SHA256_LEN],
		const unsigned char identity[EP_SHA256_LEN], long valid_until_s)
{
	enum ep_err err = EP_ENOENT;
	struct entry *e = entry_lock(id);

	if(e == NULL)
		return EP_ENOENT;
	if(!e->c.revoked) {
		err = EP_OK;
		e->c.authenticated = true;
		memcpy(e->c.token, token, sizeof(e->c.token));
		memcpy(e->c.identity, identity, sizeof(e->c.identity));
		e->c.valid_until_s = valid_until_s;
		e->c.failures = 0;
	}
	entry_unlock(e);
	return err;
}

unsigned ep_conn_failed(int id)
{
	struct entry *e = entry_lock(id);
	unsigned n;

	if(e == NULL)
		return 0;
	n = ++e->c.failures;
	entry_unlock(e);
	return n;
}

/* Bucket locked. */
static bool end_in(struct ep_conn *out, unsigned bucket, int id)
{
	struct entry *e;

	for(e = table->buckets[bucket]; e != NULL; e = e->next)
		if((id == 0 || e->c.id == id) && e->c.revoked && !e->c.held
				&& !e->c.ending) {
			e->c.ending = true;
			*out = e->c;
			return true;
		}
	return false;
}

enum ep_err ep_conn_end(struct ep_conn *out, int id)
{
	unsigned i = id ? bucket_of(id) : 0;
	unsigned last = id ? bucket_of(id) : BUCKETS - 1;
	bool found = false;

	for(; i <= last && !found; i++) {
		if(table->buckets[i] == NULL)
			continue;
		lock_set_get(table->locks, i);
		found = end_in(out, i, id);
		lock_set_release(table->locks, i);
	}
	return found ? EP_OK : EP_ENOENT;
}

void ep_conns_walk(
		bool (*keep)(const struct ep_conn *conn, void *ctx), void *ctx)
{
	struct entry **at;
	unsigned i;

	for(i = 0; i < BUCKETS; i++) {
		if(table->buckets[i] == NULL)
			continue;
		lock_set_get(table->locks, i);
		for(at = &table->buckets[i]; *at != NULL;)
			if(keep(&(*at)->c, ctx))
				at = &(*at)->next;
			else
				entry_unlink(at);
		lock_set_release(table->locks, i);
	}
}
