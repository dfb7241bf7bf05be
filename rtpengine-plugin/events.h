/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What happened to a call's media or to the gateway, for subscribers.
 * docs/iq-protocol.md has the table of events with the source of each.
 */
#ifndef EP_IQ_EVENTS_H
#define EP_IQ_EVENTS_H

#include "iq.h"
#include "north.h"
#include "ng/message.h"

enum ep_event_kind
{
	EP_EVENT_ICE_CONNECTED,
	EP_EVENT_ICE_FAILED,
	EP_EVENT_DTLS_ESTABLISHED,
	EP_EVENT_DTLS_FAILED,
	EP_EVENT_MEDIA_STARTED,
	EP_EVENT_MEDIA_LOST,
	EP_EVENT_DTMF,
	EP_EVENT_GATEWAY_OUT_OF_SERVICE,
	EP_EVENT_GATEWAY_IN_SERVICE,
	EP_EVENT_N
};

#define EP_EVENT_DETAILS_MAX 4

struct ep_event_detail
{
	const char *key;
	struct ep_view str; /* absent: it is `num` */
	int64_t num;
};

struct ep_event
{
	enum ep_event_kind kind;
	struct ep_view call_id; /* absent: about the gateway */
	struct ep_view tag;     /* absent: not known, or about all of the call */
	unsigned media;         /* 1: the first m= section; 0: not known */
	struct ep_event_detail detail[EP_EVENT_DETAILS_MAX];
	size_t detail_n;
};

/* 0, or -1 without memory. */
int ep_events_init(struct ep_iq *iq);
void ep_events_fini(struct ep_iq *iq);

/* To every subscriber. Everything is copied. */
void ep_events_emit(struct ep_iq *iq, const struct ep_event *event);

/* An answer that came to a listening socket: to an event, if to anything. */
void ep_events_answered(struct ep_iq *iq, const struct ep_peer *from,
		const struct ep_ng_message *answer);

/* For capabilities and /metrics. */
const char *ep_event_name(enum ep_event_kind kind);
uint64_t ep_events_happened_n(const struct ep_iq *iq, enum ep_event_kind kind);
/* Those whose ttl runs. */
size_t ep_events_subscribers_n(const struct ep_iq *iq);
/* Events that subscribers have not acknowledged. */
uint64_t ep_events_waiting_n(const struct ep_iq *iq);

/* The commands `subscribe-events`, `unsubscribe-events` (local.h). */
void ep_events_subscribe(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out);
void ep_events_unsubscribe(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out);

#endif
