/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What the service manager is told (systemd's sd_notify protocol): a datagram
 * to the socket that NOTIFY_SOCKET names. Without one, nothing.
 */
#ifndef EP_IQ_NOTIFY_H
#define EP_IQ_NOTIFY_H

#include "iq.h"

/* `READY=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=…`. */
void ep_notify(const char *state);
/* Says WATCHDOG=1 as often as the manager wants it; the timer is ours. */
void ep_notify_watchdog(struct ep_iq *iq);

#endif
