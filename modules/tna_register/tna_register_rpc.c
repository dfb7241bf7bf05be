/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* RPC: tna.list, tna.show, tna.terminate, tna.usage, tna.stats. */
#include "core/ip_addr.h"
#include "core/rpc.h"

#include "base/buf.h"
#include "common/mem.h"
#include "common/view.h"
#include "calls.h"
#include "id.h"
#include "life.h"
#include "message.h"
#include "route.h"
#include "store.h"

#define LIST_IDS 256

static const char *doc_list[] = {"Lists bindings, at most [count] (1000).", 0};
static const char *doc_show[] = {
		"Shows the bindings of a public identity, or one by its id.", 0};
static const char *doc_terminate[] = {
		"Ends calls and binding, closes the WebSocket: <binding|impu> [cause].",
		0};
static const char *doc_usage[] = {
		"What the pages of each WWSF use of its limits (0: no limit).", 0};
static const char *doc_stats[] = {"How many bindings there are.", 0};

/* The nth binding an operator means by `text`. */
static bool id_find(unsigned char *id, struct ep_view text, size_t nth)
{
	if(tna_id_parse(id, text))
		return nth == 0;
	return tna_store_by_impu(id, text, nth);
}

static void add_text(
		rpc_t *rpc, void *st, const char *name, struct ep_view text)
{
	str s = ep_str_view(text.p != NULL ? text : EP_LIT(""));

	rpc->struct_add(st, "S", name, &s);
}

static void add_source(rpc_t *rpc, void *st, int conid)
{
	char text[IP_ADDR_MAX_STR_SIZE + 64];
	struct tna_peer peer;
	struct ep_buf source;

	ep_buf_init(&source, text, sizeof(text));
	if(tna_route_peer(&peer, conid)) {
		ep_buf_put_z(&source, ip_addr2a(&peer.ip));
		ep_buf_put_chr(&source, ':');
		ep_buf_put_u64(&source, peer.port);
	}
	add_text(rpc, st, "source", ep_buf_view(&source));
}

static void add_all(
		rpc_t *rpc, void *st, const char *name, const struct ep_impus *list)
{
	void *array;
	size_t i;
	str s;

	if(rpc->struct_add(st, "[", name, &array) < 0)
		return;
	for(i = 0; i < list->n; i++) {
		s = ep_str_view(list->v[i]);
		rpc->array_add(array, "S", &s);
	}
}

static void add_binding(rpc_t *rpc, void *ctx, const unsigned char *id,
		const struct tna_copy *c, bool all)
{
	char hex[2 * EP_FLOW_ID_LEN];
	struct ep_buf text;
	void *st;
	long left = (long)(c->life.end_s - tna_now_s());

	if(rpc->add(ctx, "{", &st) < 0)
		return;
	ep_buf_init(&text, hex, sizeof(hex));
	ep_buf_put_hex(&text, ep_view_of((const char *)id, EP_FLOW_ID_LEN));
	add_text(rpc, st, "binding", ep_buf_view(&text));
	add_text(rpc, st, "impi", c->b.impi);
	add_text(rpc, st, "impu", ep_impus_default(c->b.impus));
	rpc->struct_add(st, "sddd", "status", ep_binding_state_name(c->life.state),
			"expires_s", (int)(left > 0 ? left : 0), "conid", c->conid, "calls",
			(int)tna_calls_count(id));
	if(!all)
		return;
	add_all(rpc, st, "impus", &c->b.impus);
	add_all(rpc, st, "wildcards", &c->b.wildcards);
	add_all(rpc, st, "service_route", &c->b.service_route);
	add_text(rpc, st, "contact", c->b.contact);
	add_text(rpc, st, "instance", c->b.instance);
	add_text(rpc, st, "waf", c->b.waf);
	add_text(rpc, st, "wwsf", c->b.wwsf);
	add_source(rpc, st, c->conid);
	rpc->struct_add(st, "sd", "auth", c->b.auth_done ? "token" : "digest",
			"bound_s", (int)(tna_now_s() - c->since_s));
}

static bool print_id(rpc_t *rpc, void *ctx, const unsigned char *id, bool all)
{
	struct ep_arena arena;
	struct tna_copy c;
	char first[4096];
	bool there;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	there = tna_store_get(&c, id, &arena) == EP_OK;
	if(there)
		add_binding(rpc, ctx, id, &c, all);
	ep_arena_fini(&arena);
	return there;
}

static void rpc_list(rpc_t *rpc, void *ctx)
{
	struct tna_found found[LIST_IDS];
	unsigned at = 0;
	int count = 1000;
	size_t n, i;

	rpc->scan(ctx, "*d", &count);
	while(count > 0 && tna_store_walk(found, &n, LIST_IDS, &at, tna_now_s()))
		for(i = 0; i < n && count > 0; i++)
			if(print_id(rpc, ctx, found[i].id, false))
				count--;
}

static void rpc_show(rpc_t *rpc, void *ctx)
{
	unsigned char id[EP_FLOW_ID_LEN];
	size_t nth, shown = 0;
	str who;

	if(rpc->scan(ctx, "S", &who) < 1) {
		rpc->fault(ctx, 400, "which binding or public identity?");
		return;
	}
	for(nth = 0; id_find(id, ep_view_str(&who), nth); nth++)
		shown += print_id(rpc, ctx, id, true);
	if(shown == 0)
		rpc->fault(ctx, 404, "no such binding");
}

static void rpc_terminate(rpc_t *rpc, void *ctx)
{
	unsigned char id[EP_FLOW_ID_LEN];
	enum tna_end_cause cause = TNA_END_OPERATOR;
	int n = 0;
	size_t nth;
	str who, why;
	void *st;

	if(rpc->scan(ctx, "S", &who) < 1) {
		rpc->fault(ctx, 400, "which binding or public identity?");
		return;
	}
	if(rpc->scan(ctx, "*S", &why) == 1)
		cause = tna_end_parse(ep_view_str(&why));
	if(cause == TNA_END_N) {
		rpc->fault(ctx, 400, "no such cause");
		return;
	}
	for(nth = 0; id_find(id, ep_view_str(&who), nth); nth++)
		n += tna_life_end(id, cause) == EP_OK;
	if(n == 0)
		rpc->fault(ctx, 404, "no such binding");
	else if(rpc->add(ctx, "{", &st) >= 0)
		rpc->struct_add(st, "d", "terminated", n);
}

static void rpc_stats(rpc_t *rpc, void *ctx)
{
	struct tna_store_stats s;
	void *st;

	tna_store_stats(&s);
	if(rpc->add(ctx, "{", &st) >= 0)
		rpc->struct_add(st, "ddd", "bindings", (int)s.bindings, "held",
				(int)s.held, "max", (int)s.max);
}

static void add_usage(rpc_t *rpc, void *ctx, const struct tna_usage_shown *u)
{
	void *st;

	if(rpc->add(ctx, "{", &st) < 0)
		return;
	add_text(rpc, st, "wwsf", u->wwsf);
	rpc->struct_add(st, "ddddd", "registrations", (int)u->n.registrations,
			"pending", (int)u->pending, "calls", (int)u->n.calls, "answered",
			(int)u->n.answered, "today_s", (int)u->today_s);
	rpc->struct_add(st, "sdddd", "configured", u->gone ? "no" : "yes",
			"max_registrations", (int)u->limits.max_registrations, "max_calls",
			(int)u->limits.max_calls, "max_call_s", (int)u->limits.max_call_s,
			"call_s_per_day", (int)u->limits.call_s_per_day);
}

static void rpc_usage(rpc_t *rpc, void *ctx)
{
	struct tna_usage_shown u;
	unsigned nth;

	for(nth = 0; tna_usage_show(&u, nth); nth++)
		add_usage(rpc, ctx, &u);
}

rpc_export_t tna_rpc[] = {
		{"tna.list", rpc_list, doc_list, RET_ARRAY},
		{"tna.show", rpc_show, doc_show, RET_ARRAY},
		{"tna.terminate", rpc_terminate, doc_terminate, 0},
		{"tna.stats", rpc_stats, doc_stats, 0},
		{"tna.usage", rpc_usage, doc_usage, RET_ARRAY},
		{NULL, NULL, NULL, 0},
};
