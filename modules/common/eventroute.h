/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/** Event routes, or the callback of a KEMI script, without a SIP message. */
#ifndef EP_COMMON_EVENTROUTE_H
#define EP_COMMON_EVENTROUTE_H

#include "base/view.h"

/* Runs event_route[name] on a faked message, or else `callback` of the script
 * engine, which is told the name; nothing where there is neither. The process
 * has called faked_msg_init() before. */
void ep_event_route_run(const char *name, struct ep_view callback);

#endif
