/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/offer.h"

enum ep_mediate_cause ep_mediate_offer_plan(struct ep_mediate_plan *out,
		enum ep_mediate_from from, struct ep_view sdp,
		const struct ep_mediate_profile *profile,
		const struct ep_mediate_caps *caps, struct ep_arena *arena)
{
	ep_mediate_plan_init(out,
			from == EP_MEDIATE_FROM_WIC ? EP_MEDIATE_W2C_OFFER
										: EP_MEDIATE_C2W_OFFER,
			profile, caps, arena);
	enum ep_mediate_cause cause = ep_mediate_plan_read(out, sdp);
	if(cause)
		return cause;
	if(out->features.cause)
		return out->features.cause;
	for(size_t i = 0; i < out->in.media_n; i++)
		out->live[i] = out->features.sections[i].verdict == EP_MEDIATE_OK;
	return ep_mediate_plan_write(out);
}

bool ep_mediate_sections_match(const struct ep_sdp *a, const struct ep_sdp *b)
{
	if(a->media_n != b->media_n)
		return false;
	for(size_t i = 0; i < a->media_n; i++)
		if(!ep_view_eq(a->media[i].kind, b->media[i].kind))
			return false;
	return true;
}

bool ep_mediate_offer_follows(
		struct ep_view later, struct ep_view offer, struct ep_arena *arena)
{
	struct ep_sdp a;
	struct ep_sdp b;

	return later.p && !ep_sdp_parse(&a, NULL, later, arena)
		   && !ep_sdp_parse(&b, NULL, offer, arena)
		   && ep_mediate_sections_match(&a, &b);
}
