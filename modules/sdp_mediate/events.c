/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/action.h"
#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/fmsg.h"
#include "core/kemi.h"
#include "core/mem/shm_mem.h"
#include "core/receive.h"
#include "core/route.h"

#include "base/buf.h"
#include "common/eventroute.h"
#include "common/mem.h"
#include "common/view.h"
#include "ng/message.h"
#include "sdp_mediate/ask.h"
#include "sdp_mediate/events.h"
#include "sdp_mediate/health.h"
#include "sdp_mediate/iq.h"
#include "sdp_mediate/legs.h"
#include "sdp_mediate/node.h"
#include "sdp_mediate/params.h"

#define EPOCH_MAX 64
#define ASK_MS 2000

/* Kamailio's scanner takes no '_' before the ':' of an event route's name. */
#define ROUTE "sdpm:media-event"

static struct
{
	struct ep_view subscriber;
	struct ep_view callback;
} set;

/* The Iq process's: up to where each node was heard. */
static struct heard
{
	char epoch[EPOCH_MAX + 1];
	int64_t seq;
	char request[512]; /* subscribe-events, while it is in flight */
	bool in_flight;
} heard[EP_NODES_MAX];

/* In an async worker. */
static const struct ep_event *current;

int ep_events_init(struct ep_view subscriber, struct ep_view callback)
{
	set.subscriber = subscriber;
	set.callback = callback;
	if(faked_msg_init() < 0) {
		LM_ERR("no message for event routes\n");
		return -1;
	}
	return 0;
}

const struct ep_event *ep_event_current(void)
{
	return current;
}

/* --- async worker --- */

static void run(void *p)
{
	cfg_update();
	current = p;
	ep_event_route_run(ROUTE, set.callback);
	current = NULL;
}

/* --- the Iq process: an event for the async workers --- */

/* `<Call-ID>~<leg>`, where calls have legs here. */
static void name_split(
		struct ep_view *callid, struct ep_view *leg, struct ep_view name)
{
	size_t i = name.len;

	*callid = name;
	*leg = ep_view_none();
	if(!ep_leg_configured())
		return;
	while(i > 0 && name.p[i - 1] != '~')
		i--;
	if(i == 0)
		return;
	*callid = ep_view_head(name, i - 1);
	*leg = ep_view_from(name, i);
}

static void put_scalar(struct ep_buf *out, const struct ep_ng_val *v)
{
	size_t i;

	if(v->type == EP_NG_INT) {
		if(v->num < 0)
			ep_buf_put_chr(out, '-');
		ep_buf_put_u64(out, (uint64_t)(v->num < 0 ? -v->num : v->num));
	} else if(v->type == EP_NG_STR) {
		/* What would look like the next pair. */
		for(i = 0; i < v->str.len; i++)
			ep_buf_put_chr(out, v->str.p[i] == ';' || v->str.p[i] == '='
										? '_'
										: v->str.p[i]);
	}
}

static struct ep_view detail_flatten(
		const struct ep_ng_val *dict, struct ep_arena *arena)
{
	const struct ep_ng_val *k = NULL;
	struct ep_buf out;
	char *room;

	if(dict == NULL || dict->type != EP_NG_DICT)
		return ep_view_none();
	/* Longer than it was written it does not get. */
	room = ep_arena_get(arena, dict->raw.len + 1);
	if(room == NULL)
		return ep_view_none();
	ep_buf_init(&out, room, dict->raw.len + 1);
	for(k = ep_ng_first(dict); k != NULL; k = k->next->next) {
		if(k->next->type != EP_NG_STR && k->next->type != EP_NG_INT)
			continue;
		if(out.len > 0)
			ep_buf_put_chr(&out, ';');
		ep_buf_put(&out, k->str);
		ep_buf_put_chr(&out, '=');
		put_scalar(&out, k->next);
	}
	return ep_buf_view(&out);
}

/* False: not now. */
static bool give(const struct ep_event *e)
{
	struct ep_event *copy =
			shm_malloc(sizeof(*copy) + e->event.len + e->callid.len + e->leg.len
					   + e->tag.len + e->detail.len + 1);
	char *at;

	if(copy == NULL)
		return false;
	*copy = *e;
	at = copy->text;
	copy->event = ep_view_place(&at, e->event);
	copy->callid = ep_view_place(&at, e->callid);
	copy->leg = ep_view_place(&at, e->leg);
	copy->tag = ep_view_place(&at, e->tag);
	copy->detail = ep_view_place(&at, e->detail);
	copy->task = (async_task_t){run, copy};
	if(ep_iq_push(&copy->task))
		return true;
	shm_free(copy);
	return false;
}

void ep_events_gateway(int node, bool in_service)
{
	const struct ep_event e = {
			.node = node,
			.event = in_service ? EP_LIT("gateway-in-service")
								: EP_LIT("gateway-out-of-service"),
	};

	/* The log has it in any case. */
	if(!give(&e))
		LM_WARN("no async worker for an event\n");
}

/* A call that went to another gateway: what is left of it here is no news. */
static bool is_elsewhere(int node, struct ep_view name)
{
	int has = name.p != NULL ? ep_legs_find(name) : EP_NODE_NONE;

	return has != EP_NODE_NONE && has != node;
}

static bool event_give(
		int node, const struct ep_ng_message *m, struct ep_arena *arena)
{
	struct ep_view name = ep_ng_get_str(m->dict, EP_LIT("call-id"));
	struct ep_event e = {
			.node = node,
			.event = ep_ng_get_str(m->dict, EP_LIT("event")),
			.tag = ep_ng_get_str(m->dict, EP_LIT("tag")),
			.media = (int)ep_ng_get_int(m->dict, EP_LIT("media"), 0),
	};

	/* These we tell ourselves, when it is so. */
	if(ep_view_eq(e.event, EP_LIT("gateway-out-of-service"))
			|| ep_view_eq(e.event, EP_LIT("gateway-in-service"))) {
		ep_health_said(node, ep_view_eq(e.event, EP_LIT("gateway-in-service")));
		return true;
	}
	if(e.event.p == NULL || is_elsewhere(node, name))
		return true;
	name_split(&e.callid, &e.leg, name);
	e.detail = detail_flatten(ep_ng_get(m->dict, EP_LIT("detail")), arena);
	return give(&e);
}

static void epoch_set(struct heard *h, struct ep_view epoch, int64_t seq)
{
	epoch = ep_view_head(epoch, EPOCH_MAX);
	memset(h->epoch, 0, sizeof(h->epoch));
	if(epoch.len > 0)
		memcpy(h->epoch, epoch.p, epoch.len);
	h->seq = seq;
}

static bool epoch_is(const struct heard *h, struct ep_view epoch)
{
	return ep_view_eq(ep_view_z(h->epoch), ep_view_head(epoch, EPOCH_MAX));
}

/* Once each: what has a number that was heard is acknowledged, and no more. */
static bool event_take(
		int node, const struct ep_ng_message *m, struct ep_arena *arena)
{
	struct heard *h = &heard[node];
	struct ep_view epoch = ep_ng_get_str(m->dict, EP_LIT("epoch"));
	int64_t seq = ep_ng_get_int(m->dict, EP_LIT("seq"), 0);

	if(epoch.p == NULL || seq <= 0)
		return true; /* nothing that would get better by being repeated */
	if(!epoch_is(h, epoch))
		epoch_set(h, epoch, seq - 1);
	if(seq <= h->seq)
		return true;
	if(!event_give(node, m, arena))
		return false;
	h->seq = seq;
	ep_node_count(node, EP_NODE_EVENTS);
	return true;
}

void ep_events_datagram(int node, struct ep_view datagram)
{
	struct ep_ng_message m;
	struct ep_arena arena;
	char first[4096], text[EP_NG_COOKIE_MAX + 32];
	struct ep_buf out;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(ep_ng_message_decode(&m, datagram, &arena) == EP_OK
			&& ep_view_eq(m.command, EP_LIT("event"))
			&& event_take(node, &m, &arena)) {
		ep_buf_init(&out, text, sizeof(text));
		ep_ng_message_put_result(&out, m.cookie, "ok", ep_view_none());
		if(!out.overflow)
			ep_ask_send(node, ep_buf_view(&out));
	}
	ep_arena_fini(&arena);
}

/* --- the Iq process: subscriptions --- */

static void on_subscribed(
		void *ctx, int node, enum ep_asked how, struct ep_view answer)
{
	struct heard *h = &heard[node];
	struct ep_ng_message m;
	struct ep_arena arena;
	struct ep_view epoch;
	char first[2048];

	h->in_flight = false;
	if(how != EP_ASKED_ANSWER)
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(ep_ng_message_decode(&m, answer, &arena) == EP_OK
			&& ep_view_eq(m.result, EP_LIT("ok"))) {
		epoch = ep_ng_get_str(m.dict, EP_LIT("epoch"));
		/* Events may have come before this answer, and said so already. */
		if(epoch.p != NULL && !epoch_is(h, epoch))
			epoch_set(h, epoch, ep_ng_get_int(m.dict, EP_LIT("seq"), 0));
	}
	ep_arena_fini(&arena);
}

static struct ep_view request_put(struct heard *h)
{
	struct ep_buf out;

	ep_buf_init(&out, h->request, sizeof(h->request));
	ep_ng_dict_open(&out);
	ep_ng_put_pair(&out, "command", EP_LIT("subscribe-events"));
	ep_ng_put_pair(&out, "subscriber", set.subscriber);
	if(h->epoch[0] != '\0') {
		ep_ng_put_pair(&out, "epoch", ep_view_z(h->epoch));
		ep_ng_put_pair_int(&out, "seq", h->seq);
	}
	ep_ng_put_pair_int(&out, "ttl", EP_EVENTS_TTL_S);
	ep_ng_close(&out);
	return ep_buf_view(&out);
}

void ep_events_subscribe(int node)
{
	struct heard *h = &heard[node];
	struct ep_ask_spec spec = {
			.node = node,
			.first_ms = 200,
			.most_ms = 1000,
			.timeout_ms = ASK_MS,
			.done = on_subscribed,
	};

	if(h->in_flight)
		return;
	spec.body = request_put(h);
	h->in_flight = spec.body.p != NULL && ep_ask_start(&spec) != NULL;
}
