/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A log-out token: "this user's session at the WAF has ended" (OpenID Connect
 * Back-Channel Logout 1.0, 2.4 and 2.6).
 */
#ifndef EP_TOKEN_LOGOUT_H
#define EP_TOKEN_LOGOUT_H

#include "token/budget.h"
#include "token/keyset.h"
#include "token/policy.h"

/* A log-out token is used at once; one that is older is somebody's copy. */
#define EP_LOGOUT_AGE_MAX_S 300

/* All views are in the arena. */
struct ep_logout
{
	struct ep_view issuer; /* as in struct ep_token_result, and also known of */
	size_t issuer_index;   /* a refused one: whose keys are wanted */
	struct ep_view kid;

	/* only with EP_TOKEN_OK: */
	struct ep_view sub; /* one of these two may be absent: then all sessions */
	struct ep_view sid; /* of the user, or this session */
	struct ep_view jti; /* has to be new: the caller remembers it until exp_s */
	int64_t iat_s;
	int64_t exp_s; /* from then on it is refused whatever it says: skew
					  included, and never later than the age limit */
};

/* The token is signed like any other of its issuer, by an `alg` of its section,
 * is for one of its logout_aud, has the log-out event, a jti, a sub or a sid,
 * and no nonce (which would make it an ID token).
 *
 * EP_TOKEN_OK; the causes of a JWT's form, header, key and signature;
 * EP_TOKEN_TYP_REFUSED: typ is neither absent, JWT nor logout+jwt, or it has a
 * nonce, or another event; EP_TOKEN_AUDIENCE_WRONG (also without logout_aud);
 * EP_TOKEN_CLAIM_MISSING: events, jti, or both sub and sid;
 * EP_TOKEN_IAT_MISSING, _ISSUED_IN_FUTURE; EP_TOKEN_EXPIRED: past its exp (if
 * it has one) or older than EP_LOGOUT_AGE_MAX_S; EP_TOKEN_CLAIM_TYPE,
 * _CLAIM_VALUE, _TIME_TYPE; EP_TOKEN_NO_MEMORY. An answer to the WAF is 200 or
 * 400 (2.8), whatever the cause's SIP status. */
enum ep_token_cause ep_logout_verify(struct ep_logout *out,
		const struct ep_token_policy *policy, const struct ep_keyring *keyring,
		struct ep_view token, int64_t now_s, struct ep_arena *arena);

#endif
