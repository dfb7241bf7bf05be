/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Option tags (RFC 3261 19.2) of what mediation takes out of an SDP: towards
 * a browser nobody says `precondition` (RFC 3312 11) who has no a=curr left.
 */
#ifndef EP_MEDIATE_OPTION_H
#define EP_MEDIATE_OPTION_H

#include "base/buf.h"

/* The value of a Supported or Require header without them, written to `out`:
 * maybe empty, then the header goes. False: it has none, nothing is written. */
bool ep_mediate_options_strip(struct ep_buf *out, struct ep_view value);

#endif
