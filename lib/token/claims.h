/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A decoded payload -> plain struct, by the names an issuer's section gives
 * the claims (TS 33.203 X.3.2.3 leaves the token's format open).
 */
#ifndef EP_TOKEN_CLAIMS_H
#define EP_TOKEN_CLAIMS_H

#include "token/config.h"
#include "token/json.h"

/* A claim's strings: of a string one, of an array all. */
struct ep_claim_list
{
	struct ep_view *v;
	size_t n;
};

/* Absent claims are absent views, empty lists, or -1. */
struct ep_claims
{
	struct ep_view iss;
	struct ep_view sub;
	struct ep_view jti;
	struct ep_view scope;     /* words with one SP between them */
	struct ep_view client_id; /* or azp, or appid, unless the issuer names
								 another */
	struct ep_view wwsf;
	struct ep_view waf;
	struct ep_claim_list aud;
	int64_t exp_s;
	int64_t nbf_s;
	int64_t iat_s;
	const struct ep_json *all; /* for maps and required claims */
	/* by ep_claims_identities(): */
	struct ep_view impi;
	struct ep_claim_list impus;
};

/* More strings in one claim than this are refused. */
#define EP_CLAIM_LIST_MAX 32

/* The issuer a payload says it is from, before anything else is believed:
 * EP_TOKEN_OK, EP_TOKEN_ISSUER_MISSING, EP_TOKEN_CLAIM_TYPE. */
enum ep_token_cause ep_claims_iss(
		struct ep_view *iss, const struct ep_json *payload);

/* Numbers are integers in 0..2^53 (EP_TOKEN_TIME_TYPE otherwise). Strings
 * with control characters are EP_TOKEN_CLAIM_VALUE. Also EP_TOKEN_CLAIM_TYPE,
 * EP_TOKEN_JSON_LIMIT, EP_TOKEN_NO_MEMORY. What is absent is not judged here.
 * Views are into the arena or the payload's text. */
enum ep_token_cause ep_claims_decode(struct ep_claims *out,
		const struct ep_json *payload, const struct ep_issuer *issuer,
		struct ep_arena *arena);

/* The IMS identities of decoded claims: of the issuer's map, else of its IMPI
 * and IMPU claims; absent where there are no such claims. From a map, besides
 * what ep_template_expand() says: EP_TOKEN_MAPPING_MISSING, the token has no
 * such key, or the table no row for it; EP_TOKEN_CLAIM_TYPE, _VALUE. From
 * claims: EP_TOKEN_CLAIM_TYPE, _VALUE, EP_TOKEN_IMPU_TOO_MANY.
 * EP_TOKEN_NO_MEMORY. */
enum ep_token_cause ep_claims_identities(struct ep_claims *claims,
		const struct ep_issuer *issuer, struct ep_arena *arena);

#endif
