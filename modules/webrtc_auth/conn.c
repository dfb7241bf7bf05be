/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/atomic_ops.h"
#include "core/mem/shm_mem.h"
#include "core/timer_ticks.h"

#include "common/locks.h"
#include "webrtc_auth/conn.h"

#define BUCKETS 4096

struct entry
{
	struct entry *next;
	struct ep_conn c;
	struct ep_revoke_grant *grant; /* a block of its own, or NULL */
	unsigned looked;               /* at this generation it was not revoked */
	bool is_cut;                   /* it is, and ends at cut_at */
	enum ep_token_cause cut_cause;
	ticks_t cut_at;
};

struct table
{
	gen_lock_set_t *locks;
	unsigned max;
	atomic_t n;
	struct entry *buckets[BUCKETS];
};

static struct table *table;

static void entry_free(struct entry *e)
{
	if(e->grant != NULL)
		shm_free(e->grant);
	shm_free(e);
}

enum ep_err ep_conns_init(unsigned max)
{
	table = shm_malloc(sizeof(*table));
	if(table == NULL)
		return EP_ENOMEM;
	memset(table, 0, sizeof(*table));
	table->max = max;
	atomic_set(&table->n, 0);
	table->locks = ep_locks_new(BUCKETS);
	if(table->locks == NULL) {
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
			entry_free(e);
		}
	ep_locks_free(table->locks);
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
	entry_free(e);
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

/* Bucket locked. False: somebody had before. */
static bool entry_revoke(
		struct entry *e, int code, struct ep_view reason, bool hold)
{
	if(e->c.revoked)
		return false;
	e->c.revoked = true;
	e->c.held = hold;
	e->c.close_code = code;
	reason_copy(e->c.close_reason, reason);
	return true;
}

enum ep_err ep_conn_revoke(
		bool *first, int id, int code, struct ep_view reason, bool hold)
{
	struct entry *e = entry_lock(id);

	*first = false;
	if(e == NULL)
		return EP_ENOENT;
	*first = entry_revoke(e, code, reason, hold);
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
		if(!e->c.authenticated
				|| memcmp(e->c.token, token, sizeof(e->c.token)) != 0)
			e->c.inactive = 0;
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

unsigned ep_conn_inactive(int id)
{
	struct entry *e = entry_lock(id);
	unsigned n;

	if(e == NULL)
		return 0;
	n = ++e->c.inactive;
	entry_unlock(e);
	return n;
}

void ep_conn_passed(int id)
{
	struct entry *e = entry_lock(id);

	if(e == NULL)
		return;
	e->c.failures = 0;
	entry_unlock(e);
}

bool ep_conn_wait(int id, unsigned max)
{
	struct entry *e = entry_lock(id);
	bool may;

	if(e == NULL)
		return false;
	may = e->c.waiting < max;
	if(may)
		e->c.waiting++;
	entry_unlock(e);
	return may;
}

void ep_conn_waited(int id)
{
	struct entry *e = entry_lock(id);

	if(e == NULL)
		return;
	if(e->c.waiting > 0)
		e->c.waiting--;
	entry_unlock(e);
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

/* --- what a connection's token permits, and whether it still does --- */

enum ep_err ep_conn_grant_set(int id, const struct ep_revoke_grant *grant)
{
	void *block = shm_malloc(ep_revoke_grant_size(grant));
	struct ep_revoke_grant *fresh, *old;
	struct entry *e;

	if(block == NULL)
		return EP_ENOMEM;
	fresh = ep_revoke_grant_copy(block, grant);
	e = entry_lock(id);
	if(e == NULL) {
		shm_free(block);
		return EP_ENOENT;
	}
	old = e->grant;
	e->grant = fresh;
	e->looked = 0;
	entry_unlock(e);
	if(old != NULL)
		shm_free(old);
	return EP_OK;
}

/* Bucket locked. */
static enum ep_token_cause grant_look(
		struct entry *e, unsigned generation, ep_conn_match_f match)
{
	enum ep_token_cause cause;

	if(e->looked == generation)
		return EP_TOKEN_OK;
	cause = match(e->grant);
	if(cause == EP_TOKEN_OK)
		e->looked = generation;
	return cause;
}

enum ep_err ep_conn_grant_look(enum ep_token_cause *out, int id,
		unsigned generation, ep_conn_match_f match)
{
	struct entry *e = entry_lock(id);
	enum ep_err err = EP_ENOENT;

	*out = EP_TOKEN_OK;
	if(e == NULL)
		return EP_ENOENT;
	if(e->grant != NULL) {
		err = EP_OK;
		*out = grant_look(e, generation, match);
	}
	entry_unlock(e);
	return err;
}

static bool cut_now(struct entry *e)
{
	const struct ep_token_cause_info *info = ep_token_cause_get(e->cut_cause);

	return entry_revoke(e, info->close, ep_view_z(info->text), false);
}

/* Bucket locked. */
static bool cut_begin(struct entry *e, enum ep_token_cause cause, bool hold)
{
	if(e->is_cut || e->c.revoked)
		return false;
	e->is_cut = true;
	e->cut_cause = cause;
	if(!hold || !e->c.bound)
		return cut_now(e);
	e->cut_at = get_ticks_raw() + MS_TO_TICKS(EP_CONN_CUT_MS);
	return true;
}

void ep_conns_cut(struct ep_conns_cut *out, unsigned generation,
		ep_conn_match_f match, bool hold)
{
	enum ep_token_cause cause;
	struct entry *e;
	unsigned i;

	*out = (struct ep_conns_cut){.n = 0};
	for(i = 0; i < BUCKETS; i++) {
		if(table->buckets[i] == NULL)
			continue;
		lock_set_get(table->locks, i);
		for(e = table->buckets[i]; e != NULL; e = e->next) {
			if(e->grant == NULL || !e->c.authenticated)
				continue;
			cause = grant_look(e, generation, match);
			if(cause == EP_TOKEN_OK || !cut_begin(e, cause, hold))
				continue;
			out->n++;
			if(e->c.revoked)
				out->now++;
		}
		lock_set_release(table->locks, i);
	}
}

void ep_conns_cut_due(struct ep_conns_cut *out)
{
	ticks_t now = get_ticks_raw();
	struct entry *e;
	unsigned i;

	*out = (struct ep_conns_cut){.n = 0};
	for(i = 0; i < BUCKETS; i++) {
		if(table->buckets[i] == NULL)
			continue;
		lock_set_get(table->locks, i);
		for(e = table->buckets[i]; e != NULL; e = e->next) {
			if(!e->is_cut || e->c.revoked)
				continue;
			if(e->c.bound && (s_ticks_t)(now - e->cut_at) < 0)
				out->n++;
			else if(cut_now(e))
				out->now++;
		}
		lock_set_release(table->locks, i);
	}
}
