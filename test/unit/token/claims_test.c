/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/claims.h"
#include "token/maptable.h"
#include "support.h"

static const struct ep_json_limits limits = {4000, 6, 100};

/* The names a section has without a line of its own. */
static const struct ep_issuer plain = {.claim_impi = {"impi", 4},
		.claim_impu = {"impu", 4}};

static enum ep_token_cause decode(struct ep_claims *out, const char *text,
		const struct ep_issuer *issuer, struct ep_arena *arena)
{
	const struct ep_json *payload;
	enum ep_token_cause cause =
			ep_json_parse(&payload, ep_view_z(text), &limits, arena);

	if(cause == EP_TOKEN_OK)
		cause = ep_claims_decode(out, payload, issuer, arena);
	if(cause == EP_TOKEN_OK)
		cause = ep_claims_identities(out, issuer, arena);
	return cause;
}

START_TEST(claims_absent_ones_are_absent)
{
	struct ep_arena arena;
	struct ep_claims c;

	plain_arena_init(&arena);
	ck_assert_int_eq(
			decode(&c, "{\"iss\":\"i\"}", &plain, &arena), EP_TOKEN_OK);
	ck_assert_view_eq(c.iss, "i");
	ck_assert(!c.sub.p && !c.jti.p && !c.scope.p && !c.client_id.p);
	ck_assert(!c.wwsf.p && !c.waf.p && !c.impi.p);
	ck_assert(c.aud.n == 0 && c.impus.n == 0);
	ck_assert(c.exp_s == -1 && c.nbf_s == -1 && c.iat_s == -1);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(claims_by_the_issuers_names)
{
	static const struct ep_issuer issuer = {.claim_impi = {"private", 7},
			.claim_impu = {"public", 6},
			.claim_wwsf = {"https://x/wwsf", 14},
			.claim_waf = {"waf_id", 6},
			.claim_client = {"cid", 3},
			.claim_scope = {"rights", 6}};
	static const char text[] =
			"{\"iss\":\"i\",\"private\":\"p@h\",\"public\":\"sip:p@h\","
			"\"https://x/wwsf\":\"shop\",\"waf_id\":\"w\",\"cid\":\"c\","
			"\"rights\":[\"a\",\"b\"],\"impi\":\"no\",\"impu\":\"no\","
			"\"client_id\":\"no\",\"azp\":\"no\",\"scope\":\"no\",\"scp\":1}";
	struct ep_arena arena;
	struct ep_claims c;

	plain_arena_init(&arena);
	ck_assert_int_eq(decode(&c, text, &issuer, &arena), EP_TOKEN_OK);
	ck_assert_view_eq(c.impi, "p@h");
	ck_assert_uint_eq(c.impus.n, 1);
	ck_assert_view_eq(c.impus.v[0], "sip:p@h");
	ck_assert_view_eq(c.wwsf, "shop");
	ck_assert_view_eq(c.waf, "w");
	ck_assert_view_eq(c.client_id, "c");
	ck_assert_view_eq(c.scope, "a b");
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(claims_usual_names_have_an_order)
{
	struct ep_arena arena;
	struct ep_claims c;

	plain_arena_init(&arena);
	ck_assert_int_eq(decode(&c,
							 "{\"iss\":\"i\",\"azp\":\"a\",\"client_id\":\"c\","
							 "\"scp\":[\"x\"],\"scope\":\"s t\"}",
							 &plain, &arena),
			EP_TOKEN_OK);
	ck_assert_view_eq(c.client_id, "c");
	ck_assert_view_eq(c.scope, "s t");
	ck_assert_int_eq(decode(&c, "{\"iss\":\"i\",\"azp\":\"a\",\"scp\":\"x y\"}",
							 &plain, &arena),
			EP_TOKEN_OK);
	ck_assert_view_eq(c.client_id, "a");
	ck_assert_view_eq(c.scope, "x y");
	ck_assert_int_eq(
			decode(&c, "{\"iss\":\"i\",\"appid\":\"d\"}", &plain, &arena),
			EP_TOKEN_OK);
	ck_assert_view_eq(c.client_id, "d");
	ck_assert_int_eq(decode(&c, "{\"iss\":\"i\",\"scp\":[]}", &plain, &arena),
			EP_TOKEN_OK);
	ck_assert_ptr_null(c.scope.p);
	ep_arena_fini(&arena);
}
END_TEST

static const struct
{
	const char *text;
	enum ep_token_cause cause;
} refused[] = {
		{"{}", EP_TOKEN_ISSUER_MISSING},
		{"[]", EP_TOKEN_ISSUER_MISSING},
		{"{\"iss\":null}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"sub\":1}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"sub\":\"\"}", EP_TOKEN_CLAIM_VALUE},
		{"{\"iss\":\"i\",\"sub\":\"a\\u007f\"}", EP_TOKEN_CLAIM_VALUE},
		{"{\"iss\":\"i\",\"jti\":[\"x\"]}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"jti\":\"\\r\"}", EP_TOKEN_CLAIM_VALUE},
		{"{\"iss\":\"i\",\"client_id\":true}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"aud\":1}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"aud\":[\"a\",null]}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"aud\":[\"a\",\"\"]}", EP_TOKEN_CLAIM_VALUE},
		{"{\"iss\":\"i\",\"scp\":[\"a b\",\"c\"]}", EP_TOKEN_CLAIM_VALUE},
		{"{\"iss\":\"i\",\"scope\":{\"a\":1}}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"scope\":\"a\\nb\"}", EP_TOKEN_CLAIM_VALUE},
		{"{\"iss\":\"i\",\"impi\":1}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"impu\":[[\"sip:a@b\"]]}", EP_TOKEN_CLAIM_TYPE},
		{"{\"iss\":\"i\",\"exp\":true}", EP_TOKEN_TIME_TYPE},
		{"{\"iss\":\"i\",\"nbf\":[]}", EP_TOKEN_TIME_TYPE},
		{"{\"iss\":\"i\",\"iat\":-1}", EP_TOKEN_TIME_TYPE},
		{"{\"iss\":\"i\",\"iat\":9007199254740993}", EP_TOKEN_TIME_TYPE},
};

START_TEST(claims_refuses)
{
	for(size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct ep_arena arena;
		struct ep_claims c;
		enum ep_token_cause cause;

		plain_arena_init(&arena);
		cause = decode(&c, refused[i].text, &plain, &arena);
		ck_assert_msg(cause == refused[i].cause, "%s: %s", refused[i].text,
				ep_token_cause_get(cause)->name);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(claims_numbers_up_to_2_53)
{
	struct ep_arena arena;
	struct ep_claims c;

	plain_arena_init(&arena);
	ck_assert_int_eq(decode(&c,
							 "{\"iss\":\"i\",\"exp\":9007199254740992,"
							 "\"nbf\":0,\"iat\":1}",
							 &plain, &arena),
			EP_TOKEN_OK);
	ck_assert_int_eq(c.exp_s, INT64_C(1) << 53);
	ck_assert_int_eq(c.nbf_s, 0);
	ck_assert_int_eq(c.iat_s, 1);
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err decode_in(struct ep_arena *arena, void *ctx)
{
	struct ep_claims c;
	enum ep_token_cause cause = decode(&c, ctx, &plain, arena);

	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	ck_assert_uint_eq(c.impus.n, 2);
	return EP_OK;
}

/* --- by a table --- */

static const struct ep_map no_content = {.table = {"/t", 2}, .key = {"uid", 3}};
static const struct ep_issuer tabled = {.claim_impi = {"impi", 4},
		.claim_impu = {"impu", 4},
		.map = &no_content};

START_TEST(claims_of_a_table_that_is_not_there)
{
	static const struct
	{
		const char *text;
		enum ep_token_cause cause;
	} rows[] = {
			{"{\"iss\":\"i\",\"impi\":\"p@h\"}", EP_TOKEN_MAPPING_MISSING},
			{"{\"iss\":\"i\",\"uid\":7}", EP_TOKEN_CLAIM_TYPE},
			{"{\"iss\":\"i\",\"uid\":\"\"}", EP_TOKEN_CLAIM_VALUE},
			{"{\"iss\":\"i\",\"uid\":\"a\"}", EP_TOKEN_NO_MEMORY},
	};

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ep_arena arena;
		struct ep_claims c;

		plain_arena_init(&arena);
		ck_assert_int_eq(
				decode(&c, rows[i].text, &tabled, &arena), rows[i].cause);
		ck_assert_ptr_null(c.impi.p);
		ep_arena_fini(&arena);
	}
}
END_TEST

struct by_table
{
	struct ep_issuer issuer;
	struct ep_map map;
};

static enum ep_err by_table_in(struct ep_arena *arena, void *ctx)
{
	struct by_table *t = ctx;
	enum ep_token_cause cause;
	struct ep_claims c;

	cause = decode(&c, "{\"iss\":\"i\",\"uid\":\"a|1\"}", &t->issuer, arena);
	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	ck_assert_view_eq(c.impi, "p@h");
	ck_assert_uint_eq(c.impus.n, 2);
	ck_assert_view_eq(c.impus.v[1], "tel:+1");
	/* its own, not the table's */
	ck_assert(c.impi.p < t->map.content->text.p
			  || c.impi.p >= t->map.content->text.p + t->map.content->text.len);
	return EP_OK;
}

START_TEST(claims_of_a_table_outlive_it)
{
	struct by_table t = {.issuer = tabled, .map = no_content};
	struct ep_config_error error;
	struct ep_arena arena;

	plain_arena_init(&arena);
	t.issuer.map = &t.map;
	ck_assert_int_eq(
			ep_maptable_parse(&t.map.content,
					EP_LIT("a|1, p@h, sip:p@h, tel:+1\n"), &arena, &error),
			EP_OK);
	ck_assert_uint_ge(every_alloc_failure(by_table_in, &t), 5);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(claims_every_alloc_failure)
{
	static char text[] =
			"{\"iss\":\"i\",\"aud\":[\"a\",\"b\"],\"scp\":[\"x\","
			"\"y\"],\"impu\":[\"sip:a\\u0062@c\",\"tel:1\"]}";

	ck_assert_uint_ge(every_alloc_failure(decode_in, text), 20);
}
END_TEST

UNIT_MAIN("token/claims", claims_absent_ones_are_absent,
		claims_by_the_issuers_names, claims_usual_names_have_an_order,
		claims_refuses, claims_numbers_up_to_2_53,
		claims_of_a_table_that_is_not_there, claims_of_a_table_outlive_it,
		claims_every_alloc_failure)
