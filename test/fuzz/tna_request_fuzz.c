/* ep_tna_register_plan, ep_tna_register_digest_plan, ep_auth_kind,
 * ep_tna_request_plan,
 * ep_tna_towards_plan, ep_tna_answer_plan, ep_tna_name_plan,
 * ep_tna_from_check, ep_tna_targets_get. Input: a SIP message. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "message.h"
#include "base/sipuri.h"
#include "tna/auth.h"
#include "tna/check.h"
#include "tna/from.h"
#include "tna/request.h"
#include "tna/target.h"
#include "tna/trust.h"

#define NOW 1000000u

static const struct ep_tna_cfg cfg = {
		.realm = {"home1.net", 9},
		.home_uri = {"sip:home1.net", 13},
		.own_host = {"pcscf:4060", 10},
		.outbound = true,
		.visited_network = {"home1.net", 9},
		.ioi = {"home1.net", 9},
		.expires_default_s = 600000,
		.expires_max_s = 600000,
		.token_skew_s = 10,
		.token_min_s = 30,
		.wwsf_param = {"wwsf-id", 7},
		.feature_caps = {"*;+sip.ice", 10},
};
static const struct ep_tna_cfg core_cfg = {
		.realm = {"home1.net", 9},
		.home_uri = {"sip:home1.net", 13},
		.own_host = {"pcscf:4060", 10},
		.core_digest = true,
		.core_realm = {"home1.net", 9},
		.expires_default_s = 600000,
		.expires_max_s = 600000,
};
static const struct ep_view impus[] = {{"sip:alice@home1.net", 19}};
static const struct ep_view wild[] = {{"sip:c!.*!@home1.net", 19}};
static const struct ep_view routes[] = {{"<sip:orig@s1;lr>", 16}};
static const struct ep_tna_identity who = {
		.impi = {"alice@home1.net", 15},
		.impus = {impus, 1},
		.waf = {"waf@x", 5},
		.wwsf = {"shop", 4},
		.add_entity = true,
		.token_end_s = NOW + 510,
};
static const struct ep_binding binding = {.impus = {impus, 1},
		.wildcards = {wild, 1},
		.service_route = {routes, 1}};

/* Of every header of the trust domain only what we put there: `ours` says of
 * which one. */
static void trust_holds(
		enum ep_trust_way way, const char *const *ours, size_t ours_n)
{
	struct ep_view name;
	unsigned ways;
	size_t i, k;

	for(i = 0; (name = ep_trust_name(i, &ways)).p; i++) {
		size_t allowed = 0;

		if(!(ways & way))
			continue;
		for(k = 0; k < ours_n; k++)
			allowed |= ep_view_ieq(name, ep_view_z(ours[k]));
		need(msg_count(&after.t.m, name) == allowed);
	}
}

/* How often Digest credentials have the parameter; *last is its last value. */
static size_t digest_has(
		struct ep_view *last, struct ep_view value, struct ep_view name)
{
	struct ep_view item;
	size_t n = 0;

	need(ep_view_starts(value, EP_LIT("Digest ")));
	value = ep_view_from(value, 7);
	while(ep_list_next(&item, &value) == EP_OK) {
		struct ep_param p;

		need(ep_param_next(&p, &item) == EP_OK && !item.p && p.value.p);
		if(!ep_view_ieq(p.name, name))
			continue;
		*last = p.value;
		n++;
	}
	return n;
}

/* Only Digest is left, and in it nothing that only we may say. */
static void no_bearer(const char *name)
{
	struct ep_view value, last;
	size_t k;

	for(k = 0; (value = msg_value(&after.t.m, ep_view_z(name), k)).p; k++) {
		need(!digest_has(&last, value, EP_LIT("integrity-protected")));
		need(!digest_has(&last, value, EP_LIT("authorization-entity")));
	}
}

/* Kamailio would route by `alias`. */
static void no_alias(void)
{
	struct ep_view rest;
	struct ep_nameaddr na;
	struct ep_uri uri;
	size_t k;

	for(k = 0; (rest = msg_value(&after.t.m, EP_LIT("Contact"), k)).p; k++)
		while(ep_nameaddr_next(&na, &rest) == EP_OK) {
			need(!ep_param_get(NULL, na.params, EP_LIT("alias")));
			need(na.star
					|| (ep_uri_parse(&uri, na.uri) == EP_OK
							&& !ep_param_get(
									NULL, uri.params, EP_LIT("alias"))));
		}
}

static const char *const mw[] = {
		"Path", "P-Visited-Network-ID", "P-Charging-Vector", "Feature-Caps"};

/* A registrar that takes the first expiry and one that takes the last agree. */
static void expiries_hold(uint32_t limit_s)
{
	struct ep_view rest, params;
	struct ep_nameaddr na;
	struct ep_param p;
	size_t k, n;

	for(k = 0; (rest = msg_value(&after.t.m, EP_LIT("Contact"), k)).p; k++)
		while(ep_nameaddr_next(&na, &rest) == EP_OK) {
			params = na.params;
			for(n = 0; ep_param_next(&p, &params) == EP_OK;)
				if(ep_view_ieq(p.name, EP_LIT("expires"))) {
					need(ep_expires_parse(ep_unquote(p.value)) <= limit_s);
					n++;
				}
			need(n <= 1);
		}
}

/* Towards a core that knows no trusted node nobody is vouched for. */
static void core_holds(const struct ep_msg *m)
{
	struct ep_tna_register plan;

	if(ep_tna_register_plan(&plan, m, &core_cfg, &who, EP_LIT("TOKEN"),
			   EP_LIT("icid"), NOW, fresh())
					!= EP_TNA_OK
			|| !apply(m, &plan.edits))
		return;
	need(count("Authorization") == 1 && count("Proxy-Authorization") == 0);
	need(ep_view_eq(msg_value(&after.t.m, EP_LIT("Authorization"), 0),
			EP_LIT("Digest username=\"alice@home1.net\", realm=\"home1.net\", "
				   "nonce=\"\", uri=\"sip:home1.net\", response=\"\"")));
}

static void register_holds(const struct ep_msg *m)
{
	struct ep_tna_register plan;
	enum ep_tna_cause cause = ep_tna_register_plan(&plan, m, &cfg, &who,
			EP_LIT("TOKEN"), EP_LIT("icid"), NOW, fresh());
	size_t i;

	need(cause == EP_TNA_OK || cause < EP_TNA_CAUSE_N);
	if(cause != EP_TNA_OK || !apply(m, &plan.edits))
		return;
	need(count("Authorization") == 1 && count("Proxy-Authorization") == 0);
	need(ep_view_eq(msg_value(&after.t.m, EP_LIT("Authorization"), 0),
			EP_LIT("Digest username=\"alice@home1.net\", realm=\"home1.net\", "
				   "nonce=\"\", uri=\"sip:home1.net\", response=\"\", "
				   "integrity-protected=\"auth-done\", "
				   "authorization-entity=\"waf@x\", wwsf-id=\"shop\"")));
	need(ep_view_eq(after.t.m.ruri, cfg.home_uri));
	need(count("Route") == 0 && count("Expires") <= 1);
	trust_holds(EP_TRUST_REGISTER, mw, 4);
	need(plan.expires_s <= 500);
	no_alias();
	expiries_hold(500);
	need(ep_auth_kind(&after.t.m) == EP_AUTH_DIGEST);
	for(i = 0; i < plan.contacts.n; i++)
		need(plan.contacts.v[i].expires_s <= plan.expires_s);
	/* what was limited once stays as it is */
	if(ep_tna_register_plan(&plan, &after.t.m, &cfg, &who, EP_LIT("TOKEN"),
			   EP_LIT("icid"), NOW, fresh())
			== EP_TNA_OK)
		for(i = 0; i < plan.edits.n; i++)
			need(plan.edits.v[i].op != EP_HDR_REPLACE);
	else
		abort();
}

static void digest_holds(const struct ep_msg *m, bool bound)
{
	struct ep_tna_register plan;
	struct ep_tna_session session = {.tls = true};
	struct ep_view value, last;

	if(bound)
		session.impi = EP_LIT("alice@home1.net");
	if(ep_tna_register_digest_plan(&plan, m, &cfg, &session, EP_LIT("TOKEN"),
			   EP_LIT("icid"), fresh())
					!= EP_TNA_OK
			|| !apply(m, &plan.edits))
		return;
	need(count("Authorization") <= 1 && count("Proxy-Authorization") == 0);
	trust_holds(EP_TRUST_REGISTER, mw, 4);
	need(ep_auth_kind(&after.t.m) != EP_AUTH_BEARER);
	value = msg_value(&after.t.m, EP_LIT("Authorization"), 0);
	if(!value.p)
		return;
	need(!digest_has(&last, value, EP_LIT("authorization-entity")));
	need(!digest_has(&last, value, EP_LIT("wwsf-id")));
	need(ep_view_find_chr(plan.impi, '\\') == SIZE_MAX);
	if(digest_has(&last, value, EP_LIT("integrity-protected"))) {
		need(digest_has(&last, value, EP_LIT("integrity-protected")) == 1);
		need(ep_view_starts(last, EP_LIT("\"tls-")));
	}
}

static void request_holds(const struct ep_msg *m)
{
	static const char *const ours[] = {
			"P-Asserted-Identity", "P-Charging-Vector"};
	bool quiet = ep_view_eq(m->method, EP_LIT("ACK"))
				 || ep_view_eq(m->method, EP_LIT("CANCEL"));
	struct ep_tna_request plan;

	if(ep_tna_request_plan(&plan, m, &cfg, &binding, EP_LIT("icid"), fresh())
					!= EP_TNA_OK
			|| !apply(m, &plan.edits))
		return;
	no_bearer("Authorization");
	no_bearer("Proxy-Authorization");
	need(count("P-Preferred-Identity") == 0);
	no_alias();
	if(quiet)
		trust_holds(EP_TRUST_REQUEST, ours, 0);
	else if(plan.in_dialog)
		trust_holds(EP_TRUST_REQUEST, ours + 1, 1);
	else
		trust_holds(EP_TRUST_REQUEST, ours, 2);
	if(!plan.in_dialog && !quiet)
		need(count("Route") == 1
				&& ep_view_eq(msg_value(&after.t.m, EP_LIT("Route"), 0),
						EP_LIT("<sip:orig@s1;lr>")));
}

/* A replaced From names nobody but the identity, keeps its tag, and goes back
 * to what it was. */
static void name_holds(const struct ep_msg *m)
{
	struct ep_view from = EP_LIT("From"), as = EP_LIT("<sip:pool@home1.net>");
	struct ep_tna_name was, is;
	struct ep_tna_targets targets;
	struct ep_hdredits edits;
	struct ep_arena *arena = fresh();

	if(ep_tna_targets_get(&targets, m, &binding) == EP_TNA_OK)
		need(targets.n <= EP_TNA_TARGETS_MAX);
	ep_tna_from_check(m, EP_LIT("sip:pool@home1.net"));
	ep_hdredits_init(&edits, arena);
	if(ep_tna_name_get(&was, m, from) != EP_TNA_OK)
		return;
	/* A line end inside, unless folded, cannot go on. */
	if(ep_tna_name_plan(&edits, m, from, as) != EP_TNA_OK) {
		need(memchr(was.value.p, '\r', was.value.len)
				|| memchr(was.value.p, '\n', was.value.len));
		return;
	}
	if(!apply(m, &edits))
		return;
	need(ep_tna_name_get(&is, &after.t.m, from) == EP_TNA_OK);
	need(ep_view_eq(is.name, as) && ep_view_eq(is.params, was.params));
	need(ep_tna_from_check(&after.t.m, EP_LIT("sip:pool@home1.net"))
					!= EP_TNA_FROM_REFUSED
			|| count("P-Preferred-Identity") > 0);
	ep_hdredits_init(&edits, arena);
	if(ep_tna_name_plan(&edits, &after.t.m, from, was.name) != EP_TNA_OK)
		need(memchr(was.name.p, '\r', was.name.len)
				|| memchr(was.name.p, '\n', was.name.len));
	if(edits.n == 0)
		return;
	need(ep_view_ends(edits.v[0].value, was.params)
			&& ep_view_starts(edits.v[0].value, was.name));
}

static void towards_holds(const struct ep_msg *m)
{
	static const char *const pai[] = {"P-Asserted-Identity"};
	struct ep_hdredits edits;

	need(ep_tna_towards_plan(&edits, m, fresh()) == EP_TNA_OK);
	if(apply(m, &edits))
		trust_holds(EP_TRUST_TO_WIC, NULL, 0);
	if(ep_tna_answer_plan(&edits, m, &binding, fresh()) == EP_TNA_OK
			&& apply(m, &edits))
		trust_holds(EP_TRUST_REPLY, pai, m->status > 100 && m->status < 300);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct msg_text t;

	if(n > 16384 || !msg_parse(&t, ep_view_of((const char *)data, n)))
		return 0;
	register_holds(&t.m);
	core_holds(&t.m);
	digest_holds(&t.m, false);
	digest_holds(&t.m, true);
	request_holds(&t.m);
	name_holds(&t.m);
	towards_holds(&t.m);
	return 0;
}
