/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/answer.h"

static enum ep_mediate_cause offer_read(
		struct ep_mediate_plan *plan, struct ep_view offer)
{
	enum ep_mediate_case kind = plan->kind == EP_MEDIATE_C2W_ANSWER
										? EP_MEDIATE_W2C_OFFER
										: EP_MEDIATE_C2W_OFFER;

	if(!offer.p)
		return EP_MEDIATE_OK;
	enum ep_err err = ep_sdp_parse(&plan->offer, NULL, offer, plan->arena);
	if(!err)
		err = ep_mediate_features_get(&plan->offer_features, &plan->offer, kind,
				plan->profile, plan->caps.bundle && plan->profile->bundle,
				plan->arena);
	if(err == EP_ENOMEM)
		return EP_MEDIATE_EINTERNAL;
	if(err)
		return EP_MEDIATE_OK;
	plan->has_offer = true;
	return ep_mediate_sections_match(&plan->in, &plan->offer) ? EP_MEDIATE_OK
												   : EP_MEDIATE_EMISMATCH;
}

enum ep_mediate_cause ep_mediate_answer_plan(struct ep_mediate_plan *out,
		enum ep_mediate_from from, struct ep_view sdp, struct ep_view offer,
		const struct ep_mediate_profile *profile,
		const struct ep_mediate_caps *caps, struct ep_arena *arena)
{
	ep_mediate_plan_init(out,
			from == EP_MEDIATE_FROM_WIC ? EP_MEDIATE_W2C_ANSWER
										: EP_MEDIATE_C2W_ANSWER,
			profile, caps, arena);
	enum ep_mediate_cause cause = ep_mediate_plan_read(out, sdp);
	if(!cause)
		cause = offer_read(out, offer);
	if(cause)
		return cause;
	/* ENOMEDIA alone is an answer that says no; anything else is a fault. */
	if(out->features.cause && out->features.cause != EP_MEDIATE_ENOMEDIA)
		return out->features.cause;
	for(size_t i = 0; i < out->in.media_n; i++)
		out->live[i] = out->features.sections[i].verdict == EP_MEDIATE_OK
					   && (!out->has_offer
							   || out->offer_features.sections[i].verdict
										  == EP_MEDIATE_OK);
	return ep_mediate_plan_write(out);
}
