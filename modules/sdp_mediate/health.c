/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "common/mem.h"
#include "ng/message.h"
#include "sdp_mediate/ask.h"
#include "sdp_mediate/events.h"
#include "sdp_mediate/health.h"
#include "sdp_mediate/node.h"

#define PING_MS 1000
#define MISSES 2
/* Longer than a service manager takes to start one anew. */
#define REFUSED_MS 300
#define CAPS_FIRST_MS 200
/* A subscription is renewed at a third of its life. */
#define SUBSCRIBED_MS (EP_EVENTS_TTL_S * 1000 / 3)

/* In service or not: what is known here, before the table says so. */
static struct health
{
	enum ep_node_state state;
	bool in_flight; /* the ping, or the question behind it */
	bool said_down;
	unsigned misses;
	int64_t heard_ms;   /* the last answer to anything */
	int64_t ping_ms;    /* when the next is due */
	int64_t refused_ms; /* the last time that was counted */
	int64_t subscribe_ms;
	bool is_iq;
	bool is_vague; /* a rtpengine-iq that has not asked its rtpengine yet */
} health[EP_NODES_MAX];

static void go_down(int node, const char *why)
{
	struct health *h = &health[node];
	struct ep_node_view v;

	if(h->state == EP_NODE_DOWN)
		return;
	h->state = EP_NODE_DOWN;
	ep_node_state_set(node, EP_NODE_DOWN);
	ep_node_get(&v, node);
	LM_WARN("gateway %.*s is out of service: %s\n", EP_FMT(v.name), why);
	ep_events_gateway(node, false);
	ep_asks_down(node);
}

static void go_up(int node)
{
	struct health *h = &health[node];
	struct ep_node_view v;

	h->said_down = false;
	if(h->state == EP_NODE_UP)
		return;
	h->state = EP_NODE_UP;
	ep_node_state_set(node, EP_NODE_UP);
	ep_node_get(&v, node);
	LM_NOTICE("gateway %.*s is in service (%s%s%s)\n", EP_FMT(v.name),
			v.is_iq ? "rtpengine-iq" : "rtpengine", v.version[0] ? " " : "",
			v.version);
	ep_events_gateway(node, true);
}

void ep_health_answered(int node)
{
	health[node].misses = 0;
	health[node].heard_ms = ep_now_ms();
}

void ep_health_missed(int node, int64_t since_ms)
{
	if(health[node].heard_ms <= since_ms)
		health[node].misses++;
}

/* Many requests may be refused at once, and while it is started anew: that is
 * one miss. What is repeated meanwhile meets the next process, or is the
 * second. */
void ep_health_refused(int node)
{
	struct health *h = &health[node];
	int64_t now = ep_now_ms();

	if(h->state == EP_NODE_DOWN || now - h->refused_ms < REFUSED_MS)
		return;
	h->refused_ms = now;
	h->misses++;
	h->ping_ms = 0;
}

void ep_health_said(int node, bool in_service)
{
	struct health *h = &health[node];

	if(!in_service)
		h->said_down = true;
	h->ping_ms = 0;
}

/* --- pings and capabilities --- */

static const struct ep_ng_val *decode(
		struct ep_ng_message *m, struct ep_view answer, struct ep_arena *arena)
{
	return ep_ng_message_decode(m, answer, arena) == EP_OK ? m->dict : NULL;
}

/* Its answer, or an error: a bare rtpengine does not know the question. */
static void caps_take(int node, struct ep_view answer)
{
	struct health *h = &health[node];
	struct ep_mediate_caps caps;
	struct ep_ng_message m;
	struct ep_arena arena;
	char first[4096];

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	h->is_iq = decode(&m, answer, &arena) != NULL
			   && ep_view_eq(m.result, EP_LIT("ok"))
			   && ep_ng_get_int(m.dict, EP_LIT("iq"), 0) > 0;
	if(h->is_iq) {
		ep_mediate_caps_parse(&caps, ep_ng_get_str(m.dict, EP_LIT("version")));
		caps.bundle = ep_ng_get_int(m.dict, EP_LIT("bundle"), 0) != 0;
		caps.fragment = ep_ng_get_int(m.dict, EP_LIT("fragment"), 0) != 0;
		ep_node_caps_set(
				node, true, &caps, ep_ng_get_str(m.dict, EP_LIT("version")));
	} else {
		ep_node_caps_set(node, false, NULL, ep_view_none());
	}
	h->is_vague = h->is_iq && ep_ng_get_int(m.dict, EP_LIT("probed"), 1) == 0;
	if(h->state == EP_NODE_UP && !h->said_down) {
		ep_arena_fini(&arena);
		return;
	}
	if(!h->is_iq || ep_ng_get_int(m.dict, EP_LIT("in-service"), 1) != 0) {
		h->subscribe_ms = 0;
		go_up(node);
	}
	ep_arena_fini(&arena);
}

static void on_caps(
		void *ctx, int node, enum ep_asked how, struct ep_view answer)
{
	health[node].in_flight = false;
	if(how == EP_ASKED_ANSWER)
		caps_take(node, answer);
}

static void ask(int node, struct ep_view body, ep_ask_done_f done)
{
	const struct ep_ask_spec spec = {
			.node = node,
			.body = body,
			.first_ms = CAPS_FIRST_MS,
			.most_ms = PING_MS,
			.timeout_ms = PING_MS,
			.done = done,
	};

	health[node].in_flight = ep_ask_start(&spec) != NULL;
}

static void on_ping(
		void *ctx, int node, enum ep_asked how, struct ep_view answer)
{
	struct health *h = &health[node];
	struct ep_ng_message m;
	struct ep_arena arena;
	char first[2048];

	h->in_flight = false;
	if(how != EP_ASKED_ANSWER)
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(decode(&m, answer, &arena) == NULL
			|| !ep_view_eq(m.result, EP_LIT("pong")))
		h->said_down = true;
	else if(h->state != EP_NODE_UP || h->said_down || h->is_vague)
		ask(node, EP_LIT("d7:command12:capabilitiese"), on_caps);
	ep_arena_fini(&arena);
}

/* Unlike commands, a ping is not repeated: the next one is as good. */
static void ping(int node)
{
	const struct ep_ask_spec spec = {
			.node = node,
			.body = EP_LIT("d7:command4:pinge"),
			.first_ms = PING_MS,
			.most_ms = PING_MS,
			.timeout_ms = PING_MS,
			.done = on_ping,
	};

	health[node].in_flight = ep_ask_start(&spec) != NULL;
}

/* At once: its answer must be here before the command is given up. */
void ep_health_suspect(int node, int64_t since_ms)
{
	struct health *h = &health[node];

	if(h->state != EP_NODE_UP || h->in_flight || h->heard_ms > since_ms)
		return;
	h->ping_ms = ep_now_ms() + PING_MS;
	ping(node);
}

static void node_step(int node, int64_t now)
{
	struct health *h = &health[node];

	if(h->said_down)
		go_down(node, "it says so");
	else if(h->misses >= MISSES)
		go_down(node, "it does not answer");
	if(!h->in_flight && now >= h->ping_ms) {
		h->ping_ms = now + PING_MS;
		ping(node);
	}
	if(h->state == EP_NODE_UP && h->is_iq && now >= h->subscribe_ms) {
		h->subscribe_ms = now + SUBSCRIBED_MS;
		ep_events_subscribe(node);
	}
}

int ep_health_step(int max_ms)
{
	int64_t now = ep_now_ms();
	int i, n = (int)ep_nodes_n();

	for(i = 0; i < n; i++) {
		node_step(i, now);
		if(!health[i].in_flight && health[i].ping_ms - now < max_ms)
			max_ms = (int)(health[i].ping_ms - now);
	}
	return max_ms < 1 ? 1 : max_ms;
}
