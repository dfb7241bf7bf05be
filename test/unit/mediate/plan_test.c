/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediation.h"

/* Whose SDP a command brings, that one's media is meant. */
START_TEST(plan_strict_source_is_the_cores)
{
	setup_with("name=a;core_source=strict");
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_WIC, WIC_OFFER), EP_MEDIATE_OK);
	ck_assert(!contains(words(), " strict-source "));
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_CORE, CORE_OFFER), EP_MEDIATE_OK);
	ck_assert(contains(words(), " strict-source "));
	teardown();
	setup();
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_CORE, CORE_OFFER), EP_MEDIATE_OK);
	ck_assert(!contains(words(), " strict-source "));
	teardown();
}
END_TEST

START_TEST(plan_offer_from_wic)
{
	setup();
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_WIC, WIC_OFFER), EP_MEDIATE_OK);
	ck_assert(contains(words(), " DTLS-reverse=passive "));
	ck_assert(contains(words(), " transport-protocol=RTP/AVP "));
	ck_assert(contains(plan.sdp, "m=audio 5000 UDP/TLS/RTP/SAVPF 111 0\r\n"));
	ck_assert(contains(plan.sdp, "a=ice-pwd"));
	ck_assert(!contains(plan.sdp, "a=ssrc"));
	ck_assert(!contains(plan.sdp, "rtcp-fb"));
	ck_assert(contains(plan.sdp, "m=application 0 "));
	ck_assert_int_eq(finish(GW_OFFER), EP_MEDIATE_OK);
	ck_assert_view_eq(out, HEAD
			"m=audio 7000 RTP/AVP 111 0\r\nc=IN IP4 192.0.2.9\r\nb=AS:88\r\n"
			"a=rtpmap:111 opus/48000/2\r\n"
			"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" C0);
	teardown();
}
END_TEST

START_TEST(plan_repeated_payload_types_go_out_once)
{
	setup();
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_WIC, HEAD
							 "m=audio 5000 UDP/TLS/RTP/SAVPF 0 0 8 0 8 111\r\n"
							 "c=IN IP4 192.0.2.1\r\n" FP ICE CAND
							 "a=setup:actpass\r\na=rtcp-mux\r\n"
							 "a=rtpmap:111 opus/48000/2\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "m=audio 5000 UDP/TLS/RTP/SAVPF 0 8 111\r\n"));
	teardown();
}
END_TEST

START_TEST(plan_payload_type_with_two_names_goes)
{
	setup();
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_WIC,
							 HEAD "m=audio 5000 UDP/TLS/RTP/SAVPF 0 111\r\n"
								  "c=IN IP4 192.0.2.1\r\n" FP ICE CAND
								  "a=setup:actpass\r\na=rtcp-mux\r\n"
								  "a=rtpmap:111 opus/48000/2\r\n"
								  "a=rtpmap:111 red/48000/2\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\n"));
	ck_assert(!contains(plan.sdp, "rtpmap:111"));
	teardown();
}
END_TEST

START_TEST(plan_answer_to_wic_has_the_offers_names)
{
	setup();
	ck_assert_int_eq(answer(EP_MEDIATE_FROM_CORE, CORE_ANSWER, WIC_OFFER),
			EP_MEDIATE_OK);
	ck_assert(contains(words(), " DTLS=passive "));
	ck_assert(!contains(plan.sdp, "a=ssrc"));
	ck_assert_int_eq(finish(GW_ANSWER), EP_MEDIATE_OK);
	ck_assert(contains(out, "\r\na=group:BUNDLE 0\r\nm=audio"));
	ck_assert(contains(out, "a=mid:0\r\nm=application"));
	ck_assert(!contains(out, "a=mid:9"));
	ck_assert(ep_view_ends(out, EP_LIT("a=mid:1\r\n")));
	teardown();
}
END_TEST

START_TEST(plan_answer_without_its_offer)
{
	setup();
	ck_assert_int_eq(
			answer(EP_MEDIATE_FROM_CORE, CORE_ANSWER, NULL), EP_MEDIATE_OK);
	ck_assert_int_eq(finish(GW_ANSWER), EP_MEDIATE_OK);
	ck_assert(contains(out, "a=mid:9\r\n"));
	/* It was a browser's: each section of those is in a group. */
	ck_assert(contains(out, "a=group:BUNDLE 9\r\n"));
	/* An offer that is none counts as absent. */
	ck_assert_int_eq(
			answer(EP_MEDIATE_FROM_CORE, CORE_ANSWER, "hello"), EP_MEDIATE_OK);
	ck_assert(!plan.has_offer);
	teardown();
}
END_TEST

START_TEST(plan_answer_never_accepts_what_was_not_offered)
{
	setup();
	/* The core takes the section that was offered to it with port 0. */
	ck_assert_int_eq(answer(EP_MEDIATE_FROM_CORE,
							 HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP "
								  "0\r\nm=audio 6002 RTP/AVP 0\r\n",
							 HEAD FP ICE "m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\n"
										 "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(plan.sdp, "m=audio 0 RTP/AVP 0"));
	teardown();
}
END_TEST

START_TEST(plan_answer_must_match_its_offer)
{
	setup();
	ck_assert_int_eq(answer(EP_MEDIATE_FROM_CORE, CORE_OFFER, WIC_OFFER),
			EP_MEDIATE_EMISMATCH);
	ck_assert_int_eq(
			answer(EP_MEDIATE_FROM_CORE,
					HEAD "m=audio 1 RTP/AVP 0\r\nm=video 0 RTP/AVP 0\r\n",
					WIC_OFFER),
			EP_MEDIATE_EMISMATCH);
	ck_assert_int_eq(answer(EP_MEDIATE_FROM_WIC, CORE_OFFER, CORE_OFFER),
			EP_MEDIATE_ETRANSPORT);
	teardown();
}
END_TEST

START_TEST(plan_answer_that_says_no_is_fine)
{
	setup();
	ck_assert_int_eq(answer(EP_MEDIATE_FROM_CORE,
							 HEAD "m=audio 0 RTP/AVP 0\r\nm=application 0 "
								  "UDP/DTLS/SCTP webrtc-datachannel\r\n",
							 WIC_OFFER),
			EP_MEDIATE_OK);
	/* No gateway has to do with it, and no address of the core's gets out. */
	ck_assert(plan.gateway_idle);
	ck_assert_int_eq(ep_mediate_finish(&out, &plan, plan.sdp), EP_MEDIATE_OK);
	ck_assert(contains(out, "o=- 1 1 IN IP4 0.0.0.0\r\n"));
	ck_assert(!contains(out, "192.0.2."));
	ck_assert(contains(out, "a=mid:0\r\n"));
	ck_assert_int_eq(
			finish(HEAD "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nm=application 0 "
						"UDP/DTLS/SCTP webrtc-datachannel\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(
			out, "m=audio 0 UDP/TLS/RTP/SAVPF 111 63 0\r\n" C0 "a=mid:0\r\n"));
	ck_assert(!contains(out, "a=group"));
	teardown();
}
END_TEST

START_TEST(plan_offer_to_wic)
{
	setup();
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_CORE, CORE_OFFER), EP_MEDIATE_OK);
	ck_assert(contains(words(), " rtcp-mux-require "));
	ck_assert(contains(words(), " ICE=force "));
	ck_assert(!contains(plan.sdp, "k="));
	ck_assert_int_eq(finish(GW_OFFER_WIC), EP_MEDIATE_OK);
	ck_assert(contains(out, "a=group:BUNDLE m0\r\nm=audio"));
	ck_assert(ep_view_ends(out, EP_LIT("a=mid:m0\r\n")));
	teardown();
}
END_TEST

START_TEST(plan_answer_to_core_has_its_transport)
{
	static const char savp[] = HEAD
			"c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/SAVP 0\r\n"
			"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n";
	static const char gw[] = HEAD
			"m=audio 7000 RTP/SAVP 0\r\nc=IN IP4 192.0.2.9\r\nb=AS:64\r\n"
			"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:y\r\n";

	setup();
	ck_assert_int_eq(
			answer(EP_MEDIATE_FROM_WIC, WIC_ANSWER, savp), EP_MEDIATE_OK);
	ck_assert(!contains(words(), " SDES-off "));
	ck_assert_int_eq(finish(gw), EP_MEDIATE_OK);
	ck_assert_view_eq(out, gw);
	/* Not the transport that the core offered: no media would come. */
	ck_assert_int_eq(
			finish(HEAD "m=audio 7000 RTP/AVP 0\r\n"), EP_MEDIATE_EGATEWAY);

	ck_assert_int_eq(
			answer(EP_MEDIATE_FROM_WIC, WIC_ANSWER, CORE_OFFER), EP_MEDIATE_OK);
	ck_assert(contains(words(), " SDES-off "));
	teardown();
}
END_TEST

START_TEST(plan_hold_by_address_becomes_direction)
{
	static const struct
	{
		const char *in;
		const char *out;
	} cases[] = {{"", "a=sendonly\r\n"}, {"a=recvonly\r\n", "a=inactive\r\n"},
			{"a=sendonly\r\n", "a=sendonly\r\n"}};

	for(size_t i = 0; i < 3; i++) {
		char text[256];
		setup();
		strcpy(text, HEAD "m=audio 6000 RTP/AVP 0\r\n" C0);
		strcat(text, cases[i].in);
		ck_assert_int_eq(offer(EP_MEDIATE_FROM_CORE, text), EP_MEDIATE_OK);
		ck_assert(contains(plan.sdp, cases[i].out));
		ck_assert_uint_eq(
				ep_view_find(plan.sdp, EP_LIT("a=recvonly")), SIZE_MAX);
		teardown();
	}
}
END_TEST

START_TEST(plan_refuses_an_unfit_gateway)
{
	static const char *const to_wic[] = {"", HEAD,
			HEAD "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n",
			HEAD "m=video 7000 UDP/TLS/RTP/SAVPF 0\r\n",
			HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 99\r\na=setup:actpass\r\n" GW,
			HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 0\r\n" GW,
			HEAD
			"m=audio 7000 UDP/TLS/RTP/SAVPF 0\r\na=setup:actpass\r\n" FP ICE
					CAND};

	setup();
	ck_assert_int_eq(offer(EP_MEDIATE_FROM_CORE, CORE_OFFER), EP_MEDIATE_OK);
	for(size_t i = 0; i < sizeof to_wic / sizeof *to_wic; i++)
		ck_assert_msg(finish(to_wic[i]) == EP_MEDIATE_EGATEWAY, "%zu", i);

	/* Nobody would be DTLS client, or rtcp-mux came unasked. */
	ck_assert_int_eq(
			answer(EP_MEDIATE_FROM_CORE, CORE_OFFER,
					HEAD FP ICE
					"a=setup:actpass\r\nm=audio 1 UDP/TLS/RTP/SAVPF 0\r\n"),
			EP_MEDIATE_OK);
	ck_assert_int_eq(finish(GW_OFFER_WIC), EP_MEDIATE_EGATEWAY);
	ck_assert_int_eq(
			finish(HEAD
					"m=audio 7000 UDP/TLS/RTP/SAVPF 0\r\na=setup:active\r\n" GW),
			EP_MEDIATE_EGATEWAY);
	ck_assert_int_eq(finish(HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 0\r\n"
								 "a=setup:active\r\n" FP ICE CAND),
			EP_MEDIATE_OK);
	teardown();
}
END_TEST

START_TEST(plan_interfaces_go_from_asker_to_asked)
{
	setup();
	ck_assert_int_eq(ep_mediate_profile_parse(&profile, NULL,
							 EP_LIT("name=a;access_if=w;core_if=c")),
			EP_OK);
	offer(EP_MEDIATE_FROM_WIC, WIC_OFFER);
	ck_assert(contains(words(), " direction=w direction=c "));
	offer(EP_MEDIATE_FROM_CORE, CORE_OFFER);
	ck_assert(contains(words(), " direction=c direction=w "));
	teardown();
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	const bool *from_wic = ctx;
	setup();
	if(ep_mediate_offer_plan(&plan,
			   *from_wic ? EP_MEDIATE_FROM_WIC : EP_MEDIATE_FROM_CORE, text,
			   &profile, &profile.caps, &arena)
			== EP_MEDIATE_OK)
		ck_assert(plan.sdp.p && words().len > 2);
	teardown();
}

static void cut_gw(struct ep_view text, void *ctx)
{
	(void)ctx;
	setup();
	ck_assert_int_eq(answer(EP_MEDIATE_FROM_CORE, CORE_ANSWER, WIC_OFFER),
			EP_MEDIATE_OK);
	enum ep_mediate_cause cause = ep_mediate_finish(&out, &plan, text);
	ck_assert(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EGATEWAY);
	teardown();
}

static void cut_answer(struct ep_view text, void *ctx)
{
	(void)ctx;
	setup();
	ep_mediate_answer_plan(&plan, EP_MEDIATE_FROM_CORE, text, EP_LIT(WIC_OFFER),
			&profile, &profile.caps, &arena);
	ep_mediate_answer_plan(&plan, EP_MEDIATE_FROM_WIC, EP_LIT(WIC_ANSWER), text,
			&profile, &profile.caps, &arena);
	teardown();
}

START_TEST(plan_survives_every_cut)
{
	every_cut(EP_LIT(WIC_OFFER), cut, &(bool){true});
	every_cut(EP_LIT(CORE_OFFER), cut, &(bool){false});
	every_cut(EP_LIT(GW_ANSWER), cut_gw, NULL);
	every_cut(EP_LIT(CORE_ANSWER), cut_answer, NULL);
}
END_TEST

static enum ep_err alloc(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	enum ep_mediate_cause cause = ep_mediate_offer_plan(&plan,
			EP_MEDIATE_FROM_WIC, EP_LIT(WIC_OFFER), &profile, &profile.caps, a);
	if(!cause)
		cause = ep_mediate_finish(&out, &plan, EP_LIT(GW_OFFER));
	if(!cause)
		cause = ep_mediate_answer_plan(&plan, EP_MEDIATE_FROM_CORE,
				EP_LIT(CORE_ANSWER), EP_LIT(WIC_OFFER), &profile, &profile.caps,
				a);
	if(!cause)
		cause = ep_mediate_finish(&out, &plan, EP_LIT(GW_ANSWER));
	ck_assert(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EINTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(plan_survives_every_alloc_failure)
{
	setup();
	ck_assert_uint_gt(every_alloc_failure(alloc, NULL), 10);
	teardown();
}
END_TEST

UNIT_MAIN("mediate/plan", plan_strict_source_is_the_cores, plan_offer_from_wic,
		plan_repeated_payload_types_go_out_once,
		plan_payload_type_with_two_names_goes,
		plan_answer_to_wic_has_the_offers_names, plan_answer_without_its_offer,
		plan_answer_never_accepts_what_was_not_offered,
		plan_answer_must_match_its_offer, plan_answer_that_says_no_is_fine,
		plan_offer_to_wic, plan_answer_to_core_has_its_transport,
		plan_hold_by_address_becomes_direction, plan_refuses_an_unfit_gateway,
		plan_interfaces_go_from_asker_to_asked, plan_survives_every_cut,
		plan_survives_every_alloc_failure)
