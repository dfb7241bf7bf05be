/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What two patterns of ep_view_glob() have to do with each other, decided
 * exactly: over all octet strings, not over those that are there.
 */
#ifndef EP_TOKEN_GLOB_H
#define EP_TOKEN_GLOB_H

#include "base/view.h"

/* Is there a string that both match? Absent patterns match nothing. */
bool ep_glob_overlap(struct ep_view a, struct ep_view b);
/* Does `outer` match every string that `inner` matches? */
bool ep_glob_within(struct ep_view inner, struct ep_view outer);

#endif
