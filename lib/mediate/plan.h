/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * One mediation: an SDP arrives, the gateway (rtpengine) gets a version of
 * it with flags, and what the gateway returns becomes what is sent on.
 *
 *   cause = ep_mediate_offer_plan(&plan, …);   what to give to the gateway
 *   … plan.sdp, plan.flags go to it, `gw` comes back …
 *   cause = ep_mediate_finish(&out, &plan, gw); what to send on
 *
 * All of it lives in the arena and points into the texts that were given.
 * offer.h and answer.h begin a mediation; the end is the same for both.
 */
#ifndef EP_MEDIATE_PLAN_H
#define EP_MEDIATE_PLAN_H

#include "mediate/features.h"

/* Who wrote the SDP that arrived. */
enum ep_mediate_from
{
	EP_MEDIATE_FROM_WIC,
	EP_MEDIATE_FROM_CORE
};

struct ep_mediate_plan
{
	/* For the glue. */
	struct ep_view sdp;   /* to the gateway, as offer or as answer */
	struct ep_view flags; /* in the notation of Kamailio's rtpengine module */

	/* For ep_mediate_finish(). */
	enum ep_mediate_case kind;
	const struct ep_mediate_profile *profile;
	struct ep_arena *arena;
	struct ep_sdp in;
	struct ep_mediate_features features;
	bool *live; /* per section of `in`: does it pass? */
	/* An answer's offer, as its sender wrote it (before mediation). */
	bool has_offer;
	struct ep_sdp offer;
	struct ep_mediate_features offer_features;
};

/* The transport that live sections have towards the core. */
struct ep_view ep_mediate_core_proto(const struct ep_mediate_plan *plan);

/* What to send on, made of `gw`, the gateway's SDP. Towards the core nothing
 * of WebRTC is left in it; towards the browser every live section has what a
 * browser insists on. Sections are as many and in the same order as in the
 * SDP that arrived. EP_MEDIATE_EGATEWAY when `gw` does not allow that.
 * *out is arena memory. */
enum ep_mediate_cause ep_mediate_finish(struct ep_view *out,
		const struct ep_mediate_plan *plan, struct ep_view gw);

/* For offer.c and answer.c: writes plan->sdp and plan->flags, from what the
 * other members say. */
enum ep_mediate_cause ep_mediate_plan_write(struct ep_mediate_plan *plan);
/* ENOMEM, ESYNTAX, ERANGE of a parser as a cause. */
enum ep_mediate_cause ep_mediate_cause_of(enum ep_err err);

#endif
