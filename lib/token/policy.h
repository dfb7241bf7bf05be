/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Single questions to a policy, each a pure function.
 */
#ifndef EP_TOKEN_POLICY_H
#define EP_TOKEN_POLICY_H

#include "base/buf.h"
#include "token/claims.h"
#include "token/config.h"

/* Octet for octet: a final slash is another issuer (RFC 8725 3.8). */
const struct ep_issuer *ep_policy_issuer_find(
		const struct ep_token_policy *policy, struct ep_view iss);
const struct ep_wwsf *ep_policy_wwsf_find(
		const struct ep_token_policy *policy, struct ep_view id);

/* ASCII serialisation of an origin (RFC 6454 6.2): scheme and host in lower
 * case, no default port. EP_ESYNTAX for `null`, a list of origins, user
 * information, a path, octets outside ASCII; EP_ENOSPC. */
enum ep_err ep_origin_print(struct ep_buf *out, struct ep_view origin);
/* The WWSF whose page has this Origin; NULL: nobody's, or no origin. */
const struct ep_wwsf *ep_policy_origin_find(
		const struct ep_token_policy *policy, struct ep_view origin);

/* `typ` of the header (RFC 7515 4.1.9: any case, application/ may be left
 * out). With `typ` in the issuer's section exactly that; without it none,
 * JWT or at+jwt: an ID token cannot be told by its typ then, only by aud. */
bool ep_policy_typ_ok(const struct ep_issuer *issuer, struct ep_view typ);
/* RFC 9068 profile: does the issuer ask for at+jwt? */
bool ep_policy_is_at_jwt(const struct ep_issuer *issuer);
bool ep_policy_aud_ok(
		const struct ep_issuer *issuer, const struct ep_claim_list *aud);
/* Is `word` one of the space separated words? (RFC 6749 3.3) */
bool ep_policy_scope_has(struct ep_view scope, struct ep_view word);
/* exp, nbf, iat against `now_s` with the issuer's skew and lifetime limit. */
enum ep_token_cause ep_policy_time_check(const struct ep_issuer *issuer,
		const struct ep_claims *claims, int64_t now_s);

/* The WWSF a token was made for: by the issuer's WWSF claim, else by the
 * client. EP_TOKEN_OK, EP_TOKEN_CLIENT_MISSING, EP_TOKEN_WWSF_UNKNOWN,
 * EP_TOKEN_WWSF_ISSUER, EP_TOKEN_WWSF_CLIENT. */
enum ep_token_cause ep_policy_token_wwsf(const struct ep_wwsf **out,
		const struct ep_token_policy *policy, const struct ep_issuer *issuer,
		const struct ep_claims *claims);

/* Well-formed and inside the WWSF's patterns: EP_TOKEN_OK,
 * EP_TOKEN_CLAIM_VALUE, EP_TOKEN_IMPI_REFUSED / EP_TOKEN_IMPU_REFUSED. */
enum ep_token_cause ep_policy_impi_check(
		const struct ep_wwsf *wwsf, struct ep_view impi);
enum ep_token_cause ep_policy_impu_check(
		const struct ep_wwsf *wwsf, struct ep_view impu);

#endif
