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
/* One of the issuer's; none at all with aud_rule = optional. */
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

/* Does the token speak for nobody but its client? No sub, or the client's own
 * name in it (RFC 9068 2.2). */
bool ep_policy_is_anonymous(const struct ep_claims *claims);
/* Is it an IMPI of this WWSF's own pool? (TS 33.203 X.4.2.3 step 4) */
bool ep_policy_pool_has(const struct ep_wwsf *wwsf, struct ep_view impi);
/* Is authorization-entity to be added to the REGISTER? A third party's WAF is
 * named, unless the IMPI is known to be of its WWSF's pool: TS 33.203 X.3.2.3
 * step 5.2, X.4.2.3 step 5.2 and NOTE 8. entity = always, never: so. */
bool ep_policy_entity_due(const struct ep_issuer *issuer, bool pool);

/* Octets that may stand in an IMPI (an NAI: TS 23.003 13.3) and an IMPU (a
 * SIP, SIPS or tel URI: 13.4) of ours: none that could leave a header's quotes,
 * brackets or list, no password, no headers. */
bool ep_policy_impi_ok(struct ep_view impi);
bool ep_policy_impu_ok(struct ep_view impu);

/* The IMS identities of a token that was made for this WWSF: fills
 * claims->impi and ->impus. What ep_claims_identities() says;
 * EP_TOKEN_IMPI_MISSING, EP_TOKEN_IMPU_MISSING; what the two below say;
 * EP_TOKEN_USER_ABSENT: anonymous, where the WWSF does not take that, or not
 * for this IMPI. */
enum ep_token_cause ep_policy_identities_check(struct ep_claims *claims,
		const struct ep_issuer *issuer, const struct ep_wwsf *wwsf,
		struct ep_arena *arena);

/* Well-formed and inside the WWSF's patterns: EP_TOKEN_OK,
 * EP_TOKEN_CLAIM_VALUE, EP_TOKEN_IMPI_REFUSED / EP_TOKEN_IMPU_REFUSED. */
enum ep_token_cause ep_policy_impi_check(
		const struct ep_wwsf *wwsf, struct ep_view impi);
enum ep_token_cause ep_policy_impu_check(
		const struct ep_wwsf *wwsf, struct ep_view impu);

/* What a refused request is answered: the cause's row, but identity and scope
 * violations (EP_CLOSE_USER, EP_CLOSE_SCOPE) with the configured
 * identity_status; with 401 they say invalid_token, or insufficient_scope (RFC
 * 6750 3.1). Without a policy (NULL) the cause's row. */
struct ep_policy_answer
{
	unsigned sip_status;
	const char *oauth_error; /* NULL: none */
};
struct ep_policy_answer ep_policy_answer_get(
		const struct ep_token_policy *policy, enum ep_token_cause cause);

/* --- destinations (destination.c) --- */

/* The canonical target of an initial request: what ep_impu_print() writes,
 * but a telephone number has one form, tel:, however it was written: as a tel
 * URI, or in a SIP URI with user=phone (RFC 3261 19.1.6), user=dialstring, or
 * a leading '+', at a host of the WWSF's own IMPI or IMPU patterns. Elsewhere
 * it stays a SIP URI. EP_ESYNTAX: no SIP, SIPS or tel URI; with a password or
 * headers; user=phone without a number; a number with parameters that say
 * where else to route it. EP_ENOSPC. */
enum ep_err ep_policy_destination_print(
		struct ep_buf *out, const struct ep_wwsf *wwsf, struct ep_view target);
/* May users of this WWSF send an initial request there? Without patterns
 * everywhere; else only where one of them matches the canonical target. A SIP
 * URI whose user part is digits, at such a host, may be a national number: only
 * a pattern counts that matches it as tel:, or names a part of it before its
 * first '*' (sip:6*@home1.net, not sip:*@home1.net). False for no WWSF (NULL):
 * one that was removed permits nothing. */
bool ep_policy_destination_ok(
		const struct ep_wwsf *wwsf, struct ep_view target);

#endif
