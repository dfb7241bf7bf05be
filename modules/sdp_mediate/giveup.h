/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What a transaction stands at when a held message goes on, and the end of a
 * call whose answer cannot go on: the callee has answered and must not be left
 * in a call, so it gets the ACK and the BYE (or the CANCEL) from here.
 */
#ifndef EP_SDPM_GIVEUP_H
#define EP_SDPM_GIVEUP_H

#include "sdp_mediate/holdtab.h"

/* mod_init. 0 or -1. */
int ep_giveup_init(void);

/* Has the other side had a refusal of this transaction already? */
bool ep_giveup_is_refused(const struct ep_hold *h);
/* Had it any final answer, or does tm not know it any more? */
bool ep_giveup_is_done(const struct ep_hold *h);

/* Of a 2xx to an INVITE, as it came: along its own Record-Route as far as it
 * is ours, or back on the connection of a page. */
void ep_giveup_ack(const struct ep_hold *h, const receive_info_t *rcv,
		struct ep_view reply);
void ep_giveup_bye(const struct ep_hold *h, const receive_info_t *rcv,
		struct ep_view reply, enum ep_mediate_cause cause);
/* One branch; it has answered with a 1xx. */
void ep_giveup_cancel(const struct ep_hold *h, uint32_t branch);

#endif
