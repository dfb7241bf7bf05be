/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/answer.h"

/* RFC 3264 6: as many m= lines as the offer, each of the same kind. */
static bool sections_match(
		const struct ep_sdp *answer, const struct ep_sdp *offer)
{
	if(answer->media_n != offer->media_n)
		return false;
	for(size_t i = 0; i < answer->media_n; i++)
		if(!ep_view_eq(answer->media[i].kind, offer->media[i].kind))
			return false;
	return true;
}

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
				plan->profile, plan->arena);
	if(err == EP_ENOMEM)
		return EP_MEDIATE_EINTERNAL;
	if(err)
		return EP_MEDIATE_OK;
	plan->has_offer = true;
	return sections_match(&plan->in, &plan->offer) ? EP_MEDIATE_OK
												   : EP_MEDIATE_EMISMATCH;
}

enum ep_mediate_cause ep_mediate_answer_plan(struct ep_mediate_plan *out,
		enum ep_mediate_from from, struct ep_view sdp, struct ep_view offer,
		const struct ep_mediate_profile *profile, struct ep_arena *arena)
{
	memset(out, 0, sizeof *out);
	out->kind = from == EP_MEDIATE_FROM_WIC ? EP_MEDIATE_W2C_ANSWER
											: EP_MEDIATE_C2W_ANSWER;
	out->profile = profile;
	out->arena = arena;

	enum ep_err err = ep_sdp_parse(&out->in, NULL, sdp, arena);
	if(!err)
		err = ep_mediate_features_get(
				&out->features, &out->in, out->kind, profile, arena);
	if(err)
		return ep_mediate_cause_of(err);
	enum ep_mediate_cause cause = offer_read(out, offer);
	if(cause)
		return cause;
	/* ENOMEDIA alone is an answer that says no; anything else is a fault. */
	if(out->features.cause && out->features.cause != EP_MEDIATE_ENOMEDIA)
		return out->features.cause;

	out->live = ep_arena_array(arena, out->in.media_n + 1, sizeof *out->live);
	if(!out->live)
		return EP_MEDIATE_EINTERNAL;
	for(size_t i = 0; i < out->in.media_n; i++)
		out->live[i] = out->features.sections[i].verdict == EP_MEDIATE_OK
					   && (!out->has_offer
							   || out->offer_features.sections[i].verdict
										  == EP_MEDIATE_OK);
	return ep_mediate_plan_write(out);
}
