/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* RPC: the table of commands, and those about bindings. */
#include "core/rpc.h"

#include "base/buf.h"
#include "common/mem.h"
#include "common/view.h"
#include "barred.h"
#include "calls.h"
#include "credentials.h"
#include "id.h"
#include "life.h"
#include "message.h"
#include "regevent.h"
#include "scscf.h"
#include "store.h"
#include "subs.h"

#define LIST_IDS 256

static const char *doc_list[] = {"Lists bindings, at most [count] (1000).", 0};
static const char *doc_show[] = {
		"Shows the bindings of a public identity, or one by its id.", 0};
static const char *doc_terminate[] = {
		"Ends calls and binding, closes the WebSocket: <binding|impu> [cause].",
		0};
static const char *doc_usage[] = {
		"What the pages of each WWSF use of its limits (0: no limit).", 0};
static const char *doc_regevent[] = {
		"Lists our subscriptions to the registration event.", 0};
static const char *doc_bar[] = {
		"Shuts a WAF or WWSF out, and ends what came through it: waf|wwsf <id>"
		" [seconds] (for ever).",
		0};
static const char *doc_unbar[] = {"Lets it in again: waf|wwsf <id>.", 0};
static const char *doc_barred[] = {
		"What is barred; optional: from, count (100).", 0};
static const char *doc_stats[] = {"How many bindings there are.", 0};

static const char *doc_allowed[] = {
		"What the HSS says through whom a user may come: <impi>.", 0};
static const char *doc_scscf[] = {"Questions to the HSS, known users.", 0};
static const char *doc_reload[] = {
		"Reads the credentials for a core without TNA again, within 100 ms:"
		" tna.credentials says what came of it.",
		0};
static const char *doc_credentials[] = {
		"How many credentials there are, and whether the last reload was"
		" taken.",
		0};

/* The S-CSCF has no bindings. */
static bool has_bindings(rpc_t *rpc, void *ctx)
{
	if(tna_set.scscf)
		rpc->fault(ctx, 400, "role scscf has no bindings");
	return !tna_set.scscf;
}

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
	rpc->struct_add(st, "sdddd", "status", ep_binding_state_name(c->life.state),
			"expires_s", (int)(left > 0 ? left : 0), "conid", c->conid, "calls",
			(int)tna_calls_count(id), "subscriptions",
			(int)tna_subs_count(id));
	if(!all)
		return;
	add_all(rpc, st, "impus", &c->b.impus);
	add_all(rpc, st, "wildcards", &c->b.wildcards);
	add_all(rpc, st, "service_route", &c->b.service_route);
	add_text(rpc, st, "contact", c->b.contact);
	add_text(rpc, st, "instance", c->b.instance);
	add_text(rpc, st, "waf", c->b.waf);
	add_text(rpc, st, "wwsf", c->b.wwsf);
	add_text(rpc, st, "source", c->b.source);
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

	if(!has_bindings(rpc, ctx))
		return;
	rpc->scan(ctx, "*d", &count);
	while(count > 0 && tna_store_walk(found, &n, LIST_IDS, &at))
		for(i = 0; i < n && count > 0; i++)
			if(print_id(rpc, ctx, found[i].id, false))
				count--;
}

static void rpc_show(rpc_t *rpc, void *ctx)
{
	unsigned char id[EP_FLOW_ID_LEN];
	size_t nth, shown = 0;
	str who;

	if(!has_bindings(rpc, ctx))
		return;
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

	if(!has_bindings(rpc, ctx))
		return;
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

	if(!has_bindings(rpc, ctx))
		return;
	tna_store_stats(&s);
	if(rpc->add(ctx, "{", &st) >= 0)
		rpc->struct_add(st, "dddd", "bindings", (int)s.bindings, "held",
				(int)s.held, "max", (int)s.max, "subscriptions",
				(int)tna_subs_total());
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

	if(!has_bindings(rpc, ctx))
		return;
	for(nth = 0; tna_usage_show(&u, nth); nth++)
		add_usage(rpc, ctx, &u);
}

static void rpc_regevent(rpc_t *rpc, void *ctx)
{
	if(has_bindings(rpc, ctx))
		tna_regevent_rpc(rpc, ctx);
}

rpc_export_t tna_rpc[] = {
		{"tna.list", rpc_list, doc_list, RET_ARRAY},
		{"tna.show", rpc_show, doc_show, RET_ARRAY},
		{"tna.terminate", rpc_terminate, doc_terminate, 0},
		{"tna.stats", rpc_stats, doc_stats, 0},
		{"tna.usage", rpc_usage, doc_usage, RET_ARRAY},
		{"tna.regevent", rpc_regevent, doc_regevent, RET_ARRAY},
		{"tna.credentials_reload", tna_credentials_rpc_reload, doc_reload, 0},
		{"tna.credentials", tna_credentials_rpc_show, doc_credentials, 0},
		/* barred.h: both roles */
		{"tna.bar", tna_rpc_bar, doc_bar, 0},
		{"tna.unbar", tna_rpc_unbar, doc_unbar, 0},
		{"tna.barred", tna_rpc_barred, doc_barred, RET_ARRAY},
		/* scscf.h */
		{"tna.allowed", tna_rpc_allowed, doc_allowed, 0},
		{"tna.scscf", tna_rpc_scscf, doc_scscf, 0},
		{NULL, NULL, NULL, 0},
};
