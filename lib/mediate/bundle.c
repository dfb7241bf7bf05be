/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/section.h"

/* a=group:BUNDLE <mids> at session level, of those sections that `in` says;
 * EP_OK and no line when there is none. */
static enum ep_err group_plan(struct ep_mediate_edit *e, const bool *in,
		const struct ep_view *mids, size_t n)
{
	size_t len = sizeof "BUNDLE";
	size_t members = 0;
	struct ep_buf value;

	for(size_t i = 0; i < n; i++)
		len += in[i] ? mids[i].len + 1 : 0;
	char *p = ep_arena_get(e->plan->arena, len);
	if(!p)
		return EP_ENOMEM;
	ep_buf_init(&value, p, len);
	ep_buf_put_z(&value, "BUNDLE");
	for(size_t i = 0; i < n; i++) {
		if(!in[i])
			continue;
		ep_buf_put_chr(&value, ' ');
		ep_buf_put(&value, mids[i]);
		members++;
	}
	return members ? ep_mediate_attr_plan(
				   e, EP_SDP_SESSION, "group", ep_buf_view(&value))
				   : EP_OK;
}

bool ep_mediate_bundles(const struct ep_mediate_plan *plan)
{
	const struct ep_mediate_features *browser =
			ep_mediate_case_to_core(plan->kind) ? &plan->features
												: &plan->offer_features;

	if(!plan->caps.bundle || !plan->profile->bundle)
		return false;
	/* An offer to the browser; or an answer, when the browser's offer is not
	 * at hand: the gateway knows. */
	if(plan->kind == EP_MEDIATE_C2W_OFFER
			|| (plan->kind == EP_MEDIATE_C2W_ANSWER && !plan->has_offer))
		return true;
	size_t live_n = 0;
	for(size_t i = 0; i < plan->in.media_n; i++)
		live_n += plan->live[i];
	/* An answer of the browser's has the bundle that was offered to it. One
	 * section alone loses little, and rtpengine takes another one into its
	 * bundle only if there was one from the beginning. */
	bool any = !plan->profile->bundle_needed || browser->unclear
			   || plan->kind == EP_MEDIATE_W2C_ANSWER || live_n == 1;
	for(size_t i = 0; i < plan->in.media_n; i++)
		if(plan->live[i] && browser->sections[i].bundle
				&& (any || browser->sections[i].needs_bundle))
			return true;
	return false;
}

/* Of each of the browser's bundles what is live: a section that was rejected
 * is in none (RFC 9143 7.2.1). */
enum ep_err ep_mediate_bundle_in(struct ep_mediate_edit *e)
{
	const struct ep_mediate_plan *plan = e->plan;
	const struct ep_mediate_section *s = plan->features.sections;
	size_t n = plan->in.media_n;
	enum ep_err err = EP_OK;

	if(!ep_mediate_case_to_core(plan->kind) || !ep_mediate_bundles(plan))
		return EP_OK;
	bool *in = ep_arena_array(plan->arena, n + 1, sizeof *in);
	struct ep_view *mids = ep_arena_array(plan->arena, n + 1, sizeof *mids);
	if(!in || !mids)
		return EP_ENOMEM;
	for(size_t first = 0; first < n && !err; first++) {
		bool done = !s[first].bundle || !plan->live[first];
		for(size_t i = 0; i < first && !done; i++)
			done = plan->live[i] && s[i].bundle == s[first].bundle;
		if(done)
			continue;
		for(size_t i = 0; i < n; i++) {
			in[i] = plan->live[i] && s[i].bundle == s[first].bundle;
			mids[i] = s[i].mid;
		}
		err = group_plan(e, in, mids, n);
	}
	return err;
}

/* Is section `i` of the gateway's SDP in its (one) bundle? */
static bool gw_bundled(const struct ep_sdp *gw, size_t i)
{
	struct ep_sdp_attr a;
	struct ep_sdp_group g;

	struct ep_view mid = ep_mediate_mid_get(gw, i);
	return mid.p
		   && ep_sdp_attr_find(&a, gw, EP_SDP_SESSION, EP_LIT("group"), 0)
					  != SIZE_MAX
		   && ep_sdp_group_parse(&g, a.value)
		   && ep_view_eq(g.semantics, EP_LIT("BUNDLE"))
		   && ep_sdp_group_has(&g, mid);
}

/* Are two sections one transport? In an answer they have one port, and were
 * offered in one bundle (RFC 9143 7.3); in an offer they may have two (7.2). */
static bool same_bundle(const struct ep_mediate_edit *e, size_t i, size_t k)
{
	const struct ep_mediate_plan *plan = e->plan;
	const struct ep_mediate_section *s = plan->offer_features.sections;

	if(plan->kind == EP_MEDIATE_C2W_OFFER)
		return true;
	return e->sdp->media[i].port == e->sdp->media[k].port
		   && (!plan->has_offer || (s[i].bundle && s[i].bundle == s[k].bundle));
}

static size_t bundle_choose(
		bool *in, const struct ep_mediate_edit *e, const bool *live)
{
	size_t first = SIZE_MAX;
	size_t n = 0;

	for(size_t i = 0; i < e->sdp->media_n; i++) {
		if(!live[i] || !gw_bundled(e->sdp, i))
			continue;
		if(first == SIZE_MAX)
			first = i;
		in[i] = same_bundle(e, first, i);
		n += in[i];
	}
	return n;
}

/* Without a bundle of the gateway's: the one live section, or none. A browser
 * under max-bundle refuses a description without a group. With more of them the
 * gateway has a port for each, and a group of one beside others would do until
 * the browser makes an offer: Chromium then puts all into that group and
 * refuses an answer that leaves any of them out. (Where the browser's offer is
 * not at hand it had a group: all browsers write one.) */
static void single_choose(
		bool *in, const struct ep_mediate_plan *plan, const bool *live)
{
	size_t only = SIZE_MAX;

	for(size_t i = 0; i < plan->in.media_n; i++) {
		if(!live[i])
			continue;
		if(only != SIZE_MAX)
			return;
		only = i;
	}
	if(only != SIZE_MAX)
		in[only] =
				!plan->has_offer || plan->offer_features.sections[only].bundle;
}

enum ep_err ep_mediate_bundle_out(
		struct ep_mediate_edit *e, const bool *live, const struct ep_view *mids)
{
	const struct ep_mediate_plan *plan = e->plan;
	size_t n = e->sdp->media_n;

	if(ep_mediate_case_to_core(plan->kind))
		return EP_OK;
	bool *in = ep_arena_array(plan->arena, n + 1, sizeof *in);
	if(!in)
		return EP_ENOMEM;
	size_t bundled = ep_mediate_bundles(plan) ? bundle_choose(in, e, live) : 0;
	if(bundled == 0)
		single_choose(in, plan, live);
	for(size_t i = 0; i < n; i++) {
		size_t user = ep_mediate_carrier_find(plan, live, i);
		if(user != SIZE_MAX)
			in[i] = in[user] = true;
	}
	for(size_t i = 0; i < n && plan->has_offer; i++)
		if(live[i] && !in[i] && plan->offer_features.sections[i].needs_bundle)
			return EP_ESYNTAX;
	return group_plan(e, in, mids, n);
}
