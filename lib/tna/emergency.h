/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Which requests want emergency services: not for a WIC (TS 22.228), whoever
 * else is asked first. RFC 5031, RFC 3966, RFC 4967, TS 24.229 5.2.10.
 */
#ifndef EP_TNA_EMERGENCY_H
#define EP_TNA_EMERGENCY_H

#include "base/hdredit.h"
#include "tna/cfg.h"

/* Does `uri` name emergency services: `urn:service:sos` and what is below it,
 * or one of cfg's numbers, in any spelling (case, visual separators, escapes),
 * as a tel URI, as a sip URI with user=phone or user=dialstring, or as a user
 * of our home domain, or of ourselves. */
bool ep_emergency_uri(struct ep_view uri, const struct ep_tna_cfg *cfg);

/* Does any Refer-To of a REFER, with which a page lets somebody else call
 * (RFC 3515)? False for other messages. */
bool ep_emergency_refer(const struct ep_msg *m, const struct ep_tna_cfg *cfg);
/* Does a request that begins something: that, or its Request-URI. To does not
 * count. */
bool ep_emergency_request(const struct ep_msg *m, const struct ep_tna_cfg *cfg);

/* The body that goes with 380 (TS 24.229 7.6), application/3gpp-ims+xml.
 * Absent without memory. */
#define EP_EMERGENCY_TYPE "application/3gpp-ims+xml"
struct ep_view ep_emergency_body(struct ep_view reason, struct ep_arena *arena);

#endif
