/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Commands that are answered here and not by rtpengine: one table (local.c).
 */
#ifndef EP_IQ_LOCAL_H
#define EP_IQ_LOCAL_H

#include "north.h"

/* Puts the pairs of the answer, `result` among them; the dictionary is open
 * and is closed and sent behind it. An event can go out meanwhile. */
typedef void (*ep_local_f)(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out);

/* NULL: it is rtpengine's. */
ep_local_f ep_local_find(struct ep_view command);

#endif
