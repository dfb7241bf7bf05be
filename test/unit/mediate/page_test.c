/* SPDX-License-Identifier: BSD-2-Clause */
/* What real browsers write and refuse, and RFC 8829 has. */
#include "mediation.h"

#define W EP_MEDIATE_FROM_WIC
#define C EP_MEDIATE_FROM_CORE
#define NEW "name=a;video=yes;core=avpf;gateway=26.0"
#define OLD "name=a;video=yes;core=avpf"
#define OPUS "a=rtpmap:111 opus/48000/2\r\n"
#define VP8 "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n"
#define TRANSPORT FP ICE "a=setup:actpass\r\na=tls-id:0123456789abcdef0123\r\n"
#define TAGGED(kind, more)                                                     \
	"m=" kind "\r\nc=IN IP4 192.0.2.1\r\n" TRANSPORT CAND "a=rtcp-mux\r\n" more
/* RFC 8829 7.3: what is bundled says nothing of the transport. */
#define JSEP                                                                   \
	HEAD "a=group:BUNDLE a1 v1\r\n" TAGGED("audio 5000 UDP/TLS/RTP/SAVPF 111", \
			"a=mid:a1\r\n" OPUS) "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n" C0       \
								 "a=bundle-only\r\na=mid:v1\r\n" VP8
/* The camera first, the microphone on its transport. */
#define CAMERA_FIRST                                                           \
	HEAD "a=group:BUNDLE v1 a1\r\n" TAGGED("video 5000 UDP/TLS/RTP/SAVPF 96",  \
			"a=mid:v1\r\n" VP8) "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" C0       \
			TRANSPORT "a=rtcp-mux\r\na=mid:a1\r\n" OPUS
#define CORE_AV                                                                \
	HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP 111\r\n" OPUS             \
		 "m=video 6002 RTP/AVPF 96\r\n" VP8
#define GW_AUDIO                                                               \
	"m=audio 7000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.9\r\n" OPUS        \
	"a=setup:passive\r\n" GW
#define A_OFFER                                                                \
	HEAD TAGGED("audio 5000 UDP/TLS/RTP/SAVPF 111 8", "a=mid:0\r\n" OPUS)
#define A_ANSWER HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP 111\r\n" OPUS

static size_t count(struct ep_view v, const char *text)
{
	size_t n = 0;
	size_t at;

	while((at = ep_view_find(v, ep_view_z(text))) != SIZE_MAX) {
		v = ep_view_from(v, at + 1);
		n++;
	}
	return n;
}

START_TEST(page_bundled_section_has_the_transport_of_its_bundle)
{
	setup_with(NEW);
	ck_assert_int_eq(offer(W, JSEP), EP_MEDIATE_OK);
	ck_assert(plan.live[0] && plan.live[1]);
	ck_assert_uint_eq(plan.warnings, 0);
	ck_assert_uint_eq(count(plan.sdp, "a=ice-ufrag:abcd\r\n"), 2);
	ck_assert_uint_eq(count(plan.sdp, "a=ice-pwd:"), 2);
	ck_assert_uint_eq(count(plan.sdp, "a=fingerprint:sha-256"), 2);
	ck_assert_uint_eq(count(plan.sdp, "a=setup:actpass\r\n"), 2);
	ck_assert_uint_eq(count(plan.sdp, "a=tls-id:"), 2);
	ck_assert_uint_eq(count(plan.sdp, "a=rtcp-mux\r\n"), 2);
	ck_assert(contains(plan.sdp, "a=group:BUNDLE a1 v1\r\n"));
	ck_assert(contains(plan.sdp, "m=video 9 "));
	/* Of an answer, all but one (RFC 8829 5.3.1). */
	ck_assert_int_eq(
			answer(W,
					HEAD "a=group:BUNDLE 0 1\r\n" TAGGED(
							"audio 5000 UDP/TLS/RTP/SAVPF 111",
							"a=mid:0\r\n" OPUS) "m=video 5000 "
												"UDP/TLS/RTP/SAVPF 96\r\n" C0
												"a=mid:1\r\n" VP8,
					CORE_AV),
			EP_MEDIATE_ENODTLS);
	ck_assert_int_eq(
			answer(W,
					HEAD "a=group:BUNDLE 0 1\r\nm=audio 5000 "
						 "UDP/TLS/RTP/SAVPF 111\r\n" C0 FP ICE CAND
						 "a=setup:active\r\na=rtcp-mux\r\na=mid:0\r\n" OPUS
						 "m=video 5000 UDP/TLS/RTP/SAVPF 96\r\n" C0
						 "a=mid:1\r\n" VP8,
					CORE_AV),
			EP_MEDIATE_OK);
	ck_assert(plan.live[0] && plan.live[1]);
	ck_assert_uint_eq(count(plan.sdp, "a=setup:active\r\n"), 2);
	teardown();
}
END_TEST

/* One transport carries one section: no wrong mapping. */
START_TEST(page_bundled_section_alone_on_an_old_gateway)
{
	setup_with(OLD);
	ck_assert_int_eq(offer(W, JSEP), EP_MEDIATE_OK);
	ck_assert(plan.live[0] && !plan.live[1]);
	ck_assert(plan.warnings & ep_mediate_warning_bit(EP_MEDIATE_WUNBUNDLE));
	/* The sound has the picture's transport, then. */
	ck_assert_int_eq(
			offer(W, HEAD "a=group:BUNDLE v1 a1\r\n" TAGGED(
							 "video 5000 UDP/TLS/RTP/SAVPF 96",
							 "a=mid:v1\r\n" VP8) "m=audio 0 "
												 "UDP/TLS/RTP/SAVPF "
												 "111\r\n" C0
												 "a=bundle-only\r\na=mid:"
												 "a1\r\n" OPUS),
			EP_MEDIATE_OK);
	ck_assert(!plan.live[0] && plan.live[1]);
	ck_assert_uint_eq(count(plan.sdp, "a=ice-ufrag:abcd\r\n"), 1);
	teardown();
}
END_TEST

/* Credentials of a bundle are no loan to what is not in it, nor of one that is
 * rejected. */
START_TEST(page_transport_is_of_the_same_bundle)
{
	setup_with(NEW);
	ck_assert_int_eq(
			offer(W, HEAD "a=group:BUNDLE a1\r\n" TAGGED(
							 "audio 5000 UDP/TLS/RTP/SAVPF 111",
							 "a=mid:a1\r\n" OPUS) "m=video 9 UDP/TLS/RTP/SAVPF "
												  "96\r\n" C0
												  "a=mid:v1\r\n" VP8),
			EP_MEDIATE_OK);
	ck_assert(plan.live[0] && !plan.live[1]);
	ck_assert_int_eq(offer(W, HEAD "a=group:BUNDLE a1 v1\r\n" TAGGED(
									  "audio 0 UDP/TLS/RTP/SAVPF 111",
									  "a=mid:a1\r\n" OPUS) "m=video 0 UDP/TLS/"
														   "RTP/SAVPF 96\r\n" C0
														   "a=bundle-only\r\n"
														   "a=mid:v1\r\n" VP8),
			EP_MEDIATE_ENODTLS);
	teardown();
}
END_TEST

START_TEST(page_first_of_a_bundle_stays_while_its_transport_is_used)
{
	setup_with(OLD);
	ck_assert_int_eq(
			answer(C,
					HEAD "c=IN IP4 192.0.2.2\r\nm=video 0 RTP/AVPF 96\r\n"
						 "m=audio 6000 RTP/AVP 111\r\n" OPUS,
					CAMERA_FIRST),
			EP_MEDIATE_OK);
	ck_assert_int_eq(finish(HEAD "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n" GW_AUDIO),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "a=group:BUNDLE v1 a1\r\n"));
	ck_assert(contains(out, "m=video 7000 UDP/TLS/RTP/SAVPF 96\r\n"));
	ck_assert(contains(out, "a=inactive\r\na=mid:v1\r\n"));
	ck_assert_uint_eq(count(out, "a=ice-ufrag:"), 2);
	ck_assert_uint_eq(count(out, "c=IN IP4 192.0.2.9\r\n"), 2);
	ck_assert_uint_eq(count(out, "a=candidate:"), 2);
	ck_assert_uint_eq(count(out, "a=rtpmap:96 VP8"), 1);
	/* Nothing lives on it: rejected like any other. */
	ck_assert_int_eq(
			answer(C,
					HEAD "c=IN IP4 192.0.2.2\r\nm=video 0 RTP/AVPF 96\r\n"
						 "m=audio 0 RTP/AVP 111\r\n",
					CAMERA_FIRST),
			EP_MEDIATE_OK);
	ck_assert(plan.gateway_idle);
	ck_assert_int_eq(ep_mediate_finish(&out, &plan, plan.sdp), EP_MEDIATE_OK);
	ck_assert(contains(out, "m=video 0 ") && contains(out, "m=audio 0 "));
	teardown();
}
END_TEST

/* Chromium takes none of these lines. */
START_TEST(page_gets_no_line_that_spoils_the_rest)
{
	static const char *const bad[] = {"a=\r\n", "a= x\r\n", "a=ptime\r\n",
			"a=ptime:x\r\n", "a=maxptime:\r\n", "a=fmtp:111\r\n", "i=\r\n",
			"b=AS:3\r\n", "b=TIAS:5000\r\n", "b=\r\n"};

	setup();
	ck_assert_int_eq(answer(C, A_ANSWER, A_OFFER), EP_MEDIATE_OK);
	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[2048];
		snprintf(text, sizeof text, HEAD GW_AUDIO "%s", bad[i]);
		ck_assert_int_eq(finish(text), EP_MEDIATE_OK);
		ck_assert_msg(!contains(out, bad[i]), "%s", bad[i]);
	}
	ck_assert_int_eq(
			finish(HEAD GW_AUDIO
					"a=ptime:20\r\na=fmtp:111 x=1\r\nb=AS:24\r\na=x-a:1\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "a=ptime:20\r\na=fmtp:111 x=1\r\na=x-a:1\r\n"));
	ck_assert(contains(out, "b=AS:24\r\na="));
	teardown();
}
END_TEST

START_TEST(page_gets_rtpmap_as_it_knows_it)
{
	setup();
	ck_assert_int_eq(answer(C, A_ANSWER, A_OFFER), EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 111 8\r\nc=IN IP4 "
						"192.0.2.9\r\na=rtpmap:111 opus/48000\r\n"
						"a=rtpmap:8   PCMA/8000\r\na=setup:passive\r\n" GW),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "a=rtpmap:111 opus/48000/2\r\n"));
	ck_assert(contains(out, "a=rtpmap:8 PCMA/8000\r\n"));
	ck_assert_int_eq(
			finish(HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 111 8\r\nc=IN IP4 "
						"192.0.2.9\r\na=rtpmap:111 opus/48000/2/1\r\n"
						"a=setup:passive\r\n" GW),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "SAVPF 8\r\n") && !contains(out, "opus"));
	teardown();
}
END_TEST

START_TEST(page_gets_the_session_level_in_order)
{
	static const char *const heads[] = {
			"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=\r\nt=0 0\r\n",
			"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n",
			"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nt=0 0\r\n"};

	setup();
	ck_assert_int_eq(answer(C, A_ANSWER, A_OFFER), EP_MEDIATE_OK);
	for(size_t i = 0; i < 3; i++) {
		char text[2048];
		snprintf(text, sizeof text, "%s" GW_AUDIO, heads[i]);
		ck_assert_int_eq(finish(text), EP_MEDIATE_OK);
		ck_assert(ep_view_starts(out, EP_LIT(HEAD "m=audio 7000")));
	}
	ck_assert_int_eq(
			finish("v=0\r\na=sendrecv\r\nt=0 0\r\nr=1 2 3\r\nb=AS:500\r\n"
				   "o=- 1 1 IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.9\r\n"
				   "s=x\r\ni=y\r\n" GW_AUDIO),
			EP_MEDIATE_OK);
	ck_assert(ep_view_starts(
			out, EP_LIT("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\ni=y\r\n"
						"c=IN IP4 192.0.2.9\r\nb=AS:500\r\nt=0 0\r\nr=1 2 3\r\n"
						"a=sendrecv\r\nm=audio")));
	teardown();
}
END_TEST

/* rtpengine fails at a c= behind attributes. */
START_TEST(page_gateway_gets_lines_in_order)
{
	setup();
	ck_assert_int_eq(
			offer(C, "v=0\r\na=x:1\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=-\r\n"
					 "t=0 0\r\nc=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP 8"
					 "\r\na=ptime:20\r\nb=AS:80\r\nc=IN IP4 192.0.2.3\r\n"),
			EP_MEDIATE_OK);
	ck_assert_view_eq(plan.sdp,
			"v=0\r\no=- 0 1 IN IP4 192.0.2.1\r\ns=-\r\n"
			"c=IN IP4 192.0.2.2\r\nt=0 0\r\na=x:1\r\nm=audio 6000 RTP/AVP 8"
			"\r\nc=IN IP4 192.0.2.3\r\nb=AS:80\r\na=ptime:20\r\n");
	/* What goes for another reason goes with its line. */
	ck_assert_int_eq(
			offer(C, HEAD "c=IN IP4 0.0.0.0\r\nm=audio 6000 RTP/AVP 8\r\n"
						  "a=sendrecv\r\nb=AS:80\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(
			plan.sdp, "m=audio 6000 RTP/AVP 8\r\nb=AS:80\r\na=sendonly\r\n"));
	ck_assert(!contains(plan.sdp, "sendrecv"));
	/* Nobody's address, once. */
	ck_assert_int_eq(
			answer(C,
					"v=0\r\ns=-\r\no=- 1 1 IN IP4 192.0.2.1\r\nt=0 0\r\n"
					"m=audio 0 RTP/AVP 8\r\n",
					A_OFFER),
			EP_MEDIATE_OK);
	ck_assert(plan.gateway_idle);
	ck_assert_uint_eq(count(plan.sdp, "o="), 1);
	ck_assert(!contains(plan.sdp, "192.0.2.1"));
	teardown();
}
END_TEST

/* An offer without candidates is no hold (RFC 8840 4.1.1), whether or not the
 * page says that they come later: rtpengine thinks so. */
START_TEST(page_without_an_address_is_not_on_hold)
{
#define NOWHERE                                                                \
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" C0 OPUS FP ICE "a=setup:actpass\r\n"

	setup();
	ck_assert_int_eq(offer(W, HEAD NOWHERE), EP_MEDIATE_OK);
	ck_assert_uint_eq(count(plan.sdp, "a=ice-options:trickle\r\n"), 1);
	ck_assert_int_eq(offer(W, HEAD "a=ice-options:ice2 trickle\r\n" NOWHERE),
			EP_MEDIATE_OK);
	ck_assert_uint_eq(count(plan.sdp, "a=ice-options:"), 1);
	ck_assert_int_eq(offer(W, A_OFFER), EP_MEDIATE_OK);
	ck_assert_uint_eq(count(plan.sdp, "a=ice-options:"), 0);
	teardown();
}
END_TEST

/* A limit that speech cannot keep would cost the call. */
START_TEST(page_bandwidth_leaves_room_for_the_codec)
{
	setup();
	ck_assert_int_eq(answer(C, A_ANSWER, A_OFFER), EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 8\r\nc=IN IP4 "
						"192.0.2.9\r\nb=AS:41\r\nb=TIAS:64000\r\nb=RS:0\r\n"
						"a=setup:passive\r\n" GW),
			EP_MEDIATE_OK);
	ck_assert(!contains(out, "b=AS:") && contains(out, "b=TIAS:64000\r\n"));
	ck_assert(contains(out, "b=RS:0\r\n"));
	/* An offer's is of codecs that the browser may not have. */
	ck_assert_int_eq(offer(C, CORE_OFFER), EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 "
						"192.0.2.9\r\nb=AS:41\r\na=setup:actpass\r\n" GW),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "b=AS:41\r\n"));
	teardown();
}
END_TEST

/* A hold must not get lost for a blank. */
START_TEST(page_blanks_behind_an_attribute_are_none)
{
	setup();
	ck_assert_int_eq(
			offer(W, A_OFFER "a=sendonly \r\na=extmap-allow-mixed\t\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=sendonly\r\n"));
	ck_assert(!contains(plan.sdp, "mixed"));
	ck_assert_int_eq(offer(C, CORE_OFFER "a=inactive  \r\n"), EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=inactive\r\n"));
	teardown();
}
END_TEST

/* With the gateway as the full one of the two (RFC 8445 6.1.1). */
START_TEST(page_that_is_ice_lite_is_so_for_the_gateway)
{
	setup();
	ck_assert_int_eq(
			offer(W, HEAD "a=ice-lite\r\n" TAGGED(
							 "audio 5000 UDP/TLS/RTP/SAVPF 111", OPUS)),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=ice-lite\r\n"));
	ck_assert_int_eq(
			finish(HEAD "a=ice-lite\r\nm=audio 7000 RTP/AVP 111\r\nc=IN IP4 "
						"192.0.2.9\r\n" OPUS),
			EP_MEDIATE_OK);
	ck_assert(!contains(out, "ice-lite"));
	teardown();
}
END_TEST

START_TEST(page_video_without_requests_for_keyframes_is_warned_of)
{
	setup_with(OLD);
	ck_assert_int_eq(offer(C, CORE_AV), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, 0);
	ck_assert_int_eq(
			offer(C, HEAD "c=IN IP4 192.0.2.2\r\nm=video 6002 RTP/AVPF "
						  "96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 "
						  "nack\r\na=rtcp-fb:97 nack pli\r\n"),
			EP_MEDIATE_OK);
	ck_assert(plan.warnings & ep_mediate_warning_bit(EP_MEDIATE_WKEYFRAME));
	ck_assert_int_eq(
			offer(C, HEAD "c=IN IP4 192.0.2.2\r\nm=video 6002 RTP/AVPF "
						  "96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:* ccm "
						  "fir\r\n"),
			EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, 0);
	teardown();
}
END_TEST

/* Who is on hold and says sendrecv: Chromium refuses that answer. */
START_TEST(page_answer_takes_no_more_than_was_offered)
{
	static const struct
	{
		const char *offered;
		const char *answered;
		const char *out;
	} cases[] = {{"a=sendonly", "a=sendrecv", "a=recvonly"},
			{"a=sendonly", "b=AS:64", "a=recvonly"},
			{"a=sendonly", "a=sendonly", "a=inactive"},
			{"a=recvonly", "a=sendrecv", "a=sendonly"},
			{"a=recvonly", "a=recvonly", "a=inactive"},
			{"a=inactive", "a=sendrecv", "a=inactive"},
			{"a=sendrecv", "a=sendonly", "a=sendonly"},
			{"a=sendonly", "a=inactive", "a=inactive"},
			{"a=sendonly", "a=recvonly", "a=recvonly"}};

	setup();
	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char theirs[1024];
		char mine[2048];
		snprintf(mine, sizeof mine, A_OFFER "%s\r\n", cases[i].offered);
		snprintf(theirs, sizeof theirs, A_ANSWER "%s\r\n", cases[i].answered);
		ck_assert_int_eq(answer(C, theirs, mine), EP_MEDIATE_OK);
		ck_assert_msg(contains(plan.sdp, cases[i].out), "%zu: %.*s", i,
				EP_FMT(plan.sdp));
		ck_assert_uint_eq(
				count(plan.sdp, "only\r\n") + count(plan.sdp, "a=inactive\r\n"),
				1);
	}
	/* And of a page, whose offer held in the old way. */
	ck_assert_int_eq(
			answer(W, WIC_ANSWER,
					HEAD "c=IN IP4 0.0.0.0\r\nm=audio 6000 RTP/AVP 0\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=recvonly\r\n"));
	/* The session's counts for both. */
	ck_assert_int_eq(answer(C, A_ANSWER,
							 HEAD "a=sendonly\r\n" TAGGED(
									 "audio 5000 UDP/TLS/RTP/SAVPF 111", OPUS)),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=recvonly\r\n"));
	teardown();
}
END_TEST

static enum ep_err alloc(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	enum ep_mediate_cause cause = ep_mediate_answer_plan(&plan, C,
			EP_LIT(HEAD "c=IN IP4 192.0.2.2\r\nm=video 0 RTP/AVPF 96\r\n"
						"m=audio 6000 RTP/AVP 111\r\n" OPUS),
			EP_LIT(CAMERA_FIRST), &profile, &profile.caps, a);
	if(!cause)
		cause = ep_mediate_finish(&out, &plan,
				EP_LIT("v=0\r\na=x:1\r\no=- 1 1 IN IP4 192.0.2.1\r\n"
					   "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n" GW_AUDIO
					   "a=rtpmap:8  PCMA/8000\r\n"));
	ck_assert(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EINTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

static enum ep_err alloc_offer(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	enum ep_mediate_cause cause = ep_mediate_offer_plan(
			&plan, W, EP_LIT(JSEP), &profile, &profile.caps, a);
	ck_assert(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EINTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(page_survives_every_alloc_failure)
{
	setup_with(OLD);
	ck_assert_uint_gt(every_alloc_failure(alloc, NULL), 10);
	teardown();
	setup_with(NEW);
	ck_assert_uint_gt(every_alloc_failure(alloc_offer, NULL), 10);
	teardown();
}
END_TEST

UNIT_MAIN("mediate/page", page_bundled_section_has_the_transport_of_its_bundle,
		page_bundled_section_alone_on_an_old_gateway,
		page_transport_is_of_the_same_bundle,
		page_first_of_a_bundle_stays_while_its_transport_is_used,
		page_gets_no_line_that_spoils_the_rest, page_gets_rtpmap_as_it_knows_it,
		page_gets_the_session_level_in_order, page_gateway_gets_lines_in_order,
		page_without_an_address_is_not_on_hold,
		page_bandwidth_leaves_room_for_the_codec,
		page_answer_takes_no_more_than_was_offered,
		page_blanks_behind_an_attribute_are_none,
		page_that_is_ice_lite_is_so_for_the_gateway,
		page_video_without_requests_for_keyframes_is_warned_of,
		page_survives_every_alloc_failure)
