/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "base/tmbranch.h"

#define ID "0123456789abcdef0123456789abcdef"

static bool parse(struct ep_tmbranch *b, const char *text)
{
	return ep_tmbranch_parse(b, ep_view_z(text));
}

START_TEST(tmbranch_reads_what_tm_writes)
{
	struct ep_tmbranch b;

	ck_assert(parse(&b, "z9hG4bKd4a1." ID ".0"));
	ck_assert(b.canonical);
	ck_assert(ep_view_eq(b.id, EP_LIT(ID)));
	ck_assert_uint_eq(b.index, 0x1a4d);
	ck_assert_uint_eq(b.branch, 0);
	ck_assert(parse(&b, "z9hG4bK0." ID ".b1"));
	ck_assert(b.canonical && b.index == 0 && b.branch == 0x1b);
	ck_assert(parse(&b, "z9hG4bKffffffff." ID ".1"));
	ck_assert(b.canonical && b.index == UINT32_MAX);
}
END_TEST

/* tm's reader takes each of these for the same transaction. */
START_TEST(tmbranch_marks_other_spellings)
{
	static const char *const others[] = {"z9hG4bKd4a10." ID ".0",
			"z9hG4bKD4A1." ID ".0", "z9hG4bKd4a1." ID ".00",
			"z9hG4bKd4a1." ID ".10", "z9hG4bKd4a1000001." ID ".0",
			"z9hG4bKd4a1." ID ".1F", "z9hG4bKd4a1." ID ".", "z9hG4bK." ID ".0",
			"z9hG4bKd4a1." ID ".0.1", "z9hG4bKd4g1." ID ".0",
			"z9hG4bKd4a1." ID ".0 "};
	struct ep_tmbranch b;
	size_t i;

	for(i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert_msg(parse(&b, others[i]), "%s", others[i]);
		ck_assert_msg(!b.canonical, "%s", others[i]);
		ck_assert(ep_view_eq(b.id, EP_LIT(ID)));
	}
}
END_TEST

START_TEST(tmbranch_leaves_others_alone)
{
	static const char *const none[] = {"", "z9hG4bK", "z9hG4bKabc",
			"z9hG4bKd4a1." ID, "z9hG4bKd4a1.0123.0", "z9hg4bKd4a1." ID ".0",
			"z9hG4bKd4a1." ID "0.0", "xz9hG4bKd4a1." ID ".0", "z9hG4bK." ID};
	struct ep_tmbranch b;
	size_t i;

	for(i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(!parse(&b, none[i]), "%s", none[i]);
	ck_assert(!ep_tmbranch_parse(&b, ep_view_none()));
}
END_TEST

static void cut_check(struct ep_view cut, void *ctx)
{
	struct ep_tmbranch b;

	ck_assert_int_eq(ep_tmbranch_parse(&b, cut), cut.len >= *(size_t *)ctx);
}

START_TEST(tmbranch_every_cut)
{
	size_t least = sizeof("z9hG4bKd4a1." ID ".") - 1;

	every_cut(EP_LIT("z9hG4bKd4a1." ID ".1b"), cut_check, &least);
}
END_TEST

UNIT_MAIN("base/tmbranch", tmbranch_reads_what_tm_writes,
		tmbranch_marks_other_spellings, tmbranch_leaves_others_alone,
		tmbranch_every_cut)
