/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The connection table: one entry per TCP connection whose HTTP upgrade had
 * an allowed Origin, keyed by Kamailio's connection id. In shared memory, a
 * lock per bucket; every process may call.
 *
 * An entry lives until the WebSocket is gone, or until a sweep finds that its
 * TCP connection is (HTTP requests that never became a WebSocket).
 */
#ifndef EP_WEBRTC_AUTH_CONN_H
#define EP_WEBRTC_AUTH_CONN_H

#include "base/crypto.h"
#include "base/err.h"
#include "base/view.h"
#include "token/revoke.h"
#include "webrtc_auth/api.h"

/* What fits in a close frame behind its code (RFC 6455 5.5). */
#define EP_CLOSE_REASON_MAX 123

/* A copy of what the table knows. */
struct ep_conn
{
	int id;
	char wwsf[WEBRTC_AUTH_WWSF_MAX + 1];
	bool revoked; /* nothing of this connection is processed any more */
	bool held; /* the end waits for ep_conn_unhold(): an answer is to be sent */
	bool ending; /* the worker has begun with the close frame */
	int close_code;
	char close_reason[EP_CLOSE_REASON_MAX + 1];
	bool bound;
	unsigned char binding[WEBRTC_AUTH_BINDING_LEN];
	bool authenticated; /* a REGISTER had a good token: the two hashes hold */
	unsigned char token[EP_SHA256_LEN];    /* of that token */
	unsigned char identity[EP_SHA256_LEN]; /* of its issuer, IMPI and WWSF */
	long valid_until_s; /* that token's exp and its issuer's skew */
	unsigned failures;  /* requests refused since the last good one */
	unsigned waiting;   /* REGISTERs that wait for their WAF */
	unsigned inactive;  /* ... by a WAF, since its token was another one */
};

/* EP_OK or EP_ENOMEM; `max` entries at most. Before fork. */
enum ep_err ep_conns_init(unsigned max);
void ep_conns_fini(void);
unsigned ep_conns_count(void);

/* A new entry, or another WWSF for the same connection (a second HTTP request
 * before the upgrade). EP_ENOSPC: the table is full; EP_ENOMEM; EP_ERANGE:
 * name too long; EP_ENOENT: the connection is being closed. */
enum ep_err ep_conn_add(int id, struct ep_view wwsf);
/* EP_OK or EP_ENOENT. */
enum ep_err ep_conn_get(struct ep_conn *out, int id);
void ep_conn_del(int id);

/* True only for an entry that is marked; an unknown id is not. */
bool ep_conn_is_revoked(int id);
/* Marks it. *first: nobody had before. With `hold` its end does not begin
 * before ep_conn_unhold(). EP_OK or EP_ENOENT. */
enum ep_err ep_conn_revoke(
		bool *first, int id, int code, struct ep_view reason, bool hold);
void ep_conn_unhold(int id);

/* NULL removes the binding. EP_OK; EP_ENOENT also when revoked. */
enum ep_err ep_conn_bind(int id, const unsigned char *binding);
/* EP_OK; EP_ENOENT also when revoked. */
enum ep_err ep_conn_authenticate(int id,
		const unsigned char token[EP_SHA256_LEN],
		const unsigned char identity[EP_SHA256_LEN], long valid_until_s);
/* One more request refused: how many in a row. 0 for an unknown id. */
unsigned ep_conn_failed(int id);
/* One that was good ends the row. */
void ep_conn_passed(int id);
/* One more waits for its WAF. False: `max` do already, or an unknown id. */
bool ep_conn_wait(int id, unsigned max);
/* One does not any more. */
void ep_conn_waited(int id);
/* One more token of which a WAF knows nothing: how many since the connection's
 * own token was another one, whatever was good in between. 0: unknown id. */
unsigned ep_conn_inactive(int id);
/* The next revoked entry nobody ends yet is marked as being ended and copied.
 * EP_OK or EP_ENOENT. With `id` that entry only, with 0 any. */
enum ep_err ep_conn_end(struct ep_conn *out, int id);

/* --- revocation --- */

/* How long the holder of a binding may take to end calls before the
 * connection is closed without him. */
#define EP_CONN_CUT_MS 500

/* EP_TOKEN_OK, or why the grant does not count any more. Called with a bucket
 * locked: no function of this header. */
typedef enum ep_token_cause (*ep_conn_match_f)(
		const struct ep_revoke_grant *grant);

/* What the token that authenticated the connection permits; a copy is kept,
 * one shared block. EP_OK, EP_ENOENT, EP_ENOMEM (the earlier one stays). */
enum ep_err ep_conn_grant_set(int id, const struct ep_revoke_grant *grant);
/* `match` of what is kept, unless it was good at this generation before.
 * EP_ENOENT: nothing is kept. */
enum ep_err ep_conn_grant_look(enum ep_token_cause *out, int id,
		unsigned generation, ep_conn_match_f match);

struct ep_conns_cut
{
	unsigned n;   /* connections that were found */
	unsigned now; /* of them, or besides: marked as revoked just now */
};
/* Looks at every authenticated connection. One whose grant does not count is
 * marked as revoked; with `hold`, one that is bound only after EP_CONN_CUT_MS,
 * by ep_conns_cut_due(), or as soon as it is not bound any more. None is found
 * a second time. */
void ep_conns_cut(struct ep_conns_cut *out, unsigned generation,
		ep_conn_match_f match, bool hold);
/* *out: n still wait, now were marked. */
void ep_conns_cut_due(struct ep_conns_cut *out);

/* Calls `keep` for every entry, with the bucket locked: it must not call
 * functions of this header. An entry it returns false for is removed. */
void ep_conns_walk(
		bool (*keep)(const struct ep_conn *conn, void *ctx), void *ctx);

#endif
