/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * One mediation for the tests of lib/mediate: setup_with(profile), offer() or
 * answer(), finish(), teardown().
 */
#ifndef EP_UNIT_MEDIATION_H
#define EP_UNIT_MEDIATION_H

#include <stdio.h>
#include "mediate/answer.h"
#include "mediate/offer.h"
#include "support.h"

#define FP                                                                     \
	"a=fingerprint:sha-256 EA:EF:74:FD:04:3D:CF:9C:A3:D4:5C:00:06:3E:96:4D:"   \
	"E7:5D:C5:26:8A:CE:70:03:66:1C:FE:0A:97:78:71:E0\r\n"
#define ICE "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
#define CAND "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
#define C0 "c=IN IP4 0.0.0.0\r\n"

#define WIC_OFFER                                                              \
	HEAD "a=group:BUNDLE 0 1\r\nm=audio 5000 UDP/TLS/RTP/SAVPF 111 63 "        \
		 "0\r\nc=IN IP4 192.0.2.1\r\na=rtpmap:111 opus/48000/2\r\n"            \
		 "a=rtpmap:63 red/48000\r\na=rtcp-fb:111 nack\r\n" FP ICE CAND         \
		 "a=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\na=ssrc:1 x\r\n"          \
		 "m=application 5001 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
#define CORE_ANSWER                                                            \
	HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP 111\r\na=rtpmap:111 "     \
		 "opus/48000/2\r\na=ssrc:2 x\r\nm=application 0 UDP/DTLS/SCTP "        \
		 "webrtc-datachannel\r\n"
/* What the gateway adds towards a browser. */
#define GW FP ICE CAND "a=rtcp-mux\r\n"
#define GW_ANSWER                                                              \
	HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.9\r\n"        \
		 "a=rtpmap:111 opus/48000/2\r\na=mid:9\r\na=setup:passive\r\n" GW      \
		 "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define GW_OFFER                                                               \
	HEAD "m=audio 7000 RTP/AVP 111 0\r\nc=IN IP4 192.0.2.9\r\na=rtpmap:111 "   \
		 "opus/48000/2\r\na=mid:0\r\na=x-new:1\r\na=ssrc:1 x\r\n"              \
		 "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define CORE_OFFER                                                             \
	HEAD "c=IN IP4 192.0.2.2\r\nm=audio 6000 RTP/AVP 0\r\nk=clear:x\r\n"
#define GW_OFFER_WIC                                                           \
	HEAD "m=audio 7000 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 192.0.2.9\r\n"          \
		 "a=setup:actpass\r\n" GW
#define WIC_ANSWER                                                             \
	HEAD "m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 192.0.2.1\r\n" FP ICE   \
			CAND "a=setup:active\r\na=rtcp-mux\r\n"

static struct ep_arena arena;
static struct ep_mediate_profile profile;
static struct ep_mediate_plan plan;
static struct ep_view out;

static inline void setup_with(const char *text)
{
	ck_assert_int_eq(
			ep_mediate_profile_parse(&profile, NULL, ep_view_z(text)), EP_OK);
	plain_arena_init(&arena);
}

static inline void setup(void)
{
	setup_with("name=default");
}

static inline void teardown(void)
{
	ep_arena_fini(&arena);
}

static char words_text[EP_MEDIATE_COMMAND_MAX];

/* The command in words, with a SP at both ends. */
static inline struct ep_view words(void)
{
	struct ep_buf b;

	ep_buf_init(&b, words_text, sizeof words_text);
	ep_buf_put_chr(&b, ' ');
	ep_mediate_command_print(&b, &plan.command);
	ep_buf_put_chr(&b, ' ');
	ck_assert(!b.overflow);
	return ep_buf_view(&b);
}

static inline bool contains(struct ep_view v, const char *text)
{
	return ep_view_find(v, ep_view_z(text)) != SIZE_MAX;
}

static inline enum ep_mediate_cause offer(
		enum ep_mediate_from from, const char *sdp)
{
	return ep_mediate_offer_plan(
			&plan, from, ep_view_z(sdp), &profile, &profile.caps, &arena);
}

static inline enum ep_mediate_cause answer(
		enum ep_mediate_from from, const char *sdp, const char *its_offer)
{
	return ep_mediate_answer_plan(&plan, from, ep_view_z(sdp),
			ep_view_z(its_offer), &profile, &profile.caps, &arena);
}

static inline enum ep_mediate_cause finish(const char *gw)
{
	return ep_mediate_finish(&out, &plan, ep_view_z(gw));
}

#endif
