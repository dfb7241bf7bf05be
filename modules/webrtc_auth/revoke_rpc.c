/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* kamcmd webrtc_auth.revoke, .unrevoke, .revoked. */
#include <limits.h>
#include <time.h>

#include "core/dprint.h"

#include "base/buf.h"
#include "common/view.h"
#include "token/policy.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/revfile.h"
#include "webrtc_auth/revoke.h"
#include "webrtc_auth/script.h"

/* Longest a revocation may be asked to count: ten years. */
#define REVOKE_S_MAX 315360000
/* How long an answer waits for the disk. */
#define DISK_MS 2000

static bool is_wwsf(struct ep_view id)
{
	const struct ep_token_policy *policy = ep_policy_get();

	return policy != NULL && ep_policy_wwsf_find(policy, id) != NULL;
}

/* A name that is only written wrong revokes nothing: better said. */
static const char *name_flaw(const struct ep_revoke_entry *e)
{
	if(ep_revoke_kind_has_issuer(e->kind) && !ep_policy_has_issuer(e->issuer))
		return "no such issuer";
	if(e->kind == EP_REVOKE_ISSUER && !ep_policy_has_issuer(e->value))
		return "no such issuer";
	if(e->kind == EP_REVOKE_WWSF && !is_wwsf(e->value))
		return "no such WWSF";
	return NULL;
}

/* kind and value; false: the fault is set. */
static bool entry_scan(struct ep_revoke_entry *e, rpc_t *rpc, void *ctx,
		struct ep_arena *arena)
{
	enum ep_revoke_kind kind;
	str name, value;

	if(rpc->scan(ctx, "S.S", &name, &value) < 2) {
		rpc->fault(ctx, 400, "needs a kind and a value");
		return false;
	}
	kind = ep_revoke_kind_find(ep_view_str(&name));
	if(kind == EP_REVOKE_KIND_N || kind == EP_REVOKE_LOGOUT) {
		rpc->fault(ctx, 400,
				"kind is jti, sub, sid, impi, impu, wwsf, waf or issuer");
		return false;
	}
	switch(ep_revoke_entry_make(e, kind, ep_view_str(&value), arena)) {
		case EP_OK:
			return true;
		case EP_ENOMEM:
			rpc->fault(ctx, 500, "out of memory");
			return false;
		default:
			rpc->fault(ctx, 400, "%s: %s", ep_revoke_kind_name(kind),
					ep_revoke_kind_has_issuer(kind)
							? "value is issuer/value"
							: "value cannot be read, or is too long");
			return false;
	}
}

/* `now`, or seconds since 1970. */
static bool issued_read(struct ep_revoke_entry *e, struct ep_view text)
{
	uint64_t n = (uint64_t)time(NULL);

	if(!ep_view_eq(text, EP_LIT("now"))
			&& !ep_view_u64(&n, text, (uint64_t)1 << 53))
		return false;
	e->only_issued = true;
	e->issued_s = (int64_t)n;
	return true;
}

static bool revoke_scan(struct ep_revoke_entry *e, rpc_t *rpc, void *ctx,
		struct ep_arena *arena)
{
	int seconds = ep_params()->revoke_seconds;
	const char *flaw;
	str issued;

	if(!entry_scan(e, rpc, ctx, arena))
		return false;
	flaw = name_flaw(e);
	if(flaw != NULL) {
		rpc->fault(ctx, 404, "%s", flaw);
		return false;
	}
	if(rpc->scan(ctx, "*.d", &seconds) > 0
			&& (seconds < 1 || seconds > REVOKE_S_MAX)) {
		rpc->fault(ctx, 400, "seconds are not in 1..%d", REVOKE_S_MAX);
		return false;
	}
	if(rpc->scan(ctx, "*.S", &issued) > 0
			&& !issued_read(e, ep_view_str(&issued))) {
		rpc->fault(ctx, 400, "issued is `now` or seconds since 1970");
		return false;
	}
	e->until_s = (int64_t)time(NULL) + seconds;
	e->by = EP_REVOKE_BY_RPC;
	return true;
}

/* Is the list, as it is now, on the disk? A process that serves SIP does not
 * wait for it. */
static int saved_now(void)
{
	if(!ep_revfile_exists())
		return 0;
	return ep_rank <= 0 && ep_revfile_wait(DISK_MS);
}

static void revoke_do(rpc_t *rpc, void *ctx, const struct ep_revoke_entry *e)
{
	bool changed;
	unsigned n;
	void *h;

	switch(ep_revoke_put(&changed, e)) {
		case EP_OK:
			break;
		case EP_ENOSPC:
			rpc->fault(ctx, 507, "max_revoked is reached");
			return;
		default:
			rpc->fault(ctx, 500, "out of memory");
			return;
	}
	n = ep_revoke_enforce();
	LM_NOTICE("revoked by RPC: %s, %u connections end\n",
			ep_revoke_kind_name(e->kind), n);
	if(rpc->add(ctx, "{", &h) < 0)
		return;
	rpc->struct_add(h, "ddd", "connections", (int)n, "until", (int)e->until_s,
			"saved", saved_now());
}

void ep_rpc_revoke(rpc_t *rpc, void *ctx)
{
	struct ep_revoke_entry e;
	struct ep_arena arena;
	char first[4096];

	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	if(revoke_scan(&e, rpc, ctx, &arena))
		revoke_do(rpc, ctx, &e);
	ep_arena_fini(&arena);
}

void ep_rpc_unrevoke(rpc_t *rpc, void *ctx)
{
	struct ep_revoke_entry e;
	struct ep_arena arena;
	char first[4096];
	int n = 0, only;
	void *h;

	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	if(entry_scan(&e, rpc, ctx, &arena)) {
		for(only = 0; only < 2; only++) {
			e.only_issued = only;
			n += ep_revoke_lift(&e) == EP_OK;
		}
		if(n == 0)
			rpc->fault(ctx, 404, "not revoked");
		else if(rpc->add(ctx, "{", &h) >= 0)
			rpc->struct_add(h, "dd", "lifted", n, "saved", saved_now());
	}
	ep_arena_fini(&arena);
}

struct page
{
	rpc_t *rpc;
	void *ctx;
	unsigned skip, left;
	int64_t now_s;
};

/* Texts as in the file: no octet that a terminal would not like. */
static void add_revoked(const struct ep_revoke_entry *e, void *ctx)
{
	char text[EP_REVOKE_LINE_MAX + 1];
	struct page *p = ctx;
	struct ep_view rest;
	struct ep_buf b;
	str issuer, value;
	void *h;

	int until_s = e->until_s < INT_MAX ? (int)e->until_s : INT_MAX;

	if(e->lifted || e->until_s < p->now_s || p->left == 0)
		return;
	if(p->skip > 0) {
		p->skip--;
		return;
	}
	ep_buf_init(&b, text, sizeof(text));
	if(ep_revoke_entry_print(&b, e) != EP_OK
			|| p->rpc->add(p->ctx, "{", &h) < 0)
		return;
	p->left--;
	rest = ep_buf_view(&b);
	ep_view_cut(&rest, ' ');
	issuer = ep_str_view(ep_view_cut(&rest, ' '));
	value = ep_str_view(ep_view_cut(&rest, ' '));
	p->rpc->struct_add(h, "sSSdddsd", "kind", ep_revoke_kind_name(e->kind),
			"issuer", &issuer, "value", &value, "until", until_s,
			"seconds_left", until_s - (int)p->now_s, "issued",
			e->only_issued ? (int)e->issued_s : -1, "by",
			ep_revoke_by_name(e->by), "since", (int)(e->at_ms / 1000));
}

void ep_rpc_revoked(rpc_t *rpc, void *ctx)
{
	struct page p = {rpc, ctx, 0, 100, time(NULL)};
	int from = 0, count = 100;
	size_t chain;

	if(rpc->scan(ctx, "*d", &from) > 0)
		rpc->scan(ctx, "*d", &count);
	if(from < 0 || count < 0 || count > 10000) {
		rpc->fault(ctx, 400, "from is not below 0, count is in 0..10000");
		return;
	}
	p.skip = (unsigned)from;
	p.left = (unsigned)count;
	for(chain = 0; p.left > 0 && ep_revoke_walk(chain, add_revoked, &p);)
		chain++;
}
