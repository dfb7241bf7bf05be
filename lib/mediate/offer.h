/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * An offer (RFC 3264), from a WIC to the core or the other way.
 *
 * Sections that cannot pass (no video in the profile, data channels, media
 * that only a bundle carries) stay in their place with port 0.
 */
#ifndef EP_MEDIATE_OFFER_H
#define EP_MEDIATE_OFFER_H

#include "mediate/plan.h"

/* `sdp` and `*profile` must live as long as the plan; `caps` is what the
 * gateway of this call can do. A cause other than OK: nothing is to be sent,
 * neither to the gateway nor on. */
enum ep_mediate_cause ep_mediate_offer_plan(struct ep_mediate_plan *out,
		enum ep_mediate_from from, struct ep_view sdp,
		const struct ep_mediate_profile *profile,
		const struct ep_mediate_caps *caps, struct ep_arena *arena);

/* Is `later`, another offer of the same sender, one that an answer to `offer`
 * fits, too: with sections of the same number and kinds? Then it is what the
 * gateway is to have again (plan.h), for it says where the sender is now. */
bool ep_mediate_offer_follows(
		struct ep_view later, struct ep_view offer, struct ep_arena *arena);

#endif
