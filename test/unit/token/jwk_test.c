/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/jwk.h"
#include "mint.h"
#include "support.h"

#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"Ag\""
#define RSA "\"kty\":\"RSA\",\"n\":\"AAECAw\",\"e\":\"AQAB\""

static const char several[] =
		"{\"x\":[],\"keys\":[{" EC ",\"kid\":\"a\",\"alg\":\"ES256\"},{" RSA
		",\"kid\":\"b\",\"d\":\"AQ\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
		"\"x\":\"AQ\"}]}";

static enum ep_token_cause parse(
		struct ep_jwks *out, const char *text, struct ep_arena *arena)
{
	return ep_jwks_parse(out, ep_view_z(text), &ep_jwk_limits_default, arena);
}

START_TEST(jwk_gives_the_parts)
{
	struct ep_arena arena;
	struct ep_jwks set;

	plain_arena_init(&arena);
	ck_assert_int_eq(parse(&set, several, &arena), EP_TOKEN_OK);
	ck_assert_uint_eq(set.n, 3);
	ck_assert_uint_eq(set.unusable_n, 0);
	ck_assert_int_eq(set.v[0].kty, EP_JWK_EC);
	ck_assert_view_eq(set.v[0].kid, "a");
	ck_assert_view_eq(set.v[0].alg, "ES256");
	ck_assert_view_eq(set.v[0].crv, "P-256");
	ck_assert_view_eq(set.v[0].x, "\x01");
	ck_assert_view_eq(set.v[0].y, "\x02");
	ck_assert_int_eq(set.v[1].kty, EP_JWK_RSA);
	ck_assert_ptr_null(set.v[1].alg.p);
	ck_assert_view_eq(set.v[1].n, "\x01\x02\x03");
	ck_assert_uint_eq(set.v[1].e.len, 3);
	ck_assert_int_eq(set.v[2].kty, EP_JWK_OKP);
	ck_assert_ptr_null(set.v[2].kid.p);
	ep_arena_fini(&arena);
}
END_TEST

static const struct
{
	const char *members;
	enum ep_jwk_state state;
} keys[] = {
		{EC, EP_JWK_USABLE},
		{EC ",\"use\":\"sig\",\"key_ops\":[\"x\",\"verify\"]", EP_JWK_USABLE},
		{EC ",\"use\":\"enc\"", EP_JWK_USE},
		{EC ",\"use\":\"SIG\"", EP_JWK_USE},
		{EC ",\"use\":1", EP_JWK_USE},
		{EC ",\"key_ops\":[]", EP_JWK_USE},
		{EC ",\"key_ops\":\"verify\"", EP_JWK_USE},
		{EC ",\"key_ops\":[\"sign\"]", EP_JWK_USE},
		{"\"kty\":\"oct\",\"k\":\"AQ\"", EP_JWK_KTY},
		{"\"kty\":\"ec\",\"crv\":\"P-256\"", EP_JWK_KTY},
		{"\"kty\":1", EP_JWK_KTY},
		{"\"x\":\"AQ\"", EP_JWK_KTY},
		{EC ",\"alg\":1", EP_JWK_BAD},
		{EC ",\"kid\":1", EP_JWK_BAD},
		{EC ",\"kid\":\"../x\"", EP_JWK_BAD},
		{"\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\"", EP_JWK_BAD},
		{"\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A\",\"y\":\"AQ\"",
				EP_JWK_BAD},
		{"\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ==\",\"y\":\"AQ\"",
				EP_JWK_BAD},
		{"\"kty\":\"RSA\",\"n\":\"AQ\"", EP_JWK_BAD},
		{"\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"", EP_JWK_BAD},
		{"\"kty\":\"RSA\",\"n\":[],\"e\":\"AQAB\"", EP_JWK_BAD},
};

START_TEST(jwk_says_why_a_key_is_unusable)
{
	for(size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *text = mint_cat("{\"keys\":[{", keys[i].members);
		struct ep_arena arena;
		struct ep_jwks set;

		plain_arena_init(&arena);
		ck_assert_int_eq(
				parse(&set, mint_cat(text, "}]}"), &arena), EP_TOKEN_OK);
		ck_assert_msg(set.v[0].state == keys[i].state, "%s", keys[i].members);
		ck_assert_uint_eq(set.unusable_n, keys[i].state != EP_JWK_USABLE);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(jwk_first_of_one_kid_counts)
{
	struct ep_arena arena;
	struct ep_jwks set;

	plain_arena_init(&arena);
	ck_assert_int_eq(parse(&set,
							 "{\"keys\":[{" EC ",\"kid\":\"a\"},{" RSA
							 ",\"kid\":\"a\"},{" EC "},{" EC "}]}",
							 &arena),
			EP_TOKEN_OK);
	ck_assert_int_eq(set.v[0].state, EP_JWK_USABLE);
	ck_assert_int_eq(set.v[1].state, EP_JWK_REPEATED);
	ck_assert_int_eq(set.v[2].state, EP_JWK_USABLE);
	ck_assert_int_eq(set.v[3].state, EP_JWK_USABLE);
	ck_assert_uint_eq(set.unusable_n, 1);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(jwk_refuses_what_is_no_set)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"keys\":{}}",
			"{\"keys\":null}", "<html>", "{\"keys\":[]", "{\"keys\":[]}}"};

	for(size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_arena arena;
		struct ep_jwks set;

		plain_arena_init(&arena);
		ck_assert_int_eq(parse(&set, bad[i], &arena), EP_TOKEN_JSON_SYNTAX);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(jwk_limits_are_exact)
{
	struct ep_arena arena;
	struct ep_jwks set;
	struct ep_jwk_limits l = {strlen(several), 3};

	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_jwks_parse(&set, ep_view_z(several), &l, &arena), EP_TOKEN_OK);
	l.keys = 2;
	ck_assert_int_eq(ep_jwks_parse(&set, ep_view_z(several), &l, &arena),
			EP_TOKEN_JSON_LIMIT);
	l = (struct ep_jwk_limits){strlen(several) - 1, 3};
	ck_assert_int_eq(ep_jwks_parse(&set, ep_view_z(several), &l, &arena),
			EP_TOKEN_JSON_LIMIT);
	ck_assert_int_eq(parse(&set, "{\"keys\":[]}", &arena), EP_TOKEN_OK);
	ck_assert_uint_eq(set.n, 0);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(jwk_refuses_ten_thousand_keys)
{
	char *text = mint_get(40000);
	struct ep_arena arena;
	struct ep_jwks set;
	struct ep_buf b;

	plain_arena_init(&arena);
	ep_buf_init(&b, text, 40000);
	ep_buf_put_z(&b, "{\"keys\":[{}");
	for(int i = 1; i < 10000; i++)
		ep_buf_put_z(&b, ",{}");
	ep_buf_put_z(&b, "]}");
	ck_assert_int_eq(ep_jwks_parse(&set, ep_buf_view(&b),
							 &ep_jwk_limits_default, &arena),
			EP_TOKEN_JSON_LIMIT);
	ep_arena_fini(&arena);
}
END_TEST

static void cut_refused(struct ep_view cut, void *ctx)
{
	struct ep_arena arena;
	struct ep_jwks set;

	(void)ctx;
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_jwks_parse(&set, cut, &ep_jwk_limits_default, &arena),
			cut.len == strlen(several) ? EP_TOKEN_OK : EP_TOKEN_JSON_SYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(jwk_every_cut)
{
	every_cut(ep_view_z(several), cut_refused, NULL);
}
END_TEST

static enum ep_err parse_in(struct ep_arena *arena, void *ctx)
{
	struct ep_jwks set;
	enum ep_token_cause cause = parse(&set, several, arena);

	(void)ctx;
	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(jwk_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(parse_in, NULL), 20);
}
END_TEST

UNIT_MAIN("token/jwk", jwk_gives_the_parts, jwk_says_why_a_key_is_unusable,
		jwk_first_of_one_kid_counts, jwk_refuses_what_is_no_set,
		jwk_limits_are_exact, jwk_refuses_ten_thousand_keys, jwk_every_cut,
		jwk_every_alloc_failure)
