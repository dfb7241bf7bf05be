/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * OAuth 2.0 Token Introspection (RFC 7662): the question, and what follows
 * from the answer. Who sends and receives is not here.
 */
#ifndef EP_TOKEN_INTROSPECT_H
#define EP_TOKEN_INTROSPECT_H

#include "base/buf.h"
#include "token/verify.h"

/* Octets of the longest answer that is read. */
#define EP_INTROSPECT_ANSWER_MAX (64 * 1024)

/* The body of the POST (RFC 7662 2.1), application/x-www-form-urlencoded:
 * token, token_type_hint=access_token, and with introspect_auth = post also
 * client_id and client_secret (RFC 6749 2.3.1). `secret` may be absent where
 * the issuer has no introspect_client. EP_OK, EP_ENOSPC. Three octets for one
 * of the token's are enough, and 256 more. */
enum ep_err ep_introspect_request_print(struct ep_buf *out,
		const struct ep_issuer *issuer, struct ep_view secret,
		struct ep_view token);

/* "Basic ...": the value of that request's Authorization header, of client id
 * and secret in form encoding (RFC 6749 2.3.1). EP_ENOENT: none is sent, with
 * introspect_auth = post or without introspect_client. EP_OK, EP_ENOSPC. */
enum ep_err ep_introspect_basic_print(struct ep_buf *out,
		const struct ep_issuer *issuer, struct ep_view secret);

/* The answer (RFC 7662 2.2), the body of a 200, judged like a JWT's claims:
 * audience, scope, client, WWSF, identities. *out is filled as
 * ep_token_verify() does; kid is absent.
 *
 * What differs: `iss` may be missing; `exp` may be missing and is then
 * now_s + introspect_cache_s; `iat` may be missing, then max_lifetime_s limits
 * what is left, and out->iat_s is -1. What only a JWT profile asks for (typ,
 * jti) is not asked for.
 *
 * EP_TOKEN_INACTIVE: active is false. An active token that is past its exp by
 * more than the skew is EP_TOKEN_EXPIRED: the page renews both.
 * EP_TOKEN_INTROSPECT_ANSWER: not JSON, a member twice, too large, active
 * missing, a member of the wrong type. EP_TOKEN_TYP_REFUSED: token_type is
 * other than Bearer (any case) or access_token, or token_use is other than
 * access_token (a refresh token). EP_TOKEN_ISSUER_UNKNOWN: iss is another's.
 * Else the causes of ep_accept(). Views are into the arena: `answer` may go. */
enum ep_token_cause ep_introspect_decide(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_issuer *issuer,
		struct ep_view answer, struct ep_view conn_wwsf, int64_t now_s,
		struct ep_arena *arena);

/* The answer about a JWT that was found good: *token, which
 * ep_token_verify() filled. Only `active` has to be there (2.2). What else it
 * says must not contradict the token:
 *
 * EP_TOKEN_INTROSPECT_ANSWER: another sub, client_id, jti, sid, IMPI or WWSF,
 * or none of the token's IMPUs; EP_TOKEN_ISSUER_UNKNOWN, EP_TOKEN_WAF_WRONG;
 * EP_TOKEN_AUDIENCE_WRONG: an aud without us; EP_TOKEN_SCOPE_TOO_SMALL: a scope
 * without ours; EP_TOKEN_CONFIRMATION; EP_TOKEN_EXPIRED,
 * EP_TOKEN_NOT_YET_VALID; EP_TOKEN_MAPPING_MISSING: its user has no row; and
 * those of ep_introspect_decide() about the answer's form.
 *
 * With EP_TOKEN_OK *token is what both say: the sooner end, the IMPUs that
 * both name, jti and sid of either. Else it is no use any more. */
enum ep_token_cause ep_introspect_confirm(struct ep_token_result *token,
		const struct ep_issuer *issuer, struct ep_view answer, int64_t now_s,
		struct ep_arena *arena);

#endif
