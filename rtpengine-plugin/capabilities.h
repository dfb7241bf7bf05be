/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What rtpengine-iq says of itself and of rtpengine: the command
 * `capabilities`, and which version rtpengine is.
 */
#ifndef EP_IQ_CAPABILITIES_H
#define EP_IQ_CAPABILITIES_H

#include "iq.h"
#include "north.h"

/* Call-IDs that begin so are nobody's call: the offer that finds out what
 * rtpengine can do (ng/probe.h), ours or another one's. */
#define EP_CAPABILITIES_PROBE "rtpengine-iq-probe-"

/* Sets iq->version as soon as it is known: from the configuration, or later,
 * by asking. 0, or -1. */
int ep_capabilities_init(struct ep_iq *iq);
void ep_capabilities_fini(struct ep_iq *iq);
/* Ask again: rtpengine may be another one now. */
void ep_capabilities_renew(struct ep_iq *iq);

/* As configured, or `14.0+`, or `unknown`. */
struct ep_view ep_capabilities_version(const struct ep_iq *iq);

/* The command `capabilities` (local.h). */
void ep_capabilities_answer(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out);

#endif
