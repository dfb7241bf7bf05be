/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/scan.h"
#include "support.h"

static enum ep_err first(struct ep_sdp_line *line, const char *text)
{
	struct ep_sdp_scan s;
	ep_sdp_scan_init(&s, ep_view_z(text));
	return ep_sdp_scan_step(line, &s);
}

START_TEST(scan_reads_both_line_ends)
{
	struct ep_sdp_scan s;
	struct ep_sdp_line l;

	ep_sdp_scan_init(&s, EP_LIT("v=0\r\ns=\na=x"));
	ck_assert_int_eq(ep_sdp_scan_step(&l, &s), EP_OK);
	ck_assert_int_eq(l.type, 'v');
	ck_assert_view_eq(l.value, "0");
	ck_assert_view_eq(l.raw, "v=0\r\n");
	ck_assert_int_eq(ep_sdp_scan_step(&l, &s), EP_OK);
	ck_assert_view_eq(l.value, "");
	ck_assert_view_eq(l.raw, "s=\n");
	ck_assert_int_eq(ep_sdp_scan_step(&l, &s), EP_OK);
	ck_assert_view_eq(l.raw, "a=x");
	ck_assert_int_eq(ep_sdp_scan_step(&l, &s), EP_ENOENT);
}
END_TEST

START_TEST(scan_refuses_what_is_no_line)
{
	static const char *const bad[] = {"\n", "v\n", "=0\n", "V=0\n", " v=0\n",
			"v =0\n", "v=a\rb\n", "v=0\r\r\n", "v=0\r", "garbage"};
	struct ep_sdp_line l;

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(first(&l, bad[i]) == EP_ESYNTAX, "%s", bad[i]);
}
END_TEST

START_TEST(scan_refuses_nul_and_stays)
{
	struct ep_sdp_scan s;
	struct ep_sdp_line l;

	ep_sdp_scan_init(&s, EP_LIT("v=0\na=\0\n"));
	ck_assert_int_eq(ep_sdp_scan_step(&l, &s), EP_OK);
	ck_assert_int_eq(ep_sdp_scan_step(&l, &s), EP_ESYNTAX);
	ck_assert_uint_eq(s.at, 4);
	ck_assert_int_eq(ep_sdp_scan_step(&l, &s), EP_ESYNTAX);
}
END_TEST

START_TEST(scan_cuts_words)
{
	struct ep_view rest = EP_LIT("  audio 9   x ");
	ck_assert_view_eq(ep_sdp_word_cut(&rest), "audio");
	ck_assert_view_eq(ep_sdp_word_cut(&rest), "9");
	ck_assert_view_eq(ep_sdp_word_cut(&rest), "x");
	ck_assert_ptr_null(ep_sdp_word_cut(&rest).p);
	ck_assert_ptr_null(ep_sdp_word_cut(&rest).p);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	struct ep_sdp_scan s;
	struct ep_sdp_line l;
	size_t sum = 0;

	(void)ctx;
	ep_sdp_scan_init(&s, text);
	while(ep_sdp_scan_step(&l, &s) == EP_OK)
		sum += l.raw.len;
	ck_assert_uint_eq(sum, s.at);
}

START_TEST(scan_survives_every_cut)
{
	every_cut(EP_LIT("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n"), cut, NULL);
}
END_TEST

UNIT_MAIN("sdp/scan", scan_reads_both_line_ends, scan_refuses_what_is_no_line,
		scan_refuses_nul_and_stays, scan_cuts_words, scan_survives_every_cut)
