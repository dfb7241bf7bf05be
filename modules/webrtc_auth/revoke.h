/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What was revoked, for all processes, and what follows from it.
 *
 * The list is in shared memory under one lock, a leaf: nothing else is locked
 * while it is held. From the moment ep_revoke_put() returns nothing that is
 * covered is let in; what is there already ends within a second:
 *   bound connections   who holds the binding is told (calls end first, then
 *                       the registration, then the connection); closed by us
 *                       EP_CONN_CUT_MS later if he did not
 *   all others          closed at once, with the cause's close code
 */
#ifndef EP_WEBRTC_AUTH_REVOKE_H
#define EP_WEBRTC_AUTH_REVOKE_H

#include "token/revoke.h"
#include "webrtc_auth/api.h"
#include "webrtc_auth/check.h"

/* Before fork. EP_OK or EP_ENOMEM. */
enum ep_err ep_revoke_init(size_t max);
void ep_revoke_fini(void);
/* mod_init of who holds bindings. */
void ep_revoke_listen(webrtc_auth_revoked_f listener);

/* Puts an entry in. Of RPC and LOGOUT it is a new one: it gets its at_ms here,
 * later than that of what it replaces. Of FILE and NODE it is a copy.
 * *changed as ep_revoke_list_put(); its errors too. */
enum ep_err ep_revoke_put(bool *changed, const struct ep_revoke_entry *entry);
/* Behind one or more of them: makes the list count for what is there already.
 * Returns how many connections it ends. */
unsigned ep_revoke_enforce(void);
/* The same in the worker process, a moment later: for who serves SIP, and must
 * not look at every connection for it. */
void ep_revoke_enforce_later(void);
/* Lifts the entry with this key. EP_OK, EP_ENOENT. */
enum ep_err ep_revoke_lift(const struct ep_revoke_entry *key);
/* Is the jti of a log-out token in the list? */
bool ep_revoke_logout_seen(const struct ep_revoke_entry *key);
/* A log-out token's jti, which counts once: EP_OK; EP_ERANGE: seen before;
 * EP_ENOSPC, EP_ENOMEM. */
enum ep_err ep_revoke_logout_once(
		struct ep_view issuer, struct ep_view jti, int64_t until_s);

/* EP_TOKEN_OK, or the cause. */
enum ep_token_cause ep_revoke_match(const struct ep_revoke_grant *grant);
/* Behind a good verdict on a request's token, fresh or from a cache: does it
 * still count? For a REGISTER its grant becomes the connection's. */
enum ep_token_cause ep_revoke_check(const struct ep_check *check, int method);
/* As in api.h. */
bool ep_revoke_covers(const struct webrtc_auth_grant *grant);

/* Grows with every change of the list; never 0. */
unsigned ep_revoke_generation(void);
size_t ep_revoke_count(void);
/* Calls `fn` for every entry of a chain, with the lock held; false behind the
 * last chain. */
bool ep_revoke_walk(size_t chain,
		void (*fn)(const struct ep_revoke_entry *entry, void *ctx), void *ctx);

/* The following only in the worker process: connections whose time is over,
 * entries whose time is over. */
void ep_revoke_step(void);
bool ep_revoke_pending(void);

#endif
