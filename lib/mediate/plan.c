/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/flags.h"
#include "mediate/section.h"

enum ep_mediate_cause ep_mediate_cause_of(enum ep_err err)
{
	switch(err) {
		case EP_OK:
			return EP_MEDIATE_OK;
		case EP_ESYNTAX:
			return EP_MEDIATE_ESYNTAX;
		case EP_ERANGE:
			return EP_MEDIATE_ELIMIT;
		default:
			return EP_MEDIATE_EINTERNAL;
	}
}

struct ep_view ep_mediate_core_proto(const struct ep_mediate_plan *plan)
{
	static const struct ep_view rtp[] = {
			{"RTP/AVP", 7}, {"RTP/AVPF", 8}, {"RTP/SAVP", 8}, {"RTP/SAVPF", 9}};

	/* An answer has the transport of its offer (RFC 3264 6). */
	if(plan->kind == EP_MEDIATE_W2C_ANSWER && plan->has_offer)
		for(size_t i = 0; i < plan->offer.media_n; i++)
			for(size_t p = 0; plan->live[i] && p < 4; p++)
				if(ep_view_ieq(plan->offer.media[i].proto, rtp[p]))
					return rtp[p];
	return rtp[plan->profile->avpf];
}

/* ---- what the gateway is given ---- */

static enum ep_err in_section(struct ep_mediate_edit *e, size_t i)
{
	const struct ep_mediate_plan *plan = e->plan;
	const struct ep_sdp_media *m = &plan->in.media[i];
	const struct ep_mediate_section *s = &plan->features.sections[i];
	bool to_core = ep_mediate_case_to_core(plan->kind);

	if(!plan->live[i])
		return ep_mediate_reject_plan(
				e, i, m->proto, m->fmts, to_core ? s->mid : ep_view_none());
	enum ep_err err = ep_mediate_mline_plan(
			e, i, to_core ? EP_LIT("UDP/TLS/RTP/SAVPF") : m->proto, &s->codecs);
	if(!err)
		err = ep_mediate_lines_plan(e, i, &s->codecs);
	if(!err && !to_core)
		err = ep_mediate_hold_plan(e, i);
	return err;
}

static enum ep_err in_write(struct ep_mediate_plan *plan)
{
	struct ep_mediate_edit e = {
			.plan = plan, .step = EP_MEDIATE_IN, .sdp = &plan->in};
	enum ep_err err = ep_sdp_edits_init(&e.edits, &plan->in, plan->arena);

	if(!err)
		err = ep_mediate_lines_plan(&e, EP_SDP_SESSION, NULL);
	for(size_t i = 0; i < plan->in.media_n && !err; i++)
		err = in_section(&e, i);
	if(err)
		return err;
	plan->sdp = ep_sdp_print_arena(&e.edits);
	return plan->sdp.p ? EP_OK : EP_ENOMEM;
}

enum ep_mediate_cause ep_mediate_plan_write(struct ep_mediate_plan *plan)
{
	struct ep_buf flags;

	char *p = ep_arena_get(plan->arena, EP_MEDIATE_FLAGS_MAX);
	if(!p)
		return EP_MEDIATE_EINTERNAL;
	ep_buf_init(&flags, p, EP_MEDIATE_FLAGS_MAX);
	ep_mediate_flags_print(&flags, plan);
	plan->flags = ep_buf_view(&flags);
	if(!plan->flags.p)
		return EP_MEDIATE_EINTERNAL;
	return ep_mediate_cause_of(in_write(plan));
}

/* ---- what is sent on ---- */

/* The gateway's answer, read. */
struct gw
{
	struct ep_sdp sdp;
	bool *live;
	struct ep_mediate_codecs *codecs;
	size_t live_n;
};

static enum ep_mediate_cause gw_read(
		struct gw *gw, const struct ep_mediate_plan *plan, struct ep_view text)
{
	enum ep_err err = ep_sdp_parse(&gw->sdp, NULL, text, plan->arena);
	if(err)
		return err == EP_ENOMEM ? EP_MEDIATE_EINTERNAL : EP_MEDIATE_EGATEWAY;
	size_t n = gw->sdp.media_n;
	if(n != plan->in.media_n)
		return EP_MEDIATE_EGATEWAY;
	gw->live = ep_arena_array(plan->arena, n + 1, sizeof *gw->live);
	gw->codecs = ep_arena_array(plan->arena, n + 1, sizeof *gw->codecs);
	if(!gw->live || !gw->codecs)
		return EP_MEDIATE_EINTERNAL;

	gw->live_n = 0;
	for(size_t i = 0; i < n; i++) {
		if(!ep_view_eq(gw->sdp.media[i].kind, plan->in.media[i].kind))
			return EP_MEDIATE_EGATEWAY;
		if(!plan->live[i] || gw->sdp.media[i].port == 0)
			continue;
		ep_mediate_codecs_get(
				&gw->codecs[i], &gw->sdp, i, plan->kind, plan->profile);
		if(!gw->codecs[i].streams_n)
			return EP_MEDIATE_EGATEWAY;
		gw->live[i] = true;
		gw->live_n++;
	}
	/* An offer without a live section is none. */
	if(ep_mediate_case_offer(plan->kind) && !gw->live_n)
		return EP_MEDIATE_EGATEWAY;
	return EP_MEDIATE_OK;
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
	return setup == EP_SDP_SETUP_ACTIVE || setup == EP_SDP_SETUP_PASSIVE;
}

/* Towards the core the gateway must speak what is written there: SRTP or
 * plain RTP. (AVP and AVPF differ in feedback only.) */
static bool fit_for_core(struct ep_view gw_proto, struct ep_view out)
{
	return ep_mediate_proto_rtp(gw_proto)
		   && ep_mediate_proto_srtp(gw_proto) == ep_mediate_proto_srtp(out);
}

/* The transport that a section has where the result goes. */
static struct ep_view out_proto(
		const struct ep_mediate_plan *plan, const struct gw *gw, size_t i)
{
	if(!ep_mediate_case_offer(plan->kind) && plan->has_offer)
		return plan->offer.media[i].proto;
	if(plan->kind == EP_MEDIATE_W2C_OFFER
			&& (ep_view_eq(plan->in.media[i].kind, EP_LIT("audio"))
					|| ep_view_eq(plan->in.media[i].kind, EP_LIT("video"))))
		return ep_mediate_core_proto(plan);
	return gw->live[i] ? gw->sdp.media[i].proto : plan->in.media[i].proto;
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
	struct ep_sdp_attr a;
	char digits[20];
	struct ep_buf number;

	if(!ep_mediate_case_offer(plan->kind) && plan->has_offer
			&& plan->offer_features.sections[i].mid.len)
		return plan->offer_features.sections[i].mid;
	if(ep_sdp_attr_find(&a, &gw->sdp, i, EP_LIT("mid"), 0) != SIZE_MAX
			&& ep_view_trim(a.value).len)
		return ep_view_trim(a.value);
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
	bool to_core = ep_mediate_case_to_core(plan->kind);
	struct ep_view proto = out_proto(plan, gw, i);
	struct ep_view mid = ep_view_none();

	if(!to_core) {
		mid = out_mid(plan, gw, i);
		if(!mid.p)
			return EP_ENOMEM;
	}
	if(!gw->live[i])
		return ep_mediate_reject_plan(
				e, i, proto, out_rejected_fmts(plan, i), mid);
	enum ep_err err = ep_mediate_mline_plan(e, i, proto, &gw->codecs[i]);
	if(!err)
		err = ep_mediate_lines_plan(e, i, &gw->codecs[i]);
	if(!err && !to_core)
		err = mid_set(e, i, mid);
	return err;
}

/* a=group:BUNDLE with the one live section. A browser under max-bundle
 * refuses a description without it; with more live sections the gateway has a
 * port for each and there is no bundle. An answer has it only if the offer
 * had (RFC 9143 7.3). */
static enum ep_err bundle_set(struct ep_mediate_edit *e, const struct gw *gw)
{
	const struct ep_mediate_plan *plan = e->plan;

	if(ep_mediate_case_to_core(plan->kind) || gw->live_n != 1)
		return EP_OK;
	size_t i = 0;
	while(!gw->live[i])
		i++;
	if(!ep_mediate_case_offer(plan->kind)
			&& !(plan->has_offer && plan->offer_features.sections[i].bundled))
		return EP_OK;
	struct ep_view mid = out_mid(plan, gw, i);
	if(!mid.p)
		return EP_ENOMEM;
	const struct ep_view parts[] = {EP_LIT("BUNDLE "), mid};
	struct ep_view value = ep_arena_join(plan->arena, parts, 2);
	if(!value.p)
		return EP_ENOMEM;
	return ep_mediate_attr_plan(e, EP_SDP_SESSION, "group", value);
}

enum ep_mediate_cause ep_mediate_finish(struct ep_view *out,
		const struct ep_mediate_plan *plan, struct ep_view text)
{
	struct gw gw;
	enum ep_mediate_cause cause = gw_read(&gw, plan, text);
	if(cause)
		return cause;
	for(size_t i = 0; i < gw.sdp.media_n; i++) {
		if(!gw.live[i])
			continue;
		bool fit = ep_mediate_case_to_core(plan->kind)
						   ? fit_for_core(gw.sdp.media[i].proto,
								   out_proto(plan, &gw, i))
						   : fit_for_browser(plan, &gw.sdp, i);
		if(!fit)
			return EP_MEDIATE_EGATEWAY;
	}

	struct ep_mediate_edit e = {
			.plan = plan, .step = EP_MEDIATE_OUT, .sdp = &gw.sdp};
	enum ep_err err = ep_sdp_edits_init(&e.edits, &gw.sdp, plan->arena);
	if(!err)
		err = ep_mediate_lines_plan(&e, EP_SDP_SESSION, NULL);
	if(!err)
		err = bundle_set(&e, &gw);
	for(size_t i = 0; i < gw.sdp.media_n && !err; i++)
		err = out_section(&e, &gw, i);
	if(err)
		return err == EP_ENOMEM ? EP_MEDIATE_EINTERNAL : EP_MEDIATE_EGATEWAY;
	*out = ep_sdp_print_arena(&e.edits);
	return out->p ? EP_MEDIATE_OK : EP_MEDIATE_EINTERNAL;
}
