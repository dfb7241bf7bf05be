/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Signature keys: the only part that knows OpenSSL's signature API.
 *
 * A key has exactly one algorithm from its first moment on (RFC 8725 3.1), and
 * holds everything a verification needs: parsed key, fetched digest, prepared
 * contexts. So a key belongs to one process and one thread: make it after the
 * fork, never put it into shared memory.
 */
#ifndef EP_TOKEN_SIG_H
#define EP_TOKEN_SIG_H

#include "base/err.h"
#include "token/jwk.h"

struct ep_sig_alg; /* a row of the table in sig.c */
struct ep_sig_key;

/* RSA moduli below this are refused (RFC 7518 3.3), and above EP_RSA_BITS_MAX
 * too: a verification's cost is ours. */
#define EP_RSA_BITS_MIN 2048
#define EP_RSA_BITS_MAX 8192
/* Octets of the longest signature there is. */
#define EP_SIG_MAX (EP_RSA_BITS_MAX / 8)

/* By its JOSE name (RFC 7518 3.1, RFC 8037 3.1), exact case: ES256, RS256,
 * ES384, PS256, EdDSA (Ed25519 only); NULL if not known. */
const struct ep_sig_alg *ep_sig_alg_find(struct ep_view name);
const char *ep_sig_alg_name(const struct ep_sig_alg *alg);
/* Is it an algorithm for this key's kty, crv, and for its alg if it has one? */
bool ep_sig_alg_fits(const struct ep_sig_alg *alg, const struct ep_jwk *jwk);

/* A key for `alg`, its struct in the arena. EP_OK; EP_ESYNTAX: the octets are
 * no such key (not on the curve, ...); EP_ERANGE: modulus or exponent outside
 * the limits; EP_ENOMEM; EP_ECRYPTO. */
enum ep_err ep_sig_key_init(struct ep_sig_key **out,
		const struct ep_sig_alg *alg, const struct ep_jwk *jwk,
		struct ep_arena *arena);
/* Gives OpenSSL's objects back; NULL is fine. The struct stays the arena's. */
void ep_sig_key_fini(struct ep_sig_key *key);

const struct ep_sig_alg *ep_sig_key_alg(const struct ep_sig_key *key);
/* About how many microseconds of a core one verification takes: for budgets,
 * not for clocks. */
unsigned ep_sig_key_cost_us(const struct ep_sig_key *key);

/* EP_TOKEN_OK, EP_TOKEN_SIGNATURE_FORM, EP_TOKEN_SIGNATURE_WRONG,
 * EP_TOKEN_NO_MEMORY, EP_TOKEN_CRYPTO_FAILED. `signature` is as in the JWS:
 * raw r || s for ECDSA (RFC 7518 3.4), R || S for EdDSA (RFC 8037 3.1).
 * OpenSSL's error queue is left empty. */
enum ep_token_cause ep_sig_verify(struct ep_sig_key *key,
		struct ep_view signing_input, struct ep_view signature);

#endif
