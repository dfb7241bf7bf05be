/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What rtpengine is told about one mediation, for 10.5 up to 26: what a
 * version does not know is not said to it.
 */
#ifndef EP_MEDIATE_FLAGS_H
#define EP_MEDIATE_FLAGS_H

#include "mediate/plan.h"

/* Fills plan->command from what the other members say. */
void ep_mediate_flags_fill(struct ep_mediate_plan *plan);

#endif
