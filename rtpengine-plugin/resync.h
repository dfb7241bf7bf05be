/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * After a start, and whenever rtpengine is back: which calls does it have?
 * `list` once, then `query` for those that are new to us, so many a second.
 */
#ifndef EP_IQ_RESYNC_H
#define EP_IQ_RESYNC_H

#include "calls.h"

int ep_resync_init(struct ep_iq *iq);
void ep_resync_fini(struct ep_iq *iq);
/* Begins anew when it runs already. */
void ep_resync_start(struct ep_iq *iq);
/* Is this call still there? Asked once; if not, it leaves the table. */
void ep_resync_call(struct ep_iq *iq, struct ep_call *call);
/* A call whose first offer was given up: deleted, now or when rtpengine is
 * back and has it. A new offer of the proxy makes it a call again. */
void ep_resync_orphan(
		struct ep_iq *iq, struct ep_view call_id, struct ep_view from_tag);
/* Was its last list whole: what is not in our table, is not in rtpengine? */
bool ep_resync_whole(const struct ep_iq *iq);
/* Done at least once since the start? */
bool ep_resync_done(const struct ep_iq *iq);

#endif
