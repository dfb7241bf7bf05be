/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Trickle ICE (RFC 8840) is between a WIC and the eIMS-AGW, like ICE itself.
 * Nothing of it passes the eP-CSCF: no option tag, no Info Package, no INFO.
 *
 *   INFO from a WIC   taken here, whatever the gateway can do with it
 *   INFO from the core  469: no page is told of candidates but the gateway's
 */
#ifndef EP_MEDIATE_TRICKLE_H
#define EP_MEDIATE_TRICKLE_H

#include "base/hdredit.h"
#include "mediate/caps.h"
#include "mediate/cause.h"
#include "mediate/plan.h"

/* An INFO of the package trickle-ice, or with its body under another name. */
bool ep_mediate_trickle_is(const struct ep_msg *m);

/* What such an INFO of a WIC, or of the core, brings. EP_MEDIATE_OK: *out is
 * the fragment for the gateway, in arena memory; absent when there is nothing
 * to tell it (it cannot use fragments, or only names that nobody here
 * resolves are in it): it learns peer-reflexive candidates from the checks
 * that the browser sends.
 * EP_MEDIATE_EFRAGMENT: no fragment. EP_MEDIATE_EPACKAGE: from the core. */
enum ep_mediate_cause ep_mediate_trickle_plan(struct ep_view *out,
		const struct ep_msg *m, enum ep_mediate_from from,
		const struct ep_mediate_caps *caps, struct ep_arena *arena);

/* Edits that take `trickle-ice` out of Supported, Require, Recv-Info and
 * Proxy-Require, and `precondition` out of what the core sends without a body
 * (an INVITE without an offer; else option.h). With `announce`, an INVITE from the core and an answer of its
 * side (101 to 299 to INVITE) tell the WIC that it may trickle. EP_OK,
 * EP_ENOMEM or EP_ESYNTAX. */
enum ep_err ep_mediate_trickle_headers(struct ep_hdredits *out,
		const struct ep_msg *m, enum ep_mediate_from from, bool announce);

#endif
