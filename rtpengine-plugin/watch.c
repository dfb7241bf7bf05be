/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/*
 * When is a call asked about? Every call has a timer (of one that was never
 * answered nothing is told: it is asked now and then whether it is still
 * there); when it is due the call queues, and the budget empties the queue:
 * those in which something is awaited (FRESH) before the others, which still
 * get one query in four. Over the budget every call is asked less often;
 * nothing is lost, it is told later.
 */
#include "watch.h"

#include <stdlib.h>
#include "capabilities.h"
#include "events.h"
#include "log.h"
#include "ng/watch.h"
#include "service.h"
#include "south.h"

#define MEDIAS_N 16 /* of a call, both sides; more are not watched */
#define FRESH_ms 200
#define ROUND_ms 50 /* waking up costs more than what is done then */
#define INFLIGHT_N 128
#define UNANSWERED_times 3 /* media_lost_ms */
#define ARENA_N ((EP_NG_MEDIAS_MAX + 16) * sizeof(struct ep_ng_media) + 64)

enum queue
{
	FRESH,
	SETTLED,
	QUEUES_N
};

struct section
{
	unsigned tag; /* in call->tags */
	unsigned index;
	struct ep_ng_watched state;
};

struct watched
{
	struct ep_iq *iq;
	struct ep_call *call; /* NULL: it left, a query is still under way */
	struct ep_loop_timer timer;
	struct watched *next;
	uint64_t answered_ms;
	uint64_t unknown_ms; /* rtpengine said so first; 0: it did not */
	unsigned waits;      /* since it changed */
	bool queued, asking;
	bool quiet;   /* it was there before us */
	bool fresh;   /* something is awaited */
	bool suspect; /* not asked since rtpengine came back */
	size_t section_n;
	struct section sections[MEDIAS_N];
};

struct ep_watch
{
	struct
	{
		struct watched *first, *last;
	} queue[QUEUES_N];
	struct ep_loop_timer round;
	uint64_t paid_ms;  /* the budget was refilled last */
	uint64_t credit_u; /* millionths of a query */
	unsigned inflight;
	unsigned turn;
};

/* ---- telling ---- */

static void detail_add(struct ep_event *e, const char *key, int64_t num)
{
	e->detail[e->detail_n++] = (struct ep_event_detail){.key = key, .num = num};
}

static void tell(struct watched *w, const struct ep_ng_media *m,
		enum ep_event_kind kind, const struct ep_ng_news *news)
{
	struct ep_event e = {.kind = kind,
			.call_id = w->call->id,
			.tag = m->tag,
			.media = m->index};

	if(kind == EP_EVENT_ICE_FAILED || kind == EP_EVENT_DTLS_FAILED)
		detail_add(&e, "after-ms", (int64_t)news->waited_ms);
	if(kind == EP_EVENT_DTLS_FAILED)
		e.detail[e.detail_n++] = (struct ep_event_detail){.key = "ice",
				.str = news->ice_known ? EP_LIT("connected")
									   : EP_LIT("unknown")};
	if(kind == EP_EVENT_MEDIA_LOST)
		detail_add(&e, "idle-ms", (int64_t)news->idle_ms);
	ep_events_emit(w->iq, &e);
}

static void news_tell(struct watched *w, const struct ep_ng_media *m,
		const struct ep_ng_news *news)
{
	static const struct
	{
		enum ep_ng_happened bit;
		enum ep_event_kind kind;
	} table[] = {
			{EP_NG_ICE_CONNECTED, EP_EVENT_ICE_CONNECTED},
			{EP_NG_ICE_FAILED, EP_EVENT_ICE_FAILED},
			{EP_NG_DTLS_ESTABLISHED, EP_EVENT_DTLS_ESTABLISHED},
			{EP_NG_DTLS_FAILED, EP_EVENT_DTLS_FAILED},
			{EP_NG_MEDIA_STARTED, EP_EVENT_MEDIA_STARTED},
			{EP_NG_MEDIA_LOST, EP_EVENT_MEDIA_LOST},
	};

	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(news->happened & table[i].bit)
			tell(w, m, table[i].kind, news);
}

/* rtpengine has none of it any more, and nobody deleted it. */
static void deleted_tell(struct ep_iq *iq, struct ep_view call_id)
{
	struct ep_event e = {.kind = EP_EVENT_MEDIA_LOST, .call_id = call_id};

	detail_add(&e, "call-deleted", 1);
	ep_events_emit(iq, &e);
}

static bool was_up(const struct ep_call *call)
{
	return call->state == EP_CALL_ANSWERED || call->state == EP_CALL_FOUND;
}

/* A call of two sides with one deleted is over: its silence is no news. Of a
 * forked one the other branches go on. */
static bool told(const struct ep_call *call)
{
	return call->state != EP_CALL_ENDING || call->tags_n > 2;
}

/* ---- an answer ---- */

static struct section *section_of(
		struct watched *w, const struct ep_ng_media *m)
{
	struct ep_call_tag *tag = ep_call_tag_add(w->call, m->tag);
	struct section *s;

	if(!tag)
		return NULL;
	unsigned no = (unsigned)(tag - w->call->tags);
	for(size_t i = 0; i < w->section_n; i++)
		if(w->sections[i].tag == no && w->sections[i].index == m->index)
			return w->sections + i;
	if(w->section_n == MEDIAS_N)
		return NULL;
	s = w->sections + w->section_n++;
	s->tag = no;
	s->index = m->index;
	return s;
}

static void query_read(struct watched *w, const struct ep_ng_query *q)
{
	const struct ep_conf *conf = w->iq->conf;
	struct ep_ng_limits limits = {.ice_ms = conf->ice_timeout_ms,
			.dtls_ms = conf->dtls_timeout_ms,
			.idle_ms = conf->media_lost_ms,
			.confirmed_is_ice = ep_ng_version_bundle(&w->iq->version)};
	uint64_t now = ep_loop_now_ms(w->iq->loop);

	w->fresh = false;
	w->unknown_ms = 0;
	if(!w->answered_ms)
		return; /* there is no media to wait for */
	for(size_t i = 0; i < q->media_n; i++) {
		const struct ep_ng_media *m = q->media + i;
		struct section *s = section_of(w, m);
		struct ep_ng_news news;

		if(!s)
			continue;
		ep_ng_watch_step(
				&news, &s->state, m, &limits, now, w->answered_ms, w->quiet);
		w->fresh |= !ep_ng_watch_settled(&s->state, m);
		if(told(w->call))
			news_tell(w, m, &news);
	}
	/* What has not come by now need not be told at once. */
	if(now - w->call->changed_ms > limits.ice_ms + limits.dtls_ms)
		w->fresh = false;
	w->quiet = w->suspect = false;
}

static void plan(struct watched *w);

/* A delete may have overtaken the query: once is no news. */
static void unknown_read(struct watched *w)
{
	uint64_t now = ep_loop_now_ms(w->iq->loop);

	if(!w->unknown_ms || now - w->unknown_ms < FRESH_ms) {
		w->unknown_ms = w->unknown_ms ? w->unknown_ms : now;
		w->fresh = true;
		plan(w);
		return;
	}
	if(was_up(w->call))
		deleted_tell(w->iq, w->call->id);
	w->suspect = false; /* told */
	ep_calls_drop(w->iq, w->call);
}

static void answer_read(struct watched *w, const struct ep_ng_message *answer)
{
	char mem[ARENA_N];
	struct ep_ng_query q;
	struct ep_arena arena;

	if(!ep_view_eq(answer->result, EP_LIT("ok"))) {
		unknown_read(w);
		return;
	}
	ep_arena_init(&arena, mem, sizeof mem, NULL, 0);
	if(ep_ng_query_decode(&q, answer->dict, &arena))
		ep_stat_inc(w->iq, queries_failed);
	else
		query_read(w, &q);
	plan(w);
}

static void query_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	struct watched *w = ctx;

	w->asking = false;
	if(iq->watch)
		iq->watch->inflight--;
	if(!w->call) {
		free(w);
		return;
	}
	if(end == EP_SOUTH_ENDING)
		return;
	if(end == EP_SOUTH_ANSWERED) {
		answer_read(w, answer);
		return;
	}
	ep_stat_inc(iq, queries_failed);
	plan(w);
}

/* ---- asking ---- */

static void query_send(struct watched *w)
{
	struct ep_iq *iq = w->iq;
	char text[2048];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_dict_open(&b);
	ep_ng_put_pair(&b, "call-id", w->call->id);
	ep_ng_put_pair(&b, "command", EP_LIT("query"));
	ep_ng_close(&b);
	ep_stat_inc(iq, queries);
	w->asking = true;
	iq->watch->inflight++;
	if(!b.overflow && ep_south_ask_quietly(iq, ep_buf_view(&b), query_done, w))
		return;
	w->asking = false;
	iq->watch->inflight--;
	ep_stat_inc(iq, queries_failed);
	plan(w);
}

static struct watched *queue_get(struct ep_watch *t, enum queue which)
{
	struct watched *w = t->queue[which].first;

	if(!w)
		return NULL;
	t->queue[which].first = w->next;
	if(!w->next)
		t->queue[which].last = NULL;
	w->queued = false;
	return w;
}

static void queue_del(struct ep_watch *t, struct watched *w)
{
	for(size_t i = 0; i < QUEUES_N; i++) {
		struct watched *prev = NULL, *at = t->queue[i].first;
		while(at && at != w) {
			prev = at;
			at = at->next;
		}
		if(!at)
			continue;
		*(prev ? &prev->next : &t->queue[i].first) = w->next;
		if(t->queue[i].last == w)
			t->queue[i].last = prev;
		w->queued = false;
		return;
	}
}

static struct watched *queue_next(struct ep_watch *t)
{
	enum queue first = t->turn++ % 4 ? FRESH : SETTLED;
	struct watched *w = queue_get(t, first);

	return w ? w : queue_get(t, first == FRESH ? SETTLED : FRESH);
}

static bool queue_empty(const struct ep_watch *t)
{
	return !t->queue[FRESH].first && !t->queue[SETTLED].first;
}

/* A burst is a tenth of a second's budget at most. */
static void budget_fill(struct ep_iq *iq)
{
	struct ep_watch *t = iq->watch;
	uint64_t now = ep_loop_now_ms(iq->loop);
	uint64_t most = iq->conf->query_per_s * 100000ull;

	t->credit_u += (now - t->paid_ms) * iq->conf->query_per_s * 1000;
	if(most < 1000000)
		most = 1000000;
	if(t->credit_u > most)
		t->credit_u = most;
	t->paid_ms = now;
}

/* To the next round: all that is due in it is due at the same ms. */
static uint64_t together(const struct ep_iq *iq, uint64_t ms)
{
	uint64_t at = ep_loop_now_ms(iq->loop) + ms;

	return ms + (ROUND_ms - at % ROUND_ms) % ROUND_ms;
}

static void round_due(void *ctx)
{
	struct ep_iq *iq = ctx;
	struct ep_watch *t = iq->watch;

	if(!ep_service_up(iq))
		return;
	budget_fill(iq);
	while(!queue_empty(t) && t->credit_u >= 1000000
			&& t->inflight < INFLIGHT_N) {
		t->credit_u -= 1000000;
		query_send(queue_next(t));
	}
	if(!queue_empty(t))
		ep_loop_timer_set(iq->loop, &t->round, together(iq, 1));
}

static void due(void *ctx)
{
	struct watched *w = ctx;
	struct ep_watch *t = w->iq->watch;
	enum queue which = w->fresh ? FRESH : SETTLED;

	if(w->queued || w->asking)
		return;
	if(!queue_empty(t))
		ep_stat_inc(w->iq, queries_late);
	w->queued = true;
	w->next = NULL;
	*(t->queue[which].last ? &t->queue[which].last->next
						   : &t->queue[which].first) = w;
	t->queue[which].last = w;
	if(!t->round.running)
		ep_loop_timer_set(w->iq->loop, &t->round, 0);
}

/* Calls that began together are asked about apart: a quarter to and fro, by
 * where the call lies in memory. */
static uint64_t spread(const struct watched *w, uint64_t ms)
{
	uint64_t salt = ((uintptr_t)w >> 6) * 2654435761u % 1000;

	return ms * 3 / 4 + ms / 2 * salt / 1000;
}

static void plan(struct watched *w)
{
	const struct ep_conf *conf = w->iq->conf;
	uint64_t rare = conf->media_lost_ms / 2;

	if(rare < conf->query_interval_ms)
		rare = conf->query_interval_ms;
	if(!w->answered_ms)
		rare = UNANSWERED_times * (uint64_t)conf->media_lost_ms;
	/* What comes, comes soon: then ever less often, up to the interval. */
	uint64_t often = (uint64_t)FRESH_ms << (w->waits < 8 ? w->waits++ : 8);
	if(often > conf->query_interval_ms)
		often = conf->query_interval_ms;
	ep_loop_timer_set(w->iq->loop, &w->timer,
			together(w->iq, spread(w, w->fresh ? often : rare)));
}

/* ---- calls come and go ---- */

static struct watched *watched_new(struct ep_iq *iq, struct ep_call *call)
{
	struct watched *w = calloc(1, sizeof *w);

	if(!w) {
		ep_stat_inc(iq, out_of_memory);
		return NULL;
	}
	w->iq = iq;
	w->call = call;
	w->quiet = call->state == EP_CALL_FOUND;
	ep_loop_timer_init(&w->timer, due, w);
	call->watch = w;
	return w;
}

void ep_watch_call_changed(struct ep_iq *iq, struct ep_call *call)
{
	struct watched *w = call->watch;

	if(!w && ep_view_starts(call->id, EP_LIT(EP_CAPABILITIES_PROBE)))
		return;
	if(!w)
		w = watched_new(iq, call);
	if(!w)
		return;
	if(!w->answered_ms && was_up(call))
		w->answered_ms = ep_loop_now_ms(iq->loop);
	w->fresh = w->answered_ms != 0;
	w->waits = 0;
	if(!w->queued && !w->asking)
		plan(w);
}

void ep_watch_call_gone(struct ep_iq *iq, struct ep_call *call)
{
	struct watched *w = call->watch;

	if(!w)
		return;
	if(w->suspect && was_up(call))
		deleted_tell(iq, call->id);
	ep_loop_timer_stop(iq->loop, &w->timer);
	if(w->queued)
		queue_del(iq->watch, w);
	call->watch = NULL;
	w->call = NULL;
	if(!w->asking)
		free(w);
}

void ep_watch_call_ended(struct ep_iq *iq, struct ep_view call_id)
{
	struct ep_call *call = ep_calls_get(iq, call_id);
	struct watched *w = call ? call->watch : NULL;

	/* Of one that the table had no room for, too. */
	deleted_tell(iq, call_id);
	if(w)
		w->suspect = false; /* told */
	if(call)
		ep_calls_drop(iq, call);
}

void ep_watch_service_changed(struct ep_iq *iq, bool up)
{
	if(!up) {
		ep_loop_timer_stop(iq->loop, &iq->watch->round);
		return;
	}
	for(struct ep_call *call = ep_calls_first(iq); call; call = call->next) {
		struct watched *w = call->watch;
		if(w)
			w->suspect = true;
	}
	if(!queue_empty(iq->watch))
		ep_loop_timer_set(iq->loop, &iq->watch->round, 0);
}

int ep_watch_init(struct ep_iq *iq)
{
	iq->watch = calloc(1, sizeof *iq->watch);
	if(!iq->watch)
		return -1;
	ep_loop_timer_init(&iq->watch->round, round_due, iq);
	iq->watch->round.last = true;
	iq->watch->paid_ms = ep_loop_now_ms(iq->loop);
	return 0;
}

void ep_watch_fini(struct ep_iq *iq)
{
	if(!iq->watch)
		return;
	for(struct ep_call *call = ep_calls_first(iq); call; call = call->next) {
		struct watched *w = call->watch;
		if(!w)
			continue;
		ep_loop_timer_stop(iq->loop, &w->timer);
		free(w);
		call->watch = NULL;
	}
	ep_loop_timer_stop(iq->loop, &iq->watch->round);
	free(iq->watch);
	iq->watch = NULL;
}
