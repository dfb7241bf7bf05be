/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "base/sipuri.h"
#include "tna/request.h"
#include "message.h"
#include "route.h"
#include "script.h"
#include "store.h"

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

static bool same_device(
		const struct ep_binding *b, const struct ep_tna_contact *c)
{
	if(b->instance.p != NULL || c->instance.p != NULL)
		return ep_view_eq(b->instance, c->instance)
			   && ep_view_eq(b->reg_id, c->reg_id);
	return c->uri.p != NULL && ep_view_eq(b->contact, c->uri);
}

/**
 * The binding that this registration renews: that of its connection; or that
 * of the same user and the same page (+sip.instance and reg-id, RFC 5626 4.1;
 * without, the contact), which then moves here. *found false: none.
 * IMPI_FOREIGN, TO_FOREIGN: the connection is bound to somebody else, or to
 * another of his registrations.
 */
static enum ep_tna_cause find_id(unsigned char *id, bool *found,
		struct tna_work *w, int conid, struct ep_view impi, struct ep_view impu)
{
	struct ep_tna_contact device;
	struct tna_copy c;
	size_t nth;
	enum ep_err err;

	*found = true;
	if(tna_store_by_conn(id, conid) && tna_store_get(&c, id, &w->arena) == EP_OK
			&& c.life.state != EP_BINDING_ENDED) {
		if(impi.p != NULL && !ep_view_eq(c.b.impi, impi))
			return EP_TNA_IMPI_FOREIGN;
		if(ep_impus_find(c.b.impus, impu).p == NULL)
			return EP_TNA_TO_FOREIGN;
		return EP_TNA_OK;
	}
	device_of(&device, &w->m);
	for(nth = 0; impi.p != NULL && tna_store_by_impu(id, impu, nth); nth++) {
		err = tna_store_get(&c, id, &w->arena);
		if(err == EP_ENOMEM)
			return EP_TNA_INTERNAL;
		if(err == EP_OK && c.life.state != EP_BINDING_ENDED
				&& ep_view_eq(c.b.impi, impi) && same_device(&c.b, &device))
			return EP_TNA_OK;
	}
	*found = false;
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
bool tna_registers_again(sip_msg_t *msg, int conid, struct ep_view impi)
{
	unsigned char id[EP_FLOW_ID_LEN];
	struct tna_work w;
	bool found = false;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);

	if(cause == EP_TNA_OK)
		cause = find_id(id, &found, &w, conid, impi, to_uri(&w.m));
	ep_arena_fini(&w.arena);
	return found || cause != EP_TNA_OK;
}

/* Scenario 1: the user name of the Digest is only known to the plan. */
static enum ep_tna_cause plan_digest(struct ep_tna_register *plan,
		struct tna_work *w, int conid, struct ep_view flow, struct ep_view icid)
{
	struct ep_tna_session session = {.tls = w->msg->rcv.proto == PROTO_WSS};
	unsigned char id[EP_FLOW_ID_LEN];
	struct tna_copy c;

	if(!tna_set.digest)
		return EP_TNA_CREDENTIALS;
	if(tna_store_by_conn(id, conid) && tna_store_get(&c, id, &w->arena) == EP_OK
			&& c.life.state == EP_BINDING_BOUND)
		session.impi = c.b.impi;
	return ep_tna_register_digest_plan(
			plan, &w->m, &tna_set.cfg, &session, flow, icid, &w->arena);
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
	if(c != NULL) {
		p->b.contact = c->uri;
		p->b.instance = c->instance;
		p->b.reg_id = c->reg_id;
	}
	if(!auth_done)
		return;
	p->b.waf = id->waf;
	p->b.wwsf = id->wwsf;
	p->b.add_entity = id->add_entity;
	p->b.token_end_s = id->token_end_s;
	p->b.issuer = token->issuer;
	p->b.jti = token->jti;
	p->b.sub = token->sub;
	p->b.sid = token->sid;
	p->b.iat_s = token->iat_s;
}

static enum ep_tna_cause do_register(struct tna_work *w)
{
	struct webrtc_auth_result result;
	struct ep_tna_identity identity = {.token_end_s = UINT64_MAX};
	struct ep_tna_register plan;
	struct tna_pending pending;
	unsigned char id[EP_FLOW_ID_LEN];
	struct ep_view flow, icid;
	enum ep_tna_cause cause;
	int conid = tna_route_conid(w->msg);
	bool token;

	if(conid == 0 || tna_auth.conn_revoked(conid))
		return EP_TNA_NOT_BOUND;
	token = tna_auth.result(&result, w->msg) == EP_OK && result.status == 1
			&& result.impi.p != NULL;
	if(token)
		identity_of(&identity, &result);
	cause = choose_id(id, w, conid, identity.impi, to_uri(&w->m));
	if(cause != EP_TNA_OK)
		return cause;
	flow = tna_flow_print(EP_FLOW_PATH, id, &w->arena);
	icid = tna_icid_new(&w->arena);
	if(flow.p == NULL || icid.p == NULL)
		return EP_TNA_INTERNAL;
	cause = token ? ep_tna_register_plan(&plan, &w->m, &tna_set.cfg, &identity,
					flow, icid, tna_now_s(), &w->arena)
				  : plan_digest(&plan, w, conid, flow, icid);
	if(cause != EP_TNA_OK)
		return cause;
	pending_fill(&pending, &plan, &identity, token ? &result : NULL, id, conid);
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
	return tna_work_end(&w, cause);
}
