/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>
#include <time.h>

#include "core/atomic_ops.h"
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/timer_ticks.h"

#include "common/clock.h"
#include "common/mem.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/dmq.h"
#include "webrtc_auth/keeper.h"
#include "webrtc_auth/revoke.h"
#include "webrtc_auth/worker.h"

/* Chains that one step of the worker sweeps. */
#define SWEEP_CHAINS 1024

static struct
{
	gen_lock_t lock;
	atomic_t generation;
	atomic_t enforce; /* not 0: the worker is to look at the connections */
	atomic_t cuts;    /* not 0: some may have been given time */
	struct ep_revoke_list *list;
} * store;

static webrtc_auth_revoked_f on_revoked;

enum ep_err ep_revoke_init(size_t max)
{
	uint64_t seed;
	void *block;

	store = shm_malloc(sizeof(*store));
	block = shm_malloc(ep_revoke_list_size(max));
	if(store == NULL || block == NULL
			|| getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		if(store != NULL)
			shm_free(store);
		if(block != NULL)
			shm_free(block);
		store = NULL;
		return EP_ENOMEM;
	}
	memset(store, 0, sizeof(*store));
	lock_init(&store->lock);
	atomic_set(&store->generation, 1);
	store->list = ep_revoke_list_init(block, max, seed);
	return EP_OK;
}

void ep_revoke_fini(void)
{
	if(store == NULL)
		return;
	ep_revoke_list_fini(store->list, &ep_shm_alloc);
	shm_free(store->list);
	shm_free(store);
	store = NULL;
}

void ep_revoke_listen(webrtc_auth_revoked_f listener)
{
	on_revoked = listener;
}

unsigned ep_revoke_generation(void)
{
	return (unsigned)atomic_get(&store->generation);
}

size_t ep_revoke_count(void)
{
	size_t n;

	lock_get(&store->lock);
	n = ep_revoke_list_count(store->list);
	lock_release(&store->lock);
	return n;
}

bool ep_revoke_walk(size_t chain,
		void (*fn)(const struct ep_revoke_entry *entry, void *ctx), void *ctx)
{
	if(chain >= ep_revoke_list_chains(store->list))
		return false;
	lock_get(&store->lock);
	ep_revoke_list_walk(store->list, chain, fn, ctx);
	lock_release(&store->lock);
	return true;
}

/* --- changing --- */

/* Never 0, which stands for "not looked at". Lock held. */
static void changed_now(void)
{
	if(atomic_get(&store->generation) == -1)
		atomic_set(&store->generation, 1);
	else
		atomic_inc(&store->generation);
}

/* A new entry counts more than what it replaces, whatever the clocks of the
 * node that made that one said. A log-out takes nothing back of what was
 * revoked before it, by operators or by one that was faster. Lock held. */
static void stamp(struct ep_revoke_entry *e)
{
	const struct ep_revoke_entry *old = ep_revoke_list_find(store->list, e);

	e->at_ms = ep_clock_unix_ms();
	if(old != NULL && old->at_ms >= e->at_ms)
		e->at_ms = old->at_ms + 1;
	if(old == NULL || old->lifted || e->by != EP_REVOKE_BY_LOGOUT)
		return;
	if(old->until_s > e->until_s)
		e->until_s = old->until_s;
	if(old->issued_s > e->issued_s)
		e->issued_s = old->issued_s;
}

enum ep_err ep_revoke_put(bool *changed, const struct ep_revoke_entry *entry)
{
	struct ep_revoke_entry e = *entry;
	bool is_new = e.by == EP_REVOKE_BY_RPC || e.by == EP_REVOKE_BY_LOGOUT;
	enum ep_err err;

	lock_get(&store->lock);
	if(is_new)
		stamp(&e);
	err = ep_revoke_list_put(
			changed, store->list, &e, time(NULL), &ep_shm_alloc);
	if(*changed)
		changed_now();
	lock_release(&store->lock);
	if(*changed && is_new)
		ep_dmq_send(&e);
	if(*changed && e.by != EP_REVOKE_BY_FILE)
		ep_keeper_wake();
	if(err == EP_ENOSPC)
		LM_ERR("max_revoked is reached: a revocation was refused\n");
	return err;
}

enum ep_err ep_revoke_lift(const struct ep_revoke_entry *key)
{
	const struct ep_revoke_entry *old;
	struct ep_revoke_entry e = *key;
	bool changed, there;

	lock_get(&store->lock);
	old = ep_revoke_list_find(store->list, key);
	there = old != NULL && !old->lifted && old->until_s >= time(NULL);
	if(there) {
		e.until_s = old->until_s;
		e.issued_s = old->issued_s;
	}
	lock_release(&store->lock);
	if(!there)
		return EP_ENOENT;
	e.lifted = true;
	e.by = EP_REVOKE_BY_RPC;
	return ep_revoke_put(&changed, &e);
}

bool ep_revoke_logout_seen(const struct ep_revoke_entry *key)
{
	bool seen;

	lock_get(&store->lock);
	seen = ep_revoke_list_find(store->list, key) != NULL;
	lock_release(&store->lock);
	return seen;
}

enum ep_err ep_revoke_logout_once(
		struct ep_view issuer, struct ep_view jti, int64_t until_s)
{
	struct ep_revoke_entry e = {.kind = EP_REVOKE_LOGOUT,
			.issuer = issuer,
			.value = jti,
			.until_s = until_s,
			.by = EP_REVOKE_BY_LOGOUT};
	bool changed = false;
	enum ep_err err = EP_ERANGE;

	lock_get(&store->lock);
	if(ep_revoke_list_find(store->list, &e) == NULL) {
		stamp(&e);
		err = ep_revoke_list_put(
				&changed, store->list, &e, time(NULL), &ep_shm_alloc);
		if(changed)
			changed_now();
	}
	lock_release(&store->lock);
	if(changed) {
		ep_dmq_send(&e);
		ep_keeper_wake();
	}
	return err;
}

unsigned ep_revoke_enforce(void)
{
	struct ep_conns_cut cut;

	ep_conns_cut(
			&cut, ep_revoke_generation(), ep_revoke_match, on_revoked != NULL);
	if(cut.n > cut.now) {
		atomic_set(&store->cuts, 1);
		ep_worker_wake_close(EP_CLOSE_ALL);
	}
	ep_close_marked(cut.now);
	if(cut.n > 0)
		counter_add(ep_counters.revoked_connections, (int)cut.n);
	if(on_revoked != NULL)
		on_revoked();
	return cut.n;
}

void ep_revoke_enforce_later(void)
{
	atomic_set(&store->enforce, 1);
	ep_worker_wake_close(EP_CLOSE_ALL);
}

/* --- asking --- */

enum ep_token_cause ep_revoke_match(const struct ep_revoke_grant *grant)
{
	enum ep_token_cause cause;

	if(ep_revoke_list_live(store->list) == 0)
		return EP_TOKEN_OK;
	lock_get(&store->lock);
	cause = ep_revoke_list_match(store->list, grant, time(NULL));
	lock_release(&store->lock);
	return cause;
}

bool ep_revoke_covers(const struct webrtc_auth_grant *g)
{
	struct ep_revoke_grant grant = {.issuer = g->issuer,
			.jti = g->jti,
			.sub = g->sub,
			.sid = g->sid,
			.impi = g->impi,
			.waf = g->waf,
			.wwsf = g->wwsf,
			.impus = g->impus,
			.impus_n = g->impus_n,
			.iat_s = g->iat_s};

	return ep_revoke_match(&grant) != EP_TOKEN_OK;
}

static struct ep_revoke_grant grant_of(const struct ep_token_result *t)
{
	return (struct ep_revoke_grant){.issuer = t->issuer,
			.jti = t->jti,
			.sub = t->sub,
			.sid = t->sid,
			.impi = t->impi,
			.waf = t->waf,
			.wwsf = t->wwsf,
			.impus = t->impus,
			.impus_n = t->impus_n,
			.iat_s = t->iat_s};
}

/* First it is kept, then looked at: whoever revokes meanwhile either finds it
 * kept, or is found here. */
static enum ep_token_cause register_check(
		const struct ep_check *c, const struct ep_revoke_grant *grant)
{
	switch(ep_conn_grant_set(c->conn.id, grant)) {
		case EP_OK:
			return ep_revoke_match(grant);
		case EP_ENOMEM:
			return EP_TOKEN_NO_MEMORY;
		default:
			return EP_TOKEN_REVOKED; /* closed meanwhile */
	}
}

static enum ep_token_cause other_check(const struct ep_check *c)
{
	enum ep_token_cause cause;

	if(!c->conn.authenticated || ep_revoke_list_live(store->list) == 0)
		return EP_TOKEN_OK;
	if(ep_conn_grant_look(
			   &cause, c->conn.id, ep_revoke_generation(), ep_revoke_match)
			!= EP_OK)
		return EP_TOKEN_NO_MEMORY; /* its REGISTER found none to keep it */
	return cause;
}

enum ep_token_cause ep_revoke_check(const struct ep_check *c, int method)
{
	struct ep_revoke_grant grant;
	enum ep_token_cause cause = EP_TOKEN_OK;

	if(method == METHOD_ACK || method == METHOD_CANCEL || !c->has_conn)
		return EP_TOKEN_OK;
	/* A call may be ended by whoever had it. */
	if((method == METHOD_BYE || method == METHOD_PRACK) && c->conn.bound)
		return EP_TOKEN_OK;
	if(c->is_verified) {
		grant = grant_of(&c->token);
		if(method == METHOD_REGISTER)
			return register_check(c, &grant);
		cause = ep_revoke_match(&grant);
	}
	return cause == EP_TOKEN_OK ? other_check(c) : cause;
}

/* --- the worker --- */

bool ep_revoke_pending(void)
{
	return atomic_get(&store->cuts) != 0;
}

static void cut_step(void)
{
	struct ep_conns_cut cut;

	if(!ep_revoke_pending())
		return;
	/* Before the look, so that what begins meanwhile sets it again. */
	atomic_set(&store->cuts, 0);
	ep_conns_cut_due(&cut);
	if(cut.n > 0)
		atomic_set(&store->cuts, 1);
	ep_close_marked(cut.now);
}

void ep_revoke_step(void)
{
	static size_t chain;
	static time_t last;
	time_t now = time(NULL);
	size_t i;

	if(atomic_get(&store->enforce) != 0) {
		atomic_set(&store->enforce, 0); /* before the look: see cut_step() */
		ep_revoke_enforce();
	}
	cut_step();
	if(now == last)
		return;
	last = now;
	for(i = 0; i < SWEEP_CHAINS; i++) {
		if(++chain >= ep_revoke_list_chains(store->list))
			chain = 0;
		lock_get(&store->lock);
		ep_revoke_list_sweep(store->list, chain, now, &ep_shm_alloc);
		lock_release(&store->lock);
	}
}
