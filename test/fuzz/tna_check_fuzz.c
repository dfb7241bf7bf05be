/* What passes between a page and the core outside REGISTER: who it is from,
 * where it may go, which dialog and subscription it is about, how numbers are
 * written. Input: SIP messages, each behind a line "==", "=>" or "=<" (the page
 * sends it, or the core does); they pass one after the other. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "message.h"
#include "base/sipuri.h"
#include "tna/check.h"
#include "tna/emergency.h"
#include "tna/subscription.h"
#include "tna/target.h"
#include "tna/tel.h"
#include "tna/trust.h"

static const struct ep_tna_cfg cfg = {
		.realm = {"registrar.home1.net", 19},
		.home_uri = {"sip:registrar.home1.net", 23},
		.home_domain = {"home1.net", 9},
		.own_host = {"pcscf:4060", 10},
		.ioi = {"home1.net", 9},
		.charging_addresses = true,
		.from_strict = true,
		.emergency_numbers = {"112,911", 7},
};
static const struct ep_view impus[] = {
		{"sip:alice@home1.net", 19}, {"tel:+4930", 9}};
static const struct ep_view wild[] = {{"sip:c!.*!@home1.net", 19}};
static const struct ep_view routes[] = {{"<sip:orig@s1;lr>", 16}};
static const struct ep_binding binding = {.impus = {impus, 2},
		.wildcards = {wild, 1},
		.service_route = {routes, 1},
		.charging = {"ccf=1.1.1.1", 11}};

static struct ep_view value(const char *name)
{
	return msg_value(&after.t.m, ep_view_z(name), 0);
}

/* How often each header of the trust domain stands there, ours included. */
static void trust_holds(enum ep_trust_way way, bool ours)
{
	struct ep_view name;
	unsigned ways;
	size_t i, n;

	for(i = 0; (name = ep_trust_name(i, &ways)).p; i++) {
		if(!(ways & way))
			continue;
		n = msg_count(&after.t.m, name);
		need(n <= ours);
		need(n == 0 || ep_view_eq(name, EP_LIT("P-Asserted-Identity"))
				|| ep_view_eq(name, EP_LIT("P-Charging-Vector"))
				|| ep_view_eq(name, EP_LIT("P-Charging-Function-Addresses")));
	}
}

static bool is_own(struct ep_view asserted)
{
	struct ep_nameaddr na;

	return ep_nameaddr_parse(&na, asserted) == EP_OK
		   && (ep_impus_find(binding.impus, na.uri).p
				   || ep_impu_wildcard_match(wild[0], na.uri));
}

static void request_holds(const struct ep_msg *m)
{
	bool quiet = ep_view_eq(m->method, EP_LIT("ACK"))
				 || ep_view_eq(m->method, EP_LIT("CANCEL"));
	struct ep_tna_request plan;
	enum ep_tna_cause cause = ep_tna_request_plan(
			&plan, m, &cfg, &binding, EP_LIT("icid"), fresh());

	if(cause == EP_TNA_EMERGENCY)
		need(ep_emergency_request(m, &cfg));
	if(cause != EP_TNA_OK)
		return;
	need(quiet || !ep_emergency_refer(m, &cfg));
	need(quiet || plan.in_dialog || !ep_emergency_uri(m->ruri, &cfg));
	if(!apply(m, &plan.edits))
		return;
	trust_holds(EP_TRUST_REQUEST, !quiet);
	need(count("P-Preferred-Identity") == 0);
	need(count("Authorization") <= m->hdrs_n);
	if(quiet)
		return;
	need(ep_view_eq(ep_tna_icid_of(&after.t.m), EP_LIT("icid")));
	need(count("P-Charging-Function-Addresses") == 1);
	if(plan.in_dialog) {
		need(count("P-Asserted-Identity") == 0);
		return;
	}
	need(count("P-Asserted-Identity") == 1
			&& is_own(value("P-Asserted-Identity")));
	need(count("Route") == 1 && ep_view_eq(value("Route"), routes[0]));
}

static bool of_home(void *ctx, struct ep_view uri)
{
	(void)ctx;
	return ep_view_ends(uri, EP_LIT("@home1.net"));
}

static void redirect_holds(const struct ep_msg *m)
{
	struct ep_hdredits edits;
	struct ep_nameaddr na;
	struct ep_view rest;
	size_t left, gone, k, n = 0;

	if(ep_tna_answer_plan(&edits, m, &binding, fresh()) != EP_TNA_OK
			|| ep_tna_redirect_plan(&edits, m, of_home, NULL, &left, &gone)
					   != EP_OK
			|| !apply(m, &edits))
		return;
	trust_holds(EP_TRUST_REPLY, m->status > 100 && m->status < 300);
	for(k = 0; (rest = msg_value(&after.t.m, EP_LIT("Contact"), k)).p != NULL;
			k++)
		while(ep_nameaddr_next(&na, &rest) == EP_OK) {
			need(gone == 0 || of_home(NULL, na.uri));
			need(!ep_param_get(NULL, na.params, EP_LIT("alias")));
			n++;
		}
	need(gone == 0 ? n >= left : n == left);
}

static void target_holds(const struct ep_msg *m)
{
	struct ep_tna_targets targets;
	size_t i;

	if(ep_tna_targets_get(&targets, m, &binding) != EP_TNA_OK)
		return;
	need(targets.n <= EP_TNA_TARGETS_MAX);
	for(i = 0; i < targets.n; i++)
		need(!ep_impus_find(binding.impus, targets.v[i]).p);
}

/* A number reads as a sip URI of our domain, and is an emergency number before
 * and after or at neither time. */
static void tel_holds(struct ep_view uri)
{
	struct ep_view sip = ep_tel_to_sip(uri, cfg.home_domain, fresh());
	struct ep_uri u;

	if(sip.p == NULL)
		return;
	need(ep_tel_is(uri) && ep_uri_parse(&u, sip) == EP_OK);
	need(u.scheme == EP_URI_SIP && u.port == 0 && !u.headers.p
			&& !u.password.p);
	need(ep_view_eq(u.host, cfg.home_domain));
	need(ep_view_eq(u.params, EP_LIT("user=phone")));
	need(ep_emergency_uri(uri, &cfg) == ep_emergency_uri(sip, &cfg));
}

static void numbers_hold(const struct ep_msg *m)
{
	static const char *const names[] = {"From", "To", "Refer-To"};
	struct ep_nameaddr na;
	size_t i;

	if(m->status == 0)
		tel_holds(m->ruri);
	for(i = 0; i < 3; i++) {
		struct ep_view v = msg_value(m, ep_view_z(names[i]), 0);

		if(v.p != NULL && ep_nameaddr_parse(&na, v) == EP_OK)
			tel_holds(na.uri);
	}
}

/* Time goes on; what is listed lasts, and the list has its bound. */
static void subscription_holds(struct ep_subs *subs, const struct ep_msg *m,
		bool from_wic, uint64_t now)
{
	struct ep_dialog_key key;
	struct ep_sub_news news;
	unsigned i, before = subs->n;

	if(ep_dialog_key_get(&key, m) == EP_TNA_OK)
		need(key.callid.len > 0);
	ep_sub_news_get(&news, m, from_wic);
	ep_subs_step(subs, &news, now);
	need(subs->n <= EP_SUBS_MAX);
	need(subs->n <= before || news.kind == EP_SUB_ASKED);
	for(i = 0; i < subs->n; i++)
		need(subs->v[i].end_s > now
				&& subs->v[i].end_s <= now + UINT32_MAX + EP_SUB_LINGER_S);
	need((ep_subs_end_s(subs) > now) == (subs->n > 0));
}

static void one(const struct ep_msg *m, bool from_wic, struct ep_subs *subs,
		uint64_t now)
{
	struct ep_hdredits edits;

	subscription_holds(subs, m, from_wic, now);
	numbers_hold(m);
	if(from_wic && m->status == 0)
		request_holds(m);
	if(from_wic && m->status != 0)
		redirect_holds(m);
	if(from_wic)
		target_holds(m);
	if(!from_wic && ep_tna_towards_plan(&edits, m, fresh()) == EP_TNA_OK
			&& apply(m, &edits))
		trust_holds(EP_TRUST_TO_WIC, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct msg_text t;
	struct ep_view rest = ep_view_of((const char *)data, n), text;
	struct ep_subs subs = {.n = 0};
	uint64_t now = 1000;
	size_t at;

	if(n > 16384)
		return 0;
	while(rest.len >= 4 && rest.p[0] == '=') {
		bool from_wic = rest.p[1] == '>';

		now += rest.p[1] == '=' ? 40 : 1;
		rest = ep_view_from(rest, 3);
		at = ep_view_find(rest, EP_LIT("\n="));
		text = at == SIZE_MAX ? rest : ep_view_head(rest, at + 1);
		rest = at == SIZE_MAX ? ep_view_none() : ep_view_from(rest, at + 1);
		if(msg_parse(&t, text))
			one(&t.m, from_wic, &subs, now);
	}
	return 0;
}
