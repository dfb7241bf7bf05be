/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "base/sipuri.h"
#include "tna/auth.h"
#include "tna/request.h"
#include "barred.h"
#include "life.h"
#include "limits.h"
#include "message.h"
#include "route.h"
#include "script.h"
#include "store.h"
#include "usage.h"

static void identity_of(
		struct ep_tna_identity *out, const struct webrtc_auth_result *r)
{
	*out = (struct ep_tna_identity){.impi = r->impi,
			.impus = {r->impus, r->impus_n},
			.waf = r->entity.p != NULL ? r->entity : r->waf,
			.wwsf = r->wwsf,
			.add_entity = r->entity.p != NULL,
			.token_end_s =
					r->expires_s > 0 ? (uint64_t)r->expires_s : UINT64_MAX};
}

/* The page of REGISTER `m`: its first Contact's instance and reg-id. */
static void device_of(struct ep_tna_contact *out, const struct ep_msg *m)
{
	size_t i = ep_msg_find(m, EP_LIT("Contact"), 0);
	struct ep_view list;
	struct ep_nameaddr na;
	struct ep_view v;

	*out = (struct ep_tna_contact){.expires_s = 0};
	if(i == SIZE_MAX)
		return;
	list = m->hdrs[i].value;
	if(ep_nameaddr_next(&na, &list) != EP_OK || na.star)
		return;
	out->uri = na.uri;
	if(ep_param_get(&v, na.params, EP_LIT("+sip.instance")))
		out->instance = ep_unquote(v);
	if(ep_param_get(&v, na.params, EP_LIT("reg-id")))
		out->reg_id = v;
}

/* Of the connection's bindings the one whose identities have `impu`: *id and
 * *found. IMPI_FOREIGN: they are somebody else's. CONN_FULL: none has it, and
 * there are as many as there may be. */
static enum ep_tna_cause find_here(unsigned char *id, bool *found,
		struct tna_work *w, int conid, struct ep_view impi, struct ep_view impu)
{
	tna_id_t ids[TNA_CONN_BINDINGS];
	size_t n = tna_store_of_conn(ids, conid), live = 0, i;
	struct tna_copy c;
	enum ep_err err;

	for(i = 0; i < n; i++) {
		err = tna_store_get(&c, ids[i], &w->arena);
		if(err == EP_ENOMEM)
			return EP_TNA_INTERNAL;
		if(err != EP_OK || c.life.state == EP_BINDING_ENDED)
			continue;
		if(impi.p != NULL && !ep_view_eq(c.b.impi, impi))
			return EP_TNA_IMPI_FOREIGN;
		live++;
		*found = ep_impus_find(c.b.impus, impu).p != NULL;
		if(*found) {
			memcpy(id, ids[i], EP_FLOW_ID_LEN);
			return EP_TNA_OK;
		}
	}
	return live < TNA_CONN_BINDINGS ? EP_TNA_OK : EP_TNA_CONN_FULL;
}

/**
 * The binding that this registration renews: the one of its connection that
 * has this identity; or that of the same user and the same page (+sip.instance
 * and reg-id, RFC 5626 4.1; without, the contact), which then moves here.
 * *found false: none. Another identity of the same user begins a binding of
 * its own.
 */
static enum ep_tna_cause find_id(unsigned char *id, bool *found,
		struct tna_work *w, int conid, struct ep_view impi, struct ep_view impu)
{
	struct ep_tna_contact device;
	struct tna_copy c;
	size_t nth;
	enum ep_err err;
	enum ep_tna_cause cause;

	*found = false;
	cause = find_here(id, found, w, conid, impi, impu);
	if(cause != EP_TNA_OK || *found)
		return cause;
	device_of(&device, &w->m);
	for(nth = 0; impi.p != NULL && tna_store_by_impu(id, impu, nth); nth++) {
		err = tna_store_get(&c, id, &w->arena);
		if(err == EP_ENOMEM)
			return EP_TNA_INTERNAL;
		*found = err == EP_OK && c.life.state != EP_BINDING_ENDED
				 && ep_view_eq(c.b.impi, impi)
				 && ep_binding_is_of(
						 &c.b, device.instance, device.reg_id, device.uri);
		if(*found)
			break;
	}
	return EP_TNA_OK;
}

/* The id under which this registration will be known. */
static enum ep_tna_cause choose_id(unsigned char *id, struct tna_work *w,
		int conid, struct ep_view impi, struct ep_view impu)
{
	bool found;
	enum ep_tna_cause cause = find_id(id, &found, w, conid, impi, impu);

	if(cause != EP_TNA_OK || found)
		return cause;
	/* A 200 OK that finds no room could not be taken back. */
	if(tna_store_full()) {
		LM_ERR("max_bindings is reached\n");
		return EP_TNA_INTERNAL;
	}
	return tna_id_new(id) ? EP_TNA_OK : EP_TNA_INTERNAL;
}

static struct ep_view to_uri(const struct ep_msg *m)
{
	size_t i = ep_msg_find(m, EP_LIT("To"), 0);
	struct ep_nameaddr to;

	if(i == SIZE_MAX || ep_nameaddr_parse(&to, m->hdrs[i].value) != EP_OK)
		return ep_view_none();
	return to.uri;
}

/* One that is refused anyway takes no place either. */
bool tna_registers_again(
		struct ep_view *impu, sip_msg_t *msg, int conid, struct ep_view impi)
{
	unsigned char id[EP_FLOW_ID_LEN];
	struct tna_work w;
	bool found = false;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);

	*impu = to_uri(&w.m);
	if(cause == EP_TNA_OK)
		cause = find_id(id, &found, &w, conid, impi, *impu);
	ep_arena_fini(&w.arena);
	return found || cause != EP_TNA_OK;
}

/* --- scenario 1 --- */

/* Another kind of login would take the place of the first one: what a
 * password vouched for would hang on a token, or the reverse. */
static enum ep_tna_cause kind_check(
		struct ep_view *impi, struct tna_work *w, int conid, bool token)
{
	unsigned char id[EP_FLOW_ID_LEN];
	struct tna_copy c;
	size_t nth;

	*impi = ep_view_none();
	for(nth = 0; tna_store_by_conn(id, conid, nth); nth++) {
		if(tna_store_get(&c, id, &w->arena) != EP_OK
				|| c.life.state == EP_BINDING_ENDED)
			continue;
		if(c.b.auth_done != token)
			return EP_TNA_OTHER_LOGIN;
		if(c.life.state == EP_BINDING_BOUND)
			*impi = c.b.impi;
	}
	return EP_TNA_OK;
}

/* No token says which web site's page this is: its Origin did. */
static enum ep_tna_cause wwsf_of(
		struct ep_view *out, struct ep_arena *arena, int conid)
{
	char *text = ep_arena_get(arena, WEBRTC_AUTH_WWSF_MAX);
	struct ep_buf wwsf;

	if(text == NULL)
		return EP_TNA_INTERNAL;
	ep_buf_init(&wwsf, text, WEBRTC_AUTH_WWSF_MAX);
	if(tna_auth.conn_wwsf(&wwsf, conid) != EP_OK)
		return EP_TNA_NOT_BOUND;
	*out = ep_buf_view(&wwsf);
	return EP_TNA_OK;
}

/* What webrtc_auth asks of the WWSF of a token. */
static enum ep_tna_cause wwsf_admits(
		sip_msg_t *msg, struct ep_view wwsf, struct ep_view impi)
{
	struct webrtc_auth_limits limits;

	if(wwsf.len == 0)
		return EP_TNA_OK;
	if(tna_auth.wwsf_limits(&limits, wwsf) != EP_OK)
		return EP_TNA_WWSF_GONE;
	if(limits.max_registrations > 0
			&& !tna_limits_admit(msg, wwsf, impi, limits.max_registrations))
		return EP_TNA_REGISTRATIONS_FULL;
	return EP_TNA_OK;
}

/* The user whose Digest this is, as far as it can be told before the plan. */
static enum ep_tna_cause digest_identity(
		struct ep_tna_identity *out, struct tna_work *w, int conid)
{
	struct ep_digest d;
	size_t index;
	enum ep_tna_cause cause;

	if(!tna_set.digest)
		return EP_TNA_CREDENTIALS;
	*out = (struct ep_tna_identity){.token_end_s = UINT64_MAX};
	cause = ep_auth_digest_find(&d, &index, &w->m, &tna_set.cfg, &w->arena);
	if(cause == EP_TNA_OK && index != SIZE_MAX)
		out->impi = d.username;
	return cause == EP_TNA_OK ? wwsf_of(&out->wwsf, &w->arena, conid) : cause;
}

static void pending_fill(struct tna_pending *p,
		const struct ep_tna_register *plan, const struct ep_tna_identity *id,
		const struct webrtc_auth_result *token, const unsigned char *binding,
		int conid)
{
	bool auth_done = token != NULL;
	const struct ep_tna_contact *c =
			plan->contacts.n > 0 ? &plan->contacts.v[0] : NULL;

	*p = (struct tna_pending){
			.conid = conid, .fetch = plan->fetch, .expires_s = plan->expires_s};
	memcpy(p->b.id, binding, EP_FLOW_ID_LEN);
	p->b.impi = plan->impi;
	p->b.impu = plan->impu;
	p->b.auth_done = auth_done;
	p->b.token_end_s = UINT64_MAX;
	p->b.iat_s = -1;
	p->b.wwsf = id->wwsf;
	if(c != NULL) {
		p->b.contact = c->uri;
		p->b.instance = c->instance;
		p->b.reg_id = c->reg_id;
	}
	if(!auth_done)
		return;
	p->b.waf = id->waf;
	p->b.add_entity = id->add_entity;
	p->b.token_end_s = id->token_end_s;
	p->b.issuer = token->issuer;
	p->b.jti = token->jti;
	p->b.sub = token->sub;
	p->b.sid = token->sid;
	p->b.iat_s = token->iat_s;
}

/* A verdict on a token that was not good is no "no token". */
static enum ep_tna_cause token_of(struct ep_tna_identity *out, bool *token,
		struct webrtc_auth_result *result, struct tna_work *w, int conid)
{
	bool checked = tna_auth.result(result, w->msg) == EP_OK;

	*token = checked && result->status == 1 && result->impi.p != NULL;
	if(checked && !*token)
		return EP_TNA_CREDENTIALS;
	if(!*token)
		return digest_identity(out, w, conid);
	identity_of(out, result);
	return EP_TNA_OK;
}

static enum ep_tna_cause plan_of(struct ep_tna_register *plan,
		struct tna_work *w, const struct ep_tna_identity *identity, bool token,
		struct ep_view bound_impi, const unsigned char *id)
{
	struct ep_tna_session session = {
			.tls = w->msg->rcv.proto == PROTO_WSS, .impi = bound_impi};
	struct ep_view flow = tna_flow_print(EP_FLOW_PATH, id, &w->arena);
	struct ep_view icid = tna_icid_new(&w->arena);

	if(flow.p == NULL || icid.p == NULL)
		return EP_TNA_INTERNAL;
	return token ? ep_tna_register_plan(plan, &w->m, &tna_set.cfg, identity,
				   flow, icid, tna_now_s(), &w->arena)
				 : ep_tna_register_digest_plan(plan, &w->m, &tna_set.cfg,
						 &session, flow, icid, &w->arena);
}

/* May it come in this way? Of a Digest nobody checked WWSF and user before
 * this. Who leaves, may; but what is barred has nothing left to take away, and
 * must not end what the user has elsewhere. */
static enum ep_tna_cause admit(
		struct tna_work *w, const struct tna_pending *p, bool token)
{
	if(tna_barred_page(p->b.waf, p->b.wwsf, p->conid))
		return EP_TNA_BARRED;
	if(p->expires_s == 0 && !p->fetch)
		return EP_TNA_OK;
	if(token)
		return EP_TNA_OK;
	if(tna_life_is_revoked(&p->b, p->conid))
		return EP_TNA_BARRED;
	return wwsf_admits(w->msg, p->b.wwsf, p->b.impi);
}

static enum ep_tna_cause do_register(struct tna_work *w)
{
	struct webrtc_auth_result result;
	struct ep_tna_identity identity;
	struct ep_tna_register plan;
	struct tna_pending pending;
	unsigned char id[EP_FLOW_ID_LEN];
	struct ep_view bound_impi;
	enum ep_tna_cause cause;
	int conid = tna_route_conid(w->msg);
	bool token;

	if(conid == 0 || tna_auth.conn_revoked(conid))
		return EP_TNA_NOT_BOUND;
	cause = token_of(&identity, &token, &result, w, conid);
	if(cause == EP_TNA_OK)
		cause = kind_check(&bound_impi, w, conid, token);
	if(cause == EP_TNA_OK)
		cause = choose_id(id, w, conid, identity.impi, to_uri(&w->m));
	if(cause == EP_TNA_OK)
		cause = plan_of(&plan, w, &identity, token, bound_impi, id);
	if(cause != EP_TNA_OK)
		return cause;
	pending_fill(&pending, &plan, &identity, token ? &result : NULL, id, conid);
	cause = admit(w, &pending, token);
	if(cause != EP_TNA_OK)
		return cause;
	if(tna_pending_set(w, &pending) != EP_OK)
		return EP_TNA_INTERNAL;
	memcpy(tna_current_of(w->msg)->id, id, EP_FLOW_ID_LEN);
	tna_current_of(w->msg)->known = true;
	tna_count(TNA_N_REGISTERS);
	return tna_work_edit(w, &plan.edits);
}

int tna_ki_register(sip_msg_t *msg)
{
	struct tna_work w;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);

	if(cause == EP_TNA_OK)
		cause = do_register(&w);
	/* It goes no further: what webrtc_auth reserved for it is free. */
	if(cause != EP_TNA_OK)
		tna_usage_unreserve(tna_route_conid(msg), to_uri(&w.m));
	return tna_work_end(&w, cause);
}
