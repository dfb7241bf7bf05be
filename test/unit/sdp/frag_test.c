/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "sdp/frag.h"
#include "support.h"

#define PWD "asd88fgpdd777uzjYhagZg"
#define CRED "a=ice-pwd:" PWD "\r\na=ice-ufrag:8hhY\r\n"
#define HOST "1 1 UDP 2130706432 192.0.2.1 5000 typ host"
#define NAME                                                                   \
	"2 1 udp 2122 0f3a.local 5001 typ srflx raddr 0.0.0.0 rport 0 generation " \
	"0"
#define AUDIO "m=audio 9 RTP/AVP 0\r\na=mid:1\r\n"
#define FULL                                                                   \
	CRED "a=ice-options:trickle ice2\r\n" AUDIO                                \
		 "a=rtcp-mux\r\n"                                                      \
		 "a=candidate:" HOST "\r\na=candidate:" NAME                           \
		 "\r\n"                                                                \
		 "a=end-of-candidates\r\n"                                             \
		 "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v-2\r\n"                  \
		 "a=candidate:" HOST "\r\n"

static struct ep_arena arena;
static struct ep_sdp_frag f;
static size_t at;

static enum ep_err parse(const char *text)
{
	plain_arena_init(&arena);
	enum ep_err err = ep_sdp_frag_parse(&f, &at, ep_view_z(text), &arena);
	return err;
}

static void refused(const char *text)
{
	ck_assert_msg(parse(text) == EP_ESYNTAX, "taken: %s", text);
	ck_assert_uint_le(at, strlen(text));
	ep_arena_fini(&arena);
}

static void taken(const char *text)
{
	ck_assert_msg(parse(text) == EP_OK, "refused at %zu: %s", at, text);
	ep_arena_fini(&arena);
}

START_TEST(frag_reads_what_rfc_8840_names)
{
	ck_assert_int_eq(parse(FULL), EP_OK);
	ck_assert_view_eq(f.ufrag, "8hhY");
	ck_assert_view_eq(f.pwd, PWD);
	ck_assert(!f.ended);
	ck_assert_uint_eq(f.sdp.media_n, 2);
	ck_assert_view_eq(f.media[0].mid, "1");
	ck_assert_view_eq(f.media[0].ufrag, "8hhY");
	ck_assert_uint_eq(f.media[0].candidates_n, 2);
	ck_assert(f.media[0].ended);
	ck_assert_view_eq(f.media[1].mid, "v-2");
	ck_assert_uint_eq(f.media[1].candidates_n, 1);
	ck_assert(!f.media[1].ended);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(frag_credentials_of_a_section_win)
{
	ck_assert_int_eq(parse(CRED AUDIO "a=ice-ufrag:abcd\r\n"
									  "a=ice-pwd:zzzzzzzzzzzzzzzzzzzzzz\r\n"
									  "a=candidate:" HOST "\r\n"),
			EP_OK);
	ck_assert_view_eq(f.media[0].ufrag, "abcd");
	ck_assert_view_eq(f.media[0].pwd, "zzzzzzzzzzzzzzzzzzzzzz");
	ck_assert_view_eq(f.ufrag, "8hhY");
	ep_arena_fini(&arena);
	taken(AUDIO CRED);
}
END_TEST

START_TEST(frag_end_at_session_level_is_for_all)
{
	ck_assert_int_eq(parse(CRED "a=end-of-candidates\r\n" AUDIO), EP_OK);
	ck_assert(f.ended);
	ck_assert(f.media[0].ended);
	ep_arena_fini(&arena);
	ck_assert_int_eq(parse(CRED "a=end-of-candidates\r\n"), EP_OK);
	ck_assert_uint_eq(f.sdp.media_n, 0);
	ck_assert(f.ended);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(frag_passes_what_it_does_not_know)
{
	taken("a=group:BUNDLE 1 v-2\r\n" FULL);
	taken(CRED "a=ice-lite\r\na=ice-pacing:50\r\n" AUDIO "a=x-later:1\r\n");
	taken(CRED AUDIO "a=rtcp\r\na=rtcp-mux\r\na=rtcp-mux-only\r\n");
	/* Bare LF, and no end of line behind the last. */
	taken("a=ice-ufrag:8hhY\na=ice-pwd:" PWD "\nm=audio 9 X 0\na=mid:1");
}
END_TEST

START_TEST(frag_refuses_what_is_missing_or_double)
{
	refused("");
	refused("a=end-of-candidates\r\n");
	refused("a=ice-ufrag:8hhY\r\n" AUDIO);
	refused("a=ice-pwd:" PWD "\r\n" AUDIO);
	refused(AUDIO "a=candidate:" HOST "\r\n");
	refused(CRED "m=audio 9 RTP/AVP 0\r\na=candidate:" HOST "\r\n");
	refused(CRED CRED AUDIO);
	refused(CRED AUDIO "a=mid:1\r\n");
	refused(CRED AUDIO AUDIO);
	refused(CRED AUDIO "a=end-of-candidates\r\na=end-of-candidates\r\n");
	refused(CRED "a=ice-options:trickle\r\na=ice-options:ice2\r\n" AUDIO);
	refused(CRED AUDIO "a=ice-ufrag:abcd\r\n");
}
END_TEST

START_TEST(frag_refuses_what_stands_at_the_wrong_place)
{
	refused("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n" FULL);
	refused(CRED "a=candidate:" HOST "\r\n" AUDIO);
	refused(CRED "a=mid:1\r\n" AUDIO);
	refused(CRED AUDIO "c=IN IP4 192.0.2.1\r\n");
	refused(CRED AUDIO "\r\na=candidate:" HOST "\r\n");
	refused(CRED "m=audio\r\na=mid:1\r\n");
}
END_TEST

START_TEST(frag_refuses_bad_values)
{
	refused("a=ice-ufrag:8hh\r\na=ice-pwd:" PWD "\r\n" AUDIO);
	refused("a=ice-ufrag:8hh-\r\na=ice-pwd:" PWD "\r\n" AUDIO);
	refused("a=ice-ufrag\r\na=ice-pwd:" PWD "\r\n" AUDIO);
	refused("a=ice-ufrag:8hhY\r\na=ice-pwd:tooshort\r\n" AUDIO);
	refused(CRED "m=audio 9 RTP/AVP 0\r\na=mid:\r\n");
	refused(CRED "m=audio 9 RTP/AVP 0\r\na=mid:1 2\r\n");
	refused(CRED "a=end-of-candidates:yes\r\n" AUDIO);
	refused(CRED "a=ice-options\r\n" AUDIO);
	refused(CRED AUDIO "a=candidate\r\n");
	refused(CRED AUDIO "a=candidate:1 1 UDP 1 192.0.2.1 70000 typ host\r\n");
	refused(CRED AUDIO "a=candidate:1 0 UDP 1 192.0.2.1 5000 typ host\r\n");
	refused(CRED AUDIO "a=candidate:1 257 UDP 1 192.0.2.1 5000 typ host\r\n");
	refused(CRED AUDIO "a=candidate:1 1 UDP 1 192.0.2.1 5000 host\r\n");
	refused(CRED AUDIO "a=candidate:- 1 UDP 1 192.0.2.1 5000 typ host\r\n");
	refused(CRED AUDIO "a=candidate:" HOST " raddr\r\n");
}
END_TEST

START_TEST(frag_of_too_much_is_out_of_range)
{
	static char text[EP_SDP_FRAG_LEN_MAX + 2];

	memset(text, 'x', sizeof text - 1);
	memcpy(text, "a=", 2);
	ck_assert_int_eq(parse(text), EP_ERANGE);
	ep_arena_fini(&arena);
	/* More sections than a description may have. */
	char *p = text + sprintf(text, "%s", CRED);
	for(int i = 0; i <= EP_SDP_MEDIA_MAX; i++)
		p += sprintf(p, "m=audio 9 RTP/AVP 0\r\na=mid:%d\r\n", i);
	ck_assert_int_eq(parse(text), EP_ERANGE);
	ep_arena_fini(&arena);
}
END_TEST

static bool host_only(const struct ep_sdp_candidate *c)
{
	return ep_view_eq(c->type, EP_LIT("host"));
}

START_TEST(frag_prints_in_order_what_is_kept)
{
	ck_assert_int_eq(parse(FULL), EP_OK);
	struct ep_view text = ep_sdp_frag_print_arena(&f, host_only, &arena);
	ck_assert_view_eq(text,
			"a=ice-ufrag:8hhY\r\na=ice-pwd:" PWD
			"\r\n"
			"a=ice-options:trickle ice2\r\n" AUDIO "a=candidate:" HOST
			"\r\na=end-of-candidates\r\n"
			"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v-2\r\n"
			"a=candidate:" HOST "\r\n");
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(frag_print_of_the_print_is_the_same)
{
	struct ep_sdp_frag again;

	ck_assert_int_eq(parse("a=ice-ufrag:8hhY\na=ice-pwd:" PWD
						   "\nm=audio 9 X 0\na=mid:1\na=candidate:" NAME),
			EP_OK);
	struct ep_view one = ep_sdp_frag_print_arena(&f, NULL, &arena);
	ck_assert_int_eq(ep_sdp_frag_parse(&again, NULL, one, &arena), EP_OK);
	struct ep_view two = ep_sdp_frag_print_arena(&again, NULL, &arena);
	ck_assert(ep_view_eq(one, two));
	ck_assert_uint_eq(again.media[0].candidates_n, 1);
	ep_arena_fini(&arena);
}
END_TEST

/* A cut text is refused, or says less: never more, never past its end. */
static void cut(struct ep_view text, void *ctx)
{
	size_t *taken_n = ctx;

	plain_arena_init(&arena);
	if(ep_sdp_frag_parse(&f, &at, text, &arena) == EP_OK) {
		++*taken_n;
		ck_assert_uint_le(f.sdp.media_n, 2);
		ck_assert(ep_sdp_frag_print_arena(&f, NULL, &arena).p != NULL);
	} else {
		ck_assert_uint_le(at, text.len);
	}
	ep_arena_fini(&arena);
}

START_TEST(frag_of_every_cut_stays_inside)
{
	size_t taken_n = 0;

	every_cut(EP_LIT(FULL), cut, &taken_n);
	ck_assert_uint_gt(taken_n, 10);
}
END_TEST

static enum ep_err alloc(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	enum ep_err err = ep_sdp_frag_parse(&f, NULL, EP_LIT(FULL), a);
	if(err)
		return err;
	return ep_sdp_frag_print_arena(&f, NULL, a).p ? EP_OK : EP_ENOMEM;
}

START_TEST(frag_without_memory_says_so)
{
	ck_assert_uint_gt(every_alloc_failure(alloc, NULL), 3);
}
END_TEST

UNIT_MAIN("sdp/frag", frag_reads_what_rfc_8840_names,
		frag_credentials_of_a_section_win, frag_end_at_session_level_is_for_all,
		frag_passes_what_it_does_not_know,
		frag_refuses_what_is_missing_or_double,
		frag_refuses_what_stands_at_the_wrong_place, frag_refuses_bad_values,
		frag_of_too_much_is_out_of_range, frag_prints_in_order_what_is_kept,
		frag_print_of_the_print_is_the_same, frag_of_every_cut_stays_inside,
		frag_without_memory_says_so)
