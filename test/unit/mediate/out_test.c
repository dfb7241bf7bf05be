/* SPDX-License-Identifier: BSD-2-Clause */
/* What is made of the gateway's SDP. */
#include "mediation.h"

#define W EP_MEDIATE_FROM_WIC
#define C EP_MEDIATE_FROM_CORE
#define KEY "AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
#define WOFFER(setup)                                                             \
	HEAD "m=audio 5000 UDP/TLS/RTP/SAVPF 111 0 110\r\nc=IN IP4 192.0.2.1\r\n"     \
		 "a=rtpmap:111 opus/48000/2\r\na=rtpmap:110 telephone-event/48000\r\n" FP \
				 ICE CAND "a=setup:" setup "\r\na=rtcp-mux\r\na=mid:0\r\n"
#define GWA(setup, fmts, more)                                                 \
	HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF " fmts                                \
		 "\r\nc=IN IP4 192.0.2.9\r\n"                                          \
		 "a=setup:" setup "\r\n" GW more

/* RFC 5763 5, RFC 4145 4: one is client, the other server. */
START_TEST(out_answer_has_the_role_that_is_left)
{
	static const struct
	{
		const char *offer;
		bool active;
		bool passive;
	} cases[] = {{WOFFER("actpass"), true, true},
			{WOFFER("active"), false, true}, {WOFFER("passive"), true, false}};

	for(size_t i = 0; i < 3; i++) {
		setup();
		ck_assert_int_eq(answer(C, CORE_OFFER, cases[i].offer), EP_MEDIATE_OK);
		ck_assert_msg((finish(GWA("active", "0", "")) == EP_MEDIATE_OK)
							  == cases[i].active,
				"%zu", i);
		ck_assert_msg((finish(GWA("passive", "0", "")) == EP_MEDIATE_OK)
							  == cases[i].passive,
				"%zu", i);
		ck_assert_int_eq(finish(GWA("actpass", "0", "")), EP_MEDIATE_EGATEWAY);
		ck_assert_int_eq(finish(GWA("holdconn", "0", "")), EP_MEDIATE_EGATEWAY);
		teardown();
	}
}
END_TEST

/* RFC 8842 5.3. */
START_TEST(out_answer_has_a_tls_id_if_its_offer_has)
{
	static const char gw[] = GWA("passive", "0", "a=tls-id:gw\r\n");

	setup();
	answer(C, CORE_OFFER, WOFFER("actpass") "a=tls-id:abc\r\n");
	ck_assert_int_eq(finish(gw), EP_MEDIATE_OK);
	ck_assert(contains(out, "a=tls-id:gw\r\n"));
	answer(C, CORE_OFFER, WOFFER("actpass"));
	ck_assert_int_eq(finish(gw), EP_MEDIATE_OK);
	ck_assert(!contains(out, "tls-id"));
	answer(C, CORE_OFFER, NULL);
	ck_assert_int_eq(finish(gw), EP_MEDIATE_OK);
	ck_assert(!contains(out, "tls-id"));
	offer(C, CORE_OFFER);
	ck_assert_int_eq(
			finish(GWA("actpass", "0", "a=tls-id:gw\r\n")), EP_MEDIATE_OK);
	ck_assert(contains(out, "a=tls-id:gw\r\n"));
	teardown();
}
END_TEST

/* The browser's numbers, with the browser's meaning; nothing else. */
START_TEST(out_answer_has_the_offers_numbers)
{
	setup();
	ck_assert_int_eq(answer(C, CORE_OFFER, WOFFER("actpass")), EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(GWA("passive", "96 0 111 8 110 97",
					"a=rtpmap:96 opus/48000/2\r\na=rtpmap:111 opus/48000/2\r\n"
					"a=rtpmap:110 telephone-event/8000\r\n"
					"a=rtpmap:97 AMR/8000\r\n")),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "m=audio 7000 UDP/TLS/RTP/SAVPF 0 111\r\n"));
	ck_assert(!contains(out, "rtpmap:96") && !contains(out, "rtpmap:110"));
	/* Nothing of it is left. */
	ck_assert_int_eq(
			finish(GWA("passive", "8 111", "a=rtpmap:111 AMR/8000\r\n")),
			EP_MEDIATE_EGATEWAY);
	teardown();
}
END_TEST

START_TEST(out_keys_go_where_the_transport_has_them)
{
	static const char gw[] = HEAD
			"m=audio 7000 RTP/SAVP 0\r\nc=IN IP4 192.0.2.9\r\na=crypto:1 " KEY;

	setup_with("name=a;core=savp");
	ck_assert_int_eq(
			offer(W, WOFFER("actpass") "a=crypto:9 " KEY), EP_MEDIATE_OK);
	ck_assert(!contains(plan.sdp, "crypto"));
	ck_assert_int_eq(finish(gw), EP_MEDIATE_OK);
	ck_assert(contains(out, "m=audio 7000 RTP/SAVP 0\r\n"));
	ck_assert(contains(out, "a=crypto:1 " KEY));
	/* Plain RTP is not what was offered, and would be in the clear. */
	ck_assert_int_eq(
			finish(HEAD "m=audio 7000 RTP/AVP 0\r\n"), EP_MEDIATE_EGATEWAY);
	/* The core's keys reach the gateway, not the browser. */
	ck_assert_int_eq(answer(C, gw, WOFFER("actpass")), EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "a=crypto:1 " KEY));
	ck_assert_int_eq(
			finish(GWA("passive", "0", "a=crypto:2 " KEY)), EP_MEDIATE_OK);
	ck_assert(!contains(out, "crypto"));
	teardown();

	setup();
	ck_assert_int_eq(offer(W, WOFFER("actpass")), EP_MEDIATE_OK);
	ck_assert_int_eq(finish(gw), EP_MEDIATE_EGATEWAY);
	ck_assert_int_eq(finish(HEAD "m=audio 7000 RTP/AVP 0\r\na=crypto:1 " KEY),
			EP_MEDIATE_OK);
	ck_assert(!contains(out, "crypto"));
	teardown();
}
END_TEST

#define AV_CORE(audio, video)                                                  \
	HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 " audio                           \
		 " 0\r\na=rtcp-fb:0 nack\r\nm=video 6002 " video                       \
		 " 99\r\na=rtpmap:99 H264/90000\r\na=rtcp-fb:99 nack pli\r\n"          \
		 "a=rtcp-fb:99 goog-remb\r\n"
#define AV_WIC                                                                 \
	HEAD "m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 192.0.2.1\r\n" FP ICE   \
			CAND                                                               \
		 "a=setup:active\r\na=rtcp-mux\r\na=rtcp-fb:0 nack\r\n"                \
		 "m=video 5002 UDP/TLS/RTP/SAVPF 99\r\n"                               \
		 "c=IN IP4 192.0.2.1\r\n" FP ICE CAND                                  \
		 "a=setup:active\r\na=rtcp-mux\r\n"                                    \
		 "a=rtpmap:99 H264/90000\r\na=rtcp-fb:99 nack pli\r\n"

/* Each section has the transport, and the feedback, of its own offer. */
START_TEST(out_feedback_is_a_sections_own)
{
	setup_with("name=a;video=yes;core=savpf");
	ck_assert_int_eq(
			answer(W, AV_WIC, AV_CORE("RTP/AVP", "RTP/AVPF")), EP_MEDIATE_OK);
	ck_assert_int_eq(finish(AV_CORE("RTP/AVPF", "RTP/AVPF")), EP_MEDIATE_OK);
	ck_assert(contains(out, "m=audio 6000 RTP/AVP 0\r\n"));
	ck_assert(contains(out, "m=video 6002 RTP/AVPF 99\r\n"));
	ck_assert(!contains(out, "a=rtcp-fb:0") && !contains(out, "goog-remb"));
	ck_assert(contains(out, "a=rtcp-fb:99 nack pli\r\n"));
	/* Without the offer the gateway's word counts. */
	ck_assert_int_eq(answer(W, AV_WIC, NULL), EP_MEDIATE_OK);
	ck_assert_int_eq(finish(AV_CORE("RTP/AVP", "RTP/AVP")), EP_MEDIATE_OK);
	ck_assert(contains(out, "m=video 6002 RTP/AVP 99\r\n"));
	ck_assert(!contains(out, "rtcp-fb"));
	teardown();
}
END_TEST

/* RFC 5939 3.6.2. */
START_TEST(out_answer_says_which_configuration_it_took)
{
	static const char taken[] = "m=video 6002 RTP/AVPF 99\r\n";

	setup_with("name=a;video=yes");
	ck_assert_int_eq(
			answer(W, AV_WIC,
					AV_CORE("RTP/AVP",
							"RTP/AVP") "a=tcap:3 RTP/AVPF\r\na=pcfg:2 t=3\r\n"),
			EP_MEDIATE_OK);
	ck_assert_int_eq(finish(AV_CORE("RTP/AVP", "RTP/AVPF")), EP_MEDIATE_OK);
	ck_assert(contains(out, taken));
	ck_assert(ep_view_ends(out, EP_LIT("a=acfg:2 t=3\r\n")));
	/* A picture that is refused took none. */
	ck_assert_int_eq(
			finish(HEAD "m=audio 6000 RTP/AVP 0\r\nm=video 0 RTP/AVP 99\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "m=video 0 RTP/AVP 99\r\n"));
	ck_assert(!contains(out, "acfg"));
	teardown();
}
END_TEST

/* b=AS towards the core (24.229 6.1.1), and nowhere of another codec. */
START_TEST(out_bandwidth_is_that_of_the_codecs)
{
	setup_with("name=a;transcode=AMR-WB,AMR;codecs=AMR-WB,AMR");
	ck_assert_int_eq(offer(W, WOFFER("actpass")), EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(HEAD "m=audio 7000 RTP/AVP 96 97\r\nc=IN IP4 192.0.2.9\r\n"
						"b=AS:500\r\nb=TIAS:1\r\na=rtpmap:96 AMR-WB/16000\r\n"
						"a=rtpmap:97 AMR/8000\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "c=IN IP4 192.0.2.9\r\nb=AS:41\r\na=rtpmap:96"));
	ck_assert(!contains(out, "AS:500") && !contains(out, "TIAS"));
	/* Not the core's AMR to a browser that hears opus. */
	ck_assert_int_eq(
			answer(C,
					HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP 96\r\n"
						 "b=AS:41\r\nb=RS:0\r\na=rtpmap:96 AMR-WB/16000\r\n",
					WOFFER("actpass")),
			EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(GWA("passive", "111",
					"b=AS:41\r\nb=RS:0\r\na=rtpmap:111 opus/48000/2\r\n")),
			EP_MEDIATE_OK);
	ck_assert(!contains(out, "b=AS") && contains(out, "b=RS:0\r\n"));
	teardown();

	/* What the sender says of its own codecs stays. */
	setup();
	ck_assert_int_eq(offer(W, WOFFER("actpass")), EP_MEDIATE_OK);
	ck_assert_int_eq(finish(HEAD "m=audio 7000 RTP/AVP 0\r\nb=AS:70\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "b=AS:70\r\n") && !contains(out, "b=AS:88"));
	teardown();
}
END_TEST

/* A name is one word: the gateway's is not taken if it is not. */
START_TEST(out_names_are_tokens)
{
	setup();
	ck_assert_int_eq(offer(C, CORE_OFFER), EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(GWA("actpass", "0", "a=mid:a b\r\n")), EP_MEDIATE_OK);
	ck_assert(contains(out, "a=group:BUNDLE m0\r\n"));
	ck_assert(contains(out, "a=mid:m0\r\n") && !contains(out, "a=mid:a"));
	teardown();
}
END_TEST

UNIT_MAIN("mediate/out", out_answer_has_the_role_that_is_left,
		out_answer_has_a_tls_id_if_its_offer_has,
		out_answer_has_the_offers_numbers,
		out_keys_go_where_the_transport_has_them,
		out_feedback_is_a_sections_own,
		out_answer_says_which_configuration_it_took,
		out_bandwidth_is_that_of_the_codecs, out_names_are_tokens)
