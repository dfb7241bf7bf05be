/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* kamcmd webrtc_auth.*: no token and no key material in any answer. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/dprint.h"

#include "base/buf.h"
#include "common/clock.h"
#include "common/view.h"
#include "webrtc_auth/cache.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/flood.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/revoke.h"
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
	char text[900];
	struct ep_buf changes;

	ep_buf_init(&changes, text, sizeof(text));
	if(ep_policy_reload(&error, &changes) != EP_OK) {
		LM_ERR("reload refused, line %u: %s\n", error.line, error.text);
		rpc->fault(ctx, 400, "line %u: %s", error.line, error.text);
		return;
	}
	ep_worker_wake_fetch();
	LM_NOTICE("configuration reloaded, generation %u, changed: %.*s\n",
			ep_policy_generation(), EP_FMT(ep_buf_view(&changes)));
	rpc->rpl_printf(ctx, "generation %u, changed: %.*s", ep_policy_generation(),
			EP_FMT(ep_buf_view(&changes)));
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

static int age_of(time_t then_s, time_t now_s)
{
	return then_s != 0 ? (int)(now_s - then_s) : -1;
}

static const char *error_of(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

static void add_metadata(rpc_t *rpc, void *h,
		const struct ep_keystore_state *state, time_t now_s)
{
	rpc->struct_add(h, "ds", "metadata_age",
			age_of(state->metadata_ok_s, now_s), "metadata_error",
			error_of(state->metadata_error));
}

static void add_introspection(rpc_t *rpc, void *h,
		const struct ep_issuer *issuer, const struct ep_keystore_state *state,
		time_t now_s)
{
	char url[EP_KEYSTORE_URL_MAX];

	text_of(url, sizeof(url),
			issuer->introspect.p != NULL ? issuer->introspect
										 : ep_view_z(state->introspect));
	rpc->struct_add(h, "sds", "introspect", error_of(url), "introspect_age",
			age_of(state->introspect_ok_s, now_s), "introspect_error",
			error_of(state->introspect_error));
}

static void add_issuer(rpc_t *rpc, void *ctx, const struct ep_issuer *issuer,
		const struct ep_keyset *set)
{
	struct ep_keystore_state state = {.generation = 0};
	time_t now_s = time(NULL);
	char name[128], source[512];
	void *h, *list;
	size_t i;

	ep_keystore_get(&state, issuer);
	if(rpc->add(ctx, "{", &h) < 0)
		return;
	rpc->struct_add(h, "ssdds", "issuer",
			text_of(name, sizeof(name), issuer->name), "source",
			text_of(source, sizeof(source),
					issuer->jwks.p != NULL ? issuer->jwks
										   : ep_view_z(state.jwks)),
			"generation", (int)state.generation, "age",
			age_of(state.ok_s, now_s), "last_error", error_of(state.error));
	if(issuer->discovery != EP_DISCOVERY_NO)
		add_metadata(rpc, h, &state, now_s);
	if(issuer->is_introspected)
		add_introspection(rpc, h, issuer, &state, now_s);
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

static void rpc_refresh(rpc_t *rpc, void *ctx)
{
	str name = STR_NULL;

	if(rpc->scan(ctx, "*S", &name) < 1) {
		ep_keystore_want(EP_LIT(""), EP_WANT_METADATA);
		return;
	}
	if(!ep_policy_has_issuer(ep_view_str(&name))) {
		rpc->fault(ctx, 404, "no such issuer");
		return;
	}
	ep_keystore_want(ep_view_str(&name), EP_WANT_METADATA);
}

static void add_cache(rpc_t *rpc, void *h)
{
	struct ep_cache_stats cache;

	ep_cache_stats(&cache);
	rpc->struct_add(h, "ddddddd", "cache_size", (int)cache.cap, "cache_entries",
			(int)cache.entries, "cache_bytes", (int)cache.region_bytes,
			"cache_hit", (int)counter_get_val(ep_counters.cache_hit),
			"cache_miss", (int)counter_get_val(ep_counters.cache_miss),
			"cache_stale", (int)counter_get_val(ep_counters.cache_stale),
			"cache_evicted", (int)counter_get_val(ep_counters.cache_evicted));
}

static void add_introspect(rpc_t *rpc, void *h)
{
	const struct
	{
		const char *name;
		counter_handle_t counter;
	} v[] = {{"introspect_asked", ep_counters.introspect_asked},
			{"introspect_answered", ep_counters.introspect_answered},
			{"introspect_failed", ep_counters.introspect_failed},
			{"introspect_inactive", ep_counters.introspect_inactive},
			{"introspect_busy", ep_counters.introspect_busy},
			{"introspect_cache", ep_counters.introspect_cache}};
	size_t i;

	rpc->struct_add(h, "d", "introspect_pending", (int)ep_pending_count());
	for(i = 0; i < sizeof(v) / sizeof(*v); i++)
		rpc->struct_add(h, "d", v[i].name, (int)counter_get_val(v[i].counter));
}

static void rpc_stats(rpc_t *rpc, void *ctx)
{
	void *h;
	size_t i;

	if(rpc->add(ctx, "{", &h) < 0)
		return;
	rpc->struct_add(h, "ddd", "connections", (int)ep_conns_count(),
			"generation", (int)ep_policy_generation(), "revoked_entries",
			(int)ep_revoke_count());
	rpc->struct_add(h, "dddddddd", "revoked_connections",
			(int)counter_get_val(ep_counters.revoked_connections),
			"revoked_file_failed",
			(int)counter_get_val(ep_counters.revoked_file_failed), "logout_ok",
			(int)counter_get_val(ep_counters.logout_ok), "logout_refused",
			(int)counter_get_val(ep_counters.logout_refused), "node_taken",
			(int)counter_get_val(ep_counters.node_taken), "node_refused",
			(int)counter_get_val(ep_counters.node_refused), "node_replayed",
			(int)counter_get_val(ep_counters.node_replayed), "node_undelivered",
			(int)counter_get_val(ep_counters.node_undelivered));
	rpc->struct_add(h, "dddddd", "origin_ok",
			(int)counter_get_val(ep_counters.origin_ok), "origin_refused",
			(int)counter_get_val(ep_counters.origin_refused), "dropped",
			(int)counter_get_val(ep_counters.dropped), "closed",
			(int)counter_get_val(ep_counters.closed), "fetch_ok",
			(int)counter_get_val(ep_counters.fetch_ok), "fetch_failed",
			(int)counter_get_val(ep_counters.fetch_failed));
	rpc->struct_add(h, "d", "frames_malformed",
			(int)counter_get_val(ep_counters.frames_malformed));
	add_cache(rpc, h);
	add_introspect(rpc, h);
	for(i = 0; i < EP_TOKEN_CAUSE_N; i++)
		if(counter_get_val(ep_counters.cause[i]) != 0)
			rpc->struct_add(h, "d", ep_token_cause_get(i)->name,
					(int)counter_get_val(ep_counters.cause[i]));
}

/* RFC 5952 */
static void source_text(char out[64], const struct ep_flood_source *s)
{
	unsigned char address[16] = {0};
	bool is_ip4 = s->v[0] == 4;

	memcpy(address, s->v + 1, is_ip4 ? 4 : 8);
	if(inet_ntop(is_ip4 ? AF_INET : AF_INET6, address, out, 48) == NULL)
		out[0] = '\0';
	if(!is_ip4)
		strcat(out, "/64");
}

static void rpc_sources(rpc_t *rpc, void *ctx)
{
	struct ep_flood_row rows[100];
	int64_t now_ms = ep_clock_ms();
	char source[64];
	int max = 20;
	size_t i, n;
	void *h;

	if(rpc->scan(ctx, "*d", &max) > 0 && (max < 1 || max > 100)) {
		rpc->fault(ctx, 400, "how many: 1..100");
		return;
	}
	n = ep_floods_worst(rows, (size_t)max);
	for(i = 0; i < n; i++) {
		source_text(source, &rows[i].source);
		if(rpc->add(ctx, "{", &h) < 0)
			return;
		rpc->struct_add(h, "sddddd", "source", source, "failures",
				(int)rows[i].failures, "cost_ms", (int)rows[i].cost_us / 1000,
				"total", (int)rows[i].failures_ever, "age",
				(int)((now_ms - rows[i].seen_ms) / 1000), "good",
				(int)rows[i].good);
	}
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

static const char *revoke_doc[2] = {
		"Revoke: jti|sub|sid|impi|impu|wwsf|waf|issuer, value (issuer/value "
		"for the first three), optional: seconds, and `now` or a time up to "
		"which tokens were issued",
		0};
static const char *unrevoke_doc[2] = {"Lift a revocation: kind, value", 0};
static const char *revoked_doc[2] = {
		"What is revoked; optional: from, count (100)", 0};
static const char *reload_doc[2] = {
		"Check the configuration file, and use it if it is good", 0};
static const char *keys_doc[2] = {"Issuers and their keys", 0};
static const char *refresh_doc[2] = {
		"Fetch the keys of one issuer, or of all, as soon as allowed", 0};
static const char *stats_doc[2] = {"Counters that are not zero", 0};
static const char *conns_doc[2] = {"Connections; optional: how many", 0};
static const char *sources_doc[2] = {
		"Addresses with refused tokens, worst first; optional: how many", 0};
static const char *close_doc[2] = {
		"End a connection: id, optional close code and reason", 0};

// clang-format off
rpc_export_t ep_rpcs[] = {
	{"webrtc_auth.reload", rpc_reload, reload_doc, 0},
	{"webrtc_auth.keys", rpc_keys, keys_doc, RET_ARRAY},
	{"webrtc_auth.refresh", rpc_refresh, refresh_doc, 0},
	{"webrtc_auth.stats", rpc_stats, stats_doc, 0},
	{"webrtc_auth.conns", rpc_conns, conns_doc, RET_ARRAY},
	{"webrtc_auth.sources", rpc_sources, sources_doc, RET_ARRAY},
	{"webrtc_auth.close", rpc_close, close_doc, 0},
	{"webrtc_auth.revoke", ep_rpc_revoke, revoke_doc, 0},
	{"webrtc_auth.unrevoke", ep_rpc_unrevoke, unrevoke_doc, 0},
	{"webrtc_auth.revoked", ep_rpc_revoked, revoked_doc, RET_ARRAY},
	{0, 0, 0, 0}
};
// clang-format on
