/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "resync.h"

#include <stdlib.h>
#include <string.h>
#include "capabilities.h"
#include "log.h"
#include "service.h"
#include "south.h"
#include "watch.h"

struct ep_resync
{
	struct ep_loop_timer timer; /* the next handful of queries */
	uint64_t listed_ms;         /* when `list` was sent */
	uint64_t run;               /* answers of an earlier run are nobody's */
	unsigned limit;             /* of calls in one answer */
	bool done;
	bool whole;
};

#define SLICE_ms 100

/* A call of the table that stands to be asked about: it has seen_ms of the run
 * and no tags. */
static bool wants_query(const struct ep_iq *iq, const struct ep_call *call)
{
	return call->state == EP_CALL_FOUND && !call->tags_n
		   && call->seen_ms == iq->resync->listed_ms;
}

static void tags_read(struct ep_call *call, const struct ep_ng_val *tags)
{
	for(const struct ep_ng_val *k =
					tags && tags->type == EP_NG_DICT ? ep_ng_first(tags) : NULL;
			k; k = k->next->next)
		ep_call_tag_add(call, k->str);
}

static void query_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	char *id = ctx;
	struct ep_call *call = ep_calls_get(iq, ep_view_z(id));

	free(id);
	if(end == EP_SOUTH_ENDING || !call)
		return;
	if(end != EP_SOUTH_ANSWERED) {
		/* Watch asks again, later. */
		ep_watch_call_changed(iq, call);
		return;
	}
	if(!ep_view_eq(answer->result, EP_LIT("ok"))) {
		if(call->state == EP_CALL_FOUND || call->state == EP_CALL_ENDING)
			ep_calls_drop(iq, call);
		return;
	}
	tags_read(call, ep_ng_get(answer->dict, EP_LIT("tags")));
	ep_watch_call_changed(iq, call);
}

/* `command` about a call; `ctx` of done() is its Call-ID, to be freed. */
static void call_ask(struct ep_iq *iq, const struct ep_call *call,
		const char *command, struct ep_view from_tag, ep_south_done_f done)
{
	char text[2048];
	struct ep_buf b;
	char *id = strndup(call->id.p, call->id.len);

	ep_buf_init(&b, text, sizeof text);
	ep_ng_dict_open(&b);
	ep_ng_put_pair(&b, "call-id", call->id);
	ep_ng_put_pair(&b, "command", ep_view_z(command));
	ep_ng_put_pair(&b, "from-tag", from_tag);
	ep_ng_close(&b);
	if(!id || b.overflow || !ep_south_ask(iq, NULL, ep_buf_view(&b), done, id))
		free(id);
}

static void query_send(struct ep_iq *iq, struct ep_call *call)
{
	call_ask(iq, call, "query", ep_view_none(), query_done);
}

static void orphan_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	char *id = ctx;
	struct ep_call *call = ep_calls_get(iq, ep_view_z(id));

	(void)answer;
	free(id);
	if(end == EP_SOUTH_ENDING || !call || call->state != EP_CALL_ORPHAN)
		return;
	/* Out of service: the next list says whether it has it. */
	if(end == EP_SOUTH_ANSWERED || ep_service_up(iq))
		ep_calls_drop(iq, call);
}

static void orphan_delete(struct ep_iq *iq, struct ep_call *call)
{
	ep_stat_inc(iq, orphans);
	call_ask(iq, call, "delete",
			call->tags_n ? call->tags[0].text : ep_view_none(), orphan_done);
}

void ep_resync_orphan(
		struct ep_iq *iq, struct ep_view call_id, struct ep_view from_tag)
{
	struct ep_call *call = ep_calls_add(iq, call_id);

	if(!call)
		return;
	call->state = EP_CALL_ORPHAN;
	ep_call_tag_add(call, from_tag);
	if(ep_service_up(iq))
		orphan_delete(iq, call);
}

void ep_resync_call(struct ep_iq *iq, struct ep_call *call)
{
	query_send(iq, call);
}

static void slice_due(void *ctx)
{
	struct ep_iq *iq = ctx;
	unsigned left = iq->conf->query_per_s * SLICE_ms / 1000 + 1;

	for(struct ep_call *call = ep_calls_first(iq); call && left;
			call = call->next) {
		if(!wants_query(iq, call))
			continue;
		call->seen_ms = 0; /* asked once */
		query_send(iq, call);
		left--;
	}
	if(left)
		iq->resync->done = true;
	else
		ep_loop_timer_set(iq->loop, &iq->resync->timer, SLICE_ms);
}

/* Calls that rtpengine does not have any more, if all of them were listed. */
static void missing_drop(struct ep_iq *iq)
{
	uint64_t since = iq->resync->listed_ms;

	for(struct ep_call *call = ep_calls_first(iq), *next; call; call = next) {
		next = call->next;
		if(call->seen_ms != since && call->changed_ms < since)
			ep_calls_drop(iq, call);
	}
}

static void list_send(struct ep_iq *iq);

static void list_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	struct ep_resync *r = iq->resync;
	size_t n = 0, found = 0, probes = 0;

	if((uintptr_t)ctx != r->run || end == EP_SOUTH_ENDING)
		return;
	if(end != EP_SOUTH_ANSWERED) {
		/* Not there: service will say. Or too much for one datagram: long
		 * Call-IDs, and some calls are better than none. */
		ep_log(EP_LOG_WARNING, "rtpengine did not list %u calls", r->limit);
		if(!ep_service_up(iq) || r->limit == 1)
			return;
		r->limit /= 2;
		list_send(iq);
		return;
	}
	const struct ep_ng_val *v =
			ep_ng_first(ep_ng_get(answer->dict, EP_LIT("calls")));
	for(; v; v = v->next, n++) {
		if(ep_view_starts(v->str, EP_LIT(EP_CAPABILITIES_PROBE))) {
			probes++;
			continue;
		}
		bool known = ep_calls_get(iq, v->str) != NULL;
		struct ep_call *call = ep_calls_add(iq, v->str);
		if(!call)
			continue;
		call->seen_ms = r->listed_ms;
		if(known && call->state == EP_CALL_ORPHAN)
			orphan_delete(iq, call);
		if(known)
			continue;
		call->state = EP_CALL_FOUND;
		ep_stat_inc(iq, calls_found);
		found++;
	}
	r->whole = n < r->limit;
	if(r->whole)
		missing_drop(iq);
	if(found)
		ep_log(EP_LOG_NOTICE, "rtpengine has %zu calls, %zu of them new here",
				n - probes, found);
	slice_due(iq);
}

static void list_send(struct ep_iq *iq)
{
	char text[64];
	struct ep_buf b;
	struct ep_resync *r = iq->resync;

	r->run++;
	r->listed_ms = ep_loop_now_ms(iq->loop);
	ep_buf_init(&b, text, sizeof text);
	ep_ng_dict_open(&b);
	ep_ng_put_pair(&b, "command", EP_LIT("list"));
	ep_ng_put_pair_int(&b, "limit", r->limit);
	ep_ng_close(&b);
	ep_south_ask(
			iq, NULL, ep_buf_view(&b), list_done, (void *)(uintptr_t)r->run);
}

void ep_resync_start(struct ep_iq *iq)
{
	ep_loop_timer_stop(iq->loop, &iq->resync->timer);
	iq->resync->limit = iq->conf->restore_calls_max;
	list_send(iq);
}

bool ep_resync_whole(const struct ep_iq *iq)
{
	return iq->resync->whole && ep_calls_n(iq) < iq->conf->calls_max;
}

bool ep_resync_done(const struct ep_iq *iq)
{
	return iq->resync->done;
}

int ep_resync_init(struct ep_iq *iq)
{
	iq->resync = calloc(1, sizeof *iq->resync);
	if(!iq->resync)
		return -1;
	ep_loop_timer_init(&iq->resync->timer, slice_due, iq);
	return 0;
}

void ep_resync_fini(struct ep_iq *iq)
{
	if(iq->resync)
		ep_loop_timer_stop(iq->loop, &iq->resync->timer);
	free(iq->resync);
	iq->resync = NULL;
}
