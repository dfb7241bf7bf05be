/* ep_jwks_parse, ep_keyset_load, ep_sig_key_init, ep_keyset_find.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include "heap.h"
#include "token/jws.h"
#include "token/keyset.h"

static const struct ep_view algs[] = {
		{"ES256", 5}, {"RS256", 5}, {"ES384", 5}, {"PS256", 5}, {"EdDSA", 5}};
static const struct ep_issuer issuer = {.alg = {algs, 5}};

static void entry_check(
		const struct ep_keyset *set, const struct ep_keyset_entry *entry)
{
	struct ep_sig_key *key = NULL;
	const struct ep_sig_alg *alg;
	enum ep_token_cause cause;

	need((entry->key != NULL) == (entry->state == EP_JWK_USABLE));
	need(entry->kid.p == NULL || ep_kid_ok(entry->kid));
	if(entry->key == NULL)
		return;
	alg = ep_sig_key_alg(entry->key);
	cause = ep_sig_verify(entry->key, EP_LIT("x"), EP_LIT("short"));
	need(cause == EP_TOKEN_SIGNATURE_FORM);
	if(entry->kid.p == NULL)
		return;
	need(ep_keyset_find(&key, set, entry->kid, alg) == EP_TOKEN_OK);
	need(key == entry->key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ep_jwk_limits limits = {8192, 16};
	struct ep_arena arena;
	struct ep_keyset set;
	enum ep_token_cause cause;
	size_t usable = 0;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	cause = ep_keyset_load(&set, ep_view_of((const char *)data, size), &issuer,
			&limits, &arena);
	need(cause != EP_TOKEN_NO_MEMORY && cause != EP_TOKEN_CRYPTO_FAILED);
	need(cause == EP_TOKEN_OK || set.n == 0);
	need(set.n <= limits.keys);
	for(size_t i = 0; i < set.n; i++) {
		entry_check(&set, &set.v[i]);
		usable += set.v[i].key != NULL;
	}
	need(usable == set.usable_n);
	need(ERR_peek_error() == 0);
	ep_keyset_fini(&set);
	ep_arena_fini(&arena);
	return 0;
}
