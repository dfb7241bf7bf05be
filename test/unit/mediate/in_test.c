/* SPDX-License-Identifier: BSD-2-Clause */
/* What the gateway is given: the SDP, the command, the warnings. */
#include "mediation.h"

#define W EP_MEDIATE_FROM_WIC
#define C EP_MEDIATE_FROM_CORE
#define M "m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 192.0.2.1\r\n"
#define GOOD HEAD M FP ICE "a=rtcp-mux\r\n"
#define HEX32                                                                  \
	"AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:"                         \
	"AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
#define HEX48 HEX32 ":BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB"

/* Offers that a profile meets, and what the gateway hears of it. */
START_TEST(in_command_follows_the_profile)
{
	static const struct
	{
		const char *profile;
		enum ep_mediate_from from;
		const char *sdp;
		const char *has[4];
		const char *has_not[4];
	} cases[] = {
			{"name=a", W, GOOD,
					{" transport-protocol=RTP/AVP ", " SDES-off ",
							" DTLS-reverse=passive ", " replace-sdp-version "},
					{"transcode", "BUNDLE", "address-family", "direction"}},
			{"name=a;core=savp", W, GOOD,
					{" transport-protocol=RTP/SAVP ",
							" SDES-no-NULL_HMAC_SHA1_80 "},
					{" SDES-off ", "SDES-no-AES_CM_128_HMAC_SHA1_80"}},
			/* Speech has no feedback, whatever video has. */
			{"name=a;core=avpf", W, GOOD, {" transport-protocol=RTP/AVP "},
					{0}},
			{"name=a;core_ip=6;access_ip=4", W, GOOD, {" address-family=IP6 "},
					{0}},
			{"name=a;core_ip=6;access_ip=4", C, CORE_OFFER,
					{" address-family=IP4 "}, {0}},
			{"name=a;transcode=AMR-WB,PCMA;codecs=PCMA", W, GOOD,
					{" transcode-AMR-WB ", " transcode-PCMA ",
							" transcode-telephone-event ", " codec-mask-opus "},
					{"codec-mask-PCMA"}},
			{"name=a;transcode=AMR-WB", C, CORE_OFFER,
					{" transcode-opus ", " transcode-telephone-event "},
					{"transcode-AMR-WB", "codec-mask"}},
			{"name=a;gateway=26.0", C, CORE_OFFER, {" BUNDLE-offer "},
					{"session-connection"}},
			{"name=a;gateway=26.0;bundle=no", C, CORE_OFFER, {" ICE=force "},
					{"BUNDLE"}},
			{"name=a;gateway=26.0", W, WIC_OFFER, {" BUNDLE-accept "}, {0}},
			{"name=a;gateway=26.0", W, GOOD, {" ICE=remove "}, {"BUNDLE"}}};

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setup_with(cases[i].profile);
		ck_assert_int_eq(offer(cases[i].from, cases[i].sdp), EP_MEDIATE_OK);
		for(size_t k = 0; k < 4 && cases[i].has[k]; k++)
			ck_assert_msg(contains(words(), cases[i].has[k]),
					"%zu: no %s in %s", i, cases[i].has[k], words_text);
		for(size_t k = 0; k < 4 && cases[i].has_not[k]; k++)
			ck_assert_msg(!contains(words(), cases[i].has_not[k]), "%zu: %s", i,
					cases[i].has_not[k]);
		teardown();
	}
}
END_TEST

/* The longest command that a profile can make is one. */
START_TEST(in_command_has_room)
{
#define NAME "x2345678901234567890123456789012"
#define NAMES4 NAME "," NAME "," NAME "," NAME
	setup_with("name=a;core=savpf;video=yes;codecs=x;core_ip=6;access_if=" NAME
			   ";core_if=" NAME ";transcode=" NAMES4 "," NAMES4 "," NAMES4
			   "," NAMES4);
	ck_assert_int_eq(offer(W, WIC_OFFER), EP_MEDIATE_OK);
	ck_assert(!plan.command.overflow);
	ck_assert(contains(words(), " direction=" NAME " "));
	teardown();
}
END_TEST

/* The gateway answers with what was offered to it. */
START_TEST(in_command_of_an_answer_names_no_transport_of_the_core)
{
	setup_with("name=a;core=savpf;transcode=AMR");
	ck_assert_int_eq(answer(W, WIC_ANSWER, CORE_OFFER), EP_MEDIATE_OK);
	ck_assert(!contains(words(), "transport-protocol"));
	ck_assert(!contains(words(), "transcode"));
	ck_assert(contains(words(), " SDES-off "));
	ck_assert_int_eq(answer(W, WIC_ANSWER, NULL), EP_MEDIATE_OK);
	ck_assert(!contains(words(), "SDES"));
	teardown();
}
END_TEST

START_TEST(in_refuses_lines_without_form)
{
	static const char *const bad[] = {
			"v=0\r\no=- 1 1 IN IP4\r\ns=-\r\nt=0 0\r\n" M FP ICE,
			"v=0\r\no=- x 1 IN IP4 h\r\ns=-\r\nt=0 0\r\n" M FP ICE,
			"v=0\r\no=- 1 -1 IN IP4 h\r\ns=-\r\nt=0 0\r\n" M FP ICE,
			"v=0\r\no=- 1 1 in IP4 h\r\ns=-\r\nt=0 0\r\n" M FP ICE,
			"v=0\r\no=- 1 1 IN IP5 h\r\ns=-\r\nt=0 0\r\n" M FP ICE,
			"v=0\r\no=- 1 1 IN IP4 h(\r\ns=-\r\nt=0 0\r\n" M FP ICE,
			"v=0\r\no=- 1 1 IN IP4 h h\r\ns=-\r\nt=0 0\r\n" M FP ICE,
			"v=0\r\no=- 1 123456789012345678901 IN IP4 h\r\ns=-\r\nt=0 0\r\n" M
					FP ICE,
			HEAD "t=0\r\n" M FP ICE, HEAD "t=0 0 0\r\n" M FP ICE,
			HEAD "t=a b\r\n" M FP ICE, HEAD "i=\x1b[2J\r\n" M FP ICE,
			HEAD M FP ICE "a=x:\x7f\r\n"};

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		setup();
		ck_assert_msg(offer(W, bad[i]) == EP_MEDIATE_ESYNTAX, "%zu", i);
		teardown();
	}
	setup();
	ck_assert_int_eq(
			offer(W, "v=0\r\no=\xc3\xa9 1 1 IN IP6 2001:db8::1\r\ns=a\tb\r\n"
					 "t=0 0\r\n" M FP ICE),
			EP_MEDIATE_OK);
	teardown();
}
END_TEST

/* The gateway counts versions, and takes 0 for "none yet". */
START_TEST(in_counts_versions_from_one)
{
	setup();
	ck_assert_int_eq(
			offer(W, "v=0\r\no=mozilla...x 42 0 IN IP4 0.0.0.0\r\ns=-\r\n"
					 "t=0 0\r\n" M FP ICE),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "\r\no=mozilla...x 42 1 IN IP4 0.0.0.0\r\n"));
	ck_assert_int_eq(offer(C, "v=0\no=- 0 00 IN IP4 h\ns=-\nt=0 0\n"
							  "m=audio 6000 RTP/AVP 0\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "\r\no=- 0 1 IN IP4 h\r\n"));
	ck_assert_int_eq(offer(W, GOOD), EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "\r\no=- 1 1 IN IP4 192.0.2.1\r\n"));
	teardown();
}
END_TEST

/* RFC 4145 4, RFC 5763 5, RFC 8842 5. */
START_TEST(in_says_the_setup_that_holds)
{
	static const struct
	{
		const char *setup;
		enum ep_mediate_cause offer;
		enum ep_mediate_cause answer;
	} cases[] = {{"a=setup:actpass\r\n", EP_MEDIATE_OK, EP_MEDIATE_ENODTLS},
			{"a=setup:active\r\n", EP_MEDIATE_OK, EP_MEDIATE_OK},
			{"a=setup:passive\r\n", EP_MEDIATE_OK, EP_MEDIATE_OK},
			{"a=setup:holdconn\r\n", EP_MEDIATE_ENODTLS, EP_MEDIATE_ENODTLS},
			{"a=setup:x\r\n", EP_MEDIATE_ENODTLS, EP_MEDIATE_ENODTLS},
			{"", EP_MEDIATE_OK, EP_MEDIATE_OK}};
	char text[2048];

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setup();
		snprintf(text, sizeof text, "%s%s", GOOD, cases[i].setup);
		ck_assert_msg(offer(W, text) == cases[i].offer, "%zu", i);
		if(!cases[i].offer)
			ck_assert(contains(
					plan.sdp, i == 5 ? "a=setup:active\r\n" : cases[i].setup));
		ck_assert_msg(answer(W, text, CORE_OFFER) == cases[i].answer, "%zu", i);
		if(!cases[i].answer)
			ck_assert(contains(
					plan.sdp, i == 5 ? "a=setup:passive\r\n" : cases[i].setup));
		teardown();
	}
	/* At session level it is said already. */
	setup();
	ck_assert_int_eq(
			offer(W, HEAD "a=setup:passive\r\n" M FP ICE), EP_MEDIATE_OK);
	ck_assert(!contains(plan.sdp, "a=setup:active"));
	teardown();
}
END_TEST

START_TEST(in_gives_one_fingerprint)
{
	setup();
	ck_assert_int_eq(
			offer(W, HEAD "a=fingerprint:sha-512 AA\r\n" M ICE
						  "a=fingerprint:sha-1 AA:AA:AA:AA:AA:AA:AA:AA:AA:"
						  "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA\r\n"
						  "a=fingerprint:sha-256 " HEX32 "\r\n"
						  "a=fingerprint:SHA-384 " HEX48 "\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=fingerprint:SHA-384 " HEX48 "\r\n"));
	ck_assert(!contains(plan.sdp, "sha-"));
	ck_assert_uint_eq(plan.warnings, 0);

	/* Two certificates: the gateway can know one. */
	ck_assert_int_eq(
			offer(W, HEAD M ICE FP "a=fingerprint:sha-256 " HEX32 "\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "\r\n" FP));
	ck_assert(!contains(plan.sdp, HEX32));
	ck_assert_uint_eq(
			plan.warnings, ep_mediate_warning_bit(EP_MEDIATE_WFINGERPRINT));

	/* A section's own hide the session's, good or not (RFC 8122 5). */
	ck_assert_int_eq(offer(W, HEAD FP M ICE "a=fingerprint:md5 AA\r\n"),
			EP_MEDIATE_EHASH);
	ck_assert_int_eq(offer(W, HEAD FP M ICE), EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "t=0 0\r\n" FP "m=audio"));
	teardown();
}
END_TEST

START_TEST(in_gives_candidates_it_can_use)
{
	setup();
	ck_assert_int_eq(
			offer(W, GOOD CAND
					"a=candidate:2 1 tcp 1 192.0.2.1 9 typ host tcptype "
					"active\r\n"
					"a=candidate:3 1 udp 1 a-b-c.local 5000 typ host\r\n"
					"a=candidate:4 1 UDP 1 2001:db8::1 5000 typ host\r\n"
					"a=candidate:x\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp,
			CAND "a=candidate:4 1 UDP 1 2001:db8::1 5000 typ host\r\n"));
	ck_assert(!contains(plan.sdp, "a=candidate:2"));
	ck_assert(!contains(plan.sdp, "a=candidate:3"));
	ck_assert(!contains(plan.sdp, "a=candidate:x"));
	teardown();
}
END_TEST

START_TEST(in_multiplexes_where_only_that_is_offered)
{
	setup();
	ck_assert_int_eq(
			offer(W, HEAD M FP ICE "a=rtcp-mux-only\r\n"), EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=rtcp-mux\r\n"));
	ck_assert(!contains(plan.sdp, "rtcp-mux-only"));
	ck_assert_int_eq(offer(W, HEAD M FP ICE), EP_MEDIATE_OK);
	ck_assert(!contains(plan.sdp, "rtcp-mux"));
	teardown();
}
END_TEST

/* Lines that nothing touches are the very octets; ends of line are CRLF. */
START_TEST(in_leaves_the_rest_as_it_is)
{
	static const char odd[] =
			"v=0\r\no=-  1 1 IN IP4 192.0.2.1\r\ns= \r\ni=\xff\xfe \r\nt=0 0\r\n"
			"m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\nc=IN  IP4 192.0.2.1 \r\n"
			"b=AS:64\r\na=rtpmap:0  PCMU/8000\r\na=ptime: 20\r\n" FP ICE
			"a=setup:actpass\r\na=rtcp-mux\r\n";
	char lf[sizeof odd];
	size_t n = 0;

	setup();
	ck_assert_int_eq(offer(W, odd), EP_MEDIATE_OK);
	ck_assert_view_eq(plan.sdp, odd);
	for(size_t i = 0; i < sizeof odd; i++)
		if(odd[i] != '\r')
			lf[n++] = odd[i];
	ck_assert_int_eq(offer(W, lf), EP_MEDIATE_OK);
	ck_assert_view_eq(plan.sdp, odd);
	/* The last line without its end. */
	lf[n - 2] = '\0';
	ck_assert_int_eq(offer(W, lf), EP_MEDIATE_OK);
	ck_assert_view_eq(plan.sdp, odd);
	teardown();
}
END_TEST

START_TEST(in_drops_bandwidth_that_is_none)
{
	setup();
	ck_assert_int_eq(
			offer(W, HEAD
					"b=CT:1000\r\nb=X-YZ:128\r\n" M "b=AS:64\r\nb=AS:-1\r\n"
					"b=TIAS:64000\r\nb=RS:0\r\nb=RR:99999999999\r\nb=AS\r\n"
					"b=as:64\r\n" FP ICE),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "\r\nb=CT:1000\r\nt=0 0\r\nm="));
	ck_assert(
			contains(plan.sdp, "\r\nb=AS:64\r\nb=TIAS:64000\r\nb=RS:0\r\na="));
	teardown();
}
END_TEST

START_TEST(in_warns_of_video_without_feedback)
{
	static const char video[] = HEAD
			"m=video 5000 UDP/TLS/RTP/SAVPF 99\r\nc=IN IP4 192.0.2.1\r\n"
			"a=rtpmap:99 H264/90000\r\na=rtcp-fb:99 nack pli\r\n" FP ICE;
	static const char core[] = HEAD
			"c=IN IP4 192.0.2.2\r\nm=video 6000 %s "
			"99\r\na=rtpmap:99 H264/90000\r\n"
			"a=rtcp-fb:* nack pli\r\n%s";
	unsigned keyframe = ep_mediate_warning_bit(EP_MEDIATE_WKEYFRAME);
	char text[512];

	setup_with("name=a;video=yes");
	ck_assert_int_eq(offer(W, video), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, keyframe);
	ck_assert(!contains(plan.sdp, "rtcp-fb"));
	teardown();
	setup_with("name=a;video=yes;core=avpf");
	ck_assert_int_eq(offer(W, video), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, 0);
	ck_assert(contains(plan.sdp, "rtcp-fb"));
	ck_assert(contains(words(), " transport-protocol=RTP/AVPF "));
	/* The UE's answer, its offer, and its offer with AVPF as an option. */
	snprintf(text, sizeof text, core, "RTP/AVP", "");
	ck_assert_int_eq(answer(C, text, video), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, keyframe);
	ck_assert(!contains(plan.sdp, "rtcp-fb"));
	ck_assert_int_eq(offer(C, text), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, keyframe);
	ck_assert_int_eq(answer(W, video, text), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, keyframe);
	snprintf(text, sizeof text, core, "RTP/AVPF", "");
	ck_assert_int_eq(offer(C, text), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, 0);
	ck_assert(contains(plan.sdp, "rtcp-fb"));
	snprintf(text, sizeof text, core, "RTP/AVP",
			"a=tcap:1 RTP/AVPF\r\na=pcfg:1 t=1\r\n");
	ck_assert_int_eq(offer(C, text), EP_MEDIATE_OK);
	ck_assert_uint_eq(plan.warnings, 0);
	ck_assert(contains(plan.sdp, "m=video 6000 RTP/AVPF 99\r\n"));
	ck_assert(contains(plan.sdp, "rtcp-fb") && !contains(plan.sdp, "tcap"));
	teardown();
}
END_TEST

/* What the gateway can turn into a codec of the profile goes to it. */
START_TEST(in_gives_what_can_be_transcoded)
{
	static const char opus[] = HEAD
			"m=audio 5000 UDP/TLS/RTP/SAVPF 111 9 96 110\r\n"
			"a=rtpmap:111 opus/48000/2\r\na=rtpmap:96 iSAC/16000\r\n"
			"a=rtpmap:110 telephone-event/48000\r\n" FP ICE;

	setup_with("name=a;codecs=AMR-WB");
	ck_assert_int_eq(offer(W, opus), EP_MEDIATE_ENOCODEC);
	teardown();
	setup_with("name=a;codecs=AMR-WB;transcode=AMR-WB");
	ck_assert_int_eq(offer(W, opus), EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "UDP/TLS/RTP/SAVPF 111 9 110\r\n"));
	teardown();
}
END_TEST

/* What RFC 3312, 5939, 24.229 7.5 have is the core's own. */
START_TEST(in_keeps_the_cores_own_from_the_browser)
{
	static const char *const own[] = {"a=curr:qos local none",
			"a=des:qos mandatory local sendrecv", "a=conf:qos remote sendrecv",
			"a=3ge2ae:requested",
			"a=visited-realm:1 ims.example IN IP4 10.0.0.1", "a=omr-m-att:1 x",
			"a=tra-contact:1 10.0.0.1", "a=acap:1 x", "a=ssrc:1 cname:x",
			"a=key-mgmt:mikey x", "a=source-filter: x"};
	char text[512];

	for(size_t i = 0; i < sizeof own / sizeof *own; i++) {
		setup();
		snprintf(text, sizeof text,
				HEAD
				"%s\r\nm=audio 6000 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\n"
				"%s\r\na=new:1\r\n",
				own[i], own[i]);
		ck_assert_int_eq(offer(C, text), EP_MEDIATE_OK);
		ck_assert_msg(!contains(plan.sdp, own[i]), "%s", own[i]);
		ck_assert(contains(plan.sdp, "a=new:1\r\n"));
		teardown();
	}
}
END_TEST

UNIT_MAIN("mediate/in", in_command_follows_the_profile, in_command_has_room,
		in_command_of_an_answer_names_no_transport_of_the_core,
		in_refuses_lines_without_form, in_counts_versions_from_one,
		in_says_the_setup_that_holds, in_gives_one_fingerprint,
		in_gives_candidates_it_can_use,
		in_multiplexes_where_only_that_is_offered, in_leaves_the_rest_as_it_is,
		in_drops_bandwidth_that_is_none, in_warns_of_video_without_feedback,
		in_gives_what_can_be_transcoded,
		in_keeps_the_cores_own_from_the_browser)
