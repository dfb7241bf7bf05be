/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Trickled candidates for a gateway of asynchronous mode. Nobody waits. */
#ifndef EP_SDPM_FRAGMENT_H
#define EP_SDPM_FRAGMENT_H

#include "base/view.h"

/* The WIC's, of the leg of that name (legs.h) at `node`. False: no memory. */
bool ep_fragment_post(int node, struct ep_view name, struct ep_view fragment);

#endif
