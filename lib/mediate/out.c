/* SPDX-License-Identifier: BSD-2-Clause */
/* What is sent on, made of what the gateway gave back. */
#include "mediate/capneg.h"
#include "mediate/section.h"

/* The gateway's SDP, read. */
struct gw
{
	struct ep_sdp sdp;
	/* By section. */
	bool *live;
	bool *feedback;
	struct ep_view *mids; /* towards the browser */
	struct ep_mediate_codecs *codecs;
	size_t live_n;
};

static bool tables_get(struct gw *gw, struct ep_arena *arena)
{
	size_t n = gw->sdp.media_n + 1;

	gw->live = ep_arena_array(arena, n, sizeof *gw->live);
	gw->feedback = ep_arena_array(arena, n, sizeof *gw->feedback);
	gw->mids = ep_arena_array(arena, n, sizeof *gw->mids);
	gw->codecs = ep_arena_array(arena, n, sizeof *gw->codecs);
	return gw->live && gw->feedback && gw->mids && gw->codecs;
}

/* An answer has formats of its offer only, under the offer's numbers (RFC
 * 3264 6.1 lets it have others; a browser that was not asked for them does
 * not know what to do with them). */
static enum ep_mediate_cause section_read(
		struct gw *gw, const struct ep_mediate_plan *plan, size_t i)
{
	const struct ep_sdp_media *m = &gw->sdp.media[i];

	if(!ep_view_eq(m->kind, plan->in.media[i].kind))
		return EP_MEDIATE_EGATEWAY;
	if(!plan->live[i] || m->port == 0)
		return EP_MEDIATE_OK;
	ep_mediate_codecs_get(&gw->codecs[i], &gw->sdp, i, plan->kind,
			EP_MEDIATE_OUT, plan->profile);
	if(!ep_mediate_case_offer(plan->kind) && plan->has_offer)
		ep_mediate_codecs_match(&gw->codecs[i], &gw->sdp, &plan->offer, i);
	if(!gw->codecs[i].streams_n)
		return EP_MEDIATE_EGATEWAY;
	gw->live[i] = true;
	gw->live_n++;
	struct ep_view core = ep_mediate_core_proto(plan, i);
	gw->feedback[i] = ep_mediate_proto_feedback(core.p ? core : m->proto);
	return EP_MEDIATE_OK;
}

static enum ep_mediate_cause gw_read(
		struct gw *gw, const struct ep_mediate_plan *plan, struct ep_view text)
{
	enum ep_err err = ep_sdp_parse(&gw->sdp, NULL, text, plan->arena);

	if(!err)
		err = ep_mediate_order_apply(&gw->sdp, plan->arena);
	if(err)
		return err == EP_ENOMEM ? EP_MEDIATE_EINTERNAL : EP_MEDIATE_EGATEWAY;
	if(gw->sdp.media_n != plan->in.media_n)
		return EP_MEDIATE_EGATEWAY;
	gw->live_n = 0;
	if(!tables_get(gw, plan->arena))
		return EP_MEDIATE_EINTERNAL;
	for(size_t i = 0; i < gw->sdp.media_n; i++) {
		enum ep_mediate_cause cause = section_read(gw, plan, i);
		if(cause)
			return cause;
	}
	/* An offer without a live section is none. */
	if(ep_mediate_case_offer(plan->kind) && !gw->live_n)
		return EP_MEDIATE_EGATEWAY;
	return EP_MEDIATE_OK;
}

/* ---- is it fit? ---- */

/* RFC 5763 5, RFC 8842 5.3: somebody is client, and it is who was offered. */
static bool setup_fits(const struct ep_mediate_plan *plan, size_t i,
		enum ep_sdp_setup answered)
{
	enum ep_sdp_setup offered = plan->has_offer
										? plan->offer_features.sections[i].setup
										: EP_SDP_SETUP_ACTPASS;

	if(answered == EP_SDP_SETUP_ACTIVE)
		return offered == EP_SDP_SETUP_ACTPASS
			   || offered == EP_SDP_SETUP_PASSIVE;
	/* Without a=setup the one who offers is active (RFC 4145 4). */
	return answered == EP_SDP_SETUP_PASSIVE && offered != EP_SDP_SETUP_PASSIVE;
}

/* What a browser insists on (RFC 8829 5.8, 5.11; RFC 8827 6.5). */
static bool fit_for_browser(
		const struct ep_mediate_plan *plan, const struct ep_sdp *sdp, size_t i)
{
	static const char *const must[] = {
			"fingerprint", "setup", "ice-ufrag", "ice-pwd", "candidate"};
	struct ep_sdp_attr a;

	for(size_t k = 0; k < sizeof must / sizeof *must; k++)
		if(!ep_sdp_attr_lookup(&a, sdp, i, ep_view_z(must[k])))
			return false;
	bool mux = ep_sdp_attr_lookup(&a, sdp, i, EP_LIT("rtcp-mux"));
	ep_sdp_attr_lookup(&a, sdp, i, EP_LIT("setup"));
	enum ep_sdp_setup setup = ep_sdp_setup_parse(a.value);
	if(ep_mediate_case_offer(plan->kind))
		return mux && setup != EP_SDP_SETUP_NONE;
	if(plan->has_offer && mux != plan->offer_features.sections[i].mux)
		return false;
	return setup_fits(plan, i, setup);
}

/* Towards the core the gateway must speak what is written there: SRTP or
 * plain RTP. (AVP and AVPF differ in feedback only.) */
static bool fit_for_core(struct ep_view gw_proto, struct ep_view out)
{
	return ep_mediate_proto_rtp(gw_proto)
		   && ep_mediate_proto_srtp(gw_proto) == ep_mediate_proto_srtp(out);
}

/* ---- writing ---- */

/* The transport that a section has where the result goes. */
static struct ep_view out_proto(
		const struct ep_mediate_plan *plan, const struct gw *gw, size_t i)
{
	struct ep_view kind = plan->in.media[i].kind;

	switch(plan->kind) {
		case EP_MEDIATE_C2W_ANSWER:
			return plan->has_offer ? plan->offer.media[i].proto
								   : gw->sdp.media[i].proto;
		case EP_MEDIATE_W2C_ANSWER:
			if(!plan->has_offer)
				return gw->sdp.media[i].proto;
			return gw->live[i] ? ep_mediate_core_proto(plan, i)
							   : plan->offer.media[i].proto;
		case EP_MEDIATE_W2C_OFFER:
			if(ep_view_eq(kind, EP_LIT("audio"))
					|| ep_view_eq(kind, EP_LIT("video")))
				return ep_mediate_core_proto(plan, i);
			return plan->in.media[i].proto;
		default:
			return gw->live[i] ? gw->sdp.media[i].proto
							   : plan->in.media[i].proto;
	}
}

/* a=acfg:<config> t=<transport>, where the answer takes what the offer has as
 * a potential configuration (RFC 5939 3.6.2). */
static enum ep_err acfg_set(struct ep_mediate_edit *e, size_t i)
{
	const struct ep_mediate_plan *plan = e->plan;
	struct ep_mediate_capneg config;
	char text[64];
	struct ep_buf value;

	if(plan->kind != EP_MEDIATE_W2C_ANSWER || !plan->has_offer
			|| !ep_view_eq(plan->in.media[i].kind, EP_LIT("video"))
			|| !ep_mediate_capneg_find(&config, &plan->offer, i))
		return EP_OK;
	ep_buf_init(&value, text, sizeof text);
	ep_buf_put_u64(&value, config.config);
	ep_buf_put_z(&value, " t=");
	ep_buf_put_u64(&value, config.transport);
	return ep_mediate_attr_plan(e, i, "acfg", ep_buf_view(&value));
}

/* A rejected section repeats what was offered, one payload type will do. */
static struct ep_view out_rejected_fmts(
		const struct ep_mediate_plan *plan, size_t i)
{
	struct ep_view rest = plan->has_offer ? plan->offer.media[i].fmts
										  : plan->in.media[i].fmts;

	if(plan->kind == EP_MEDIATE_W2C_OFFER)
		return ep_sdp_word_cut(&rest);
	return rest;
}

/* What the browser calls the section: the name of its own offer; else the
 * gateway's, which remembers it; else one of ours. Absent: no memory. */
static struct ep_view out_mid(
		const struct ep_mediate_plan *plan, const struct gw *gw, size_t i)
{
	char digits[20];
	struct ep_buf number;

	if(!ep_mediate_case_offer(plan->kind) && plan->has_offer
			&& plan->offer_features.sections[i].mid.len)
		return plan->offer_features.sections[i].mid;
	struct ep_view mid = ep_mediate_mid_get(&gw->sdp, i);
	if(mid.p)
		return mid;
	ep_buf_init(&number, digits, sizeof digits);
	ep_buf_put_u64(&number, i);
	const struct ep_view parts[] = {EP_LIT("m"), ep_buf_view(&number)};
	return ep_arena_join(plan->arena, parts, 2);
}

static enum ep_err mid_set(
		struct ep_mediate_edit *e, size_t i, struct ep_view mid)
{
	size_t at = 0;
	enum ep_err err = EP_OK;

	while(!err
			&& (at = ep_sdp_attr_find(NULL, e->sdp, i, EP_LIT("mid"), at))
					   != SIZE_MAX)
		err = ep_sdp_edits_drop(&e->edits, at++);
	return err ? err : ep_mediate_attr_plan(e, i, "mid", mid);
}

static enum ep_err out_section(
		struct ep_mediate_edit *e, const struct gw *gw, size_t i)
{
	const struct ep_mediate_plan *plan = e->plan;
	struct ep_view proto = out_proto(plan, gw, i);

	size_t user = ep_mediate_carrier_find(plan, gw->live, i);
	if(user != SIZE_MAX)
		return ep_mediate_carrier_plan(e, i, user, proto, gw->mids[i]);
	if(!gw->live[i])
		return ep_mediate_reject_plan(
				e, i, proto, out_rejected_fmts(plan, i), gw->mids[i]);
	enum ep_err err = ep_mediate_mline_plan(e, i, proto, &gw->codecs[i]);
	if(!err)
		err = ep_mediate_lines_plan(e, i, &gw->codecs[i]);
	if(!err)
		err = ep_mediate_bandwidth_plan(e, i, &gw->codecs[i]);
	if(!err)
		err = acfg_set(e, i);
	if(!err && gw->mids[i].p)
		err = mid_set(e, i, gw->mids[i]);
	return err;
}

static enum ep_mediate_cause out_prepare(
		struct gw *gw, const struct ep_mediate_plan *plan)
{
	bool to_core = ep_mediate_case_to_core(plan->kind);

	for(size_t i = 0; i < gw->sdp.media_n; i++) {
		if(!to_core) {
			gw->mids[i] = out_mid(plan, gw, i);
			if(!gw->mids[i].p)
				return EP_MEDIATE_EINTERNAL;
		}
		if(!gw->live[i])
			continue;
		bool fit = to_core ? fit_for_core(
						   gw->sdp.media[i].proto, out_proto(plan, gw, i))
						   : fit_for_browser(plan, &gw->sdp, i);
		if(!fit)
			return EP_MEDIATE_EGATEWAY;
	}
	return EP_MEDIATE_OK;
}

enum ep_mediate_cause ep_mediate_finish(struct ep_view *out,
		const struct ep_mediate_plan *plan, struct ep_view text)
{
	struct gw gw;
	enum ep_mediate_cause cause = gw_read(&gw, plan, text);

	if(!cause)
		cause = out_prepare(&gw, plan);
	if(cause)
		return cause;
	struct ep_mediate_edit e = {.plan = plan,
			.step = EP_MEDIATE_OUT,
			.sdp = &gw.sdp,
			.feedback = gw.feedback};
	enum ep_err err = ep_sdp_edits_init(&e.edits, &gw.sdp, plan->arena);
	if(!err)
		err = ep_mediate_lines_plan(&e, EP_SDP_SESSION, NULL);
	if(!err)
		err = ep_mediate_bundle_out(&e, gw.live, gw.mids);
	for(size_t i = 0; i < gw.sdp.media_n && !err; i++)
		err = out_section(&e, &gw, i);
	if(err)
		return err == EP_ENOMEM ? EP_MEDIATE_EINTERNAL : EP_MEDIATE_EGATEWAY;
	*out = ep_sdp_print_arena(&e.edits);
	return out->p ? EP_MEDIATE_OK : EP_MEDIATE_EINTERNAL;
}
