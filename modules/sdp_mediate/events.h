/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What media gateways tell (docs/iq-protocol.md): the Iq process subscribes,
 * takes each event once, and acknowledges it when an async worker has it;
 * there event_route[sdpm:media-event] runs, or the KEMI script's
 * event_callback.
 */
#ifndef EP_SDPM_EVENTS_H
#define EP_SDPM_EVENTS_H

#include "core/async_task.h"
#include "base/view.h"

#define EP_EVENTS_TTL_S 30

struct ep_event
{
	async_task_t task; /* first: the core frees the event by this address */
	int node;
	struct ep_view event; /* its name */
	struct ep_view callid;
	struct ep_view leg;
	struct ep_view tag;
	int media; /* 1: the first m= section; 0: not known */
	/* Of the dictionary: `key=value;key=value`. */
	struct ep_view detail;
	char text[];
};

/* In a route of ours: the event it runs for; else NULL. */
const struct ep_event *ep_event_current(void);

/* mod_init: `subscriber` is our name at the gateways, the same after every
 * restart; `callback` a function of the KEMI script. 0 or -1. */
int ep_events_init(struct ep_view subscriber, struct ep_view callback);

/* --- the Iq process's --- */

/* A request of a node. */
void ep_events_datagram(int node, struct ep_view datagram);
/* gateway-in-service, gateway-out-of-service, as we see it. */
void ep_events_gateway(int node, bool in_service);
/* Asks a rtpengine-iq for events, or goes on asking. */
void ep_events_subscribe(int node);

#endif
