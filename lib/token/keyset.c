/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/keyset.h"

/* The key's algorithm: of the issuer's that fit it the first. */
static const struct ep_sig_alg *alg_choose(
		const struct ep_issuer *issuer, const struct ep_jwk *jwk)
{
	for(size_t i = 0; i < issuer->alg.n; i++) {
		const struct ep_sig_alg *alg = ep_sig_alg_find(issuer->alg.v[i]);

		if(alg != NULL && ep_sig_alg_fits(alg, jwk))
			return alg;
	}
	return NULL;
}

static enum ep_token_cause entry_load(struct ep_keyset_entry *entry,
		const struct ep_jwk *jwk, const struct ep_issuer *issuer,
		struct ep_arena *arena)
{
	const struct ep_sig_alg *alg;

	entry->kid = jwk->kid;
	entry->state = jwk->state;
	if(jwk->state != EP_JWK_USABLE)
		return EP_TOKEN_OK;
	alg = alg_choose(issuer, jwk);
	if(alg == NULL) {
		entry->state = EP_JWK_ALG;
		return EP_TOKEN_OK;
	}
	switch(ep_sig_key_init(&entry->key, alg, jwk, arena)) {
		case EP_OK:
			return EP_TOKEN_OK;
		case EP_ENOMEM:
			return EP_TOKEN_NO_MEMORY;
		case EP_ECRYPTO:
			return EP_TOKEN_CRYPTO_FAILED;
		default:
			entry->state = EP_JWK_BAD;
			return EP_TOKEN_OK;
	}
}

enum ep_token_cause ep_keyset_load(struct ep_keyset *out, struct ep_view jwks,
		const struct ep_issuer *issuer, const struct ep_jwk_limits *limits,
		struct ep_arena *arena)
{
	struct ep_jwks list;
	struct ep_view text;
	enum ep_token_cause cause;

	*out = (struct ep_keyset){0};
	if(jwks.len > limits->size)
		return EP_TOKEN_JSON_LIMIT;
	if(jwks.p == NULL)
		return EP_TOKEN_JSON_SYNTAX;
	text = ep_arena_copy(arena, jwks);
	if(text.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	cause = ep_jwks_parse(&list, text, limits, arena);
	if(cause != EP_TOKEN_OK)
		return cause;
	out->v = ep_arena_array(arena, list.n, sizeof(*out->v));
	if(out->v == NULL)
		return EP_TOKEN_NO_MEMORY;
	for(size_t i = 0; i < list.n && cause == EP_TOKEN_OK; i++) {
		cause = entry_load(&out->v[i], &list.v[i], issuer, arena);
		out->usable_n += out->v[i].key != NULL;
		out->n++;
	}
	if(cause != EP_TOKEN_OK)
		ep_keyset_fini(out);
	return cause;
}

void ep_keyset_fini(struct ep_keyset *set)
{
	for(size_t i = 0; i < set->n; i++)
		ep_sig_key_fini(set->v[i].key);
	*set = (struct ep_keyset){0};
}

enum ep_token_cause ep_keyset_find(struct ep_sig_key **out,
		const struct ep_keyset *set, struct ep_view kid,
		const struct ep_sig_alg *alg)
{
	const struct ep_keyset_entry *entry = NULL;

	for(size_t i = 0; i < set->n && entry == NULL; i++)
		if(set->v[i].kid.p != NULL && ep_view_eq(set->v[i].kid, kid))
			entry = &set->v[i];
	if(entry == NULL)
		return EP_TOKEN_KEY_UNKNOWN;
	switch(entry->state) {
		case EP_JWK_USABLE:
			break;
		case EP_JWK_USE:
			return EP_TOKEN_KEY_USE;
		case EP_JWK_ALG:
			return EP_TOKEN_KEY_ALG;
		default:
			return EP_TOKEN_KEY_TYPE;
	}
	if(ep_sig_key_alg(entry->key) != alg)
		return EP_TOKEN_KEY_ALG;
	*out = entry->key;
	return EP_TOKEN_OK;
}
