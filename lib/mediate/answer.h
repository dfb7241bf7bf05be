/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * An answer (RFC 3264), from the core to a WIC or the other way.
 *
 * The offer is the one its sender wrote, before mediation. With it the answer
 * gets the offer's transports, mids and (for the single accepted section) the
 * BUNDLE group, and what the offer's mediation rejected stays rejected.
 */
#ifndef EP_MEDIATE_ANSWER_H
#define EP_MEDIATE_ANSWER_H

#include "mediate/plan.h"

/* `from` wrote the answer. `offer` may be absent (an ACK has no transaction
 * to find it in): then the gateway's memory of it must do. An offer that
 * cannot be read counts as absent. All texts must live as long as the plan.
 *
 * An answer that rejects every section is a good answer: OK. */
enum ep_mediate_cause ep_mediate_answer_plan(struct ep_mediate_plan *out,
		enum ep_mediate_from from, struct ep_view sdp, struct ep_view offer,
		const struct ep_mediate_profile *profile,
		const struct ep_mediate_caps *caps, struct ep_arena *arena);

#endif
