/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Trickle ICE in SIP (RFC 8840), which ends here: mediate/trickle.h. */
#ifndef EP_SDPM_TRICKLE_H
#define EP_SDPM_TRICKLE_H

#include "core/parser/msg_parser.h"
#include "mediate/trickle.h"

/* What sdp_mediate() says of an INFO that was taken: it goes nowhere, the
 * script answers 200. */
#define EP_TRICKLE_TAKEN 2

/* True: the message is such an INFO, and *cause is what came of it. */
bool ep_trickle_info(enum ep_mediate_cause *cause, sip_msg_t *msg,
		const struct ep_mediate_profile *profile, struct ep_arena *arena);

/* Takes what says "trickle ICE" out of the headers, and tells a WIC whether
 * it may send candidates. In main and reply routes only (what they change, is
 * changed in every branch). EP_OK or an error: do not send the message on. */
enum ep_err ep_trickle_headers(sip_msg_t *msg, enum ep_mediate_from from,
		const struct ep_mediate_profile *profile, struct ep_arena *arena);

#endif
