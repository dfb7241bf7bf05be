/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "base/crypto.h"
#include "base/sipuri.h"
#include "token/accept.h"
#include "token/signed.h"

/* Whose token it is, and which key it wants, is told of a refused one too. */
static enum ep_token_cause origin_fill(struct ep_token_result *out,
		const struct ep_signed *token, struct ep_arena *arena)
{
	out->issuer_index = token->issuer->index;
	out->kid = token->jws.kid;
	out->issuer = ep_arena_copy(arena, token->issuer->name);
	return out->issuer.p != NULL ? EP_TOKEN_OK : EP_TOKEN_NO_MEMORY;
}

enum ep_token_cause ep_token_verify(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_keyring *keyring,
		struct ep_view token, struct ep_view conn_wwsf, int64_t now_s,
		const struct ep_token_budget *budget, struct ep_arena *arena)
{
	struct ep_signed jwt;
	struct ep_accept what;
	enum ep_token_cause cause;

	*out = (struct ep_token_result){.issuer_index = SIZE_MAX, .iat_s = -1};
	if(token.p == NULL || token.len == 0)
		return EP_TOKEN_ABSENT;
	cause = ep_signed_read(&jwt, policy, token, arena);
	if(cause == EP_TOKEN_OK)
		cause = origin_fill(out, &jwt, arena);
	if(cause == EP_TOKEN_OK)
		cause = ep_signed_check(&jwt, ep_policy_typ_ok(jwt.issuer, jwt.jws.typ),
				keyring, budget);
	if(cause != EP_TOKEN_OK)
		return cause;
	what = (struct ep_accept){.policy = policy,
			.issuer = jwt.issuer,
			.claims = jwt.payload,
			.said = jwt.payload,
			.conn_wwsf = conn_wwsf,
			.now_s = now_s};
	return ep_accept(out, &what, arena);
}

/* JWS and JWE begin with a JSON object (RFC 7515 7.1, RFC 7516 7.1): `{` is
 * `e` and two bits of the next character. */
bool ep_token_is_jose(struct ep_view token)
{
	static const char second[] = "wxyz0123456789-_";
	size_t dots = 0;

	for(size_t i = 0; i < token.len; i++)
		dots += token.p[i] == '.';
	return (dots == 2 || dots == 4) && token.p[0] == 'e'
		   && memchr(second, token.p[1], sizeof(second) - 1) != NULL;
}

bool ep_token_permits_impu(
		const struct ep_token_result *result, struct ep_view uri)
{
	for(size_t i = 0; i < result->impus_n; i++)
		if(ep_impu_eq(result->impus[i], uri))
			return true;
	return false;
}

void ep_token_fingerprint_of(char out[9], const unsigned char *digest)
{
	struct ep_buf text;

	ep_buf_init(&text, out, 8);
	ep_buf_put_hex(&text, ep_view_of((const char *)digest, 4));
	out[8] = '\0';
}

void ep_token_fingerprint(char out[9], struct ep_view token)
{
	unsigned char digest[EP_SHA256_LEN];

	memcpy(out, "????????", 9);
	if(ep_sha256(digest, token) == EP_OK)
		ep_token_fingerprint_of(out, digest);
}
