/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* RPC of both roles: tna.bar, tna.unbar, tna.barred. */
#include "core/dprint.h"
#include "core/rpc.h"

#include "common/view.h"
#include "barred.h"
#include "tna_register.h"

#define SECONDS_MAX (10 * 365 * 86400)
#define LIST_COUNT 100

struct named
{
	enum ep_barred_kind kind;
	struct ep_view name; /* in `text` */
	char text[EP_BARRED_NAME_MAX];
};

static bool named_scan(struct named *out, rpc_t *rpc, void *ctx)
{
	struct ep_buf b;
	str kind, name;

	if(rpc->scan(ctx, "SS", &kind, &name) < 2) {
		rpc->fault(ctx, 400, "waf or wwsf, and its identity");
		return false;
	}
	out->kind = ep_barred_kind_find(ep_view_str(&kind));
	if(out->kind == EP_BARRED_KIND_N) {
		rpc->fault(ctx, 400, "waf or wwsf, not '%.*s'", kind.len, kind.s);
		return false;
	}
	ep_buf_init(&b, out->text, sizeof(out->text));
	if(ep_barred_name(&b, ep_view_str(&name)) != EP_OK) {
		rpc->fault(
				ctx, 400, "an identity of 1 to %d octets", EP_BARRED_NAME_MAX);
		return false;
	}
	out->name = ep_buf_view(&b);
	return true;
}

static void add_named(rpc_t *rpc, void *st, const struct named *n)
{
	str name = ep_str_view(n->name);

	rpc->struct_add(
			st, "sS", "kind", ep_barred_kind_name(n->kind), "id", &name);
}

void tna_rpc_bar(rpc_t *rpc, void *ctx)
{
	struct tna_barred_ended ended;
	struct ep_barred_entry e;
	struct named n;
	int seconds = 0;
	void *st;

	if(!named_scan(&n, rpc, ctx))
		return;
	if(rpc->scan(ctx, "*.d", &seconds) > 0
			&& (seconds < 1 || seconds > SECONDS_MAX)) {
		rpc->fault(ctx, 400, "seconds are not in 1..%d", SECONDS_MAX);
		return;
	}
	e = (struct ep_barred_entry){.kind = n.kind,
			.name = n.name,
			.until_s = seconds > 0 ? (int64_t)tna_now_s() + seconds : 0};
	if(tna_barred_put(&e) != EP_OK) {
		rpc->fault(ctx, 507, "max_barred is reached");
		return;
	}
	tna_barred_end(&ended, n.kind, n.name);
	LM_NOTICE("%s %.*s is barred: %u registrations end\n",
			ep_barred_kind_name(n.kind), EP_FMT(n.name), ended.registrations);
	if(rpc->add(ctx, "{", &st) < 0)
		return;
	add_named(rpc, st, &n);
	rpc->struct_add(st, "d", "registrations", (int)ended.registrations);
	if(!tna_set.scscf)
		rpc->struct_add(st, "d", "calls", (int)ended.calls);
	rpc->struct_add(st, "dd", "until", (int)e.until_s, "saved",
			(int)tna_barred_saved());
}

void tna_rpc_unbar(rpc_t *rpc, void *ctx)
{
	struct named n;
	void *st;

	if(!named_scan(&n, rpc, ctx))
		return;
	switch(tna_barred_lift(n.kind, n.name)) {
		case EP_OK:
			break;
		case EP_ENOENT:
			rpc->fault(ctx, 404, "not barred");
			return;
		default:
			rpc->fault(ctx, 507, "max_barred is reached");
			return;
	}
	LM_NOTICE("%s %.*s is not barred any more\n", ep_barred_kind_name(n.kind),
			EP_FMT(n.name));
	if(rpc->add(ctx, "{", &st) < 0)
		return;
	add_named(rpc, st, &n);
	rpc->struct_add(st, "d", "saved", (int)tna_barred_saved());
}

struct page
{
	rpc_t *rpc;
	void *ctx;
	int skip, left;
	int64_t now_s;
};

static void add_entry(const struct ep_barred_entry *e, void *ctx)
{
	struct page *p = ctx;
	str name = ep_str_view(e->name);
	void *st;

	if(!ep_barred_entry_in_force(e, p->now_s) || p->skip-- > 0 || p->left <= 0)
		return;
	p->left--;
	if(p->rpc->add(p->ctx, "{", &st) < 0)
		return;
	p->rpc->struct_add(st, "sSdsd", "kind", ep_barred_kind_name(e->kind), "id",
			&name, "until", (int)e->until_s, "by", ep_barred_by_name(e->by),
			"since", (int)(e->at_ms / 1000));
}

void tna_rpc_barred(rpc_t *rpc, void *ctx)
{
	struct page p = {.rpc = rpc,
			.ctx = ctx,
			.left = LIST_COUNT,
			.now_s = (int64_t)tna_now_s()};

	if(rpc->scan(ctx, "*d", &p.skip) > 0)
		rpc->scan(ctx, "*.d", &p.left);
	tna_barred_walk(add_entry, &p);
}
