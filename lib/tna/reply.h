/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Plan for the answer to a REGISTER on its way back to the WIC.
 * TS 24.229 5.2.2.1 (200 OK), TS 33.203 X.3.2.3 step 7; RFC 3608, RFC 7315.
 */
#ifndef EP_TNA_REPLY_H
#define EP_TNA_REPLY_H

#include "base/hdredit.h"
#include "tna/cause.h"
#include "tna/cfg.h"
#include "tna/contact.h"
#include "tna/identity.h"

/* What was remembered when the REGISTER went out. */
struct ep_tna_sent
{
	bool auth_done;                       /* scenarios 2 and 3 */
	struct ep_view impu;                  /* that was registered */
	const struct ep_tna_contact *contact; /* that was sent; NULL: none, '*' */
	uint64_t token_end_s;                 /* UINT64_MAX: no end (scenario 1) */
};

struct ep_tna_reply
{
	struct ep_hdredits edits; /* towards the WIC */
	unsigned status;
	/* the rest is for a 200 only */
	struct ep_impus impus;         /* P-Associated-URI in order, sip and tel,
									  or the one IMPU */
	struct ep_impus wildcards;     /* its wildcarded members */
	struct ep_impus service_route; /* whole elements: `<sip:...;lr>` */
	struct ep_view charging; /* P-Charging-Function-Addresses, all lines in
								one value; or absent */
	struct ep_view term_ioi; /* of P-Charging-Vector, unquoted; or absent */
	uint32_t expires_s;      /* 0: nothing is registered any more */
};

/* TOKEN_ENDING: a 423 that asks for more than the token has left; with these
 * edits (a Bearer challenge among them) it is to go on as a 401.
 * Causes: INTERNAL, CORE_MALFORMED (a 200 whose lists do not parse), METHOD
 * (not an answer to REGISTER), CORE_CHALLENGED; edits are not for use then.
 * Every other status is EP_TNA_OK with edits that clean it; `ik` and `ck` are
 * taken out of WWW-Authenticate (TS 24.229 7.2A.1). */
enum ep_tna_cause ep_tna_reply_plan(struct ep_tna_reply *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_sent *sent, uint64_t now_s, struct ep_arena *arena);

#endif
