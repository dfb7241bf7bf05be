/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Others that see a message before a script does: siptrace, which copies what
 * arrives, and the debug lines of the websocket module, which print it.
 */
#ifndef EP_WEBRTC_AUTH_LISTENERS_H
#define EP_WEBRTC_AUTH_LISTENERS_H

#include "core/events.h"

/* siptrace's callback on received data (modparam trace_mode): Kamailio has
 * one place for those, which guard.c holds. Nothing if siptrace is not there
 * or does not trace. */
void ep_listeners_trace(sr_event_param_t *evp);

/* In each child_init (debugger takes its turn in the first): no debug lines of
 * the websocket module, unless module debugger asks for them by name. */
void ep_listeners_quiet(void);

#endif
