/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The keys of one issuer, ready for use in this process.
 *
 * A set is made from the JWKS text that the fetcher left in shared memory, in
 * an arena of its own, and replaced as a whole when that text's generation
 * changes. Sets are per process, as sig.h says.
 */
#ifndef EP_TOKEN_KEYSET_H
#define EP_TOKEN_KEYSET_H

#include "token/config.h"
#include "token/sig.h"

struct ep_keyset_entry
{
	struct ep_view kid;
	enum ep_jwk_state state;
	struct ep_sig_key *key; /* NULL unless EP_JWK_USABLE */
};

struct ep_keyset
{
	struct ep_keyset_entry *v;
	size_t n;
	size_t usable_n;
};

/* Keys that say no `alg` get the first of the issuer's that fits them. All
 * views are copied: `jwks` may go away. EP_TOKEN_OK, EP_TOKEN_NO_MEMORY,
 * EP_TOKEN_CRYPTO_FAILED, EP_TOKEN_JSON_*; then *out is empty, and
 * ep_keyset_fini() on it is allowed. A set without a usable key is no error:
 * see usable_n. */
enum ep_token_cause ep_keyset_load(struct ep_keyset *out, struct ep_view jwks,
		const struct ep_issuer *issuer, const struct ep_jwk_limits *limits,
		struct ep_arena *arena);
/* Before the arena goes away. Idempotent. */
void ep_keyset_fini(struct ep_keyset *set);

/* The key a token may use: EP_TOKEN_OK, EP_TOKEN_KEY_UNKNOWN, _KEY_USE,
 * _KEY_TYPE, _KEY_ALG. */
enum ep_token_cause ep_keyset_find(struct ep_sig_key **out,
		const struct ep_keyset *set, struct ep_view kid,
		const struct ep_sig_alg *alg);

/* One set for each issuer of a policy, by ep_issuer.index; NULL: none yet. */
struct ep_keyring
{
	const struct ep_keyset *const *sets;
	size_t n;
};

#endif
