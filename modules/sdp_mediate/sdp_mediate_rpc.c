/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* RPC: the media gateways of asynchronous mode, and the calls they have. */
#include "core/rpc.h"
#include "core/timer.h"

#include "base/buf.h"
#include "common/view.h"
#include "sdp_mediate/command.h"
#include "sdp_mediate/exchange.h"
#include "sdp_mediate/hold.h"
#include "sdp_mediate/legs.h"
#include "sdp_mediate/node.h"
#include "sdp_mediate/script.h"

#define CALLS_DEFAULT 100

static const char *doc_nodes[] = {"Lists the media gateways.", 0};
static const char *doc_disable[] = {
		"No new calls for a gateway, those it has go on: <name>.", 0};
static const char *doc_enable[] = {"New calls for it again: <name>.", 0};
static const char *doc_calls[] = {
		"Lists calls and their gateways, at most [count] (100).", 0};
static const char *doc_stats[] = {
		"How many calls are known, exchanges under way, and what was counted "
		"of each gateway.",
		0};
static const char *doc_show[] = {
		"Which gateway has a call: <Call-ID>, or <Call-ID>~<leg>.", 0};

static bool is_async(rpc_t *rpc, void *ctx)
{
	if(!ep_exchange_enabled())
		rpc->fault(ctx, 400, "no agw is configured");
	return ep_exchange_enabled();
}

static void add_text(
		rpc_t *rpc, void *st, const char *name, struct ep_view text)
{
	str s = ep_str_view(text.p != NULL ? text : EP_LIT(""));

	rpc->struct_add(st, "S", name, &s);
}

static void rpc_nodes(rpc_t *rpc, void *ctx)
{
	struct ep_node_view v;
	void *st;
	int i;

	if(!is_async(rpc, ctx))
		return;
	for(i = 0; ep_node_get(&v, i); i++) {
		if(rpc->add(ctx, "{", &st) < 0)
			return;
		add_text(rpc, st, "name", v.name);
		add_text(rpc, st, "address", v.address);
		rpc->struct_add(st, "dd", "set", (int)v.set, "weight", (int)v.weight);
		rpc->struct_add(st, "sdssdd", "state", ep_node_state_name(v.state),
				"in_service", (int)v.in_service, "kind",
				v.is_iq ? "rtpengine-iq" : "rtpengine", "version", v.version,
				"state_s", (int)(get_ticks() - v.since_s), "bundle",
				(int)v.caps.bundle);
	}
}

static void node_disable(rpc_t *rpc, void *ctx, bool disabled)
{
	str name;
	int i;

	if(!is_async(rpc, ctx))
		return;
	if(rpc->scan(ctx, "S", &name) < 1) {
		rpc->fault(ctx, 400, "name of a gateway");
		return;
	}
	i = ep_node_find(ep_view_str(&name));
	if(i == EP_NODE_NONE)
		rpc->fault(ctx, 404, "no such gateway");
	else
		ep_node_disable(i, disabled);
}

static void rpc_disable(rpc_t *rpc, void *ctx)
{
	node_disable(rpc, ctx, true);
}

static void rpc_enable(rpc_t *rpc, void *ctx)
{
	node_disable(rpc, ctx, false);
}

static void add_call(
		rpc_t *rpc, void *ctx, struct ep_view name, int node, int age_s)
{
	struct ep_node_view v;
	void *st;

	if(!ep_node_get(&v, node) || rpc->add(ctx, "{", &st) < 0)
		return;
	add_text(rpc, st, "call", name);
	add_text(rpc, st, "node", v.name);
	rpc->struct_add(st, "s", "state", ep_node_state_name(v.state));
	if(age_s >= 0)
		rpc->struct_add(st, "d", "age_s", age_s);
}

struct listing
{
	rpc_t *rpc;
	void *ctx;
	int left;
};

static bool list_one(void *ctx, struct ep_view name, int node, unsigned age_s)
{
	struct listing *l = ctx;

	add_call(l->rpc, l->ctx, name, node, (int)age_s);
	return --l->left > 0;
}

static void rpc_calls(rpc_t *rpc, void *ctx)
{
	struct listing l = {rpc, ctx, CALLS_DEFAULT};

	if(!is_async(rpc, ctx))
		return;
	if(rpc->scan(ctx, "*d", &l.left) < 1)
		l.left = CALLS_DEFAULT;
	if(l.left > 0)
		ep_legs_walk(list_one, &l);
}

static void rpc_show(rpc_t *rpc, void *ctx)
{
	int node;
	str name;

	if(!is_async(rpc, ctx))
		return;
	if(rpc->scan(ctx, "S", &name) < 1) {
		rpc->fault(ctx, 400, "Call-ID");
		return;
	}
	node = ep_legs_find(ep_view_str(&name));
	if(node == EP_NODE_NONE)
		rpc->fault(ctx, 404, "not known here");
	else
		add_call(rpc, ctx, ep_view_str(&name), node, -1);
}

static void rpc_stats(rpc_t *rpc, void *ctx)
{
	struct ep_hold_usage hold;
	struct ep_node_view v;
	void *st, *node;
	int i, k;

	if(!is_async(rpc, ctx) || rpc->add(ctx, "{", &st) < 0)
		return;
	ep_hold_usage(&hold);
	rpc->struct_add(st, "dd", "calls", (int)ep_legs_count(), "under_way",
			(int)ep_exchange_count());
	rpc->struct_add(st, "ddd", "expected", (int)hold.calls, "held",
			(int)hold.waiting, "hold_octets", (int)hold.octets);
	for(i = 0; ep_node_get(&v, i); i++) {
		if(rpc->struct_add(st, "{", "node", &node) < 0)
			return;
		add_text(rpc, node, "name", v.name);
		for(k = 0; k < EP_NODE_COUNT_N; k++)
			rpc->struct_add(node, "d", ep_node_count_name(k),
					(int)(v.counts[k] & 0x7fffffff));
	}
}

// clang-format off
rpc_export_t ep_rpcs[] = {
	{"sdp_mediate.nodes", rpc_nodes, doc_nodes, RET_ARRAY},
	{"sdp_mediate.node_disable", rpc_disable, doc_disable, 0},
	{"sdp_mediate.node_enable", rpc_enable, doc_enable, 0},
	{"sdp_mediate.calls", rpc_calls, doc_calls, RET_ARRAY},
	{"sdp_mediate.stats", rpc_stats, doc_stats, 0},
	{"sdp_mediate.show", rpc_show, doc_show, 0},
	{0, 0, 0, 0}
};
// clang-format on
