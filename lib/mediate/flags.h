/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What rtpengine is told, in the notation of Kamailio's rtpengine module
 * (words separated by SP). Chosen for rtpengine 10.5 to 12.5.
 */
#ifndef EP_MEDIATE_FLAGS_H
#define EP_MEDIATE_FLAGS_H

#include "base/buf.h"
#include "mediate/plan.h"

#define EP_MEDIATE_FLAGS_MAX 512

/* Nothing but tokens; sets out->overflow when there is no room. */
void ep_mediate_flags_print(
		struct ep_buf *out, const struct ep_mediate_plan *plan);

#endif
