/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * One access token -> who may do what until when, or why not.
 *
 * TS 33.203 X.3.2.3 and X.4.2.3 step 4; RFC 8725; RFC 9068 4. Cheap checks
 * come first: a token has to name a known issuer, an allowed algorithm and a
 * known key before a signature is computed for it.
 */
#ifndef EP_TOKEN_VERIFY_H
#define EP_TOKEN_VERIFY_H

#include "token/budget.h"
#include "token/keyset.h"
#include "token/policy.h"

/* All views are in the arena that was given to ep_token_verify(). */
struct ep_token_result
{
	struct ep_view issuer; /* name of its section */
	size_t issuer_index;   /* SIZE_MAX: not known. Both are set as soon as
							  they are known, also for a refused token, so
							  that a missing key can be fetched */
	struct ep_view kid;    /* like these two */

	/* only with EP_TOKEN_OK: */
	struct ep_view sub;
	struct ep_view impi;
	struct ep_view *impus;
	size_t impus_n;
	struct ep_view waf;  /* the WAF's identity */
	struct ep_view wwsf; /* id of its section */
	struct ep_view scope;
	struct ep_view jti;       /* absent if there is none */
	struct ep_view sid;       /* session at the WAF; absent if there is none */
	struct ep_view client_id; /* absent if there is none */
	int64_t exp_s;
	int64_t iat_s;  /* -1: not known */
	bool anonymous; /* the token speaks for no user: no sub, or the client's */
	bool pool;      /* the IMPI is of its WWSF's own pool */
	bool third_party; /* the WAF is not in the operator's domain */
	bool name_waf;    /* authorization-entity is to be added (entity rule
						 and domain taken together) */
	enum ep_entity_rule entity;
};

/* conn_wwsf: id of the WWSF that this connection's Origin belongs to; absent:
 * EP_TOKEN_ORIGIN_UNKNOWN. now_s: seconds since 1970. The keyring's keys are
 * used, so one thread at a time. `budget` is asked right before the signature
 * is computed; no: EP_TOKEN_COST_EXCEEDED; NULL: nobody asks. A token with an
 * `events` claim is an event about a user (RFC 8417), as a log-out token is:
 * EP_TOKEN_TYP_REFUSED. */
enum ep_token_cause ep_token_verify(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_keyring *keyring,
		struct ep_view token, struct ep_view conn_wwsf, int64_t now_s,
		const struct ep_token_budget *budget, struct ep_arena *arena);

/* Has it the looks of a JWS or JWE? What has not is opaque: nothing but its
 * issuer's introspection can tell about it. Text that is cut or spoiled may
 * come out either way; neither way accepts it. */
bool ep_token_is_jose(struct ep_view token);

/* Is `uri` (To, From, P-Preferred-Identity) one of the token's identities?
 * Compared as ep_impu_eq() does. */
bool ep_token_permits_impu(
		const struct ep_token_result *result, struct ep_view uri);

/* What may be logged of a token: 8 hexadecimal digits of its SHA-256. The
 * text is NUL-terminated; "????????" when the digest failed. */
void ep_token_fingerprint(char out[9], struct ep_view token);
/* The same of a token whose SHA-256 (32 octets) is known. */
void ep_token_fingerprint_of(char out[9], const unsigned char *digest);

#endif
