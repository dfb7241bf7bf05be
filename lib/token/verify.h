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
	struct ep_view client_id; /* absent if there is none */
	int64_t exp_s;
	bool third_party; /* the WAF is not in the operator's domain */
	bool name_waf;    /* authorization-entity is to be added (entity rule
						 and domain taken together) */
	enum ep_entity_rule entity;
};

/* conn_wwsf: id of the WWSF that this connection's Origin belongs to; absent:
 * EP_TOKEN_ORIGIN_UNKNOWN. now_s: seconds since 1970. The keyring's keys are
 * used, so one thread at a time. */
enum ep_token_cause ep_token_verify(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_keyring *keyring,
		struct ep_view token, struct ep_view conn_wwsf, int64_t now_s,
		struct ep_arena *arena);

/* Is `uri` (To, From, P-Preferred-Identity) one of the token's identities?
 * Compared as ep_impu_eq() does. */
bool ep_token_permits_impu(
		const struct ep_token_result *result, struct ep_view uri);

/* What may be logged of a token: 8 hexadecimal digits of its SHA-256. The
 * text is NUL-terminated; "????????" when the digest failed. */
void ep_token_fingerprint(char out[9], struct ep_view token);

#endif
