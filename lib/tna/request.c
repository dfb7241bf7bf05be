/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/request.h"
#include "tna/auth.h"
#include "tna/build.h"
#include "tna/trust.h"

/* --- what has to be true before anything is planned --- */

static enum ep_tna_cause home_check(
		const struct ep_msg *m, const struct ep_tna_cfg *cfg)
{
	struct ep_uri uri;

	if(ep_uri_parse(&uri, m->ruri))
		return EP_TNA_MALFORMED;
	if(ep_impu_eq(m->ruri, cfg->home_uri))
		return EP_TNA_OK;
	if(cfg->home_domain.len > 0 && uri.user.p == NULL && uri.port == 0
			&& ep_view_ieq(uri.host, cfg->home_domain))
		return EP_TNA_OK;
	return EP_TNA_FOREIGN_HOME;
}

/* To and From, one each, and the same identity (no third-party
 * registration by a WIC). */
static enum ep_tna_cause to_check(struct ep_view *to, const struct ep_msg *m)
{
	struct ep_nameaddr na_to, na_from;
	struct ep_uri uri;

	if(!ep_msg_one_nameaddr(&na_to, m, EP_LIT("To"))
			|| !ep_msg_one_nameaddr(&na_from, m, EP_LIT("From"))
			|| ep_uri_parse(&uri, na_to.uri) || ep_uri_parse(&uri, na_from.uri))
		return EP_TNA_MALFORMED;
	*to = na_to.uri;
	return ep_impu_eq(na_to.uri, na_from.uri) ? EP_TNA_OK : EP_TNA_FROM_NOT_TO;
}

/* TS 24.229 5.1.6: an emergency registration has `sos` in its Contact URI. */
static enum ep_tna_cause sos_check(const struct ep_tna_contacts *contacts)
{
	struct ep_uri uri;
	size_t i;

	for(i = 0; i < contacts->n; i++)
		if(ep_uri_parse(&uri, contacts->v[i].uri) == EP_OK
				&& ep_param_get(NULL, uri.params, EP_LIT("sos")))
			return EP_TNA_SOS_REGISTER;
	return EP_TNA_OK;
}

/* --- edits that both scenarios share --- */

/* TS 24.229 5.2.2.1: the headers a P-CSCF adds to every REGISTER. */
static enum ep_err mw_headers_add(struct ep_hdredits *l,
		const struct ep_tna_cfg *cfg, struct ep_view flow, struct ep_view icid)
{
	enum ep_err err;

	err = ep_build_prepend(l, EP_LIT("Path"),
			ep_build_own_route(cfg, flow, cfg->outbound, l->arena));
	if(!err && cfg->visited_network.len)
		err = ep_build_append(l, EP_LIT("P-Visited-Network-ID"),
				ep_build_visited_network(cfg, l->arena));
	if(!err)
		err = ep_build_append(l, EP_LIT("P-Charging-Vector"),
				ep_build_charging_vector(cfg, icid, l->arena));
	if(!err && cfg->access_network_info.len)
		err = ep_hdredits_append(
				l, EP_LIT("P-Access-Network-Info"), cfg->access_network_info);
	if(!err && cfg->feature_caps.len)
		err = ep_hdredits_append(l, EP_LIT("Feature-Caps"), cfg->feature_caps);
	return err;
}

/* `path` is required and supported; sec-agree and the like are not for the core. */
static enum ep_err options_plan(struct ep_hdredits *l, const struct ep_msg *m)
{
	static const struct ep_view lists[] = {
			{"Require", 7}, {"Proxy-Require", 13}, {"Supported", 9}};
	struct ep_view path = EP_LIT("path");
	enum ep_err err = EP_OK;
	size_t i;

	for(i = 0; i < 3 && !err; i++)
		err = ep_options_clean(l, m, lists[i]);
	if(!err && !ep_msg_has_token(m, EP_LIT("Require"), path))
		err = ep_hdredits_append(l, EP_LIT("Require"), path);
	if(!err && !ep_msg_has_token(m, EP_LIT("Supported"), path))
		err = ep_hdredits_append(l, EP_LIT("Supported"), path);
	return err;
}

/* A WIC does not choose the way to its registrar, so its Route goes too. */
static enum ep_tna_cause common_plan(struct ep_tna_register *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg, uint32_t limit_s,
		struct ep_view flow, struct ep_view icid, struct ep_arena *arena)
{
	struct ep_hdredits *l = &out->edits;
	enum ep_tna_cause cause;
	enum ep_err err;
	size_t i;

	err = ep_trust_strip(l, m, EP_TRUST_REGISTER);
	if(!err)
		err = ep_hdredits_del_all(l, m, EP_LIT("Route"));
	if(!err)
		err = options_plan(l, m);
	if(!err)
		err = mw_headers_add(l, cfg, flow, icid);
	if(err) /* what we add is ours: if it cannot be, that is our fault */
		return EP_TNA_INTERNAL;
	cause = ep_tna_contacts_plan(
			&out->contacts, l, m, cfg->expires_default_s, limit_s, arena);
	if(cause)
		return cause;
	for(i = 0; i < out->contacts.n; i++)
		if(out->contacts.v[i].expires_s > out->expires_s)
			out->expires_s = out->contacts.v[i].expires_s;
	out->fetch = out->contacts.n == 0 && !out->contacts.star;
	out->deregister = !out->fetch && out->expires_s == 0;
	return sos_check(&out->contacts);
}

static void register_init(struct ep_tna_register *out, struct ep_arena *arena)
{
	*out = (struct ep_tna_register){.expires_s = 0};
	ep_hdredits_init(&out->edits, arena);
}

/* --- scenarios 2 and 3 --- */

static enum ep_tna_cause identity_check(struct ep_tna_register *out,
		const struct ep_msg *m, const struct ep_tna_identity *id)
{
	struct ep_view to;
	enum ep_tna_cause cause = to_check(&to, m);

	if(cause)
		return cause;
	out->impi = id->impi;
	out->impu = ep_impus_find(id->impus, to);
	return out->impu.p ? EP_TNA_OK : EP_TNA_TO_FOREIGN;
}

static enum ep_err tna_header_plan(struct ep_hdredits *l,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_identity *id)
{
	enum ep_err err = ep_auth_strip(l, m);

	if(!err)
		err = ep_build_prepend(
				l, EP_LIT("Authorization"), ep_auth_tna(cfg, id, l->arena));
	if(!err && !ep_view_eq(m->ruri, cfg->home_uri))
		err = ep_hdredits_ruri(l, cfg->home_uri);
	return err;
}

enum ep_tna_cause ep_tna_register_plan(struct ep_tna_register *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_identity *id, struct ep_view flow,
		struct ep_view icid, uint64_t now_s, struct ep_arena *arena)
{
	uint64_t left = ep_token_left_s(id->token_end_s, cfg->token_skew_s, now_s);
	uint32_t limit_s = cfg->expires_max_s;
	enum ep_tna_cause cause;
	bool ending = left == 0 || left < cfg->token_min_s;

	register_init(out, arena);
	if(!ep_view_eq(m->method, EP_LIT("REGISTER")))
		return EP_TNA_METHOD;
	cause = home_check(m, cfg);
	if(!cause)
		cause = identity_check(out, m, id);
	if(!cause && tna_header_plan(&out->edits, m, cfg, id))
		cause = EP_TNA_INTERNAL;
	if(cause)
		return cause;
	/* while the token is ending, 0 must stay told apart from the rest */
	if(!ending && left < limit_s)
		limit_s = (uint32_t)left;
	cause = common_plan(out, m, cfg, limit_s, flow, icid, arena);
	if(!cause && ending && !out->deregister)
		cause = EP_TNA_TOKEN_ENDING;
	return cause;
}

/* --- scenario 1 --- */

static struct ep_view integrity_of(
		const struct ep_tna_session *session, const struct ep_digest *d)
{
	if(session->tls && ep_view_ieq(d->algorithm, EP_LIT("AKAv2-SHA-256")))
		return EP_LIT("tls-connected");
	if(session->impi.p)
		return session->tls ? EP_LIT("tls-yes") : EP_LIT("ip-assoc-yes");
	if(d->response.len)
		return session->tls ? EP_LIT("tls-pending")
							: EP_LIT("ip-assoc-pending");
	return ep_view_none();
}

/* Whose registration this is where no credentials say so: the connection's,
 * or by the rule the I-CSCF follows then (TS 24.229 5.3.1.2: the IMPU without
 * its scheme). Absent for a tel: IMPU. */
static enum ep_tna_cause impi_derive(
		struct ep_tna_register *out, const struct ep_tna_session *session)
{
	struct ep_uri uri;

	out->impi = session->impi;
	if(out->impi.p || ep_uri_parse(&uri, out->impu) || !uri.user.p)
		return EP_TNA_OK;
	{
		const struct ep_view parts[] = {uri.user, EP_LIT("@"), uri.host};

		out->impi = ep_build_join(out->edits.arena, parts, 3);
	}
	return out->impi.p ? EP_TNA_OK : EP_TNA_INTERNAL;
}

/* A private identity is a NAI (TS 23.003 13.3): with an escape in it, it would
 * be one name here and another one at the core. */
static enum ep_tna_cause username_check(
		const struct ep_tna_session *session, struct ep_view username)
{
	if(session->impi.p && !ep_view_eq(username, session->impi))
		return EP_TNA_IMPI_FOREIGN;
	if(username.len == 0 || ep_view_find_chr(username, '\\') != SIZE_MAX)
		return EP_TNA_CREDENTIALS;
	return EP_TNA_OK;
}

static enum ep_tna_cause digest_plan(struct ep_tna_register *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_session *session)
{
	struct ep_hdredits *l = &out->edits;
	struct ep_digest d;
	enum ep_tna_cause cause;
	struct ep_view value;
	size_t index;

	cause = ep_auth_digest_find(&d, &index, m, cfg, l->arena);
	if(cause)
		return cause;
	if(ep_auth_strip(l, m))
		return EP_TNA_INTERNAL;
	if(index == SIZE_MAX)
		return impi_derive(out, session);
	cause = username_check(session, d.username);
	if(cause)
		return cause;
	out->impi = d.username;
	value = integrity_of(session, &d);
	{
		const struct ep_view parts[] = {d.clean,
				value.p ? EP_LIT(", integrity-protected=\"") : EP_LIT(""),
				value.p ? value : EP_LIT(""),
				value.p ? EP_LIT("\"") : EP_LIT("")};

		return ep_tna_cause_of(ep_build_prepend(
				l, EP_LIT("Authorization"), ep_build_join(l->arena, parts, 4)));
	}
}

enum ep_tna_cause ep_tna_register_digest_plan(struct ep_tna_register *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_session *session, struct ep_view flow,
		struct ep_view icid, struct ep_arena *arena)
{
	enum ep_tna_cause cause;

	register_init(out, arena);
	if(!ep_view_eq(m->method, EP_LIT("REGISTER")))
		return EP_TNA_METHOD;
	cause = home_check(m, cfg);
	if(!cause)
		cause = to_check(&out->impu, m);
	if(!cause)
		cause = digest_plan(out, m, cfg, session);
	if(cause)
		return cause;
	return common_plan(out, m, cfg, cfg->expires_max_s, flow, icid, arena);
}

/* --- on the WIC's behalf --- */

static struct ep_view bracketed(struct ep_arena *arena, struct ep_view uri)
{
	const struct ep_view parts[] = {EP_LIT("<"), uri, EP_LIT(">")};

	return ep_build_join(arena, parts, 3);
}

static struct ep_view contact_gone(struct ep_arena *arena,
		struct ep_view contact, struct ep_view instance, struct ep_view reg_id)
{
	bool i = instance.p != NULL, r = reg_id.p != NULL;
	const struct ep_view parts[] = {bracketed(arena, contact),
			r ? EP_LIT(";reg-id=") : EP_LIT(""), r ? reg_id : EP_LIT(""),
			i ? EP_LIT(";+sip.instance=\"") : EP_LIT(""),
			i ? instance : EP_LIT(""), i ? EP_LIT("\"") : EP_LIT(""),
			EP_LIT(";expires=0")};

	return ep_build_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}

enum ep_tna_cause ep_tna_deregister_plan(struct ep_hdredits *out,
		const struct ep_tna_cfg *cfg, const struct ep_tna_identity *id,
		struct ep_view impu, struct ep_view contact, struct ep_view instance,
		struct ep_view reg_id, struct ep_view flow, struct ep_view icid,
		struct ep_arena *arena)
{
	enum ep_err err;

	ep_hdredits_init(out, arena);
	err = ep_hdredits_ruri(out, cfg->home_uri);
	if(!err)
		err = ep_build_append(out, EP_LIT("To"), bracketed(arena, impu));
	if(!err)
		err = ep_build_append(out, EP_LIT("From"), bracketed(arena, impu));
	if(!err)
		err = ep_build_append(out, EP_LIT("Contact"),
				contact_gone(arena, contact, instance, reg_id));
	if(!err)
		err = ep_hdredits_append(out, EP_LIT("Expires"), EP_LIT("0"));
	if(!err)
		err = ep_build_append(
				out, EP_LIT("Authorization"), ep_auth_tna(cfg, id, arena));
	if(!err)
		err = ep_hdredits_append(out, EP_LIT("Require"), EP_LIT("path"));
	if(!err)
		err = ep_hdredits_append(out, EP_LIT("Supported"), EP_LIT("path"));
	if(!err)
		err = mw_headers_add(out, cfg, flow, icid);
	return err ? EP_TNA_INTERNAL : EP_TNA_OK;
}
