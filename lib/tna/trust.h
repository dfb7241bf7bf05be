/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Headers that mean something only between nodes that trust each other
 * (TS 24.229 4.4), and what happens to each where the trust ends: one table,
 * in trust.c.
 */
#ifndef EP_TNA_TRUST_H
#define EP_TNA_TRUST_H

#include "base/hdredit.h"

/* Where a message is. */
enum ep_trust_way
{
	EP_TRUST_REGISTER = 1, /* REGISTER from the WIC */
	EP_TRUST_REQUEST = 2,  /* any other request from the WIC */
	EP_TRUST_REPLY = 4,    /* answer from the WIC */
	EP_TRUST_TO_WIC = 8    /* anything towards the WIC */
};

/* Deletes what the table says for this way. EP_OK or EP_ENOMEM. */
enum ep_err ep_trust_strip(
		struct ep_hdredits *l, const struct ep_msg *m, enum ep_trust_way way);
/* Is `name` in the table for this way? For tests and RPC. */
bool ep_trust_removes(struct ep_view name, enum ep_trust_way way);
/* Row `i` of the table; absent behind the last. */
struct ep_view ep_trust_name(size_t i, unsigned *ways);

#endif
