/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/glob.h"
#include "support.h"

/* All patterns over {a, b, *} up to this length, and all strings over
 * {a, b, c} long enough to show what two of them have in common. */
#define PATTERN_MAX 4
#define STRING_MAX 7
#define PATTERNS_MAX 200
#define STRINGS_MAX 3500

static struct ep_view patterns[PATTERNS_MAX], strings[STRINGS_MAX];
static size_t patterns_n, strings_n;

static size_t enumerate(
		struct ep_view *out, size_t cap, size_t max, const char letters[3])
{
	static char text[(PATTERNS_MAX + STRINGS_MAX) * (STRING_MAX + 1)];
	static size_t used;
	size_t n = 0;

	for(size_t len = 0, count = 1; len <= max; len++, count *= 3)
		for(size_t i = 0; i < count; i++) {
			char *p = text + used;

			ck_assert_uint_lt(n, cap);
			ck_assert_uint_le(used + len, sizeof(text));
			for(size_t at = 0, rest = i; at < len; at++, rest /= 3)
				p[at] = letters[rest % 3];
			used += len;
			out[n++] = ep_view_of(p, len);
		}
	return n;
}

START_TEST(glob_overlap_and_within_are_exact)
{
	static bool match[PATTERNS_MAX][STRINGS_MAX];

	patterns_n = enumerate(patterns, PATTERNS_MAX, PATTERN_MAX, "ab*");
	strings_n = enumerate(strings, STRINGS_MAX, STRING_MAX, "abc");
	for(size_t i = 0; i < patterns_n; i++)
		for(size_t s = 0; s < strings_n; s++)
			match[i][s] = ep_view_glob(patterns[i], strings[s]);
	for(size_t i = 0; i < patterns_n; i++)
		for(size_t j = 0; j < patterns_n; j++) {
			bool overlap = false;
			bool within = true;

			for(size_t s = 0; s < strings_n; s++) {
				overlap = overlap || (match[i][s] && match[j][s]);
				within = within && (!match[i][s] || match[j][s]);
			}
			ck_assert_msg(ep_glob_overlap(patterns[i], patterns[j]) == overlap,
					"overlap of '%.*s' and '%.*s'", EP_FMT(patterns[i]),
					EP_FMT(patterns[j]));
			ck_assert_msg(ep_glob_within(patterns[i], patterns[j]) == within,
					"'%.*s' within '%.*s'", EP_FMT(patterns[i]),
					EP_FMT(patterns[j]));
		}
}
END_TEST

static const struct
{
	const char *a, *b;
	bool overlap;
} pairs[] = {
		{"pool*_private@home1.net", "*_private@home1.net", true},
		{"pool*_private@home1.net", "user*_private@home1.net", false},
		{"pool*@home1.net", "pool*_private@home1.net", true},
		{"pool-a*@home1.net", "pool-b*@home1.net", false},
		{"pool1@home1.net", "pool*@home1.net", true},
		{"pool1@home1.net", "pool2@home1.net", false},
		{"*@a.net", "*@b.net", false},
		{"*@a.net", "*.net", true},
		{"*", "x", true},
		{"*", "", true},
		{"a*b", "a", false},
		{"ab*ba", "aba", false},
		{"ab*", "*ba", true},
};

START_TEST(glob_overlap_of_usual_patterns)
{
	for(size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct ep_view a = block_of(ep_view_z(pairs[i].a));
		struct ep_view b = block_of(ep_view_z(pairs[i].b));

		ck_assert_msg(ep_glob_overlap(a, b) == pairs[i].overlap
							  && ep_glob_overlap(b, a) == pairs[i].overlap,
				"'%s' and '%s'", pairs[i].a, pairs[i].b);
		block_free(a);
		block_free(b);
	}
	ck_assert(!ep_glob_overlap(ep_view_none(), EP_LIT("*")));
	ck_assert(!ep_glob_overlap(EP_LIT("*"), ep_view_none()));
	ck_assert(!ep_glob_within(ep_view_none(), EP_LIT("*")));
}
END_TEST

UNIT_MAIN("token/glob", glob_overlap_and_within_are_exact,
		glob_overlap_of_usual_patterns)
