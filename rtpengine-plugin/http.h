/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * HTTP, by libwebsockets in a thread of its own: its loop cannot be part of
 * ours in Debian's build. The thread asks, the loop answers; nothing of the
 * daemon is touched from there.
 *
 *   GET  /metrics, /healthz   where `http_listen` is configured
 *   POST any path             where `timeout_listen` is: rtpengine's b2b-url
 */
#ifndef EP_IQ_HTTP_H
#define EP_IQ_HTTP_H

#include "iq.h"

/* 0, or -1 with a line in the log. */
int ep_http_init(struct ep_iq *iq);
void ep_http_fini(struct ep_iq *iq);

#endif
