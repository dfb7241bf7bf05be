/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/*
 * One ring holds the latest events, numbered 1, 2, 3 … since the start. A
 * subscriber is a place in it: what it has acknowledged. So a slow one costs
 * nothing, and what the ring has passed by is lost to it, counted, and to be
 * seen in the numbers. One event at a time is under way to a subscriber: the
 * order holds whatever the network does.
 */
#include "events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "log.h"
#include "service.h"

#define NAME_MAX_LEN 128
#define TTL_DEFAULT_s 60
#define COOKIE_LEN 64

struct stored
{
	uint64_t seq;
	int64_t time_ms;
	size_t len;
	char text[]; /* the pairs of the event, in bencode */
};

struct subscriber
{
	struct ep_iq *iq;
	struct subscriber *next;
	struct ep_loop_timer timer; /* to send again */
	struct ep_loop_timer ttl;
	struct ep_peer peer;
	uint64_t acked; /* everything up to this arrived */
	uint64_t sent;  /* under way: acked + 1 or, behind a gap, more; 0: none */
	unsigned tries;
	bool lost; /* its ttl is over: it is remembered, and nothing is sent */
	size_t name_len;
	char name[NAME_MAX_LEN];
};

struct ep_events
{
	struct stored **ring; /* of events_max; seq % events_max */
	uint64_t seq;         /* the last number given out */
	struct subscriber *subscribers;
	size_t n;
	uint64_t happened[EP_EVENT_N];
	char out[8192];
};

static const char *const names[EP_EVENT_N] = {
		[EP_EVENT_ICE_CONNECTED] = "ice-connected",
		[EP_EVENT_ICE_FAILED] = "ice-failed",
		[EP_EVENT_DTLS_ESTABLISHED] = "dtls-established",
		[EP_EVENT_DTLS_FAILED] = "dtls-failed",
		[EP_EVENT_MEDIA_STARTED] = "media-started",
		[EP_EVENT_MEDIA_LOST] = "media-lost",
		[EP_EVENT_DTMF] = "dtmf",
		[EP_EVENT_GATEWAY_OUT_OF_SERVICE] = "gateway-out-of-service",
		[EP_EVENT_GATEWAY_IN_SERVICE] = "gateway-in-service",
};

const char *ep_event_name(enum ep_event_kind kind)
{
	return names[kind];
}

/* ---- the ring ---- */

static struct stored **slot(const struct ep_iq *iq, uint64_t seq)
{
	return &iq->events->ring[seq % iq->conf->events_max];
}

/* The first number that is there, from `seq` on; 0: none. */
static uint64_t ring_next(const struct ep_iq *iq, uint64_t seq)
{
	const struct ep_events *e = iq->events;
	uint64_t oldest = e->seq > iq->conf->events_max
							  ? e->seq - iq->conf->events_max + 1
							  : 1;

	for(seq = seq < oldest ? oldest : seq; seq <= e->seq; seq++) {
		const struct stored *s = *slot(iq, seq);
		if(s && s->seq == seq)
			return seq;
	}
	return 0;
}

static void pairs_put(struct ep_buf *b, const struct ep_event *event)
{
	ep_ng_put_pair(b, "event", ep_view_z(names[event->kind]));
	ep_ng_put_pair(b, "call-id", event->call_id);
	ep_ng_put_pair(b, "tag", event->tag);
	if(event->media)
		ep_ng_put_pair_int(b, "media", event->media);
	if(!event->detail_n)
		return;
	ep_ng_put_key(b, "detail");
	ep_ng_dict_open(b);
	for(size_t i = 0; i < event->detail_n; i++) {
		const struct ep_event_detail *d = event->detail + i;
		if(d->str.p)
			ep_ng_put_pair(b, d->key, d->str);
		else
			ep_ng_put_pair_int(b, d->key, d->num);
	}
	ep_ng_close(b);
}

static struct stored *stored_new(struct ep_iq *iq, const struct ep_event *event)
{
	struct ep_buf b;
	struct stored *s;

	ep_buf_init(&b, iq->events->out, sizeof iq->events->out - 512);
	pairs_put(&b, event);
	s = b.overflow ? NULL : malloc(sizeof *s + b.len);
	if(!s)
		return NULL;
	s->time_ms = ep_loop_wall_ms();
	s->len = b.len;
	memcpy(s->text, b.p, b.len);
	return s;
}

/* ---- sending ---- */

/* 0.25, 0.5, 1, 2, 4, 4 … s */
static uint64_t back_off_ms(unsigned tries)
{
	return tries < 5 ? 125u << tries : 4000;
}

static void send_one(struct subscriber *sub)
{
	struct ep_iq *iq = sub->iq;
	const struct stored *s = *slot(iq, sub->sent);
	char cookie[COOKIE_LEN], epoch[24];
	struct ep_buf b;

	snprintf(cookie, sizeof cookie, "ev%" PRIx64 "-%" PRIu64, iq->epoch,
			sub->sent);
	snprintf(epoch, sizeof epoch, "%" PRIu64, iq->epoch);
	ep_buf_init(&b, iq->events->out, sizeof iq->events->out);
	ep_ng_message_open(&b, ep_view_z(cookie));
	ep_ng_put_pair(&b, "command", EP_LIT("event"));
	ep_ng_put_pair(&b, "subscriber", ep_view_of(sub->name, sub->name_len));
	ep_ng_put_pair(&b, "epoch", ep_view_z(epoch));
	ep_ng_put_pair_int(&b, "seq", (int64_t)s->seq);
	ep_ng_put_pair_int(&b, "time", s->time_ms);
	ep_buf_put(&b, ep_view_of(s->text, s->len));
	ep_ng_close(&b);
	if(!b.overflow)
		ep_north_send(iq, &sub->peer, ep_buf_view(&b));
	if(sub->tries++)
		ep_stat_inc(iq, events_repeated);
	ep_stat_inc(iq, events_sent);
	ep_loop_timer_set(iq->loop, &sub->timer, back_off_ms(sub->tries));
}

/* What comes next, if nothing is under way. */
static void go_on(struct subscriber *sub)
{
	if(sub->sent || sub->lost)
		return;
	uint64_t next = ring_next(sub->iq, sub->acked + 1);
	if(!next)
		return;
	sub->iq->stats.n[EP_STAT_events_lost] += next - sub->acked - 1;
	sub->acked = next - 1;
	sub->sent = next;
	sub->tries = 0;
	send_one(sub);
}

static void again_due(void *ctx)
{
	struct subscriber *sub = ctx;
	struct stored *s = *slot(sub->iq, sub->sent);

	if(s && s->seq == sub->sent) {
		send_one(sub);
		return;
	}
	/* The ring has passed it by. */
	sub->sent = 0;
	go_on(sub);
}

static void acked_to(struct subscriber *sub, uint64_t seq)
{
	if(seq > sub->acked && seq <= sub->iq->events->seq)
		sub->acked = seq;
	if(sub->sent && sub->acked >= sub->sent) {
		sub->sent = 0;
		ep_loop_timer_stop(sub->iq->loop, &sub->timer);
	}
}

void ep_events_emit(struct ep_iq *iq, const struct ep_event *event)
{
	struct ep_events *e = iq->events;
	struct stored *s = stored_new(iq, event), **at;

	ep_stat_inc(iq, events);
	e->happened[event->kind]++;
	/* Without memory its number is given out all the same: a gap. */
	e->seq++;
	if(!s)
		ep_stat_inc(iq, out_of_memory);
	else
		s->seq = e->seq;
	at = slot(iq, e->seq);
	free(*at);
	*at = s;
	for(struct subscriber *sub = e->subscribers; sub; sub = sub->next)
		go_on(sub);
}

/* ---- subscribers ---- */

static struct subscriber *find(const struct ep_iq *iq, struct ep_view name)
{
	struct subscriber *sub = iq->events->subscribers;

	while(sub && !ep_view_eq(ep_view_of(sub->name, sub->name_len), name))
		sub = sub->next;
	return sub;
}

static void subscriber_free(struct subscriber *sub)
{
	struct ep_events *e = sub->iq->events;
	struct subscriber **at = &e->subscribers;

	while(*at != sub)
		at = &(*at)->next;
	*at = sub->next;
	e->n--;
	ep_loop_timer_stop(sub->iq->loop, &sub->timer);
	ep_loop_timer_stop(sub->iq->loop, &sub->ttl);
	free(sub);
}

static void ttl_due(void *ctx)
{
	struct subscriber *sub = ctx;

	ep_log(EP_LOG_NOTICE, "subscriber %.*s is gone", (int)sub->name_len,
			sub->name);
	/* Its place is kept while nobody else wants the room. */
	sub->lost = true;
	sub->sent = 0;
	ep_loop_timer_stop(sub->iq->loop, &sub->timer);
}

static struct subscriber *room_make(struct ep_iq *iq)
{
	struct subscriber *sub;

	if(iq->events->n >= iq->conf->subscribers_max) {
		for(sub = iq->events->subscribers; sub && !sub->lost; sub = sub->next)
			;
		if(!sub)
			return NULL;
		subscriber_free(sub);
	}
	sub = calloc(1, sizeof *sub);
	if(!sub)
		return NULL;
	sub->iq = iq;
	ep_loop_timer_init(&sub->timer, again_due, sub);
	ep_loop_timer_init(&sub->ttl, ttl_due, sub);
	sub->next = iq->events->subscribers;
	iq->events->subscribers = sub;
	iq->events->n++;
	return sub;
}

static bool name_ok(struct ep_view name)
{
	return name.len && name.len <= NAME_MAX_LEN
		   && ep_view_only(name, ".-_:@/[]");
}

static void refuse(struct ep_buf *out, const char *reason)
{
	ep_ng_put_pair(out, "error-reason", ep_view_z(reason));
	ep_ng_put_pair(out, "result", EP_LIT("error"));
}

/* What it says it has, if that is of this epoch. */
static uint64_t had(const struct ep_iq *iq, const struct ep_ng_val *dict)
{
	if((uint64_t)ep_ng_get_int(dict, EP_LIT("epoch"), 0) != iq->epoch)
		return 0;
	int64_t seq = ep_ng_get_int(dict, EP_LIT("seq"), 0);
	return seq > 0 && (uint64_t)seq <= iq->events->seq ? (uint64_t)seq : 0;
}

static unsigned ttl_of(const struct ep_iq *iq, const struct ep_ng_val *dict)
{
	int64_t ttl = ep_ng_get_int(dict, EP_LIT("ttl"), TTL_DEFAULT_s);

	if(ttl < 1)
		ttl = 1;
	return ttl < iq->conf->subscriber_ttl_max_s
				   ? (unsigned)ttl
				   : iq->conf->subscriber_ttl_max_s;
}

static void answer_put(const struct ep_iq *iq, struct ep_buf *out, unsigned ttl)
{
	char epoch[24];

	snprintf(epoch, sizeof epoch, "%" PRIu64, iq->epoch);
	ep_ng_put_pair(out, "epoch", ep_view_z(epoch));
	ep_ng_put_pair_int(out, "in-service", ep_service_up(iq));
	ep_ng_put_pair(out, "result", EP_LIT("ok"));
	ep_ng_put_pair_int(out, "seq", (int64_t)iq->events->seq);
	ep_ng_put_pair_int(out, "ttl", ttl);
}

void ep_events_subscribe(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out)
{
	const struct ep_ng_val *dict = req->msg->dict;
	struct ep_view name = ep_ng_get_str(dict, EP_LIT("subscriber"));
	uint64_t known = had(iq, dict);

	if(!name_ok(name)) {
		refuse(out, "no name of 1 to 128 letters, digits and . - _ : @ / [ ]");
		return;
	}
	struct subscriber *sub = find(iq, name);
	bool is_new = !sub;
	if(!sub)
		sub = room_make(iq);
	if(!sub) {
		refuse(out, "too many subscribers");
		return;
	}
	if(is_new) {
		memcpy(sub->name, name.p, name.len);
		sub->name_len = name.len;
		/* It begins with what happens from now on, or where it stood. */
		sub->acked = known ? known : iq->events->seq;
		ep_log(EP_LOG_NOTICE, "subscriber %.*s", EP_FMT(name));
	}
	bool moved = !is_new && !ep_peer_eq(&sub->peer, &req->from);
	sub->peer = req->from;
	sub->lost = false;
	acked_to(sub, known);
	if(moved && sub->sent) {
		/* What is under way went to where it was. */
		sub->sent = 0;
		ep_loop_timer_stop(iq->loop, &sub->timer);
	}
	unsigned ttl = ttl_of(iq, dict);
	ep_loop_timer_set(iq->loop, &sub->ttl, (uint64_t)ttl * 1000);
	answer_put(iq, out, ttl);
	/* Behind the answer: the subscriber knows the epoch by then. */
	if(!sub->sent)
		ep_loop_timer_set(iq->loop, &sub->timer, 0);
}

void ep_events_unsubscribe(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out)
{
	struct subscriber *sub =
			find(iq, ep_ng_get_str(req->msg->dict, EP_LIT("subscriber")));

	if(sub)
		subscriber_free(sub);
	ep_ng_put_pair(out, "result", EP_LIT("ok"));
}

/* The cookie names the event; which of the subscribers it is says the
 * address. */
void ep_events_answered(struct ep_iq *iq, const struct ep_peer *from,
		const struct ep_ng_message *answer)
{
	char cookie[COOKIE_LEN];

	if(!ep_view_eq(answer->result, EP_LIT("ok")))
		return;
	for(struct subscriber *sub = iq->events->subscribers; sub;
			sub = sub->next) {
		if(!sub->sent || !ep_peer_eq(&sub->peer, from))
			continue;
		snprintf(cookie, sizeof cookie, "ev%" PRIx64 "-%" PRIu64, iq->epoch,
				sub->sent);
		if(!ep_view_eq(answer->cookie, ep_view_z(cookie)))
			continue;
		ep_stat_inc(iq, events_acknowledged);
		acked_to(sub, sub->sent);
		go_on(sub);
	}
}

uint64_t ep_events_happened_n(const struct ep_iq *iq, enum ep_event_kind kind)
{
	return iq->events->happened[kind];
}

size_t ep_events_subscribers_n(const struct ep_iq *iq)
{
	size_t n = 0;

	for(const struct subscriber *sub = iq->events->subscribers; sub;
			sub = sub->next)
		n += !sub->lost;
	return n;
}

uint64_t ep_events_waiting_n(const struct ep_iq *iq)
{
	uint64_t n = 0;

	for(const struct subscriber *sub = iq->events->subscribers; sub;
			sub = sub->next)
		n += sub->lost ? 0 : iq->events->seq - sub->acked;
	return n;
}

int ep_events_init(struct ep_iq *iq)
{
	iq->events = calloc(1, sizeof *iq->events);
	if(!iq->events)
		return -1;
	iq->events->ring = calloc(iq->conf->events_max, sizeof(struct stored *));
	return iq->events->ring ? 0 : -1;
}

void ep_events_fini(struct ep_iq *iq)
{
	if(!iq->events)
		return;
	while(iq->events->subscribers)
		subscriber_free(iq->events->subscribers);
	for(size_t i = 0; iq->events->ring && i < iq->conf->events_max; i++)
		free(iq->events->ring[i]);
	free(iq->events->ring);
	free(iq->events);
	iq->events = NULL;
}
