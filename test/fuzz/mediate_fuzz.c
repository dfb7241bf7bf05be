// Aims at ep_mediate_offer_plan, ep_mediate_answer_plan, ep_mediate_finish.
/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: one octet (bit 0 from the WIC, bit 1 answer, bit 2 AVPF, bit 3
 * video, bit 4 a gateway that bundles, bit 5 transcoding, bit 6 SRTP, bit 7
 * max-bundle where nothing says), then the SDP that arrives, NUL, the gateway's
 * SDP, NUL, the offer (for an answer; may be missing). A gateway's SDP that is
 * missing is the plan's own: a gateway that changes nothing. */
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
		"max-message-size", "dcmap", "dcsa", "3ge2ae", "curr", "des", "conf",
		"identity", "visited-realm", "omr-m-att", "tra-contact", "tcap", "pcfg",
		"acap"};
static const char *const not_for_the_browser[] = {"ssrc", "ssrc-group",
		"crypto", "curr", "des", "conf", "3ge2ae", "bundle-only", "rtcp-rsize",
		"msid", "rid", "simulcast", "visited-realm", "omr-m-att", "tra-contact",
		"tcap", "pcfg", "acfg"};
static const char *const not_codecs[] = {"red", "rtx", "ulpfec", "CN"};

static bool among(const char *const *names, size_t n, struct ep_view v)
{
	for(size_t i = 0; i < n; i++)
		if(ep_view_ieq(v, ep_view_z(names[i])))
			return true;
	return false;
}

#define AMONG(names, v) among(names, sizeof names / sizeof *names, v)

/* The four transports of the core, those with feedback, those with keys. */
static bool proto_ends(struct ep_view proto, const char *tail)
{
	return ep_view_istarts(proto, EP_LIT("RTP/"))
		   && ep_view_ieq(ep_view_from(proto, 4), ep_view_z(tail));
}

static bool proto_feedback(struct ep_view p)
{
	return proto_ends(p, "AVPF") || proto_ends(p, "SAVPF");
}

static bool proto_keys(struct ep_view p)
{
	return proto_ends(p, "SAVP") || proto_ends(p, "SAVPF");
}

static void core_attr_check(const struct ep_sdp_attr *a, struct ep_view proto)
{
	need(!AMONG(not_for_the_core, a->name));
	if(ep_view_ieq(a->name, EP_LIT("rtcp-fb")))
		need(proto_feedback(proto)
				&& ep_view_find(a->value, EP_LIT("goog")) == SIZE_MAX
				&& ep_view_find(a->value, EP_LIT("transport-cc")) == SIZE_MAX);
	if(ep_view_ieq(a->name, EP_LIT("crypto")))
		need(proto_keys(proto));
}

static void line_check(const struct ep_mediate_plan *plan,
		const struct ep_sdp_line *line, struct ep_view proto)
{
	struct ep_sdp_attr a;
	struct ep_sdp_rtpmap map;

	need(line->type != 'k');
	need(ep_view_ends(line->raw, EP_LIT("\r\n")));
	if(!ep_sdp_attr_get(&a, line))
		return;
	if(ep_mediate_case_to_core(plan->kind)) {
		core_attr_check(&a, proto);
	} else {
		need(!AMONG(not_for_the_browser, a.name));
		if(ep_view_ieq(a.name, EP_LIT("extmap")))
			need(ep_mediate_bundles(plan)
					&& ep_view_find(a.value, EP_LIT("sdes:mid")) != SIZE_MAX);
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

/* A section that is there for its transport alone: no media in it, and the
 * browser's offer had it in a bundle. */
static bool carries(
		const struct ep_mediate_plan *plan, const struct ep_sdp *sdp, size_t i)
{
	return plan->kind == EP_MEDIATE_C2W_ANSWER && plan->has_offer
		   && plan->offer_features.sections[i].bundle
		   && ep_sdp_direction_get(sdp, i) == EP_SDP_INACTIVE;
}

static size_t carriers_count(
		const struct ep_mediate_plan *plan, const struct ep_sdp *sdp)
{
	size_t n = 0;

	for(size_t i = 0; i < sdp->media_n; i++)
		n += sdp->media[i].port != 0 && carries(plan, sdp, i);
	return n;
}

/* A group names live sections only, and whoever asked for no bundle gets one
 * section with media at most. */
static void group_check(
		const struct ep_mediate_plan *plan, const struct ep_sdp *sdp)
{
	struct ep_sdp_attr a;
	struct ep_sdp_group g;
	size_t n = 0;

	size_t at = ep_sdp_attr_find(&a, sdp, EP_SDP_SESSION, EP_LIT("group"), 0);
	if(at == SIZE_MAX)
		return;
	need(ep_sdp_attr_find(NULL, sdp, EP_SDP_SESSION, EP_LIT("group"), at + 1)
			== SIZE_MAX);
	need(ep_sdp_group_parse(&g, a.value));
	while(ep_sdp_word_cut(&g.mids).p)
		n++;
	need(n > 0
			&& (n <= 1 + carriers_count(plan, sdp)
					|| ep_mediate_bundles(plan)));
	need(n <= sdp->media_n);
}

static void result_check(const struct ep_mediate_plan *plan, struct ep_view gw,
		struct ep_view out, struct ep_arena *arena)
{
	struct ep_sdp sdp;
	struct ep_sdp from;

	enum ep_err err = ep_sdp_parse(&sdp, NULL, out, arena);
	need(err == EP_OK || err == EP_ERANGE);
	if(err)
		return;
	need(ep_sdp_parse(&from, NULL, gw, arena) == EP_OK);
	need(sdp.media_n == plan->in.media_n && from.media_n == sdp.media_n);
	for(size_t i = 0; i < sdp.session_end; i++)
		line_check(plan, &sdp.lines[i], EP_LIT("none"));
	group_check(plan, &sdp);
	for(size_t i = 0; i < sdp.media_n; i++) {
		const struct ep_sdp_media *m = &sdp.media[i];
		need(ep_view_eq(m->kind, plan->in.media[i].kind));
		/* A section is refused if and only if it may not pass or the gateway
		 * refused it; but one that carries another stays. */
		need((m->port != 0) == (plan->live[i] && from.media[i].port != 0)
				|| (m->port != 0 && carries(plan, &sdp, i)));
		for(size_t k = m->first; k < m->end; k++)
			line_check(plan, &sdp.lines[k], m->proto);
		if(!ep_mediate_case_to_core(plan->kind))
			browser_check(&sdp, i);
		else if(m->port)
			need(ep_mediate_proto_rtp(m->proto));
	}
}

/* What the gateway is given can be mediated again, and soon nothing changes any
 * more: of lines that contradict each other one may come to light. */
static void again_check(const struct ep_mediate_plan *plan,
		enum ep_mediate_from from, struct ep_arena *arena)
{
	struct ep_mediate_plan again = *plan, before;

	if(!ep_mediate_case_offer(plan->kind))
		return;
	for(int i = 0; i < 3; i++) {
		before = again;
		enum ep_mediate_cause cause = ep_mediate_offer_plan(&again, from,
				before.sdp, plan->profile, &plan->caps, arena);
		if(cause == EP_MEDIATE_ELIMIT)
			return;
		need(cause == EP_MEDIATE_OK);
	}
	need(ep_view_eq(again.sdp, before.sdp));
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
	ep_mediate_profile_parse(&profile, NULL,
			data[0] & 32 ? EP_LIT("name=fuzz;transcode=AMR-WB,PCMA")
						 : EP_LIT("name=fuzz"));
	profile.avpf = data[0] & 4;
	profile.video = data[0] & 8;
	profile.caps.bundle = data[0] & 16;
	profile.srtp = data[0] & 64;
	profile.max_bundle = data[0] & 128;
	enum ep_mediate_from from =
			data[0] & 1 ? EP_MEDIATE_FROM_WIC : EP_MEDIATE_FROM_CORE;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 23);
	enum ep_mediate_cause cause =
			data[0] & 2 ? ep_mediate_answer_plan(
					&plan, from, in, offer, &profile, &profile.caps, &arena)
						: ep_mediate_offer_plan(&plan, from, in, &profile,
								&profile.caps, &arena);
	need(cause != EP_MEDIATE_EINTERNAL);
	if(!cause) {
		need(plan.sdp.p && plan.command.items_n && !plan.command.overflow);
		again_check(&plan, from, &arena);
		if(!gw.len)
			gw = plan.sdp;
		cause = ep_mediate_finish(&result, &plan, gw);
		need(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EGATEWAY);
		if(!cause)
			result_check(&plan, gw, result, &arena);
	}
	ep_arena_fini(&arena);
	return 0;
}
