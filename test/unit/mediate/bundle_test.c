/* SPDX-License-Identifier: BSD-2-Clause */
/* Bundles: seen, left to the gateway or thinned, and named to the browser. */
#include "mediation.h"

#define W EP_MEDIATE_FROM_WIC
#define C EP_MEDIATE_FROM_CORE
#define VIDEO99 "a=rtpmap:99 H264/90000\r\n"
#define MIDEXT "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
#define OLD "name=a;video=yes"
#define NEW "name=a;video=yes;gateway=26.0"

/* Sections of an offer of a browser's. */
#define AUDIO(port, mid, more)                                                 \
	"m=audio " port " UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n" ICE FP      \
	"a=setup:actpass\r\na=rtcp-mux\r\na=mid:" mid "\r\n" MIDEXT more
#define VIDEO(port, mid, more)                                                 \
	"m=video " port " UDP/TLS/RTP/SAVPF 99\r\nc=IN IP4 0.0.0.0\r\n" ICE FP     \
	"a=setup:actpass\r\na=rtcp-mux\r\na=mid:" mid "\r\n" MIDEXT VIDEO99 more
#define OTHER_ICE "a=ice-ufrag:other\r\n"

#define MAX                                                                    \
	HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a", CAND) VIDEO("9", "v", "")

/* Which sections go to the gateway with a port, as a word. */
static const char *live(void)
{
	static char word[EP_SDP_MEDIA_MAX + 1];

	memset(word, 0, sizeof word);
	for(size_t i = 0; i < plan.in.media_n; i++)
		word[i] = plan.live[i] ? (plan.in.media[i].kind.p[0]) : '-';
	return word;
}

/* Each offer, for a gateway that takes no bundle apart, and for one that does:
 * what passes, and what is said about it. */
START_TEST(bundle_seen_by_its_transport)
{
	static const struct
	{
		const char *sdp;
		const char *old_gw;
		const char *new_gw;
		unsigned warning; /* of the old; WARNING_N: none */
	} cases[] = {         /* max-bundle: port 9, no candidate. */
			{MAX, "a-", "av", EP_MEDIATE_WUNBUNDLE},
			/* RFC 9143 6: port 0 and a=bundle-only. */
			{HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a", CAND)
							VIDEO("0", "v", "a=bundle-only\r\n"),
					"a-", "av", EP_MEDIATE_WUNBUNDLE},
			/* Port 0 without it is a refusal, with it outside a group too. */
			{HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a", CAND)
							VIDEO("0", "v", ""),
					"a-", "a-", EP_MEDIATE_WARNING_N},
			{HEAD "a=group:BUNDLE a\r\n" AUDIO("5000", "a", CAND)
							VIDEO("0", "v", "a=bundle-only\r\n"),
					"a-", "a-", EP_MEDIATE_WARNING_N},
			/* balanced: candidates, or credentials, of its own. */
			{HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a", CAND)
							VIDEO("5002", "v", CAND),
					"av", "av", EP_MEDIATE_WARNING_N},
			{HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a", CAND)
							VIDEO("9", "v", CAND),
					"av", "av", EP_MEDIATE_WARNING_N},
			{HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a",
					 CAND) "m=video 9 UDP/TLS/RTP/SAVPF 99\r\n" OTHER_ICE
						   "a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" FP
						   "a=mid:v\r\n" VIDEO99,
					"av", "av", EP_MEDIATE_WARNING_N},
			/* In no group, in another group. */
			{HEAD "a=group:BUNDLE a\r\n" AUDIO("5000", "a", CAND)
							VIDEO("9", "v", ""),
					"av", "av", EP_MEDIATE_WARNING_N},
			{HEAD "a=group:BUNDLE a\r\na=group:BUNDLE v\r\n" AUDIO(
					 "5000", "a", CAND) VIDEO("9", "v", ""),
					"av", "av", EP_MEDIATE_WARNING_N},
			{HEAD "a=group:LS a v\r\n" AUDIO("5000", "a", CAND)
							VIDEO("9", "v", ""),
					"av", "av", EP_MEDIATE_WARNING_N},
			/* Nothing has a candidate: balanced, by default. */
			{HEAD "a=group:BUNDLE a v\r\n" AUDIO("9", "a", "")
							VIDEO("9", "v", ""),
					"av", "av", EP_MEDIATE_WUNCLEAR},
			/* Audio is what is carried, wherever it stands. */
			{HEAD "a=group:BUNDLE v a\r\n" VIDEO("5000", "v", CAND)
							AUDIO("9", "a", ""),
					"-a", "va", EP_MEDIATE_WUNBUNDLE},
			{HEAD "a=group:BUNDLE v a b\r\n" VIDEO("5000", "v", CAND)
							AUDIO("9", "a", "") AUDIO("9", "b", ""),
					"-a-", "vaa", EP_MEDIATE_WUNBUNDLE},
			/* Two bundles: one of each. */
			{HEAD "a=group:BUNDLE a v\r\na=group:BUNDLE b w\r\n" AUDIO(
					 "5000", "a", CAND) VIDEO("9", "v", "")
							AUDIO("5002", "b", CAND) VIDEO("9", "w", ""),
					"a-a-", "avav", EP_MEDIATE_WUNBUNDLE},
			/* The first is over: the second is the first. */
			{HEAD "a=group:BUNDLE v w\r\n" AUDIO("0", "a", "")
							VIDEO("5000", "v", CAND) VIDEO("9", "w", ""),
					"-v-", "-vv", EP_MEDIATE_WUNBUNDLE}};

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned want =
				cases[i].warning == EP_MEDIATE_WARNING_N
						? 0
						: ep_mediate_warning_bit(
								(enum ep_mediate_warning)cases[i].warning);
		unsigned keyframe = ep_mediate_warning_bit(EP_MEDIATE_WKEYFRAME);
		setup_with(OLD);
		ck_assert_msg(offer(W, cases[i].sdp) == EP_MEDIATE_OK, "%zu", i);
		ck_assert_msg(!strcmp(live(), cases[i].old_gw), "%zu: %s", i, live());
		ck_assert_msg((plan.warnings & ~keyframe) == want, "%zu", i);
		teardown();
		setup_with(NEW);
		ck_assert_msg(offer(W, cases[i].sdp) == EP_MEDIATE_OK, "%zu", i);
		ck_assert_msg(!strcmp(live(), cases[i].new_gw), "%zu: %s", i, live());
		ck_assert_msg((plan.warnings & ~keyframe) == 0, "%zu", i);
		teardown();
	}
}
END_TEST

START_TEST(bundle_of_an_offer_without_candidates_is_the_operators_to_say)
{
	setup_with(OLD ";no_candidates=max-bundle");
	ck_assert_int_eq(offer(W, HEAD "a=group:BUNDLE a v\r\n" AUDIO("9", "a", "")
									  VIDEO("9", "v", "")),
			EP_MEDIATE_OK);
	ck_assert_str_eq(live(), "a-");
	teardown();
}
END_TEST

/* What is left of it for a gateway, and what a gateway gets whole. */
START_TEST(bundle_goes_to_who_can_take_it_apart)
{
	setup_with(OLD);
	offer(W, MAX);
	ck_assert(!contains(plan.sdp, "a=group"));
	ck_assert(!contains(plan.sdp, "extmap"));
	ck_assert(!contains(words(), "BUNDLE"));
	teardown();

	setup_with(NEW);
	offer(W, HEAD "a=group:BUNDLE a v d\r\n" AUDIO("5000", "a", CAND) VIDEO("0",
					"v", "a=bundle-only\r\na=extmap:3 urn:x\r\n")
					 "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
					 "a=mid:d\r\n");
	/* What is refused is in no group; port 0 would be a refusal. */
	ck_assert(contains(plan.sdp, "a=group:BUNDLE a v\r\n"));
	ck_assert(contains(plan.sdp, "m=video 9 UDP/TLS/RTP/SAVPF 99\r\n"));
	ck_assert(contains(plan.sdp, MIDEXT));
	ck_assert(!contains(plan.sdp, "bundle-only"));
	ck_assert(!contains(plan.sdp, "urn:x"));
	ck_assert(contains(words(), " BUNDLE-accept "));
	teardown();
}
END_TEST

#define CORE_AV                                                                \
	HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP 0\r\n"                    \
		 "m=video 6002 RTP/AVP 99\r\n" VIDEO99
#define GW_SECTION(kind, port, pt, mid)                                        \
	"m=" kind " " port " UDP/TLS/RTP/SAVPF " pt                                \
	"\r\nc=IN IP4 192.0.2.9\r\na=rtpmap:99 H264/90000\r\na=mid:" mid           \
	"\r\na=setup:passive\r\n" GW

START_TEST(bundle_answer_has_what_the_gateway_bundled)
{
	setup_with(NEW);
	ck_assert_int_eq(answer(C, CORE_AV, MAX), EP_MEDIATE_OK);
	ck_assert_int_eq(
			finish(HEAD "a=group:BUNDLE 1 2\r\n" GW_SECTION("audio", "7000",
					"0", "1") MIDEXT "a=extmap:5 urn:x\r\n" GW_SECTION("video",
					"7000", "99", "2") MIDEXT),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "a=group:BUNDLE a v\r\nm=audio"));
	ck_assert(contains(out, MIDEXT) && !contains(out, "urn:x"));

	/* Two ports are two transports; and what needs the bundle is not in it. */
	ck_assert_int_eq(
			finish(HEAD "a=group:BUNDLE 1 2\r\n" GW_SECTION("audio", "7000",
					"0", "1") GW_SECTION("video", "7002", "99", "2")),
			EP_MEDIATE_EGATEWAY);
	ck_assert_int_eq(finish(HEAD GW_SECTION("audio", "7000", "0", "1")
									 GW_SECTION("video", "7002", "99", "2")),
			EP_MEDIATE_EGATEWAY);
	/* The core refuses the picture. */
	ck_assert_int_eq(
			finish(HEAD "a=group:BUNDLE 1 2\r\n" GW_SECTION("audio", "7000",
					"0", "1") "m=video 0 UDP/TLS/RTP/SAVPF 99\r\na=mid:2\r\n"),
			EP_MEDIATE_OK);
	ck_assert(contains(out, "a=group:BUNDLE a\r\n"));
	teardown();
}
END_TEST

/* Where each section has a transport of its own, two ports are fine. */
START_TEST(bundle_answer_of_balanced_may_do_without)
{
	setup_with(OLD);
	ck_assert_int_eq(answer(C, CORE_AV,
							 HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a",
									 CAND) VIDEO("5002", "v", CAND)),
			EP_MEDIATE_OK);
	ck_assert_int_eq(finish(HEAD GW_SECTION("audio", "7000", "0", "1")
									 GW_SECTION("video", "7002", "99", "2")),
			EP_MEDIATE_OK);
	ck_assert(!contains(out, "a=group"));
	/* Not offered bundled: not answered so (RFC 9143 7.3). */
	ck_assert_int_eq(answer(C, CORE_OFFER, HEAD AUDIO("5000", "a", CAND)),
			EP_MEDIATE_OK);
	ck_assert_int_eq(finish(HEAD "a=group:BUNDLE 1\r\n" GW_SECTION(
							 "audio", "7000", "0", "1")),
			EP_MEDIATE_OK);
	ck_assert(!contains(out, "a=group"));
	teardown();
}
END_TEST

/* bundle=needed: who has a transport for each section keeps it. */
START_TEST(bundle_where_it_is_needed)
{
	setup_with(NEW ";bundle=needed");
	ck_assert_int_eq(offer(W, MAX), EP_MEDIATE_OK);
	ck_assert(contains(words(), " BUNDLE-accept "));
	ck_assert_int_eq(offer(W, HEAD "a=group:BUNDLE a v\r\n" AUDIO("5000", "a",
									  CAND) VIDEO("5002", "v", CAND)),
			EP_MEDIATE_OK);
	ck_assert(!contains(words(), "BUNDLE"));
	ck_assert(!contains(plan.sdp, "a=group"));
	/* Nobody can tell: what is right for all. */
	ck_assert_int_eq(offer(W, HEAD "a=group:BUNDLE a v\r\n" AUDIO("9", "a", "")
											VIDEO("9", "v", "")),
			EP_MEDIATE_OK);
	ck_assert(contains(words(), " BUNDLE-accept "));
	ck_assert_int_eq(offer(C, CORE_AV), EP_MEDIATE_OK);
	ck_assert(contains(words(), " BUNDLE-offer "));
	teardown();
}
END_TEST

START_TEST(bundle_offer_is_the_gateways_or_of_one)
{
	static const char gw[] = HEAD "a=group:BUNDLE 1 2\r\n" GW_SECTION(
			"audio", "7000", "0", "1") GW_SECTION("video", "7002", "99", "2");

	setup_with(NEW);
	ck_assert_int_eq(offer(C, CORE_AV), EP_MEDIATE_OK);
	ck_assert(contains(words(), " BUNDLE-offer "));
	ck_assert_int_eq(finish(gw), EP_MEDIATE_OK);
	ck_assert(contains(out, "a=group:BUNDLE 1 2\r\n"));
	teardown();
	setup_with(OLD);
	ck_assert_int_eq(offer(C, CORE_AV), EP_MEDIATE_OK);
	ck_assert_int_eq(finish(gw), EP_MEDIATE_OK);
	/* A group of one beside another section would be one that Chromium's next
	 * offer puts all into. */
	ck_assert(!contains(out, "a=group"));
	teardown();
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	(void)ctx;
	for(int k = 0; k < 2; k++) {
		setup_with(k ? NEW : OLD);
		if(ep_mediate_offer_plan(
				   &plan, W, text, &profile, &profile.caps, &arena)
				== EP_MEDIATE_OK)
			ck_assert(plan.sdp.p);
		teardown();
	}
}

START_TEST(bundle_survives_every_cut)
{
	every_cut(EP_LIT(MAX), cut, NULL);
}
END_TEST

static enum ep_err alloc(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	enum ep_mediate_cause cause = ep_mediate_offer_plan(
			&plan, W, EP_LIT(MAX), &profile, &profile.caps, a);
	if(!cause)
		cause = ep_mediate_answer_plan(&plan, C, EP_LIT(CORE_AV), EP_LIT(MAX),
				&profile, &profile.caps, a);
	if(!cause)
		cause = ep_mediate_finish(&out, &plan,
				EP_LIT(HEAD "a=group:BUNDLE 1 2\r\n" GW_SECTION("audio", "7000",
						"0", "1") GW_SECTION("video", "7000", "99", "2")));
	ck_assert(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EINTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(bundle_survives_every_alloc_failure)
{
	setup_with(NEW);
	ck_assert_uint_gt(every_alloc_failure(alloc, NULL), 10);
	teardown();
}
END_TEST

UNIT_MAIN("mediate/bundle", bundle_seen_by_its_transport,
		bundle_of_an_offer_without_candidates_is_the_operators_to_say,
		bundle_goes_to_who_can_take_it_apart,
		bundle_answer_has_what_the_gateway_bundled,
		bundle_answer_of_balanced_may_do_without, bundle_where_it_is_needed,
		bundle_offer_is_the_gateways_or_of_one, bundle_survives_every_cut,
		bundle_survives_every_alloc_failure)
