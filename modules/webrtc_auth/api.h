/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What webrtc_auth offers to other modules, by bind_webrtc_auth().
 *
 *   static webrtc_auth_api_t auth;
 *   if(webrtc_auth_load_api(&auth) != 0) return -1;    in mod_init
 *
 * A connection is named by its Kamailio connection id (for a message:
 * msg->rcv.proto_reserved1). Ids are unique during one run of Kamailio only.
 * All functions may be called from any process with a private memory pool,
 * after mod_init; none blocks; none is to be called with a lock of
 * webrtc_auth held (there is no way to get one).
 */
#ifndef EP_WEBRTC_AUTH_API_H
#define EP_WEBRTC_AUTH_API_H

#include <stdbool.h>

#include "core/parser/msg_parser.h"
#include "core/sr_module.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

/* Octets of a binding id (tna_register's). */
#define WEBRTC_AUTH_BINDING_LEN 16
/* Longest WWSF id with which a connection can be known. */
#define WEBRTC_AUTH_WWSF_MAX 64
/* IMPUs of one token. */
#define WEBRTC_AUTH_IMPUS_MAX 32

/* What webrtc_auth_check() found in this message's token. The views point
 * into the message's xavp list: they die with the message's processing, and
 * when a script changes $xavp(wauth). Absent where the token says nothing. */
struct webrtc_auth_result
{
	int status;           /* what webrtc_auth_check() returned: 1, or < 0 */
	struct ep_view cause; /* name of that cause; "ok" */
	struct ep_view impi;  /* private identity */
	size_t impus_n;
	struct ep_view impus[WEBRTC_AUTH_IMPUS_MAX]; /* public identities */
	struct ep_view waf;                          /* identity of the WAF */
	struct ep_view wwsf;  /* id of the [wwsf:id] section */
	struct ep_view scope; /* space separated */
	struct ep_view sub;
	struct ep_view jti;
	struct ep_view issuer; /* name of the [issuer:name] section */
	/* The value of authorization-entity for this registration; absent when
	 * none is to be sent (TS 33.203 X.3.2.3, X.4.2.3). */
	struct ep_view entity;
	long expires_s;   /* the token's exp, seconds since 1970 */
	bool third_party; /* the WAF stands outside the operator's domain */
	bool anonymous;   /* the token speaks for no user */
	bool pool;        /* the IMPI is of its WWSF's own pool */
	long iat_s;       /* the token's iat; -1: not known */
	struct ep_view client;
	struct ep_view sid; /* session at the WAF */
};

/* Who holds a permission, as far as a revocation may name it. Absent views
 * are not known. */
struct webrtc_auth_grant
{
	struct ep_view issuer; /* name of its section */
	struct ep_view jti, sub, sid;
	struct ep_view impi;
	const struct ep_view *impus;
	size_t impus_n;
	struct ep_view waf, wwsf;
	long iat_s; /* -1: not known */
};

/* What a [wwsf:id] section allows beyond the token; 0: no limit. */
enum webrtc_auth_from
{
	WEBRTC_AUTH_FROM_KEEP,
	WEBRTC_AUTH_FROM_REPLACE,
	WEBRTC_AUTH_FROM_REFUSE
};
struct webrtc_auth_limits
{
	unsigned max_registrations; /* at once */
	unsigned max_calls;         /* at once */
	unsigned max_call_s;        /* longest call */
	unsigned call_s_per_day;    /* of all calls, UTC days */
	enum webrtc_auth_from from; /* for identities of its pool */
};

/* Runs in the process that took a revocation, once it is in force. Must not
 * block: queue, and let another process look through what you keep. */
typedef void (*webrtc_auth_revoked_f)(void);

/* Runs in webrtc_auth_check(), for a REGISTER whose token is good, where its
 * WWSF has a limit: false when this would be one registration more than `max`.
 * Must not block. */
typedef bool (*webrtc_auth_admit_f)(
		sip_msg_t *msg, struct ep_view wwsf, struct ep_view impi, unsigned max);

typedef void (*webrtc_auth_closing_f)(int conid);

typedef struct webrtc_auth_api
{
	/* The result of the last webrtc_auth_check() on this message, good or
	 * bad. EP_OK, or EP_ENOENT when there was none. Identities are filled
	 * only with status 1 and a token in the message: a request that passed
	 * because its connection is bound (BYE, ACK, ...) has status 1 and an
	 * absent impi. */
	enum ep_err (*result)(struct webrtc_auth_result *out, sip_msg_t *msg);

	/* Writes the id of the WWSF whose page opened the connection.
	 * EP_OK, EP_ENOENT (connection unknown), EP_ENOSPC. */
	enum ep_err (*conn_wwsf)(struct ep_buf *out, int conid);

	/* Remembers which binding the connection carries; NULL forgets it.
	 * Replaces an earlier one. EP_OK, or EP_ENOENT: unknown or revoked, so
	 * the caller must treat the binding as having lost its connection. */
	enum ep_err (*conn_bind)(
			int conid, const unsigned char id[WEBRTC_AUTH_BINDING_LEN]);

	/* EP_OK, or EP_ENOENT: unknown, or not bound. The connection is unknown
	 * from the moment of its SREV_TCP_WS_CLOSE on: whoever wants to act on
	 * that event needs an index of his own. */
	enum ep_err (*conn_binding)(
			unsigned char id[WEBRTC_AUTH_BINDING_LEN], int conid);

	/* True from the moment somebody asked for the end of the connection, and
	 * for one that never was: nothing of it is to be processed, nothing is to
	 * be sent to it. */
	bool (*conn_revoked)(int conid);

	/* Ends the connection: revoked at once, then a close frame with `code`
	 * (1000..4999) and `reason` (cut at 123 octets; printable ASCII), then
	 * TCP, at the latest 500 ms later. Returns without waiting. A second call
	 * changes nothing. EP_OK, EP_ENOENT (connection unknown), EP_ERANGE. */
	enum ep_err (*conn_close)(int conid, int code, struct ep_view reason);

	/* mod_init only; one listener, the last counts. It is told in
	 * webrtc_auth's own process of every connection whose end begins, before
	 * the close frame. Must not block. */
	void (*on_closing)(webrtc_auth_closing_f listener);

	/* Is something revoked that covers this grant? Cheap while the list is
	 * empty. */
	bool (*is_revoked)(const struct webrtc_auth_grant *grant);
	/* mod_init only; one listener, the last counts. Who listens ends what is
	 * bound, calls first, and closes its connections with close code 4003; a
	 * connection that is still open 500 ms later is closed by webrtc_auth. */
	void (*on_revoked)(webrtc_auth_revoked_f listener);

	/* EP_OK, or EP_ENOENT: the configuration has no such WWSF (any more):
	 * *out allows nothing then but what is there. */
	enum ep_err (*wwsf_limits)(
			struct webrtc_auth_limits *out, struct ep_view wwsf);
	/* May users of this WWSF send initial requests there? `target` is an
	 * IMPU-like URI in any spelling. */
	bool (*wwsf_permits)(struct ep_view wwsf, struct ep_view target);
	/* Is this private identity one that the WWSF lends (its pool)? */
	bool (*wwsf_pool)(struct ep_view wwsf, struct ep_view impi);
	/* mod_init only; who counts registrations. The last one counts. */
	void (*on_register)(webrtc_auth_admit_f admit);
} webrtc_auth_api_t;

typedef int (*bind_webrtc_auth_f)(webrtc_auth_api_t *api);

/* 0, or -1 for a NULL `api`. */
int bind_webrtc_auth(webrtc_auth_api_t *api);

/* For the user's mod_init; 0, or -1 when webrtc_auth is not loaded before. */
static inline int webrtc_auth_load_api(webrtc_auth_api_t *api)
{
	bind_webrtc_auth_f bind;

	bind = (bind_webrtc_auth_f)(void (*)(void))find_export(
			"bind_webrtc_auth", 0, 0);
	if(bind == NULL)
		return -1;
	return bind(api);
}

#endif
