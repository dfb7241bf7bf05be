/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What happens to each SDP attribute between a WIC (W) and the core (C), in
 * each of the four cases. The table is in matrix.c; 3GPP TS 23.334 6.2.10.3,
 * 23.228 U.1.1 and TS 24.371 5A.4, 5D.4 are behind it.
 */
#ifndef EP_MEDIATE_MATRIX_H
#define EP_MEDIATE_MATRIX_H

#include "base/view.h"

enum ep_mediate_case
{
	EP_MEDIATE_W2C_OFFER,
	EP_MEDIATE_C2W_ANSWER,
	EP_MEDIATE_C2W_OFFER,
	EP_MEDIATE_W2C_ANSWER,
	EP_MEDIATE_CASE_N
};

/* Mediation has two steps: what the gateway is given (IN), and what is made
 * of what the gateway gives back (OUT). */
enum ep_mediate_step
{
	EP_MEDIATE_IN,
	EP_MEDIATE_OUT
};

enum ep_mediate_rule
{
	EP_MEDIATE_DROP,     /* goes, in both steps */
	EP_MEDIATE_KEEP,     /* passes from end to end */
	EP_MEDIATE_TO_AGW,   /* the gateway reads it, the far side never sees it */
	EP_MEDIATE_FROM_AGW, /* the sender's goes, the gateway's own stays */
	EP_MEDIATE_PT,       /* stays as long as its payload type does */
	EP_MEDIATE_FEEDBACK, /* as PT; with AVPF only, and served types only */
	EP_MEDIATE_SDES,     /* FROM_AGW, where the core's transport is SAVP(F) */
	/* Of header extensions the one with the section's name, TO_AGW and
	 * FROM_AGW, where the gateway takes bundles apart. */
	EP_MEDIATE_MIDEXT_TO_AGW,
	EP_MEDIATE_MIDEXT_FROM_AGW
};

/* Unknown attributes: DROP towards the core (nothing of WebRTC's that a later
 * browser invents may leak: 23.228 U.1.1), KEEP towards the browser (it must
 * ignore what it does not know: RFC 8866 5.13). */
enum ep_mediate_rule ep_mediate_matrix_get(
		enum ep_mediate_case c, struct ep_view attribute);

/* Does such an attribute survive the step? Where the rule asks for more, the
 * caller looks closer (lines.c). */
bool ep_mediate_rule_passes(
		enum ep_mediate_rule rule, enum ep_mediate_step step);

static inline bool ep_mediate_case_to_core(enum ep_mediate_case c)
{
	return c == EP_MEDIATE_W2C_OFFER || c == EP_MEDIATE_W2C_ANSWER;
}

static inline bool ep_mediate_case_offer(enum ep_mediate_case c)
{
	return c == EP_MEDIATE_W2C_OFFER || c == EP_MEDIATE_C2W_OFFER;
}

#endif
