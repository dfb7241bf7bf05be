/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* kamcmd webrtc_auth.*: no token and no key material in any answer. */
#include <stdio.h>
#include <time.h>

#include "core/dprint.h"

#include "base/buf.h"
#include "common/view.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/script.h"
#include "webrtc_auth/worker.h"

/* A view as the `s` of an RPC answer, cut to fit. */
static char *text_of(char *out, size_t cap, struct ep_view v)
{
	snprintf(out, cap, "%.*s", EP_FMT(v));
	return out;
}

static void rpc_reload(rpc_t *rpc, void *ctx)
{
	struct ep_config_error error;

	if(ep_policy_reload(&error) != EP_OK) {
		LM_ERR("reload refused, line %u: %s\n", error.line, error.text);
		rpc->fault(ctx, 400, "line %u: %s", error.line, error.text);
		return;
	}
	ep_worker_wake_fetch();
	LM_NOTICE(
			"configuration reloaded, generation %u\n", ep_policy_generation());
	rpc->rpl_printf(ctx, "generation %u", ep_policy_generation());
}

static const char *state_name(enum ep_jwk_state state)
{
	switch(state) {
		case EP_JWK_USABLE:
			return "usable";
		case EP_JWK_USE:
			return "not for signatures";
		case EP_JWK_KTY:
			return "unknown kind";
		case EP_JWK_BAD:
			return "malformed";
		case EP_JWK_ALG:
			return "algorithm not allowed";
		default:
			return "kid repeated";
	}
}

static void add_key(rpc_t *rpc, void *list, const struct ep_keyset_entry *k)
{
	char kid[160];
	void *h;

	if(rpc->array_add(list, "{", &h) < 0)
		return;
	rpc->struct_add(h, "sss", "kid", text_of(kid, sizeof(kid), k->kid), "alg",
			k->key ? ep_sig_alg_name(ep_sig_key_alg(k->key)) : "-", "state",
			state_name(k->state));
}

static void add_issuer(rpc_t *rpc, void *ctx, const struct ep_issuer *issuer,
		const struct ep_keyset *set)
{
	struct ep_keystore_state state = {.generation = 0};
	time_t now_s = time(NULL);
	char name[128], source[512];
	void *h, *list;
	size_t i;

	ep_keystore_get(&state, issuer->name, issuer->jwks);
	if(rpc->add(ctx, "{", &h) < 0)
		return;
	rpc->struct_add(h, "ssdds", "issuer",
			text_of(name, sizeof(name), issuer->name), "source",
			text_of(source, sizeof(source), issuer->jwks), "generation",
			(int)state.generation, "age",
			state.ok_s ? (int)(now_s - state.ok_s) : -1, "last_error",
			state.error[0] ? state.error : "-");
	if(set == NULL || rpc->struct_add(h, "[", "keys", &list) < 0)
		return;
	for(i = 0; i < set->n; i++)
		add_key(rpc, list, &set->v[i]);
}

static void rpc_keys(rpc_t *rpc, void *ctx)
{
	const struct ep_token_policy *policy;
	struct ep_keyring ring;
	size_t i;

	policy = ep_policy_keys_get(&ring, time(NULL));
	if(policy == NULL) {
		rpc->fault(ctx, 500, "out of memory");
		return;
	}
	for(i = 0; i < policy->issuers_n; i++)
		add_issuer(rpc, ctx, &policy->issuers[i], ring.sets[i]);
}

static bool is_issuer(struct ep_view name)
{
	const struct ep_token_policy *policy = ep_policy_get();
	size_t i;

	for(i = 0; policy != NULL && i < policy->issuers_n; i++)
		if(ep_view_eq(policy->issuers[i].name, name))
			return true;
	return false;
}

static void rpc_refresh(rpc_t *rpc, void *ctx)
{
	str name = STR_NULL;

	if(rpc->scan(ctx, "*S", &name) < 1) {
		ep_keystore_want(EP_LIT(""));
		return;
	}
	if(!is_issuer(ep_view_str(&name))) {
		rpc->fault(ctx, 404, "no such issuer");
		return;
	}
	ep_keystore_want(ep_view_str(&name));
}

static void rpc_stats(rpc_t *rpc, void *ctx)
{
	void *h;
	size_t i;

	if(rpc->add(ctx, "{", &h) < 0)
		return;
	rpc->struct_add(h, "dd", "connections", (int)ep_conns_count(), "generation",
			(int)ep_policy_generation());
	rpc->struct_add(h, "dddddd", "origin_ok",
			(int)counter_get_val(ep_counters.origin_ok), "origin_refused",
			(int)counter_get_val(ep_counters.origin_refused), "dropped",
			(int)counter_get_val(ep_counters.dropped), "closed",
			(int)counter_get_val(ep_counters.closed), "fetch_ok",
			(int)counter_get_val(ep_counters.fetch_ok), "fetch_failed",
			(int)counter_get_val(ep_counters.fetch_failed));
	for(i = 0; i < EP_TOKEN_CAUSE_N; i++)
		if(counter_get_val(ep_counters.cause[i]) != 0)
			rpc->struct_add(h, "d", ep_token_cause_get(i)->name,
					(int)counter_get_val(ep_counters.cause[i]));
}

struct list_ctx
{
	rpc_t *rpc;
	void *ctx;
	unsigned left;
};

static bool add_conn(const struct ep_conn *conn, void *ctx)
{
	char binding[2 * WEBRTC_AUTH_BINDING_LEN + 1] = "-";
	struct list_ctx *l = ctx;
	struct ep_buf b;
	void *h;

	if(l->left == 0 || l->rpc->add(l->ctx, "{", &h) < 0)
		return true;
	l->left--;
	if(conn->bound) {
		ep_buf_init(&b, binding, sizeof(binding) - 1);
		ep_buf_put_hex(&b,
				ep_view_of((const char *)conn->binding, sizeof(conn->binding)));
		binding[b.len] = '\0';
	}
	l->rpc->struct_add(h, "dssds", "conid", conn->id, "wwsf", conn->wwsf,
			"state",
			conn->revoked         ? "closing"
			: conn->authenticated ? "authenticated"
								  : "open",
			"failures", (int)conn->failures, "binding", binding);
	return true;
}

static void rpc_conns(rpc_t *rpc, void *ctx)
{
	struct list_ctx l = {rpc, ctx, 1000};
	int max;

	if(rpc->scan(ctx, "*d", &max) > 0 && max > 0)
		l.left = (unsigned)max;
	ep_conns_walk(add_conn, &l);
}

static void rpc_close(rpc_t *rpc, void *ctx)
{
	int conid, code = 1001;
	str reason = str_init("closed by operator");

	if(rpc->scan(ctx, "d*dS", &conid, &code, &reason) < 1) {
		rpc->fault(ctx, 400, "needs a connection id");
		return;
	}
	switch(ep_close_start(conid, code, ep_view_str(&reason))) {
		case EP_OK:
			break;
		case EP_ERANGE:
			rpc->fault(ctx, 400, "code is not in 1000..4999");
			break;
		default:
			rpc->fault(ctx, 404, "no such connection");
	}
}

static const char *reload_doc[2] = {
		"Check the configuration file, and use it if it is good", 0};
static const char *keys_doc[2] = {"Issuers and their keys", 0};
static const char *refresh_doc[2] = {
		"Fetch the keys of one issuer, or of all, as soon as allowed", 0};
static const char *stats_doc[2] = {"Counters that are not zero", 0};
static const char *conns_doc[2] = {"Connections; optional: how many", 0};
static const char *close_doc[2] = {
		"End a connection: id, optional close code and reason", 0};

// clang-format off
rpc_export_t ep_rpcs[] = {
	{"webrtc_auth.reload", rpc_reload, reload_doc, 0},
	{"webrtc_auth.keys", rpc_keys, keys_doc, RET_ARRAY},
	{"webrtc_auth.refresh", rpc_refresh, refresh_doc, 0},
	{"webrtc_auth.stats", rpc_stats, stats_doc, 0},
	{"webrtc_auth.conns", rpc_conns, conns_doc, RET_ARRAY},
	{"webrtc_auth.close", rpc_close, close_doc, 0},
	{0, 0, 0, 0}
};
// clang-format on
