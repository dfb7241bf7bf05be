/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/check.h"
#include "tna/auth.h"
#include "tna/build.h"
#include "tna/contact.h"
#include "tna/emergency.h"
#include "tna/trust.h"

static bool is_anonymous(struct ep_view text)
{
	struct ep_uri uri;

	return ep_uri_parse(&uri, text) == EP_OK
		   && ep_view_ieq(uri.host, EP_LIT("anonymous.invalid"));
}

/* Does one of the binding's identities, or a wildcard, cover `uri`? */
static bool is_covered(const struct ep_binding *b, struct ep_view uri)
{
	size_t i;

	if(ep_impus_find(b->impus, uri).p)
		return true;
	for(i = 0; i < b->wildcards.n; i++)
		if(ep_impu_wildcard_match(b->wildcards.v[i], uri))
			return true;
	return false;
}

static enum ep_tna_cause from_check(const struct ep_msg *m,
		const struct ep_tna_cfg *cfg, const struct ep_binding *binding)
{
	struct ep_nameaddr from;

	if(!ep_msg_one_nameaddr(&from, m, EP_LIT("From")))
		return EP_TNA_MALFORMED;
	if(!cfg->from_strict || is_anonymous(from.uri)
			|| is_covered(binding, from.uri))
		return EP_TNA_OK;
	return EP_TNA_FROM_FOREIGN;
}

/* What no request of a WIC may bring along. */
static enum ep_err clean_plan(struct ep_hdredits *l, const struct ep_msg *m)
{
	static const struct ep_view lists[] = {
			{"Require", 7}, {"Proxy-Require", 13}, {"Supported", 9}};
	enum ep_err err;
	size_t i;

	err = ep_trust_strip(l, m, EP_TRUST_REQUEST);
	if(!err)
		err = ep_hdredits_del_all(l, m, EP_LIT("P-Preferred-Identity"));
	if(!err)
		err = ep_auth_clean(l, m);
	for(i = 0; i < 3 && !err; i++)
		err = ep_options_clean(l, m, lists[i]);
	return err;
}

static struct ep_view asserted_value(
		struct ep_view impu, struct ep_arena *arena)
{
	const struct ep_view parts[] = {EP_LIT("<"), impu, EP_LIT(">")};

	return ep_build_join(arena, parts, 3);
}

/* RFC 3325 9.2: one identity, of those that are the WIC's. */
static enum ep_err asserted_plan(struct ep_view *asserted,
		struct ep_hdredits *l, const struct ep_msg *m,
		const struct ep_binding *b)
{
	enum ep_err err =
			ep_identity_choose(asserted, b->impus, b->wildcards, m, l->arena);

	if(err || !asserted->p)
		return err;
	return ep_build_append(l, EP_LIT("P-Asserted-Identity"),
			asserted_value(*asserted, l->arena));
}

static enum ep_err charging_plan(struct ep_hdredits *l,
		const struct ep_tna_cfg *cfg, const struct ep_binding *b,
		struct ep_view icid)
{
	enum ep_err err = EP_OK;

	if(icid.len)
		err = ep_build_append(l, EP_LIT("P-Charging-Vector"),
				ep_build_charging_vector(cfg, icid, l->arena));
	if(!err && cfg->charging_addresses && b->charging.len)
		err = ep_hdredits_append(
				l, EP_LIT("P-Charging-Function-Addresses"), b->charging);
	return err;
}

/* TS 24.229 5.2.6.3: the Route is what the S-CSCF said at registration. */
static enum ep_err initial_plan(struct ep_tna_request *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_binding *b, struct ep_view icid)
{
	struct ep_hdredits *l = &out->edits;
	enum ep_err err = ep_hdredits_del_all(l, m, EP_LIT("Route"));

	if(!err && b->service_route.n)
		err = ep_build_prepend(
				l, EP_LIT("Route"), ep_build_list(l->arena, b->service_route));
	if(!err)
		err = asserted_plan(&out->asserted, l, m, b);
	if(!err)
		err = charging_plan(l, cfg, b, icid);
	if(!err && cfg->access_network_info.len)
		err = ep_hdredits_append(
				l, EP_LIT("P-Access-Network-Info"), cfg->access_network_info);
	return err;
}

/* --- our own Route elements --- */

static unsigned port_of(const struct ep_uri *uri)
{
	if(uri->port)
		return uri->port;
	return uri->scheme == EP_URI_SIPS ? 5061 : 5060;
}

static bool is_own(struct ep_view text, const struct ep_tna_cfg *cfg)
{
	char own_text[256];
	struct ep_buf buf;
	struct ep_uri uri, own;

	ep_buf_init(&buf, own_text, sizeof(own_text));
	ep_buf_put_z(&buf, "sip:");
	ep_buf_put(&buf, cfg->own_host);
	return !buf.overflow && ep_uri_parse(&own, ep_buf_view(&buf)) == EP_OK
		   && ep_uri_parse(&uri, text) == EP_OK
		   && ep_view_ieq(uri.host, own.host) && port_of(&uri) == port_of(&own);
}

/* Takes our elements off the top, over as many lines as they fill. */
static enum ep_tna_cause own_route_plan(struct ep_hdredits *l,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg)
{
	struct ep_view name = EP_LIT("Route"), rest, left;
	struct ep_nameaddr na;
	enum ep_err err, edit = EP_OK;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX && !edit;
			i = ep_msg_find(m, name, i + 1)) {
		rest = left = m->hdrs[i].value;
		while((err = ep_nameaddr_next(&na, &rest)) == EP_OK
				&& is_own(na.uri, cfg))
			left = rest;
		if(err == EP_ESYNTAX)
			return EP_TNA_MALFORMED;
		if(err == EP_ENOENT) {
			edit = ep_hdredits_del(l, i);
			continue;
		}
		if(left.p != m->hdrs[i].value.p)
			edit = ep_hdredits_replace(l, i, ep_view_trim(left));
		break;
	}
	return ep_tna_cause_of(edit);
}

/* --- the plans --- */

enum ep_tna_cause ep_tna_request_plan(struct ep_tna_request *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_binding *binding, struct ep_view icid,
		struct ep_arena *arena)
{
	bool ack = ep_view_eq(m->method, EP_LIT("ACK"));
	bool cancel = ep_view_eq(m->method, EP_LIT("CANCEL"));
	struct ep_nameaddr to;
	enum ep_tna_cause cause = EP_TNA_OK;

	*out = (struct ep_tna_request){.in_dialog = false};
	ep_hdredits_init(&out->edits, arena);
	if(m->status || ep_view_eq(m->method, EP_LIT("REGISTER")))
		return EP_TNA_METHOD;
	if(!ep_msg_one_nameaddr(&to, m, EP_LIT("To")))
		return EP_TNA_MALFORMED;
	out->in_dialog = ep_param_get(NULL, to.params, EP_LIT("tag"));
	if(clean_plan(&out->edits, m))
		return EP_TNA_INTERNAL;
	cause = ep_tna_contacts_clean(&out->edits, m, arena);
	if(cause)
		return cause;
	/* Where a dialog goes was settled when it began: an emergency centre that
	 * calls back is not refused its BYE. */
	if(!ack && !cancel
			&& (out->in_dialog ? ep_emergency_refer(m, cfg)
							   : ep_emergency_request(m, cfg)))
		return EP_TNA_EMERGENCY;
	if(out->in_dialog && !cancel) {
		cause = own_route_plan(&out->edits, m, cfg);
		if(!cause && !ack && charging_plan(&out->edits, cfg, binding, icid))
			cause = EP_TNA_INTERNAL;
		return cause;
	}
	if(ack || cancel)
		return ep_tna_cause_of(
				ep_hdredits_del_all(&out->edits, m, EP_LIT("Route")));
	cause = from_check(m, cfg, binding);
	if(!cause && initial_plan(out, m, cfg, binding, icid))
		cause = EP_TNA_INTERNAL;
	return cause;
}

struct ep_view ep_tna_record_route(const struct ep_tna_cfg *cfg,
		struct ep_view flow, struct ep_arena *arena)
{
	return ep_build_own_route(cfg, flow, false, arena);
}

struct ep_view ep_tna_icid_of(const struct ep_msg *m)
{
	size_t i = ep_msg_find(m, EP_LIT("P-Charging-Vector"), 0);
	struct ep_view icid = ep_view_none();

	if(i != SIZE_MAX
			&& ep_param_get(&icid, m->hdrs[i].value, EP_LIT("icid-value")))
		icid = ep_unquote(icid);
	return icid;
}

enum ep_tna_cause ep_tna_answer_plan(struct ep_hdredits *out,
		const struct ep_msg *m, const struct ep_binding *binding,
		struct ep_arena *arena)
{
	struct ep_view asserted;
	enum ep_err err;

	ep_hdredits_init(out, arena);
	if(m->status == 0)
		return EP_TNA_METHOD;
	err = ep_trust_strip(out, m, EP_TRUST_REPLY);
	if(!err)
		err = ep_auth_strip(out, m);
	if(!err)
		err = ep_hdredits_del_all(out, m, EP_LIT("P-Preferred-Identity"));
	if(!err && m->status > 100 && m->status < 300)
		err = asserted_plan(&asserted, out, m, binding);
	return err ? EP_TNA_INTERNAL : ep_tna_contacts_clean(out, m, arena);
}
