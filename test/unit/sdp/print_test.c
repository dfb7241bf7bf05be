/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/print.h"
#include "support.h"

#define TEXT "v=0\r\no=x\ns= - \r\nq=?\nm=audio 1 RTP/AVP 0\r\na=mid:0"

static struct ep_arena arena;
static struct ep_sdp sdp;
static struct ep_sdp_edits edits;

static void begin(struct ep_view text)
{
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_sdp_parse(&sdp, NULL, text, &arena), EP_OK);
	ck_assert_int_eq(ep_sdp_edits_init(&edits, &sdp, &arena), EP_OK);
}

static void expect(const char *want)
{
	struct ep_view got = ep_sdp_print_arena(&edits);
	ck_assert_view_eq(got, want);
	ck_assert_uint_eq(got.len, ep_sdp_print_len(&edits));
	ep_arena_fini(&arena);
}

START_TEST(print_without_edits_is_identity)
{
	begin(EP_LIT(TEXT));
	expect(TEXT);
}
END_TEST

START_TEST(print_applies_edits_in_place)
{
	begin(EP_LIT(TEXT));
	ck_assert_int_eq(ep_sdp_edits_drop(&edits, 3), EP_OK);
	ck_assert(ep_sdp_edits_dropped(&edits, 3));
	ck_assert(!ep_sdp_edits_dropped(&edits, 2));
	ck_assert_int_eq(ep_sdp_edits_replace(&edits, 1, EP_LIT("o=y")), EP_OK);
	ck_assert_int_eq(ep_sdp_edits_insert(&edits, 4, EP_LIT("a=one")), EP_OK);
	ck_assert_int_eq(ep_sdp_edits_insert(&edits, 4, EP_LIT("a=two")), EP_OK);
	ck_assert_int_eq(ep_sdp_edits_insert(&edits, 6, EP_LIT("a=end")), EP_OK);
	expect("v=0\r\no=y\r\ns= - \r\na=one\r\na=two\r\nm=audio 1 RTP/AVP "
		   "0\r\na=mid:0\r\na=end\r\n");
}
END_TEST

START_TEST(print_last_edit_of_a_line_wins)
{
	begin(EP_LIT(TEXT));
	ck_assert_int_eq(ep_sdp_edits_drop(&edits, 5), EP_OK);
	ck_assert_int_eq(ep_sdp_edits_replace(&edits, 5, EP_LIT("a=mid:1")), EP_OK);
	ck_assert_int_eq(ep_sdp_edits_drop(&edits, 3), EP_OK);
	expect("v=0\r\no=x\ns= - \r\nm=audio 1 RTP/AVP 0\r\na=mid:1\r\n");
}
END_TEST

START_TEST(print_refuses_two_lines_in_one)
{
	begin(EP_LIT(TEXT));
	ck_assert_int_eq(
			ep_sdp_edits_insert(&edits, 0, EP_LIT("a=x\r\nm=y")), EP_ESYNTAX);
	ck_assert_int_eq(
			ep_sdp_edits_replace(&edits, 0, EP_LIT("a=x\n")), EP_ESYNTAX);
	ck_assert_int_eq(ep_sdp_edits_insert(&edits, 0, EP_LIT("A=x")), EP_ESYNTAX);
	ck_assert_int_eq(ep_sdp_edits_insert(&edits, 0, EP_LIT("a")), EP_ESYNTAX);
	ck_assert_int_eq(ep_sdp_edits_drop(&edits, 6), EP_ERANGE);
	ck_assert_int_eq(ep_sdp_edits_replace(&edits, 6, EP_LIT("a=x")), EP_ERANGE);
	ck_assert_int_eq(ep_sdp_edits_insert(&edits, 7, EP_LIT("a=x")), EP_ERANGE);
	expect(TEXT);
}
END_TEST

START_TEST(print_of_everything_dropped_is_empty)
{
	begin(EP_LIT(TEXT));
	for(size_t i = 0; i < sdp.lines_n; i++)
		ck_assert_int_eq(ep_sdp_edits_drop(&edits, i), EP_OK);
	expect("");
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	(void)ctx;
	plain_arena_init(&arena);
	if(ep_sdp_parse(&sdp, NULL, text, &arena) == EP_OK) {
		ck_assert_int_eq(ep_sdp_edits_init(&edits, &sdp, &arena), EP_OK);
		ck_assert(ep_view_eq(ep_sdp_print_arena(&edits), sdp.text));
	}
	ep_arena_fini(&arena);
}

START_TEST(print_of_every_cut_is_identity)
{
	every_cut(EP_LIT(TEXT), cut, NULL);
}
END_TEST

static enum ep_err alloc(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	enum ep_err err = ep_sdp_parse(&sdp, NULL, EP_LIT(TEXT), a);
	if(!err)
		err = ep_sdp_edits_init(&edits, &sdp, a);
	if(!err)
		err = ep_sdp_edits_insert(&edits, 6, EP_LIT("a=end"));
	if(err)
		return err;
	return ep_sdp_print_arena(&edits).p ? EP_OK : EP_ENOMEM;
}

START_TEST(print_survives_every_alloc_failure)
{
	ck_assert_uint_gt(every_alloc_failure(alloc, NULL), 4);
}
END_TEST

UNIT_MAIN("sdp/print", print_without_edits_is_identity,
		print_applies_edits_in_place, print_last_edit_of_a_line_wins,
		print_refuses_two_lines_in_one, print_of_everything_dropped_is_empty,
		print_of_every_cut_is_identity, print_survives_every_alloc_failure)
