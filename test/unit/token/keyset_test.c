/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/keyset.h"
#include "fixture.h"

static enum ep_token_cause find(struct fixture *f, const struct ep_keyset *set,
		const char *kid, const char *alg)
{
	struct ep_sig_key *key = NULL;
	enum ep_token_cause cause = ep_keyset_find(
			&key, set, ep_view_z(kid), ep_sig_alg_find(ep_view_z(alg)));

	(void)f;
	ck_assert_int_eq(key != NULL, cause == EP_TOKEN_OK);
	return cause;
}

START_TEST(keyset_a_key_has_one_algorithm)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_uint_eq(f.home.n, 7);
	ck_assert_uint_eq(f.home.usable_n, 2);
	ck_assert_int_eq(find(&f, &f.home, "es", "ES256"), EP_TOKEN_OK);
	ck_assert_int_eq(find(&f, &f.home, "es", "RS256"), EP_TOKEN_KEY_ALG);
	ck_assert_int_eq(find(&f, &f.home, "rs", "RS256"), EP_TOKEN_OK);
	ck_assert_int_eq(find(&f, &f.home, "rs", "ES256"), EP_TOKEN_KEY_ALG);
	ck_assert_int_eq(find(&f, &f.home, "enc", "ES256"), EP_TOKEN_KEY_USE);
	ck_assert_int_eq(find(&f, &f.home, "oct", "ES256"), EP_TOKEN_KEY_TYPE);
	ck_assert_int_eq(find(&f, &f.home, "bad", "ES256"), EP_TOKEN_KEY_TYPE);
	ck_assert_int_eq(find(&f, &f.home, "other-alg", "ES256"), EP_TOKEN_KEY_ALG);
	ck_assert_int_eq(find(&f, &f.home, "new", "ES256"), EP_TOKEN_KEY_UNKNOWN);
	fixture_fini(&f);
}
END_TEST

/* The partner's section allows ES256 only. */
START_TEST(keyset_only_the_issuers_algorithms)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_uint_eq(f.partner.usable_n, 1);
	ck_assert_int_eq(find(&f, &f.partner, "rs", "RS256"), EP_TOKEN_KEY_ALG);
	fixture_fini(&f);
}
END_TEST

START_TEST(keyset_outlives_its_text)
{
	struct fixture f;
	struct ep_keyset set;
	struct ep_view text;

	fixture_init(&f);
	text = block_of(ep_view_z(fixture_jwks(&f)));
	ck_assert_int_eq(ep_keyset_load(&set, text, &f.policy->issuers[0],
							 &ep_jwk_limits_default, &f.arena),
			EP_TOKEN_OK);
	block_free(text);
	ck_assert_int_eq(find(&f, &set, "es", "ES256"), EP_TOKEN_OK);
	ep_keyset_fini(&set);
	ck_assert_int_eq(find(&f, &set, "es", "ES256"), EP_TOKEN_KEY_UNKNOWN);
	ep_keyset_fini(&set);
	fixture_fini(&f);
}
END_TEST

START_TEST(keyset_refuses_what_is_no_set)
{
	static const struct
	{
		const char *text;
		enum ep_token_cause cause;
	} bad[] = {{NULL, EP_TOKEN_JSON_SYNTAX}, {"", EP_TOKEN_JSON_SYNTAX},
			{"{\"keys\":[],\"keys\":[]}", EP_TOKEN_JSON_DUPLICATE},
			{"{\"keys\":[[[[[[[]]]]]]]}", EP_TOKEN_JSON_LIMIT}};
	struct fixture f;
	struct ep_keyset set;

	fixture_init(&f);
	for(size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(ep_keyset_load(&set, ep_view_z(bad[i].text),
								 &f.policy->issuers[0], &ep_jwk_limits_default,
								 &f.arena),
				bad[i].cause);
		ck_assert_uint_eq(set.n, 0);
		ep_keyset_fini(&set);
	}
	ck_assert_int_eq(
			ep_keyset_load(&set, EP_LIT("{\"keys\":[]}"), &f.policy->issuers[0],
					&ep_jwk_limits_default, &f.arena),
			EP_TOKEN_OK);
	ck_assert_uint_eq(set.usable_n, 0);
	fixture_fini(&f);
}
END_TEST

/* --- key fetching: what an answer of a WAF may do to us --- */

static enum ep_token_cause answer_load(
		struct ep_keyset *set, struct fixture *f, const char *text)
{
	return ep_keyset_load(set, ep_view_z(text), &f->policy->issuers[0],
			&ep_jwk_limits_default, &f->arena);
}

#define ANSWER(name, want, text)                                               \
	START_TEST(keyset_answer_##name)                                           \
	{                                                                          \
		struct fixture f;                                                      \
		struct ep_keyset set;                                                  \
                                                                               \
		fixture_init(&f);                                                      \
		ck_assert_cause(answer_load(&set, &f, text), want);                    \
		ck_assert_uint_eq(set.usable_n, 0);                                    \
		ep_keyset_fini(&set);                                                  \
		fixture_fini(&f);                                                      \
	}                                                                          \
	END_TEST

ANSWER(empty, EP_TOKEN_JSON_SYNTAX, "")
ANSWER(html, EP_TOKEN_JSON_SYNTAX, "<html><body>504</body></html>")
ANSWER(cut_short, EP_TOKEN_JSON_SYNTAX, "{\"keys\":[{\"kty\":\"EC\"")
ANSWER(without_keys, EP_TOKEN_JSON_SYNTAX, "{\"error\":\"x\"}")
ANSWER(with_keys_twice, EP_TOKEN_JSON_DUPLICATE, "{\"keys\":[],\"keys\":[]}")
ANSWER(not_utf8, EP_TOKEN_JSON_TEXT, "{\"keys\":[{\"kid\":\"\xff\"}]}")
ANSWER(without_a_usable_key, EP_TOKEN_OK, "{\"keys\":[{\"kty\":\"oct\"}]}")

START_TEST(keyset_answer_huge)
{
	struct fixture f;
	struct ep_keyset set;
	char *text = mint_get(ep_jwk_limits_default.size + 2);

	fixture_init(&f);
	memset(text, ' ', ep_jwk_limits_default.size + 1);
	memcpy(text, "{\"keys\":[]}", 11);
	text[ep_jwk_limits_default.size + 1] = '\0';
	ck_assert_cause(answer_load(&set, &f, text), EP_TOKEN_JSON_LIMIT);
	text[ep_jwk_limits_default.size] = '\0';
	ck_assert_cause(answer_load(&set, &f, text), EP_TOKEN_OK);
	ep_keyset_fini(&set);
	fixture_fini(&f);
}
END_TEST

START_TEST(keyset_answer_with_ten_thousand_keys)
{
	struct fixture f;
	struct ep_keyset set;
	char *text = mint_get(40000);
	struct ep_buf b;

	fixture_init(&f);
	ep_buf_init(&b, text, 40000);
	ep_buf_put_z(&b, "{\"keys\":[{}");
	for(int i = 1; i < 10000; i++)
		ep_buf_put_z(&b, ",{}");
	ep_buf_put_z(&b, "]}");
	text[b.len] = '\0';
	ck_assert_cause(answer_load(&set, &f, text), EP_TOKEN_JSON_LIMIT);
	fixture_fini(&f);
}
END_TEST

static enum ep_token_cause with_key(
		struct fixture *f, EVP_PKEY *key, const char *kid)
{
	char header[64];

	snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
	return verify_text(f,
			ep_view_z(mint_token(
					key, header, payload_of(home_claims, NULL, NULL))),
			"shop");
}

static char *two_keys(const char *one, const char *other)
{
	char *set = mint_cat("{\"keys\":[", one);

	return mint_cat(mint_cat(mint_cat(set, ","), other), "]}");
}

/* The kid of another's key cannot be taken over by one that comes later. */
START_TEST(keyset_answer_with_a_kid_twice)
{
	struct fixture f;
	struct ep_keyset set;
	char *text;

	fixture_init(&f);
	text = two_keys(mint_jwk(f.ec, ",\"kid\":\"a\""),
			mint_jwk(f.ec_other, ",\"kid\":\"a\""));
	ck_assert_cause(answer_load(&set, &f, text), EP_TOKEN_OK);
	ck_assert_uint_eq(set.usable_n, 1);
	f.sets[0] = &set;
	ck_assert_cause(with_key(&f, f.ec, "a"), EP_TOKEN_OK);
	ck_assert_cause(with_key(&f, f.ec_other, "a"), EP_TOKEN_SIGNATURE_WRONG);
	ep_keyset_fini(&set);
	fixture_fini(&f);
}
END_TEST

/* Old and new beside each other, then the new one alone. */
START_TEST(keyset_rotation_takes_tokens_of_both_keys)
{
	struct fixture f;
	struct ep_keyset set;
	char *old, *new;

	fixture_init(&f);
	old = mint_jwk(f.ec, ",\"kid\":\"old\"");
	new = mint_jwk(f.ec_other, ",\"kid\":\"new\"");
	ck_assert_cause(answer_load(&set, &f, two_keys(old, new)), EP_TOKEN_OK);
	f.sets[0] = &set;
	ck_assert_cause(with_key(&f, f.ec, "old"), EP_TOKEN_OK);
	ck_assert_cause(with_key(&f, f.ec_other, "new"), EP_TOKEN_OK);
	ck_assert_cause(with_key(&f, f.ec, "new"), EP_TOKEN_SIGNATURE_WRONG);
	ep_keyset_fini(&set);
	ck_assert_cause(
			answer_load(&set, &f, mint_cat(mint_cat("{\"keys\":[", new), "]}")),
			EP_TOKEN_OK);
	ck_assert_cause(with_key(&f, f.ec, "old"), EP_TOKEN_KEY_UNKNOWN);
	ck_assert_cause(with_key(&f, f.ec_other, "new"), EP_TOKEN_OK);
	ep_keyset_fini(&set);
	fixture_fini(&f);
}
END_TEST

static enum ep_err load_in(struct ep_arena *arena, void *ctx)
{
	struct fixture *f = ctx;
	struct ep_keyset set;
	enum ep_token_cause cause;

	/* The text is minted once: OpenSSL is slow under the sanitizers. */
	static char *jwks;

	if(jwks == NULL)
		jwks = fixture_jwks(f);
	cause = ep_keyset_load(&set, ep_view_z(jwks), &f->policy->issuers[0],
			&ep_jwk_limits_default, arena);
	ep_keyset_fini(&set);
	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(keyset_every_alloc_failure)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_uint_ge(every_alloc_failure(load_in, &f), 50);
	fixture_fini(&f);
}
END_TEST

UNIT_MAIN("token/keyset", keyset_a_key_has_one_algorithm,
		keyset_only_the_issuers_algorithms, keyset_outlives_its_text,
		keyset_refuses_what_is_no_set, keyset_answer_empty, keyset_answer_html,
		keyset_answer_cut_short, keyset_answer_without_keys,
		keyset_answer_with_keys_twice, keyset_answer_not_utf8,
		keyset_answer_without_a_usable_key, keyset_answer_huge,
		keyset_answer_with_ten_thousand_keys, keyset_answer_with_a_kid_twice,
		keyset_rotation_takes_tokens_of_both_keys, keyset_every_alloc_failure)
