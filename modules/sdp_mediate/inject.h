/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * A message that was held goes through Kamailio once more, in a core async
 * worker: receive_msg() with the copy, as if it had just come, but not for
 * event_route[core:pre-routing] again.
 *
 * What is printed or counted on reception (siptrace, sipdump) sees it twice.
 */
#ifndef EP_SDPM_INJECT_H
#define EP_SDPM_INJECT_H

#include "core/parser/msg_parser.h"
#include "sdp_mediate/holdtab.h"

/* To an async worker. False: they have no room now. */
bool ep_inject_push(void (*exec)(void *param), void *param);

/* What takes the place of the SDP of the message that goes on. */
struct ep_inject
{
	bool replaces; /* else the message goes on as it is */
	struct ep_view sdp;
	enum ep_mediate_cause cause;
};

/* In an async worker. The message goes all its way before this returns. */
void ep_inject_run(const receive_info_t *rcv, struct ep_view text,
		const struct ep_inject *with);
/* In the callbacks: is this the one that goes on? NULL: it came from outside.
 */
const struct ep_inject *ep_inject_of(const sip_msg_t *msg);

#endif
