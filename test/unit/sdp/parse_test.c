/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/parse.h"
#include "support.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define TWO                                                                    \
	HEAD "m=audio 49170/2 RTP/AVP 0 8\r\ny=new\r\n"                            \
		 "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"

static struct ep_arena arena;
static struct ep_sdp sdp;
static size_t at;

static enum ep_err parse(struct ep_view text)
{
	plain_arena_init(&arena);
	return ep_sdp_parse(&sdp, &at, text, &arena);
}

static void done(void)
{
	ep_arena_fini(&arena);
}

START_TEST(parse_keeps_lines_and_sections)
{
	ck_assert_int_eq(parse(EP_LIT(TWO)), EP_OK);
	ck_assert_uint_eq(sdp.lines_n, 8);
	ck_assert_uint_eq(sdp.session_end, 4);
	ck_assert_uint_eq(sdp.media_n, 2);
	ck_assert_view_eq(sdp.media[0].kind, "audio");
	ck_assert_uint_eq(sdp.media[0].port, 49170);
	ck_assert_uint_eq(sdp.media[0].ports_n, 2);
	ck_assert_view_eq(sdp.media[0].proto, "RTP/AVP");
	ck_assert_view_eq(sdp.media[0].fmts, "0 8");
	ck_assert_int_eq(sdp.lines[5].type, 'y');
	ck_assert_uint_eq(sdp.media[1].first, 6);
	ck_assert_uint_eq(sdp.media[1].end, 8);
	ck_assert_uint_eq(sdp.media[1].port, 9);
	done();
}
END_TEST

START_TEST(parse_takes_bare_lf_and_empty_tail)
{
	ck_assert_int_eq(
			parse(EP_LIT("v=0\no=x\ns=-\nm=audio 0 RTP/AVP 0\n\r\n\n")), EP_OK);
	ck_assert_uint_eq(sdp.lines_n, 4);
	ck_assert_uint_eq(sdp.text.len, 32);
	done();
}
END_TEST

START_TEST(parse_says_where)
{
	static const struct
	{
		const char *text;
		size_t at;
	} bad[] = {{"", 0}, {"hello", 0}, {"v=1\no=x\n", 0}, {"o=x\nv=0\n", 0},
			{"v=0\n", 4}, {"v=0\no=x\no=y\n", 8}, {"v=0\no=x\nv=0\n", 8},
			{"v=0\n\no=x\n", 4}, {"v=0\no=x\nm=audio\n", 8},
			{"v=0\no=x\nm=audio 1 RTP/AVP\n", 8},
			{"v=0\no=x\nm=audio 65536 RTP/AVP 0\n", 8},
			{"v=0\no=x\nm=audio -1 RTP/AVP 0\n", 8},
			{"v=0\no=x\nm=audio 1/0 RTP/AVP 0\n", 8},
			{"v=0\no=x\nm=audio 1 RTP/AVP  \n", 8},
			{"v=0\no=x\nm=audio 1 RTP/AVP 0\no=x\n", 28}};

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(
				parse(ep_view_z(bad[i].text)) == EP_ESYNTAX, "%s", bad[i].text);
		ck_assert_msg(at == bad[i].at, "%s: at %zu", bad[i].text, at);
		done();
	}
	ck_assert_int_eq(parse(ep_view_none()), EP_ESYNTAX);
	done();
}
END_TEST

START_TEST(parse_has_limits)
{
	static char text[EP_SDP_LEN_MAX + 2];
	size_t n = 0;

	memcpy(text, HEAD, sizeof HEAD - 1);
	n = sizeof HEAD - 1;
	for(size_t i = 0; i <= EP_SDP_MEDIA_MAX; i++, n += 11)
		memcpy(text + n, "m=a 1 R 0\r\n", 11);
	ck_assert_int_eq(parse(ep_view_of(text, n)), EP_ERANGE);
	ck_assert_uint_eq(at, n - 11);
	done();
	ck_assert_int_eq(parse(ep_view_of(text, n - 11)), EP_OK);
	done();

	n = sizeof HEAD - 1;
	for(size_t i = 4; i <= EP_SDP_LINES_MAX; i++, n += 4)
		memcpy(text + n, "a=x\n", 4);
	ck_assert_int_eq(parse(ep_view_of(text, n)), EP_ERANGE);
	done();
	ck_assert_int_eq(parse(ep_view_of(text, n - 4)), EP_OK);
	done();

	memset(text + n, 'x', sizeof text - n);
	ck_assert_int_eq(parse(ep_view_of(text, sizeof text)), EP_ERANGE);
	done();
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	(void)ctx;
	enum ep_err err = parse(text);
	ck_assert(err == EP_OK || err == EP_ESYNTAX);
	ck_assert(at <= text.len);
	if(!err && sdp.lines_n)
		ck_assert(sdp.lines[sdp.lines_n - 1].raw.p
						  + sdp.lines[sdp.lines_n - 1].raw.len
				  == sdp.text.p + sdp.text.len);
	done();
}

START_TEST(parse_survives_every_cut)
{
	every_cut(EP_LIT(TWO), cut, NULL);
}
END_TEST

static enum ep_err alloc(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	return ep_sdp_parse(&sdp, NULL, EP_LIT(TWO), a);
}

START_TEST(parse_survives_every_alloc_failure)
{
	ck_assert_uint_gt(every_alloc_failure(alloc, NULL), 2);
}
END_TEST

UNIT_MAIN("sdp/parse", parse_keeps_lines_and_sections,
		parse_takes_bare_lf_and_empty_tail, parse_says_where, parse_has_limits,
		parse_survives_every_cut, parse_survives_every_alloc_failure)
