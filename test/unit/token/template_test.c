/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/template.h"
#include "support.h"

static const char claims_text[] =
		"{\"user\":\"al.i-c_e~!*+9\",\"n\":1,\"empty\":\"\",\"realm\":\"x\"}";

static enum ep_token_cause expand(
		struct ep_view *out, const char *text, struct ep_arena *arena)
{
	static const struct ep_json_limits limits = {1000, 3, 10};
	const struct ep_json *claims;
	struct ep_template t;
	enum ep_token_cause cause =
			ep_json_parse(&claims, ep_view_z(claims_text), &limits, arena);
	enum ep_err err = ep_template_parse(&t, ep_view_z(text), arena);

	if(cause != EP_TOKEN_OK)
		return cause;
	if(err == EP_ENOMEM)
		return EP_TOKEN_NO_MEMORY;
	ck_assert_int_eq(err, EP_OK);
	return ep_template_expand(out, &t, claims, arena);
}

static const char *const expanded[][2] = {
		{"{user}", "al.i-c_e~!*+9"},
		{"sip:{user}@home1.net", "sip:al.i-c_e~!*+9@home1.net"},
		{"{user}{realm}", "al.i-c_e~!*+9x"},
		{"{realm}.{user}.{realm}", "x.al.i-c_e~!*+9.x"},
};

START_TEST(template_expands)
{
	for(size_t i = 0; i < sizeof(expanded) / sizeof(expanded[0]); i++) {
		struct ep_arena arena;
		struct ep_view out;

		plain_arena_init(&arena);
		ck_assert_int_eq(expand(&out, expanded[i][0], &arena), EP_TOKEN_OK);
		ck_assert_view_eq(out, expanded[i][1]);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(template_names_what_is_wrong_with_a_claim)
{
	struct ep_arena arena;
	struct ep_view out;

	plain_arena_init(&arena);
	ck_assert_int_eq(expand(&out, "{x}", &arena), EP_TOKEN_MAPPING_MISSING);
	ck_assert_int_eq(expand(&out, "{n}", &arena), EP_TOKEN_CLAIM_TYPE);
	ck_assert_int_eq(expand(&out, "a{empty}", &arena), EP_TOKEN_CLAIM_VALUE);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(template_refuses_break_out)
{
	static const char bad[] = "@:;?\"<>\\,%/#'()[]{}&=$ |`^\t\n\r";
	static const char *const longer[] = {"\xc3\xa9", "\x7f"};
	struct ep_arena arena;
	struct ep_template t;
	struct ep_view out;

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_template_parse(&t, EP_LIT("sip:{u}@h"), &arena), EP_OK);
	for(size_t i = 0; i < sizeof(bad) - 1 + 2; i++) {
		struct ep_view value = i < sizeof(bad) - 1
									   ? ep_view_of(bad + i, 1)
									   : ep_view_z(longer[i - sizeof(bad) + 1]);
		struct ep_json member = {
				.type = EP_JSON_STRING, .name = EP_LIT("u"), .str = value};
		struct ep_json object = {.type = EP_JSON_OBJECT, .first = &member};

		ck_assert_msg(ep_template_expand(&out, &t, &object, &arena)
							  == EP_TOKEN_CLAIM_VALUE,
				"'%.*s' was taken", EP_FMT(value));
	}
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(template_refuses_bad_text)
{
	static const char *const bad[] = {"", "sip:all@home1.net", "{", "}", "{}",
			"a{b", "a}b{c}", "{a}}", "{a{b}}", "{{a}}", "{a}{"};
	struct ep_arena arena;
	struct ep_template t;

	plain_arena_init(&arena);
	for(size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
				ep_template_parse(&t, ep_view_z(bad[i]), &arena) == EP_ESYNTAX,
				"'%s' was taken", bad[i]);
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err expand_in(struct ep_arena *arena, void *ctx)
{
	struct ep_view out;
	enum ep_token_cause cause = expand(&out, expanded[3][0], arena);

	(void)ctx;
	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(template_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(expand_in, NULL), 5);
}
END_TEST

UNIT_MAIN("token/template", template_expands,
		template_names_what_is_wrong_with_a_claim, template_refuses_break_out,
		template_refuses_bad_text, template_every_alloc_failure)
