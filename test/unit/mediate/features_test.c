/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/features.h"
#include "support.h"

#define FP                                                                     \
	"a=fingerprint:sha-256 EA:EF:74:FD:04:3D:CF:9C:A3:D4:5C:00:06:3E:96:4D:"   \
	"E7:5D:C5:26:8A:CE:70:03:66:1C:FE:0A:97:78:71:E0\n"
#define ICE "a=ice-ufrag:abcd\na=ice-pwd:abcdefghijklmnopqrstuvwx\n"
#define HEAD "v=0\no=x\ns=-\nt=0 0\n"
#define M "m=audio 5000 UDP/TLS/RTP/SAVPF "

static struct ep_arena arena;
static struct ep_sdp sdp;
static struct ep_mediate_features f;
static struct ep_mediate_profile profile;

static enum ep_mediate_cause features(enum ep_mediate_case c, const char *text)
{
	if(!profile.name.p)
		ep_mediate_profile_parse(&profile, NULL, EP_LIT("name=default"));
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_sdp_parse(&sdp, NULL, ep_view_z(text), &arena), EP_OK);
	ck_assert_int_eq(ep_mediate_features_get(&f, &sdp, c, &profile,
							 profile.caps.bundle, &arena),
			EP_OK);
	return f.cause;
}

static bool has(unsigned pt)
{
	return ep_mediate_codecs_has(&f.sections[0].codecs, pt);
}

START_TEST(features_want_webrtc_of_a_wic)
{
	static const struct
	{
		const char *text;
		enum ep_mediate_cause cause;
	} cases[] = {{HEAD M "0\n" FP ICE, EP_MEDIATE_OK},
			{HEAD FP ICE M "0\n", EP_MEDIATE_OK},
			{HEAD "m=audio 5000 RTP/SAVPF 0\n" FP ICE, EP_MEDIATE_OK},
			{HEAD "m=audio 5000 TCP/TLS/RTP/SAVPF 0\n" FP ICE, EP_MEDIATE_OK},
			{HEAD M "0\n" ICE, EP_MEDIATE_ENODTLS},
			{HEAD M "0\n" FP, EP_MEDIATE_ENOICE},
			{HEAD M "0\n" FP "a=ice-ufrag:abcd\n", EP_MEDIATE_ENOICE},
			{HEAD M "0\na=fingerprint:sha-256 AB\n" ICE, EP_MEDIATE_EHASH},
			{HEAD M "0\na=fingerprint:md5 AB\n" FP ICE, EP_MEDIATE_OK},
			{HEAD "m=audio 5000 RTP/AVP 0\n" FP ICE, EP_MEDIATE_ETRANSPORT},
			{HEAD "m=audio 5000 RTP/SAVP 0\na=crypto:1 x\n" ICE,
					EP_MEDIATE_ESDES},
			{HEAD M "96\n" FP ICE, EP_MEDIATE_ENOCODEC},
			{HEAD "m=video 5000 UDP/TLS/RTP/SAVPF 96\na=rtpmap:96 "
				  "VP8/90000\n" FP ICE,
					EP_MEDIATE_ENOMEDIA},
			{HEAD "m=audio 0 UDP/TLS/RTP/SAVPF 0\n" FP ICE,
					EP_MEDIATE_ENOMEDIA},
			{HEAD, EP_MEDIATE_ENOMEDIA}};

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(
				features(EP_MEDIATE_W2C_OFFER, cases[i].text) == cases[i].cause,
				"%zu: %s", i, ep_mediate_cause_get(f.cause)->name);
	ck_assert_int_eq(features(EP_MEDIATE_W2C_ANSWER, HEAD M "0\n" ICE),
			EP_MEDIATE_ENODTLS);
}
END_TEST

START_TEST(features_want_rtp_of_the_core)
{
	ck_assert_int_eq(
			features(EP_MEDIATE_C2W_OFFER, HEAD "m=audio 5000 RTP/AVP 0\n"),
			EP_MEDIATE_OK);
	ck_assert_int_eq(
			features(EP_MEDIATE_C2W_OFFER, HEAD "m=audio 5000 RTP/SAVP 0\n"),
			EP_MEDIATE_OK);
	ck_assert_int_eq(
			features(EP_MEDIATE_C2W_OFFER, HEAD "m=audio 5000 udptl 0\n"),
			EP_MEDIATE_ETRANSPORT);
	/* What is wrong with one section is no matter while another passes. */
	ck_assert_int_eq(
			features(EP_MEDIATE_C2W_OFFER, HEAD "m=audio 5000 udptl 0\n"
												"m=audio 5002 RTP/AVP 0\n"),
			EP_MEDIATE_OK);
	ck_assert_int_eq(f.sections[0].verdict, EP_MEDIATE_ETRANSPORT);
	ck_assert_uint_eq(f.passing_n, 1);
}
END_TEST

START_TEST(features_choose_codecs_towards_the_core)
{
	ck_assert_int_eq(
			features(EP_MEDIATE_W2C_OFFER,
					HEAD M "111 63 9 0 13 110 126 96 97 x 128\n"
						   "a=rtpmap:111 opus/48000/2\na=rtpmap:63 red/48000\n"
						   "a=rtpmap:110 telephone-event/48000\n"
						   "a=rtpmap:126 telephone-event/8000\n"
						   "a=rtpmap:96 iSAC/16000\n" FP ICE),
			EP_MEDIATE_OK);
	ck_assert(has(111) && has(9) && has(0) && has(110) && has(126));
	ck_assert(!has(63) && !has(13) && !has(96) && !has(97) && !has(128));
	ck_assert_uint_eq(f.sections[0].codecs.streams_n, 3);
}
END_TEST

START_TEST(features_drop_events_without_their_clock)
{
	features(EP_MEDIATE_W2C_OFFER, HEAD M
			"0 110 126 126\na=rtpmap:110 telephone-event/48000\n"
			"a=rtpmap:126 telephone-event/8000\n" FP ICE);
	ck_assert(!has(110) && has(126) && has(0));
	/* Events alone are no stream. */
	ck_assert_int_eq(features(EP_MEDIATE_W2C_OFFER, HEAD M
							 "126\na=rtpmap:126 telephone-event/8000\n" FP ICE),
			EP_MEDIATE_ENOCODEC);
}
END_TEST

START_TEST(features_let_all_codecs_to_the_browser_but_some)
{
	features(EP_MEDIATE_C2W_OFFER, HEAD
			"m=audio 5000 RTP/AVP 96 97 98 13 101\n"
			"a=rtpmap:96 AMR-WB/16000\na=rtpmap:97 foo/8000\n"
			"a=rtpmap:98 red/8000\na=rtpmap:101 telephone-event/16000\n");
	ck_assert(has(96) && has(97) && has(101));
	ck_assert(!has(98) && !has(13));
}
END_TEST

START_TEST(features_see_max_bundle)
{
	static const char two[] = HEAD "a=group:BUNDLE 0 1\n" FP ICE M
								   "0\na=mid:0\na=rtcp-mux\n"
								   "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:1\n";
	static const char trickle[] =
			HEAD "a=group:BUNDLE 0 1\n" FP ICE
				 "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:0\n"
				 "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:1\n";
	static const char apart[] = HEAD "a=group:BUNDLE 0\n" FP ICE M
									 "0\na=mid:0\n"
									 "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:1\n";

	ck_assert_int_eq(features(EP_MEDIATE_W2C_OFFER, two), EP_MEDIATE_OK);
	ck_assert_uint_eq(f.passing_n, 1);
	ck_assert(f.sections[0].bundle && f.sections[1].bundle);
	ck_assert(f.sections[0].mux && !f.sections[1].mux);
	ck_assert_view_eq(f.sections[1].mid, "1");
	ck_assert_int_eq(f.sections[1].verdict, EP_MEDIATE_ENOMEDIA);
	features(EP_MEDIATE_W2C_OFFER, trickle);
	ck_assert_uint_eq(f.passing_n, 2);
	features(EP_MEDIATE_W2C_OFFER, apart);
	ck_assert_uint_eq(f.passing_n, 2);
}
END_TEST

UNIT_MAIN("mediate/features", features_want_webrtc_of_a_wic,
		features_want_rtp_of_the_core, features_choose_codecs_towards_the_core,
		features_drop_events_without_their_clock,
		features_let_all_codecs_to_the_browser_but_some,
		features_see_max_bundle)
