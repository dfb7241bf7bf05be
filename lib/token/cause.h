/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Why a token, or the credentials around it, was not accepted: one value per
 * cause, and one table that says what follows from each.
 *
 * Families, by what the client is told (RFC 6750 3, RFC 8898 2.2; closing:
 * TS 33.203 X.3.2.3 step 4 "decline the REGISTER, close the WebSocket"):
 *
 *   what happened                            SIP  error word         closed
 *   no token, one that is over, another
 *     opaque one: the page renews or
 *     registers on the same connection       401  -, invalid_token   no
 *   credentials that cannot be read          400  invalid_request    no
 *   keys or the WAF's answer not there yet,
 *     too much at once: ask again            503  -                  no
 *   a token that is no good                  401  invalid_token      4001
 *   an identity that may not be used         403  -                  4002
 *   revoked or banned                        403  -                  4003
 *   Origin and WWSF do not fit               403  -                  4004
 *   scope too small                          403  insufficient_scope 4005
 *     (4002 and 4005: 401, invalid_token and insufficient_scope, where the
 *     configuration says identity_status = 401: ep_policy_answer_get())
 *   too many tries                           403  -                  4006
 *   our own fault                            500  -                  no
 */
#ifndef EP_TOKEN_CAUSE_H
#define EP_TOKEN_CAUSE_H

#include <stddef.h>

/* WebSocket close codes (RFC 6455 7.4.2: 4000..4999 are for private use). */
enum ep_token_close
{
	EP_CLOSE_NONE = 0,      /* the connection stays */
	EP_CLOSE_TOKEN = 4001,  /* get another token before you come back */
	EP_CLOSE_USER = 4002,   /* this identity is not for you */
	EP_CLOSE_BANNED = 4003, /* revoked: do not come back by yourself */
	EP_CLOSE_WWSF = 4004,   /* this page is not allowed here, or not with
							   this token */
	EP_CLOSE_SCOPE = 4005,  /* the token is not for IMS access */
	EP_CLOSE_TRIES = 4006   /* too many failures: wait */
};

/* The order is that of the table in cause.c; names in logs and counters are
 * stable, the numbers here are not: store names. */
enum ep_token_cause
{
	EP_TOKEN_OK = 0,

	/* our own fault: never a verdict on the token */
	EP_TOKEN_NO_MEMORY,
	EP_TOKEN_CRYPTO_FAILED,

	/* nothing usable yet */
	EP_TOKEN_ABSENT,
	EP_TOKEN_EXPIRED,
	EP_TOKEN_CREDENTIALS_MALFORMED,
	EP_TOKEN_CREDENTIALS_REPEATED,
	EP_TOKEN_KEY_UNKNOWN, /* no key of that kid: ask the fetcher, then 503 */
	EP_TOKEN_KEYS_ABSENT, /* the issuer's keys were not loaded yet */
	EP_TOKEN_PENDING,     /* no verdict yet: the WAF is being asked */
	EP_TOKEN_INTROSPECT_BUSY,    /* too many are waiting for their WAF */
	EP_TOKEN_INTROSPECT_FAILED,  /* the WAF does not answer */
	EP_TOKEN_INTROSPECT_ANSWER,  /* what it answers is no answer */
	EP_TOKEN_SOURCE_EXCEEDED,    /* too many refusals from this address */
	EP_TOKEN_COST_EXCEEDED,      /* too much signature time for it */
	EP_TOKEN_REGISTRATIONS_FULL, /* the WWSF's max_registrations */
	EP_TOKEN_INACTIVE,           /* the WAF says active:false */
	EP_TOKEN_OPAQUE_CHANGED,     /* another opaque token: it belongs into a
									REGISTER */

	/* form of the token */
	EP_TOKEN_TOO_LONG,
	EP_TOKEN_OPAQUE,    /* no JWT, and nobody to ask about it */
	EP_TOKEN_PARTS,     /* not three, or header or payload is empty */
	EP_TOKEN_ENCRYPTED, /* five parts: a JWE */
	EP_TOKEN_BASE64,
	EP_TOKEN_JSON_SYNTAX,
	EP_TOKEN_JSON_DUPLICATE,
	EP_TOKEN_JSON_LIMIT, /* too deep, too many members */
	EP_TOKEN_JSON_TEXT,  /* not UTF-8, NUL, a lone surrogate */

	/* protected header */
	EP_TOKEN_HEADER_TYPE, /* a parameter has the wrong JSON type */
	EP_TOKEN_HEADER_KEY,  /* jku, jwk, x5u, x5c: a key the token brings */
	EP_TOKEN_HEADER_CRIT,
	EP_TOKEN_HEADER_B64,
	EP_TOKEN_HEADER_ZIP,
	EP_TOKEN_HEADER_NESTED, /* cty: a token inside the token */
	EP_TOKEN_ALG_MISSING,
	EP_TOKEN_ALG_NONE, /* none, in any case */
	EP_TOKEN_ALG_MAC,  /* HS256 and its like: we have no shared secrets */
	EP_TOKEN_ALG_UNKNOWN,
	EP_TOKEN_ALG_REFUSED, /* known, but not allowed for this issuer */
	EP_TOKEN_KID_MISSING,
	EP_TOKEN_KID_INVALID, /* too long, or octets no kid of ours has */
	EP_TOKEN_TYP_REFUSED,

	/* key and signature */
	EP_TOKEN_KEY_USE,  /* the kid names an encryption key */
	EP_TOKEN_KEY_TYPE, /* the kid names an oct or otherwise unusable key */
	EP_TOKEN_KEY_ALG,  /* the kid names a key of another algorithm */
	EP_TOKEN_SIGNATURE_FORM, /* wrong length, r or s out of range */
	EP_TOKEN_SIGNATURE_WRONG,

	/* claims */
	EP_TOKEN_CLAIM_TYPE,    /* a claim has the wrong JSON type */
	EP_TOKEN_CLAIM_VALUE,   /* octets that must not get into SIP or a log */
	EP_TOKEN_CLAIM_MISSING, /* one the issuer's profile asks for */
	EP_TOKEN_ISSUER_MISSING,
	EP_TOKEN_ISSUER_UNKNOWN,
	EP_TOKEN_AUDIENCE_WRONG, /* missing, or without us */
	EP_TOKEN_TIME_TYPE,      /* exp, nbf, iat: not an integer in 0..2^53 */
	EP_TOKEN_EXP_MISSING,
	EP_TOKEN_IAT_MISSING,
	EP_TOKEN_NOT_YET_VALID,
	EP_TOKEN_ISSUED_IN_FUTURE,
	EP_TOKEN_LIFETIME_TOO_LONG,
	EP_TOKEN_CONFIRMATION, /* cnf: bound to a proof we cannot check */
	EP_TOKEN_WAF_WRONG,    /* the WAF claim is not this issuer's WAF */
	EP_TOKEN_IMPI_MISSING,
	EP_TOKEN_IMPU_MISSING,
	EP_TOKEN_IMPU_TOO_MANY,
	EP_TOKEN_CLIENT_MISSING,

	/* identities */
	EP_TOKEN_IMPI_REFUSED, /* outside the WWSF's patterns */
	EP_TOKEN_IMPU_REFUSED,
	EP_TOKEN_IMPU_NOT_IN_TOKEN, /* To, From: not of the token's set */
	EP_TOKEN_USER_CHANGED,      /* not the user this connection belongs to */
	EP_TOKEN_MAPPING_MISSING,   /* no IMS identity for this web identity */
	EP_TOKEN_USER_ABSENT,       /* speaks for no user, the WWSF wants one */

	/* revoked (decided by who keeps the lists, not by this library) */
	EP_TOKEN_REVOKED,
	EP_TOKEN_REPLAYED,
	EP_TOKEN_USER_REVOKED,
	EP_TOKEN_WWSF_REVOKED,
	EP_TOKEN_WAF_REVOKED,
	EP_TOKEN_ISSUER_REVOKED,

	/* Origin and WWSF */
	EP_TOKEN_ORIGIN_UNKNOWN, /* absent, malformed, or nobody's */
	EP_TOKEN_WWSF_UNKNOWN,   /* claim or client names no WWSF */
	EP_TOKEN_WWSF_ISSUER,    /* that WWSF does not take this issuer's tokens */
	EP_TOKEN_WWSF_CLIENT,    /* that WWSF is not this client */
	EP_TOKEN_WWSF_WRONG,     /* not the WWSF of this connection's Origin */

	EP_TOKEN_SCOPE_TOO_SMALL,
	EP_TOKEN_TRIES_EXCEEDED,

	EP_TOKEN_CAUSE_N
};

struct ep_token_cause_info
{
	const char *name;        /* snake_case, for logs, counters, docs */
	const char *text;        /* one English clause, safe for a peer to see */
	unsigned sip_status;     /* 200 for EP_TOKEN_OK */
	const char *oauth_error; /* RFC 6750 3.1 word, or NULL: none is sent */
	enum ep_token_close close;
	int script; /* 1, or a negative value of its own; never -1, which is any
				   script function's "false". -10..-99 are left to the glue */
};

/* Never NULL: a value outside the enum gets the row of EP_TOKEN_CRYPTO_FAILED,
 * so that a mistake fails closed. */
const struct ep_token_cause_info *ep_token_cause_get(enum ep_token_cause cause);

#endif
