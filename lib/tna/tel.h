/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Telephone numbers as a browser can read them: JsSIP drops a request whose
 * From is a tel URI. RFC 3261 19.1.6, RFC 3966.
 */
#ifndef EP_TNA_TEL_H
#define EP_TNA_TEL_H

#include "base/arena.h"
#include "base/view.h"

/* `sip:NUMBER[;PARAMS]@domain;user=phone`: the number without visual
 * separators, its parameters in lower case, isub or ext first, then
 * phone-context, then the others by name; what a user part may not hold is
 * escaped. Absent: `uri` is no tel URI, or there is no memory. */
struct ep_view ep_tel_to_sip(
		struct ep_view uri, struct ep_view domain, struct ep_arena *arena);
bool ep_tel_is(struct ep_view uri);

#endif
