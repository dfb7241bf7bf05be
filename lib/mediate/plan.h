/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * One mediation: an SDP arrives, the gateway (rtpengine) gets a version of
 * it with a command, and what the gateway returns becomes what is sent on.
 *
 *   cause = ep_mediate_offer_plan(&plan, …);   what to give to the gateway
 *   … plan.sdp, plan.command go to it, `gw` comes back (unless
 *     plan.gateway_idle: then plan.sdp is `gw`) …
 *   cause = ep_mediate_finish(&out, &plan, gw); what to send on
 *
 * A second answer to one offer that is not the first one again (early media
 * and then somebody else's, a fork): the gateway has forgotten by then what
 * the first did not take. It must have the offer (its plan.sdp and command)
 * once more, and what it says to that is dropped; then the answer.
 *
 * All of it lives in the arena and points into the texts that were given.
 * offer.h and answer.h begin a mediation; the end is the same for both.
 */
#ifndef EP_MEDIATE_PLAN_H
#define EP_MEDIATE_PLAN_H

#include "mediate/command.h"
#include "mediate/features.h"
#include "mediate/warning.h"

/* Who wrote the SDP that arrived. */
enum ep_mediate_from
{
	EP_MEDIATE_FROM_WIC,
	EP_MEDIATE_FROM_CORE
};

/* What the gateway calls that side in each command: `wic` or `core`. */
struct ep_view ep_mediate_side(enum ep_mediate_from from);

struct ep_mediate_plan
{
	/* For the glue. */
	struct ep_view sdp;                /* to the gateway, as offer or answer */
	struct ep_mediate_command command; /* the offer's or the answer's */
	unsigned warnings;                 /* bits, see warning.h */
	/* What the gateway calls the side that offered and the other one, in each
	 * of its commands: `wic` and `core`, not the tags of SIP. Whoever answers
	 * (a call may fork in the core, and every dialog has a tag of its own)
	 * stands for the core's one side; a tag that the gateway has not heard of
	 * would be a third side to it, with ports of its own. */
	struct ep_view from_tag;
	struct ep_view to_tag;
	/* An answer that refuses everything: the gateway has nothing to do with
	 * it (and newer ones take it for an error). `sdp` is for finish(). */
	bool gateway_idle;

	/* For ep_mediate_finish(). */
	enum ep_mediate_case kind;
	const struct ep_mediate_profile *profile;
	struct ep_mediate_caps caps;
	struct ep_arena *arena;
	struct ep_sdp in;
	struct ep_mediate_features features;
	bool *live; /* per section of `in`: does it pass? */
	/* An answer's offer, as its sender wrote it (before mediation). */
	bool has_offer;
	struct ep_sdp offer;
	struct ep_mediate_features offer_features;
};

/* What to send on, made of `gw`, the gateway's SDP. Towards the core nothing
 * of WebRTC is left in it; towards the browser every live section has what a
 * browser insists on. Sections are as many and in the same order as in the
 * SDP that arrived. EP_MEDIATE_EGATEWAY when `gw` does not allow that.
 * *out is arena memory. */
enum ep_mediate_cause ep_mediate_finish(struct ep_view *out,
		const struct ep_mediate_plan *plan, struct ep_view gw);

/* ---- inside lib/mediate ---- */

/* For offer.c and answer.c: the members that stay as they are given. */
void ep_mediate_plan_init(struct ep_mediate_plan *plan,
		enum ep_mediate_case kind, const struct ep_mediate_profile *profile,
		const struct ep_mediate_caps *caps, struct ep_arena *arena);
/* Reads what arrived: plan->in, plan->features. */
enum ep_mediate_cause ep_mediate_plan_read(
		struct ep_mediate_plan *plan, struct ep_view sdp);
/* Writes plan->sdp, command and warnings, from what the other members say. */
enum ep_mediate_cause ep_mediate_plan_write(struct ep_mediate_plan *plan);
/* RFC 3264 6: as many m= lines, each of the same kind? */
bool ep_mediate_sections_match(const struct ep_sdp *a, const struct ep_sdp *b);
/* ENOMEM, ESYNTAX, ERANGE of a parser as a cause. */
enum ep_mediate_cause ep_mediate_cause_of(enum ep_err err);

/* The transport that a live section has towards the core; absent when only
 * the gateway knows it (an answer whose offer is not at hand). */
struct ep_view ep_mediate_core_proto(
		const struct ep_mediate_plan *plan, size_t media);
/* Does feedback (AVPF) pass the core's side of a section? */
bool ep_mediate_feedback(const struct ep_mediate_plan *plan, size_t media);
/* Is there a live section with SRTP towards the core? */
bool ep_mediate_core_srtp(const struct ep_mediate_plan *plan);
/* Does the gateway put sections together, and take them apart, here? */
bool ep_mediate_bundles(const struct ep_mediate_plan *plan);

#endif
