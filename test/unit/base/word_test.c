/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "base/word.h"

static const struct
{
	struct ep_view text;
	const char *word;
} words[] = {
		{{"a", 1}, "a"},
		{{"a b", 3}, "a%20b"},
		{{"100%", 4}, "100%25"},
		{{"-", 1}, "%2D"},
		{{"--", 2}, "--"},
		{{"a-b", 3}, "a-b"},
		{{"\0\n\x7f\xc3\xa9", 5}, "%00%0A%7F%C3%A9"},
		{{"~!", 2}, "~!"},
};

START_TEST(word_comes_back_as_it_was)
{
	struct ep_arena arena;
	struct ep_view back;
	char text[64];
	struct ep_buf b;
	size_t i;

	for(i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		plain_arena_init(&arena);
		ep_buf_init(&b, text, sizeof(text));
		ep_word_put(&b, words[i].text);
		ck_assert_view_eq(ep_buf_view(&b), words[i].word);
		ck_assert_int_eq(ep_word_get(&back, ep_buf_view(&b), 5, &arena), EP_OK);
		ck_assert(ep_view_eq(back, words[i].text));
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(word_has_one_spelling)
{
	static const char *const bad[] = {"", "-", "%", "%2", "a%2", "%2g", "%2d",
			"%41", "a%2D", "a b", "a\tb", "a\x7f", "a\xc3", "%%25"};
	struct ep_arena arena;
	struct ep_view out;
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		plain_arena_init(&arena);
		ck_assert_msg(
				ep_word_get(&out, ep_view_z(bad[i]), 100, &arena) == EP_ESYNTAX,
				"taken: %s", bad[i]);
		ep_arena_fini(&arena);
	}
	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_word_get(&out, ep_view_none(), 100, &arena), EP_ESYNTAX);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(word_is_bounded)
{
	struct ep_arena arena;
	struct ep_view out;

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_word_get(&out, EP_LIT("abc"), 3, &arena), EP_OK);
	ck_assert_int_eq(ep_word_get(&out, EP_LIT("abcd"), 3, &arena), EP_ERANGE);
	ck_assert_int_eq(ep_word_get(&out, EP_LIT("%00%00%00"), 3, &arena), EP_OK);
	ck_assert_int_eq(
			ep_word_get(&out, EP_LIT("%00%00%00%00"), 3, &arena), EP_ERANGE);
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err get_in(struct ep_arena *arena, void *ctx)
{
	struct ep_view out;

	(void)ctx;
	return ep_word_get(&out, EP_LIT("a%20b"), 10, arena);
}

START_TEST(word_without_memory_is_no_verdict)
{
	every_alloc_failure(get_in, NULL);
}
END_TEST

static void cut_word(struct ep_view cut, void *ctx)
{
	struct ep_arena arena;
	struct ep_view out;

	(void)ctx;
	plain_arena_init(&arena);
	/* "a", "a%20", "a%20b", "a%20b%C3" */
	ck_assert_int_eq(ep_word_get(&out, cut, 10, &arena),
			cut.len == 1 || cut.len == 4 || cut.len == 5 || cut.len == 8
					? EP_OK
					: EP_ESYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(word_cut_anywhere)
{
	every_cut(EP_LIT("a%20b%C3"), cut_word, NULL);
}
END_TEST

START_TEST(word_numbers)
{
	int64_t n = -1;

	ck_assert(ep_word_number(&n, EP_LIT("0")) && n == 0);
	ck_assert(ep_word_number(&n, EP_LIT("9007199254740992"))
			  && n == (int64_t)1 << 53);
	ck_assert(!ep_word_number(&n, EP_LIT("9007199254740993")));
	ck_assert(!ep_word_number(&n, EP_LIT("01")));
	ck_assert(!ep_word_number(&n, EP_LIT("")));
	ck_assert(!ep_word_number(&n, EP_LIT("-1")));
	ck_assert(n == (int64_t)1 << 53);
}
END_TEST

START_TEST(word_is_found_among_names)
{
	static const char *const names[] = {"waf", "wwsf", "wa"};

	ck_assert_uint_eq(ep_word_find(names, 3, EP_LIT("waf")), 0);
	ck_assert_uint_eq(ep_word_find(names, 3, EP_LIT("wa")), 2);
	ck_assert_uint_eq(ep_word_find(names, 2, EP_LIT("wa")), 2);
	ck_assert_uint_eq(ep_word_find(names, 3, EP_LIT("WAF")), 3);
	ck_assert_uint_eq(ep_word_find(names, 3, EP_LIT("")), 3);
	ck_assert_uint_eq(ep_word_find(names, 3, ep_view_none()), 3);
}
END_TEST

UNIT_MAIN("base/word", word_comes_back_as_it_was, word_has_one_spelling,
		word_is_bounded, word_without_memory_is_no_verdict, word_cut_anywhere,
		word_numbers, word_is_found_among_names)
