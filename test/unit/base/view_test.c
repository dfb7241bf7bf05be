/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include "support.h"

START_TEST(view_eq_tells_absent_from_empty)
{
	ck_assert(ep_view_eq(ep_view_none(), ep_view_none()));
	ck_assert(!ep_view_eq(ep_view_none(), EP_LIT("")));
	ck_assert(!ep_view_eq(EP_LIT(""), ep_view_none()));
	ck_assert(ep_view_eq(EP_LIT(""), EP_LIT("")));
	ck_assert(ep_view_eq(EP_LIT("a\0b"), EP_LIT("a\0b")));
	ck_assert(!ep_view_eq(EP_LIT("a\0b"), EP_LIT("a\0c")));
	ck_assert(!ep_view_eq(EP_LIT("ab"), EP_LIT("abc")));
}
END_TEST

START_TEST(view_ieq_folds_ascii_only)
{
	ck_assert(ep_view_ieq(EP_LIT("BeArEr"), EP_LIT("bEaReR")));
	ck_assert(!ep_view_ieq(EP_LIT("@"), EP_LIT("`")));
	ck_assert(!ep_view_ieq(EP_LIT("["), EP_LIT("{")));
	ck_assert(!ep_view_ieq(EP_LIT("\xc4"), EP_LIT("\xe4")));
	ck_assert(!ep_view_ieq(EP_LIT("a"), EP_LIT("ab")));
	ck_assert(!ep_view_ieq(ep_view_none(), EP_LIT("")));
}
END_TEST

START_TEST(view_starts_and_ends)
{
	ck_assert(ep_view_starts(EP_LIT("Bearer x"), EP_LIT("Bearer")));
	ck_assert(!ep_view_starts(EP_LIT("Bear"), EP_LIT("Bearer")));
	ck_assert(!ep_view_starts(EP_LIT("bearer"), EP_LIT("Bearer")));
	ck_assert(ep_view_istarts(EP_LIT("bearer"), EP_LIT("BEAR")));
	ck_assert(!ep_view_istarts(EP_LIT("b"), EP_LIT("BEAR")));
	ck_assert(ep_view_ends(EP_LIT("a.invalid"), EP_LIT(".invalid")));
	ck_assert(!ep_view_ends(EP_LIT("invalid"), EP_LIT(".invalid")));
	ck_assert(ep_view_ends(EP_LIT("x"), EP_LIT("")));
	ck_assert(!ep_view_starts(ep_view_none(), EP_LIT("")));
}
END_TEST

START_TEST(view_from_and_head_stay_inside)
{
	struct ep_view v = EP_LIT("abc");

	ck_assert_view_eq(ep_view_from(v, 1), "bc");
	ck_assert_view_eq(ep_view_from(v, 3), "");
	ck_assert_view_eq(ep_view_from(v, 4), "");
	ck_assert_view_eq(ep_view_from(v, SIZE_MAX), "");
	ck_assert_ptr_null(ep_view_from(ep_view_none(), 7).p);
	ck_assert_view_eq(ep_view_head(v, 2), "ab");
	ck_assert_view_eq(ep_view_head(v, SIZE_MAX), "abc");
}
END_TEST

START_TEST(view_trim_takes_folding)
{
	ck_assert_view_eq(ep_view_trim(EP_LIT("\r\n\t a b \r\n ")), "a b");
	ck_assert_view_eq(ep_view_trim(EP_LIT(" \t\r\n")), "");
	ck_assert_view_eq(ep_view_trim(EP_LIT("\va\f")), "\va\f");
	ck_assert_ptr_null(ep_view_trim(ep_view_none()).p);
}
END_TEST

START_TEST(view_find)
{
	ck_assert_uint_eq(ep_view_find_chr(EP_LIT("a=b=c"), '='), 1);
	ck_assert_uint_eq(ep_view_find_chr(EP_LIT("abc"), '='), SIZE_MAX);
	ck_assert_uint_eq(ep_view_find_chr(ep_view_none(), '='), SIZE_MAX);
	ck_assert_uint_eq(ep_view_find(EP_LIT("aab"), EP_LIT("ab")), 1);
	ck_assert_uint_eq(ep_view_find(EP_LIT("aab"), EP_LIT("aab")), 0);
	ck_assert_uint_eq(ep_view_find(EP_LIT("aab"), EP_LIT("")), 0);
	ck_assert_uint_eq(ep_view_find(EP_LIT(""), EP_LIT("")), 0);
	ck_assert_uint_eq(ep_view_find(EP_LIT("ab"), EP_LIT("abc")), SIZE_MAX);
	ck_assert_uint_eq(ep_view_find(EP_LIT("aab"), EP_LIT("ba")), SIZE_MAX);
	ck_assert_uint_eq(ep_view_find(ep_view_none(), EP_LIT("")), SIZE_MAX);
}
END_TEST

static void find_end(struct ep_view cut, void *ctx)
{
	size_t at = ep_view_find(cut, EP_LIT("==="));

	(void)ctx;
	ck_assert_uint_eq(at, cut.len == 10 ? 7 : SIZE_MAX);
}

START_TEST(view_find_every_cut)
{
	every_cut(EP_LIT("a==b==c==="), find_end, NULL);
}
END_TEST

START_TEST(view_cut_gives_every_item)
{
	struct ep_view rest = EP_LIT("a,,b,");

	ck_assert_view_eq(ep_view_cut(&rest, ','), "a");
	ck_assert_view_eq(ep_view_cut(&rest, ','), "");
	ck_assert_view_eq(ep_view_cut(&rest, ','), "b");
	ck_assert_ptr_nonnull(rest.p);
	ck_assert_view_eq(ep_view_cut(&rest, ','), "");
	ck_assert_ptr_null(rest.p);
}
END_TEST

START_TEST(view_u64_knows_its_limit)
{
	uint64_t n = 7;

	ck_assert(ep_view_u64(&n, EP_LIT("65535"), 65535));
	ck_assert_uint_eq(n, 65535);
	ck_assert(ep_view_u64(&n, EP_LIT("000"), 0));
	ck_assert_uint_eq(n, 0);
	ck_assert(ep_view_u64(&n, EP_LIT("18446744073709551615"), UINT64_MAX));
	ck_assert_uint_eq(n, UINT64_MAX);
	ck_assert(!ep_view_u64(&n, EP_LIT("18446744073709551616"), UINT64_MAX));
	ck_assert(!ep_view_u64(&n, EP_LIT("65536"), 65535));
	ck_assert(!ep_view_u64(&n, EP_LIT("1"), 0));
	ck_assert_uint_eq(n, UINT64_MAX);
}
END_TEST

START_TEST(view_u64_refuses_all_but_digits)
{
	static const char *const bad[] = {
			"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "1e3", "/", ":"};
	uint64_t n = 7;

	for(size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!ep_view_u64(&n, ep_view_z(bad[i]), UINT64_MAX),
				"'%s' was taken", bad[i]);
	ck_assert(!ep_view_u64(&n, ep_view_none(), UINT64_MAX));
	ck_assert_uint_eq(n, 7);
}
END_TEST

static const struct
{
	const char *pattern;
	const char *text;
	bool match;
} globs[] = {
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"**", "x", true},
		{"a", "a", true},
		{"a", "ab", false},
		{"a*", "a", true},
		{"a*", "abc", true},
		{"a*", "ba", false},
		{"*a", "ba", true},
		{"*a", "ab", false},
		{"*a", "aa", true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"*ab*ab", "xabab", true},
		{"*ab*ab", "xab", false},
		{"*aab", "aaab", true},
		{"sip:*@home1.net", "sip:alice@home1.net", true},
		{"sip:*@home1.net", "sip:alice@home1.net.evil.org", false},
		{"sip:*@home1.net", "xsip:alice@home1.net", false},
		{"?", "a", false},
		{"?", "?", true},
		{"[ab]", "a", false},
		{"\\*", "*", false},
};

START_TEST(view_glob_is_anchored_and_knows_only_the_star)
{
	for(size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		ck_assert_msg(ep_view_glob(ep_view_z(globs[i].pattern),
							  ep_view_z(globs[i].text))
							  == globs[i].match,
				"'%s' and '%s'", globs[i].pattern, globs[i].text);
	ck_assert(!ep_view_glob(ep_view_none(), EP_LIT("")));
	ck_assert(!ep_view_glob(EP_LIT("*"), ep_view_none()));
}
END_TEST

/* What backtracking would take years for. */
START_TEST(view_glob_does_not_backtrack)
{
	static const char pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
	static char text[20000];

	memset(text, 'a', sizeof(text));
	ck_assert(
			!ep_view_glob(ep_view_z(pattern), ep_view_of(text, sizeof(text))));
}
END_TEST

START_TEST(view_chr_and_only)
{
	for(int i = 0; i < 256; i++) {
		char c = (char)i;
		bool ascii = i < 128;

		ck_assert_int_eq(ep_chr_is_alnum(c), ascii && isalnum(i) != 0);
		ck_assert_int_eq(ep_chr_hex(c) >= 0, ascii && isxdigit(i) != 0);
		ck_assert_int_eq(ep_view_only(ep_view_of(&c, 1), "-."),
				c == '-' || c == '.' || (ascii && isalnum(i) != 0));
	}
	ck_assert_int_eq(ep_chr_hex('7'), 7);
	ck_assert_int_eq(ep_chr_hex('a'), 10);
	ck_assert_int_eq(ep_chr_hex('F'), 15);
	ck_assert(ep_view_only(ep_view_none(), ""));
	ck_assert(ep_view_only(EP_LIT("a-9"), "-"));
	ck_assert(!ep_view_only(EP_LIT("a-9_"), "-"));
}
END_TEST

UNIT_MAIN("base/view", view_chr_and_only, view_eq_tells_absent_from_empty,
		view_ieq_folds_ascii_only, view_starts_and_ends,
		view_from_and_head_stay_inside, view_trim_takes_folding, view_find,
		view_find_every_cut, view_cut_gives_every_item,
		view_u64_knows_its_limit, view_u64_refuses_all_but_digits,
		view_glob_is_anchored_and_knows_only_the_star,
		view_glob_does_not_backtrack)
