/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Calls that media gateways are told to forget. Nobody waits for it. */
#ifndef EP_SDPM_DELETE_H
#define EP_SDPM_DELETE_H

#include "base/view.h"

/* Whole, with both its sides. `node` EP_NODE_NONE: whoever has it. False: no
 * memory. */
bool ep_delete_post(int node, struct ep_view name);

#endif
