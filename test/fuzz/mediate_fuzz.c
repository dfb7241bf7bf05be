// Aims at ep_mediate_offer_plan, ep_mediate_answer_plan, ep_mediate_finish.
/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: one octet (bit 0 from the WIC, bit 1 answer, bit 2 AVPF, bit 3
 * video), then the SDP that arrives, NUL, the gateway's SDP, NUL, the offer
 * (for an answer; may be missing). A gateway's SDP that is missing is the
 * plan's own: a gateway that changes nothing. */
#include <stdint.h>
#include "heap.h"
#include "mediate/answer.h"
#include "mediate/offer.h"

/* Said again here, on purpose not taken from the matrix. */
static const char *const not_for_the_core[] = {"mid", "group", "msid",
		"msid-semantic", "ssrc", "ssrc-group", "extmap", "extmap-allow-mixed",
		"rid", "simulcast", "imageattr", "rtcp-rsize", "rtcp-xr", "rtcp-mux",
		"rtcp-mux-only", "ice-ufrag", "ice-pwd", "ice-options", "ice-lite",
		"candidate", "remote-candidates", "end-of-candidates", "fingerprint",
		"setup", "tls-id", "bundle-only", "sctp-port", "sctpmap",
		"max-message-size", "dcmap", "dcsa"};
static const char *const not_for_the_browser[] = {"ssrc", "ssrc-group",
		"crypto", "curr", "des", "conf", "extmap", "3ge2ae", "bundle-only"};
static const char *const not_codecs[] = {"red", "rtx", "ulpfec", "CN"};

static bool among(const char *const *names, size_t n, struct ep_view v)
{
	for(size_t i = 0; i < n; i++)
		if(ep_view_ieq(v, ep_view_z(names[i])))
			return true;
	return false;
}

#define AMONG(names, v) among(names, sizeof names / sizeof *names, v)

static void line_check(const struct ep_mediate_plan *plan,
		const struct ep_sdp_line *line, bool avpf)
{
	struct ep_sdp_attr a;
	struct ep_sdp_rtpmap map;

	need(line->type != 'k');
	if(!ep_sdp_attr_get(&a, line))
		return;
	if(ep_mediate_case_to_core(plan->kind)) {
		need(!AMONG(not_for_the_core, a.name));
		if(ep_view_ieq(a.name, EP_LIT("rtcp-fb")))
			need(avpf && ep_view_find(a.value, EP_LIT("goog")) == SIZE_MAX
					&& ep_view_find(a.value, EP_LIT("transport-cc"))
							   == SIZE_MAX);
	} else {
		need(!AMONG(not_for_the_browser, a.name));
	}
	if(ep_view_ieq(a.name, EP_LIT("rtpmap"))
			&& ep_sdp_rtpmap_parse(&map, a.value))
		need(!AMONG(not_codecs, map.encoding));
}

/* Every live section towards the browser has its transport and its name. */
static void browser_check(const struct ep_sdp *sdp, size_t i)
{
	static const char *const must[] = {
			"fingerprint", "setup", "ice-ufrag", "ice-pwd", "candidate", "mid"};
	struct ep_sdp_attr a;

	if(sdp->media[i].port == 0)
		return;
	for(size_t k = 0; k < sizeof must / sizeof *must; k++)
		need(ep_sdp_attr_lookup(&a, sdp, i, ep_view_z(must[k])));
}

static void result_check(const struct ep_mediate_plan *plan, struct ep_view out,
		struct ep_arena *arena)
{
	struct ep_sdp sdp;

	enum ep_err err = ep_sdp_parse(&sdp, NULL, out, arena);
	need(err == EP_OK || err == EP_ERANGE);
	if(err)
		return;
	need(sdp.media_n == plan->in.media_n);
	for(size_t i = 0; i < sdp.lines_n; i++)
		line_check(plan, &sdp.lines[i], plan->profile->avpf);
	for(size_t i = 0; i < sdp.media_n; i++) {
		need(ep_view_eq(sdp.media[i].kind, plan->in.media[i].kind));
		need(sdp.media[i].port == 0 || plan->live[i]);
		if(!ep_mediate_case_to_core(plan->kind))
			browser_check(&sdp, i);
		else if(sdp.media[i].port)
			need(ep_mediate_proto_rtp(sdp.media[i].proto));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_mediate_profile profile;
	struct ep_mediate_plan plan;
	struct ep_arena arena;
	struct ep_view result;

	if(size < 1)
		return 0;
	struct ep_view rest = ep_view_of((const char *)data + 1, size - 1);
	struct ep_view in = ep_view_cut(&rest, '\0');
	struct ep_view gw = rest.p ? ep_view_cut(&rest, '\0') : ep_view_none();
	struct ep_view offer = rest;
	ep_mediate_profile_parse(&profile, NULL, EP_LIT("name=fuzz"));
	profile.avpf = data[0] & 4;
	profile.video = data[0] & 8;
	enum ep_mediate_from from =
			data[0] & 1 ? EP_MEDIATE_FROM_WIC : EP_MEDIATE_FROM_CORE;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 23);
	enum ep_mediate_cause cause =
			data[0] & 2
					? ep_mediate_answer_plan(
							&plan, from, in, offer, &profile, &arena)
					: ep_mediate_offer_plan(&plan, from, in, &profile, &arena);
	need(cause != EP_MEDIATE_EINTERNAL);
	if(!cause) {
		need(plan.sdp.p && plan.flags.p);
		cause = ep_mediate_finish(&result, &plan, gw.len ? gw : plan.sdp);
		need(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EGATEWAY);
		if(!cause)
			result_check(&plan, result, &arena);
	}
	ep_arena_fini(&arena);
	return 0;
}
