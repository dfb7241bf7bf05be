/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/json.h"
#include <jansson.h>
#include "support.h"

static const struct ep_json_limits limits = {10000, 8, 100};

static enum ep_token_cause parse(struct ep_view text)
{
	struct ep_arena arena;
	const struct ep_json *out = (const void *)&limits;
	struct ep_view block = block_of(text);
	enum ep_token_cause cause;

	plain_arena_init(&arena);
	cause = ep_json_parse(&out, block, &limits, &arena);
	ck_assert_int_eq(out == (const void *)&limits, cause != EP_TOKEN_OK);
	ep_arena_fini(&arena);
	block_free(block);
	return cause;
}

static const char everything[] =
		" {\"a\": [1, -2, 0, 3.5, 1e3, 9007199254740992, 9007199254740993],\r\n"
		"\t\"b\":{\"c\":null,\"d\":true,\"e\":false},\"\":\"\",\"\\u0066\":"
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\xc3\xa9\"} ";

START_TEST(json_reads_every_kind)
{
	static const int64_t ints[] = {1, -2, 0};
	struct ep_arena arena;
	const struct ep_json *root;
	const struct ep_json *j;

	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_json_parse(&root, ep_view_z(everything), &limits, &arena),
			EP_TOKEN_OK);
	j = ep_json_get(root, EP_LIT("a"));
	ck_assert_int_eq(j->type, EP_JSON_ARRAY);
	j = j->first;
	for(int i = 0; i < 3; i++, j = j->next) {
		ck_assert_int_eq(j->type, EP_JSON_INT);
		ck_assert_int_eq(j->num, ints[i]);
	}
	ck_assert_int_eq(j->type, EP_JSON_NUMBER);
	ck_assert_view_eq(j->str, "3.5");
	j = j->next;
	ck_assert_int_eq(j->type, EP_JSON_NUMBER);
	j = j->next;
	ck_assert_int_eq(j->type, EP_JSON_INT);
	ck_assert_int_eq(j->num, INT64_C(9007199254740992));
	j = j->next;
	ck_assert_int_eq(j->type, EP_JSON_NUMBER);
	ck_assert_ptr_null(j->next);
	j = ep_json_get(root, EP_LIT("b"));
	ck_assert_int_eq(ep_json_get(j, EP_LIT("c"))->type, EP_JSON_NULL);
	ck_assert_int_eq(ep_json_get(j, EP_LIT("d"))->type, EP_JSON_TRUE);
	ck_assert_int_eq(ep_json_get(j, EP_LIT("e"))->type, EP_JSON_FALSE);
	ck_assert_ptr_null(ep_json_get(j, EP_LIT("x")));
	ck_assert_ptr_null(ep_json_get(NULL, EP_LIT("x")));
	ck_assert_ptr_null(ep_json_get(j->first, EP_LIT("x")));
	ck_assert_view_eq(ep_json_get(root, EP_LIT(""))->str, "");
	ck_assert_view_eq(ep_json_get(root, EP_LIT("f"))->str,
			"\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9");
	ep_arena_fini(&arena);
}
END_TEST

#define SYNTAX EP_TOKEN_JSON_SYNTAX
#define TEXT EP_TOKEN_JSON_TEXT
#define DUPLICATE EP_TOKEN_JSON_DUPLICATE
#define LIMIT EP_TOKEN_JSON_LIMIT

static const struct
{
	const char *text;
	enum ep_token_cause cause;
} refused[] = {
		{"", SYNTAX},
		{" ", SYNTAX},
		{"{", SYNTAX},
		{"{}x", SYNTAX},
		{"{} {}", SYNTAX},
		{"{\"a\"}", SYNTAX},
		{"{\"a\":}", SYNTAX},
		{"{\"a\":1,}", SYNTAX},
		{"{,\"a\":1}", SYNTAX},
		{"{a:1}", SYNTAX},
		{"{'a':1}", SYNTAX},
		{"[1,]", SYNTAX},
		{"[1 2]", SYNTAX},
		{"[", SYNTAX},
		{"]", SYNTAX},
		{"[}", SYNTAX},
		{"01", SYNTAX},
		{"-", SYNTAX},
		{"+1", SYNTAX},
		{"1.", SYNTAX},
		{".5", SYNTAX},
		{"1e", SYNTAX},
		{"1e+", SYNTAX},
		{"0x10", SYNTAX},
		{"NaN", SYNTAX},
		{"Infinity", SYNTAX},
		{"tru", SYNTAX},
		{"truex", SYNTAX},
		{"nul", SYNTAX},
		{"\"a", SYNTAX},
		{"\"a\\\"", SYNTAX},
		{"\"\\x\"", SYNTAX},
		{"\"\\u12\"", SYNTAX},
		{"\"\\u12g4\"", SYNTAX},
		{"\"a\nb\"", SYNTAX},
		{"\"a\tb\"", SYNTAX},
		{"// c\n1", SYNTAX},
		{"\xef\xbb\xbf{}", SYNTAX},
		{"\"\\u0000\"", TEXT},
		{"\"\\ud800\"", TEXT},
		{"\"\\ud800x\"", TEXT},
		{"\"\\ud800\\u0041\"", TEXT},
		{"\"\\udc00\\ud800\"", TEXT},
		{"\"\xff\"", TEXT},
		{"\"\xc0\x80\"", TEXT},
		{"\"\xc1\xbf\"", TEXT},
		{"\"\xe0\x80\x80\"", TEXT},
		{"\"\xed\xa0\x80\"", TEXT},
		{"\"\xf0\x80\x80\x80\"", TEXT},
		{"\"\xf4\x90\x80\x80\"", TEXT},
		{"\"\xf5\x80\x80\x80\"", TEXT},
		{"\"\x80\"", TEXT},
		{"\"\xc3\"", TEXT},
		{"\"\xe2\x82\"", TEXT},
		{"\"\\\xc3\xa9\"", TEXT},
		{"{\"a\":1,\"a\":1}", DUPLICATE},
		{"{\"a\":1,\"b\":2,\"\\u0061\":1}", DUPLICATE},
		{"{\"x\":{\"a\":1,\"a\":2}}", DUPLICATE},
		{"[[[[[[[[[]]]]]]]]]", LIMIT},
		{"[[[[[[[[{}]]]]]]]]", LIMIT},
};

START_TEST(json_refuses)
{
	for(size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		enum ep_token_cause cause = parse(ep_view_z(refused[i].text));

		ck_assert_msg(cause == refused[i].cause, "%s: %s", refused[i].text,
				ep_token_cause_get(cause)->name);
	}
	ck_assert_int_eq(parse(ep_view_of("\"a\0b\"", 5)), TEXT);
	ck_assert_int_eq(parse(ep_view_none()), SYNTAX);
}
END_TEST

START_TEST(json_limits_are_exact)
{
	struct ep_arena arena;
	const struct ep_json *out;
	struct ep_json_limits l = {9, 2, 2};

	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_json_parse(&out, EP_LIT("[[1,2],3]"), &l, &arena), EP_TOKEN_OK);
	l.size = 8;
	ck_assert_int_eq(
			ep_json_parse(&out, EP_LIT("[[1,2],3]"), &l, &arena), LIMIT);
	l = (struct ep_json_limits){99, 1, 2};
	ck_assert_int_eq(
			ep_json_parse(&out, EP_LIT("[[1,2],3]"), &l, &arena), LIMIT);
	l = (struct ep_json_limits){99, 2, 1};
	ck_assert_int_eq(
			ep_json_parse(&out, EP_LIT("[[1,2],3]"), &l, &arena), LIMIT);
	l = (struct ep_json_limits){99, 2, 1, 2};
	ck_assert_int_eq(
			ep_json_parse(&out, EP_LIT("[1,2]"), &l, &arena), EP_TOKEN_OK);
	ck_assert_int_eq(ep_json_parse(&out, EP_LIT("[1,2,3]"), &l, &arena),
			EP_TOKEN_JSON_LIMIT);
	ck_assert_int_eq(
			ep_json_parse(&out, EP_LIT("{\"a\":1,\"b\":2}"), &l, &arena),
			EP_TOKEN_JSON_LIMIT);
	l = (struct ep_json_limits){99, 0, 0};
	ck_assert_int_eq(ep_json_parse(&out, EP_LIT("1"), &l, &arena), EP_TOKEN_OK);
	ck_assert_int_eq(ep_json_parse(&out, EP_LIT("[]"), &l, &arena), LIMIT);
	ep_arena_fini(&arena);
}
END_TEST

static void cut_like_jansson(struct ep_view cut, void *ctx)
{
	enum ep_token_cause cause = parse(cut);
	json_t *j = json_loadb(cut.len ? cut.p : "", cut.len,
			JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

	(void)ctx;
	ck_assert_int_eq(cause == EP_TOKEN_OK, j != NULL);
	ck_assert(cause != EP_TOKEN_NO_MEMORY);
	json_decref(j);
}

START_TEST(json_every_cut_as_jansson_says)
{
	every_cut(ep_view_z(everything), cut_like_jansson, NULL);
}
END_TEST

static enum ep_err parse_in(struct ep_arena *arena, void *ctx)
{
	const struct ep_json *out;
	enum ep_token_cause cause =
			ep_json_parse(&out, ep_view_z(everything), &limits, arena);

	(void)ctx;
	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(json_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(parse_in, NULL), 50);
}
END_TEST

UNIT_MAIN("token/json", json_reads_every_kind, json_refuses,
		json_limits_are_exact, json_every_cut_as_jansson_says,
		json_every_alloc_failure)
