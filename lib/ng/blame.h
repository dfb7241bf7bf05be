/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * An answer that is not `ok`: would another gateway do it? Neither ng nor
 * rtpengine has codes for that; what is known of their words is here.
 */
#ifndef EP_NG_BLAME_H
#define EP_NG_BLAME_H

#include "base/view.h"

enum ep_ng_blame
{
	EP_NG_BLAME_UNKNOWN,
	EP_NG_BLAME_GATEWAY, /* full, or out of service: another one may */
	EP_NG_BLAME_COMMAND  /* its session description: none will */
};

/* `result` and `error-reason` of the answer; either may be absent. */
enum ep_ng_blame ep_ng_blame_of(struct ep_view result, struct ep_view reason);

#endif
