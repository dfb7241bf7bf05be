/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What was held goes on: in the order of its lane, each with what its exchange
 * with the gateway came to.
 */
#ifndef EP_SDPM_RELEASE_H
#define EP_SDPM_RELEASE_H

#include "sdp_mediate/holdtab.h"

/* Locked. An entry with SDP, in its lane's queue from the same moment on, waits
 * for its turn with the gateway. */
void ep_release_line(struct ep_hold *h, struct ep_hold_entry *e);
/* Not locked. The gateway is asked about the next one, if no other is at it. An
 * answer that is there at once (a description that is none) counts like one
 * that comes. Takes no reference. */
void ep_release_ask(struct ep_hold *h);
/* From any process: what may go on, does so in an async worker. Takes the
 * caller's reference over. */
void ep_release_later(struct ep_hold *h);

#endif
