/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Polls rtpengine about the calls of the table (`query`, budgeted) and says
 * what changed.
 */
#ifndef EP_IQ_WATCH_H
#define EP_IQ_WATCH_H

#include "calls.h"
#include "iq.h"

/* 0, or -1 without memory. */
int ep_watch_init(struct ep_iq *iq);
/* The calls are still there: what hangs on call->watch is given back. */
void ep_watch_fini(struct ep_iq *iq);

/* A command for this call was answered with ok (or the call was found in
 * rtpengine after a start): call->state says how it stands. */
void ep_watch_call_changed(struct ep_iq *iq, struct ep_call *call);
/* The call leaves the table, and its memory, with this. */
void ep_watch_call_gone(struct ep_iq *iq, struct ep_call *call);
/* rtpengine said that it has ended this call, for silence. */
void ep_watch_call_ended(struct ep_iq *iq, struct ep_view call_id);
/* rtpengine went out of service, or is back. */
void ep_watch_service_changed(struct ep_iq *iq, bool up);

#endif
