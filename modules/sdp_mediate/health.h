/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Inside the Iq process: is a media gateway in service, and what can it do.
 *
 * A ping a second, one in flight; two misses (unanswered pings, commands that
 * got no answer in all their time, a port that is refused for a while) without
 * any answer between them, and the node is out of service. What was not
 * answered while something else was is no miss (a ping asks, as soon as a
 * command has to be repeated): a gateway that chokes on one description is not
 * gone for all others. The first pong brings it back, by way of a question for
 * its capabilities; one that does not know them yet is asked again with each
 * pong.
 */
#ifndef EP_SDPM_HEALTH_H
#define EP_SDPM_HEALTH_H

#include <stdint.h>

#include "base/view.h"

/* What is due. Milliseconds until the next is, at most `max_ms`. */
int ep_health_step(int max_ms);

/* What others hear of a node. */
void ep_health_answered(int node);
/* Asked at `since_ms` (ep_now_ms()): to be repeated, or given up. */
void ep_health_suspect(int node, int64_t since_ms);
void ep_health_missed(int node, int64_t since_ms);
void ep_health_refused(int node);
/* A rtpengine-iq says so of its rtpengine. */
void ep_health_said(int node, bool in_service);

#endif
