/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Is rtpengine there? Pings say so, and commands that nobody answers. While
 * it is not, commands are answered with an error at once; the first pong ends
 * that.
 */
#ifndef EP_IQ_SERVICE_H
#define EP_IQ_SERVICE_H

#include "iq.h"

int ep_service_init(struct ep_iq *iq);
void ep_service_fini(struct ep_iq *iq);

/* Unknown, before the first pong or the first loss, counts as up. */
bool ep_service_up(const struct ep_iq *iq);
/* ms since 1970 of the last change; 0: none yet. */
int64_t ep_service_since_ms(const struct ep_iq *iq);
/* The system said that nobody listens there. */
void ep_service_refused(struct ep_iq *iq);
/* Something came from rtpengine. */
void ep_service_heard(struct ep_iq *iq);
/* A command that was sent at `since_ms` (of the loop's clock) has to be
 * repeated: a ping goes out now unless something was heard meanwhile. */
void ep_service_suspect(struct ep_iq *iq, uint64_t since_ms);

#endif
