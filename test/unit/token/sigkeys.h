/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Keys for the tests of signatures, one algorithm each.
 */
#ifndef EP_UNIT_TOKEN_SIGKEYS_H
#define EP_UNIT_TOKEN_SIGKEYS_H

#include "token/sig.h"
#include <openssl/err.h>
#include "mint.h"
#include "support.h"
#include "token/jws.h"

struct keys
{
	struct ep_arena arena;
	struct ep_sig_key *key;
	EVP_PKEY *pkey; /* NULL: of a published example */
};

static inline enum ep_err key_init(
		struct keys *k, const char *jwk_text, const char *alg)
{
	const struct ep_sig_alg *row = ep_sig_alg_find(ep_view_z(alg));
	char *set = mint_cat(mint_cat("{\"keys\":[", jwk_text), "]}");
	struct ep_jwks list;

	plain_arena_init(&k->arena);
	ck_assert_int_eq(ep_jwks_parse(&list, ep_view_z(set),
							 &ep_jwk_limits_default, &k->arena),
			EP_TOKEN_OK);
	ck_assert_int_eq(list.v[0].state, EP_JWK_USABLE);
	ck_assert(ep_sig_alg_fits(row, &list.v[0]));
	return ep_sig_key_init(&k->key, row, &list.v[0], &k->arena);
}

static inline struct keys keys_of(const char *pem, const char *alg)
{
	struct keys k = {.pkey = mint_key(pem)};

	ck_assert_int_eq(key_init(&k, mint_jwk(k.pkey, ""), alg), EP_OK);
	return k;
}

static inline void keys_fini(struct keys *k)
{
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ep_sig_key_fini(k->key);
	ep_arena_fini(&k->arena);
	EVP_PKEY_free(k->pkey);
}

/* The signature is in a block of its own: ASan sees what is read behind it. */
static inline enum ep_token_cause verify(
		struct keys *k, const char *input, const void *sig, size_t n)
{
	struct ep_view block = block_of(ep_view_of(sig, n));
	enum ep_token_cause cause = ep_sig_verify(k->key, ep_view_z(input), block);

	block_free(block);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return cause;
}

#endif
