/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What somebody trusted says of a token -> who may do what until when.
 *
 * The part that a JWT and an introspection answer have in common: claims,
 * audience, scope, the WWSF, the IMS identities (TS 33.203 X.3.2.3 step 4 and
 * X.4.2.3). Whoever calls it has made sure that the issuer says so.
 */
#ifndef EP_TOKEN_ACCEPT_H
#define EP_TOKEN_ACCEPT_H

#include "token/verify.h"

struct ep_accept
{
	const struct ep_token_policy *policy;
	const struct ep_issuer *issuer;
	const struct ep_json *claims; /* an object, with iss and exp in it */
	const struct ep_json *said;   /* what `require` and cnf are looked for in */
	bool is_answer; /* of introspection: no rules of the JWT profile, and
					   iat may be missing */
	struct ep_view conn_wwsf; /* as in ep_token_verify() */
	int64_t now_s;
};

/* Fills *out (its issuer, issuer_index and kid are the caller's). EP_TOKEN_OK,
 * EP_TOKEN_NO_MEMORY, or a cause of the groups "claims", "identities", "Origin
 * and WWSF", EP_TOKEN_TYP_REFUSED, EP_TOKEN_SCOPE_TOO_SMALL. */
enum ep_token_cause ep_accept(struct ep_token_result *out,
		const struct ep_accept *what, struct ep_arena *arena);

#endif
