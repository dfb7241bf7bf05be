/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A JWK set (RFC 7517 5) -> plain list.
 *
 * Keys that cannot verify a signature stay in the list with the reason, so
 * that a token that names one is told so, instead of waiting for a newer set.
 * Two keys of one `kid`: the first counts, the second becomes EP_JWK_REPEATED
 * (RFC 7517 4.5 only says kids SHOULD be distinct; two candidates would let
 * the token choose).
 */
#ifndef EP_TOKEN_JWK_H
#define EP_TOKEN_JWK_H

#include "token/json.h"

enum ep_jwk_state
{
	EP_JWK_USABLE,
	EP_JWK_USE,     /* use is not sig, or key_ops lacks verify */
	EP_JWK_KTY,     /* oct, or a kty or crv nobody here knows */
	EP_JWK_BAD,     /* a member is missing or not of its form */
	EP_JWK_ALG,     /* an alg we do not know, not of this kty, or not
					   among the allowed ones (set by ep_keyset_load) */
	EP_JWK_REPEATED /* the kid was there before */
};

enum ep_jwk_kty
{
	EP_JWK_OTHER,
	EP_JWK_EC,
	EP_JWK_RSA,
	EP_JWK_OKP
};

struct ep_jwk
{
	enum ep_jwk_state state;
	enum ep_jwk_kty kty;
	struct ep_view kid;  /* absent: no token can name it */
	struct ep_view alg;  /* absent if the key does not say */
	struct ep_view crv;  /* EC, OKP */
	struct ep_view x, y; /* EC: coordinates; OKP: x; octets, in the arena */
	struct ep_view n, e; /* RSA: modulus, exponent; octets, in the arena,
							without leading zeros */
};

struct ep_jwk_limits
{
	size_t size; /* octets of the set's text */
	size_t keys; /* keys in it; more: EP_TOKEN_JSON_LIMIT */
};

/* 64 KiB and 64 keys. */
extern const struct ep_jwk_limits ep_jwk_limits_default;

struct ep_jwks
{
	struct ep_jwk *v;
	size_t n;
	size_t unusable_n; /* of them */
};

/* EP_TOKEN_OK, EP_TOKEN_NO_MEMORY, EP_TOKEN_JSON_*. The set's text must
 * outlive *out. A private or secret member (d, k) is never looked at. */
enum ep_token_cause ep_jwks_parse(struct ep_jwks *out, struct ep_view text,
		const struct ep_jwk_limits *limits, struct ep_arena *arena);

#endif
