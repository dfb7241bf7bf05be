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
