/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/walk.h"
#include "support.h"

static struct ep_view text(const char *z)
{
	return ep_view_z(z);
}

START_TEST(walk_goes_from_member_to_member)
{
	static const char *const members[] = {
			"3:abc", "i-5e", "ld1:ai1eee", "de", "0:", "2:ee"};
	struct ep_ng_walk w;

	ep_ng_walk_begin(&w, text("l3:abci-5eld1:ai1eeede0:2:eee"));
	for(size_t i = 0; i < sizeof members / sizeof *members; i++)
		ck_assert_view_eq(ep_ng_walk_next(&w), members[i]);
	ck_assert_ptr_null(ep_ng_walk_next(&w).p);
	ck_assert_ptr_null(ep_ng_walk_next(&w).p);
}
END_TEST

START_TEST(walk_ends_where_there_is_no_value)
{
	static const char *const bad[] = {"", "e", "x", "i", "i5", "1", "1:", "2:a",
			":", "l", "d", "l1:a", "li1ee1", "99999999999999999999:a",
			"18446744073709551617:a", "-1:a"};
	struct ep_ng_walk w;

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ep_view raw = ep_ng_walk_value(text(bad[i]));
		/* One is whole, and something stands behind it. */
		ck_assert_msg(!raw.p || raw.len == 5, "%s", bad[i]);
		ep_ng_walk_begin(&w, text(bad[i]));
		while(ep_ng_walk_next(&w).p)
			;
	}
	ep_ng_walk_begin(&w, ep_view_none());
	ck_assert_ptr_null(ep_ng_walk_next(&w).p);
	ep_ng_walk_begin(&w, text("3:abc"));
	ck_assert_ptr_null(ep_ng_walk_next(&w).p);
}
END_TEST

START_TEST(walk_picks_values)
{
	static const struct ep_view keys[] = {{"b", 1}, {"none", 4}, {"a", 1}};
	struct ep_view got[3];

	ep_ng_walk_pick(got, keys, 3, text("d1:ai1e1:bl1:xe1:ai2e1:ci3ee"));
	ck_assert_view_eq(got[0], "l1:xe");
	ck_assert_ptr_null(got[1].p);
	ck_assert_view_eq(got[2], "i1e");
	ep_ng_walk_pick(got, keys, 3, text("l1:ai1ee"));
	ck_assert_ptr_null(got[2].p);
	ep_ng_walk_pick(got, keys, 3, text("d1:ae"));
	ck_assert_ptr_null(got[2].p);
	ep_ng_walk_pick(got, keys, 3, ep_view_none());
	ck_assert_ptr_null(got[2].p);
}
END_TEST

START_TEST(walk_reads_strings_and_numbers)
{
	ck_assert_view_eq(ep_ng_walk_str(text("3:abc")), "abc");
	ck_assert_ptr_null(ep_ng_walk_str(text("i1e")).p);
	ck_assert_ptr_null(ep_ng_walk_str(ep_view_none()).p);
	ck_assert_int_eq(ep_ng_walk_int(text("i42e"), 7), 42);
	ck_assert_int_eq(ep_ng_walk_int(text("i-42e"), 7), -42);
	ck_assert_int_eq(ep_ng_walk_int(text("2:42"), 7), 42);
	ck_assert_int_eq(ep_ng_walk_int(text("2:4x"), 7), 7);
	ck_assert_int_eq(ep_ng_walk_int(text("ie"), 7), 7);
	ck_assert_int_eq(ep_ng_walk_int(text("i-e"), 7), 7);
	ck_assert_int_eq(ep_ng_walk_int(text("i9223372036854775808e"), 7), 7);
	ck_assert_int_eq(ep_ng_walk_int(text("le"), 7), 7);
	ck_assert_int_eq(ep_ng_walk_int(ep_view_none(), 7), 7);
}
END_TEST

static void cut_fn(struct ep_view cut, void *ctx)
{
	size_t *whole = ctx;

	ck_assert(!ep_ng_walk_value(cut).p == (cut.len != *whole));
}

START_TEST(walk_every_cut)
{
	static const char sample[] = "d1:al3:abci12eee";
	size_t whole = sizeof sample - 1;

	every_cut(text(sample), cut_fn, &whole);
}
END_TEST

UNIT_MAIN("ng/walk", walk_goes_from_member_to_member,
		walk_ends_where_there_is_no_value, walk_picks_values,
		walk_reads_strings_and_numbers, walk_every_cut)
