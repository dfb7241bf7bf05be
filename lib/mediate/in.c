/* SPDX-License-Identifier: BSD-2-Clause */
/* What the gateway is given. */
#include "mediate/capneg.h"
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

struct ep_view ep_mediate_side(enum ep_mediate_from from)
{
	return from == EP_MEDIATE_FROM_WIC ? EP_LIT("wic") : EP_LIT("core");
}

void ep_mediate_plan_init(struct ep_mediate_plan *plan,
		enum ep_mediate_case kind, const struct ep_mediate_profile *profile,
		const struct ep_mediate_caps *caps, struct ep_arena *arena)
{
	memset(plan, 0, sizeof *plan);
	plan->kind = kind;
	plan->profile = profile;
	plan->caps = *caps;
	plan->arena = arena;
	bool of_core =
			kind == EP_MEDIATE_C2W_OFFER || kind == EP_MEDIATE_W2C_ANSWER;
	plan->from_tag = ep_mediate_side(
			of_core ? EP_MEDIATE_FROM_CORE : EP_MEDIATE_FROM_WIC);
	plan->to_tag = ep_mediate_side(
			of_core ? EP_MEDIATE_FROM_WIC : EP_MEDIATE_FROM_CORE);
}

enum ep_mediate_cause ep_mediate_plan_read(
		struct ep_mediate_plan *plan, struct ep_view sdp)
{
	bool unbundles = plan->caps.bundle && plan->profile->bundle;
	enum ep_err err = ep_sdp_parse(&plan->in, NULL, sdp, plan->arena);

	if(!err && !ep_mediate_form_check(&plan->in))
		err = EP_ESYNTAX;
	if(!err)
		err = ep_mediate_order_apply(&plan->in, plan->arena);
	if(!err)
		err = ep_mediate_features_get(&plan->features, &plan->in, plan->kind,
				plan->profile, unbundles, plan->arena);
	if(!err) {
		/* One more: an array of none would look like no memory. */
		plan->live = ep_arena_array(
				plan->arena, plan->in.media_n + 1, sizeof *plan->live);
		err = plan->live ? EP_OK : EP_ENOMEM;
	}
	return ep_mediate_cause_of(err);
}

/* What the core offers for a section; video with feedback where it can. */
static struct ep_view offered_proto(const struct ep_sdp *sdp, size_t media)
{
	const struct ep_sdp_media *m = &sdp->media[media];
	struct ep_mediate_capneg config;

	if(ep_view_eq(m->kind, EP_LIT("video"))
			&& ep_mediate_capneg_find(&config, sdp, media))
		return config.proto;
	return m->proto;
}

struct ep_view ep_mediate_core_proto(
		const struct ep_mediate_plan *plan, size_t media)
{
	static const struct ep_view rtp[] = {
			{"RTP/AVP", 7}, {"RTP/AVPF", 8}, {"RTP/SAVP", 8}, {"RTP/SAVPF", 9}};
	const struct ep_mediate_profile *p = plan->profile;

	if(plan->kind == EP_MEDIATE_W2C_OFFER) {
		bool video = ep_view_eq(plan->in.media[media].kind, EP_LIT("video"));
		return rtp[(p->avpf && video) + 2 * p->srtp];
	}
	if(plan->kind == EP_MEDIATE_C2W_ANSWER)
		return plan->in.media[media].proto;
	if(plan->kind == EP_MEDIATE_C2W_OFFER)
		return offered_proto(&plan->in, media);
	/* An answer has the transport of its offer (RFC 3264 6). */
	return plan->has_offer ? offered_proto(&plan->offer, media)
						   : ep_view_none();
}

bool ep_mediate_feedback(const struct ep_mediate_plan *plan, size_t media)
{
	/* At session level nobody knows for which section (RFC 4585 4.2). */
	return media != EP_SDP_SESSION
		   && ep_mediate_proto_feedback(ep_mediate_core_proto(plan, media));
}

bool ep_mediate_core_srtp(const struct ep_mediate_plan *plan)
{
	for(size_t i = 0; i < plan->in.media_n; i++)
		if(plan->live[i]
				&& ep_mediate_proto_srtp(ep_mediate_core_proto(plan, i)))
			return true;
	return false;
}

static enum ep_err in_section(struct ep_mediate_edit *e, size_t i)
{
	const struct ep_mediate_plan *plan = e->plan;
	const struct ep_sdp_media *m = &plan->in.media[i];
	const struct ep_mediate_section *s = &plan->features.sections[i];
	bool to_core = ep_mediate_case_to_core(plan->kind);

	if(!plan->live[i])
		return ep_mediate_reject_plan(
				e, i, m->proto, m->fmts, to_core ? s->mid : ep_view_none());
	enum ep_err err = ep_mediate_mline_plan(e, i,
			to_core ? EP_LIT("UDP/TLS/RTP/SAVPF")
					: ep_mediate_core_proto(plan, i),
			&s->codecs);
	if(!err)
		err = ep_mediate_lines_plan(e, i, &s->codecs);
	if(!err && to_core)
		err = ep_mediate_defaults_plan(e, i);
	return err ? err : ep_mediate_direction_plan(e, i);
}

static enum ep_err in_write(struct ep_mediate_plan *plan)
{
	struct ep_mediate_edit e = {
			.plan = plan, .step = EP_MEDIATE_IN, .sdp = &plan->in};
	enum ep_err err = ep_sdp_edits_init(&e.edits, &plan->in, plan->arena);

	if(!err)
		err = ep_mediate_lines_plan(&e, EP_SDP_SESSION, NULL);
	if(!err)
		err = ep_mediate_origin_plan(&e);
	if(!err && plan->gateway_idle)
		err = ep_mediate_addresses_hide(&e);
	if(!err)
		err = ep_mediate_bundle_in(&e);
	for(size_t i = 0; i < plan->in.media_n && !err; i++)
		err = in_section(&e, i);
	if(err)
		return err;
	plan->sdp = ep_sdp_print_arena(&e.edits);
	return plan->sdp.p ? EP_OK : EP_ENOMEM;
}

static void warn(struct ep_mediate_plan *plan, enum ep_mediate_warning w)
{
	plan->warnings |= ep_mediate_warning_bit(w);
}

/* AVPF alone asks for nothing (RFC 4585 4.2, RFC 5104 7.1). */
static bool keyframes_asked(const struct ep_mediate_plan *plan, size_t i)
{
	const struct ep_mediate_codecs *codecs = &plan->features.sections[i].codecs;
	struct ep_sdp_ptval v;
	struct ep_sdp_attr a;
	size_t at = 0;

	if(!ep_mediate_feedback(plan, i))
		return false;
	while((at = ep_sdp_attr_find(&a, &plan->in, i, EP_LIT("rtcp-fb"), at))
			!= SIZE_MAX) {
		at++;
		if(ep_sdp_ptval_parse(&v, a.value)
				&& (v.pt == EP_SDP_PT_ANY
						|| ep_mediate_codecs_has(codecs, v.pt))
				&& (ep_view_ieq(v.rest, EP_LIT("nack pli"))
						|| ep_view_ieq(v.rest, EP_LIT("ccm fir"))))
			return true;
	}
	return false;
}

static void warnings_find(struct ep_mediate_plan *plan)
{
	bool unbundles = plan->caps.bundle && plan->profile->bundle;

	if(plan->features.unbundled_n)
		warn(plan, EP_MEDIATE_WUNBUNDLE);
	if(plan->features.unclear && !unbundles)
		warn(plan, EP_MEDIATE_WUNCLEAR);
	for(size_t i = 0; i < plan->in.media_n; i++) {
		if(!plan->live[i])
			continue;
		if(plan->features.sections[i].fingerprints_more)
			warn(plan, EP_MEDIATE_WFINGERPRINT);
		if(ep_view_eq(plan->in.media[i].kind, EP_LIT("video"))
				&& ep_mediate_core_proto(plan, i).p
				&& !keyframes_asked(plan, i))
			warn(plan, EP_MEDIATE_WKEYFRAME);
	}
}

enum ep_mediate_cause ep_mediate_plan_write(struct ep_mediate_plan *plan)
{
	ep_mediate_flags_fill(plan);
	if(plan->command.overflow)
		return EP_MEDIATE_EINTERNAL;
	warnings_find(plan);
	plan->gateway_idle = !ep_mediate_case_offer(plan->kind);
	for(size_t i = 0; i < plan->in.media_n; i++)
		plan->gateway_idle &= !plan->live[i];
	return ep_mediate_cause_of(in_write(plan));
}
