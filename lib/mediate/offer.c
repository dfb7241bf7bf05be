/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/offer.h"

enum ep_mediate_cause ep_mediate_offer_plan(struct ep_mediate_plan *out,
		enum ep_mediate_from from, struct ep_view sdp,
		const struct ep_mediate_profile *profile, struct ep_arena *arena)
{
	memset(out, 0, sizeof *out);
	out->kind = from == EP_MEDIATE_FROM_WIC ? EP_MEDIATE_W2C_OFFER
											: EP_MEDIATE_C2W_OFFER;
	out->profile = profile;
	out->arena = arena;

	enum ep_err err = ep_sdp_parse(&out->in, NULL, sdp, arena);
	if(!err)
		err = ep_mediate_features_get(
				&out->features, &out->in, out->kind, profile, arena);
	if(err)
		return ep_mediate_cause_of(err);
	if(out->features.cause)
		return out->features.cause;

	out->live = ep_arena_array(arena, out->in.media_n, sizeof *out->live);
	if(!out->live)
		return EP_MEDIATE_EINTERNAL;
	for(size_t i = 0; i < out->in.media_n; i++)
		out->live[i] = out->features.sections[i].verdict == EP_MEDIATE_OK;
	return ep_mediate_plan_write(out);
}
