/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* tna_reply(): answers to REGISTER, answers of a page, answers towards one. */
#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/mem/mem.h"

#include "tna/check.h"
#include "tna/reply.h"
#include "common/view.h"
#include "calls.h"
#include "life.h"
#include "limits.h"
#include "message.h"
#include "name.h"
#include "route.h"
#include "script.h"
#include "store.h"

/* --- an answer that must not reach the page as it is --- */

/* The answer becomes `info`: the core's words about itself stay here. */
static enum ep_tna_cause rewrite_status(
		sip_msg_t *msg, const struct ep_tna_cause_info *info)
{
	size_t n = strlen(info->reason);
	char *text = pkg_malloc(n);
	unsigned code = info->status, i;
	struct lump *l;

	if(text == NULL)
		return EP_TNA_INTERNAL;
	memcpy(text, info->reason, n);
	l = del_lump(msg, msg->first_line.u.reply.reason.s - msg->buf,
			msg->first_line.u.reply.reason.len, 0);
	if(l == NULL || insert_new_lump_after(l, text, n, 0) == NULL) {
		pkg_free(text);
		return EP_TNA_INTERNAL;
	}
	/* Same length, so in place: tm reads it from here. */
	msg->first_line.u.reply.statuscode = code;
	for(i = 3; i-- > 0; code /= 10)
		msg->first_line.u.reply.status.s[i] = '0' + code % 10;
	return EP_TNA_OK;
}

static enum ep_tna_cause hide_challenge(struct tna_work *w)
{
	static const struct ep_view names[] = {{"WWW-Authenticate", 16},
			{"Proxy-Authenticate", 18}, {"Authentication-Info", 19}};
	struct ep_hdredits edits;
	enum ep_tna_cause cause;
	size_t i;

	cause = ep_tna_towards_plan(&edits, &w->m, &w->arena);
	for(i = 0; i < 3 && cause == EP_TNA_OK; i++)
		if(ep_hdredits_del_all(&edits, &w->m, names[i]) != EP_OK)
			cause = EP_TNA_INTERNAL;
	if(cause == EP_TNA_OK)
		cause = tna_work_edit(w, &edits);
	if(cause == EP_TNA_OK)
		cause = rewrite_status(
				w->msg, ep_tna_cause_info(EP_TNA_CORE_CHALLENGED));
	return cause == EP_TNA_OK ? EP_TNA_CORE_CHALLENGED : cause;
}

/* --- 200 OK to REGISTER --- */

static bool is_alive(int conid)
{
	struct tna_peer peer;

	return tna_route_peer(&peer, conid);
}

/* What the new 200 OK is to what is known already. */
static enum ep_binding_event event_of(
		const struct tna_copy *old, bool known, int conid)
{
	if(!known || old->life.state == EP_BINDING_ENDED)
		return EP_BINDING_REGISTER_OK;
	return old->conid == conid ? EP_BINDING_REFRESHED
							   : EP_BINDING_CONNECTION_MOVED;
}

static void binding_fill(struct tna_pending *p, const struct ep_tna_reply *r)
{
	p->b.impus = r->impus;
	p->b.wildcards = r->wildcards;
	p->b.service_route = r->service_route;
	p->b.charging = r->charging;
	p->b.term_ioi = r->term_ioi;
}

static enum ep_tna_cause bind_page(
		struct tna_work *w, struct tna_pending *p, const struct ep_tna_reply *r)
{
	struct ep_binding_life fresh = {.state = EP_BINDING_NEW};
	struct ep_binding_step step;
	struct tna_copy old;
	bool known = tna_store_get(&old, p->b.id, &w->arena) == EP_OK;
	enum ep_binding_event event = event_of(&old, known, p->conid);
	uint64_t now_s = tna_now_s();

	binding_fill(p, r);
	ep_binding_step(&step, known ? &old.life : &fresh, &tna_set.policy, event,
			now_s, now_s + r->expires_s);
	/* A 200 that crossed the end of its binding is undone at the core. */
	if(step.life.state == EP_BINDING_ENDED) {
		tna_usage_unreserve(p->conid);
		tna_life_queue(p->b.id, TNA_EVENT_NONE, step.actions, p->conid,
				TNA_END_DEREGISTERED);
		return EP_TNA_OK;
	}
	if(tna_store_put(&p->b, &step.life, p->conid) != EP_OK)
		return EP_TNA_INTERNAL;
	tna_usage_unreserve(p->conid);
	tna_count(event == EP_BINDING_REGISTER_OK ? TNA_N_BOUND
			  : event == EP_BINDING_REFRESHED ? TNA_N_REFRESHED
											  : TNA_N_MOVED);
	if(event == EP_BINDING_CONNECTION_MOVED)
		tna_life_queue(p->b.id, TNA_EVENT_NONE,
				step.actions & EP_BINDING_DO_CLOSE_OLD, old.conid,
				TNA_END_REPLACED);
	/* The connection may have gone before the record was there to be marked
	 * as lost by its close event. */
	if(tna_auth.conn_bind(p->conid, p->b.id) != EP_OK || !is_alive(p->conid))
		tna_life_lost(p->b.id, p->conid);
	else if(event == EP_BINDING_REGISTER_OK)
		tna_life_queue(
				p->b.id, TNA_EVENT_BOUND, 0, p->conid, TNA_END_DEREGISTERED);
	/* Or it was revoked before the record was there to be found. */
	if(tna_life_is_revoked(&p->b))
		tna_life_end(p->b.id, TNA_END_REVOKED);
	return EP_TNA_OK;
}

static void unbind_page(const unsigned char *id)
{
	struct tna_stepped s;

	if(tna_store_step(
			   &s, id, 0, &tna_set.policy, EP_BINDING_DEREGISTERED, tna_now_s())
			!= EP_OK)
		return;
	tna_auth.conn_bind(s.conid, NULL);
	tna_count(TNA_N_ENDED);
	tna_life_queue(
			id, TNA_EVENT_ENDED, s.step.actions, s.conid, TNA_END_DEREGISTERED);
}

static enum ep_tna_cause do_register_reply(struct tna_work *w)
{
	struct tna_pending p;
	struct ep_tna_contact contact;
	struct ep_tna_sent sent;
	struct ep_tna_reply plan;
	enum ep_tna_cause cause;
	enum ep_err err = tna_pending_get(&p, &w->arena);

	if(err != EP_OK)
		return err == EP_ENOMEM ? EP_TNA_INTERNAL : EP_TNA_METHOD;
	memcpy(tna_current_of(w->msg)->id, p.b.id, EP_FLOW_ID_LEN);
	tna_current_of(w->msg)->known = true;
	contact = (struct ep_tna_contact){.uri = p.b.contact,
			.instance = p.b.instance,
			.reg_id = p.b.reg_id,
			.expires_s = p.expires_s};
	sent = (struct ep_tna_sent){.auth_done = p.b.auth_done,
			.impu = p.b.impu,
			.contact = p.b.contact.p != NULL ? &contact : NULL,
			.token_end_s = p.b.token_end_s};
	cause = ep_tna_reply_plan(
			&plan, &w->m, &tna_set.cfg, &sent, tna_now_s(), &w->arena);
	/* Refused, or nothing to bind: its place is free. A binding takes it. */
	if(w->m.status >= 200
			&& (cause != EP_TNA_OK || plan.status != 200 || p.fetch))
		tna_usage_unreserve(p.conid);
	if(cause == EP_TNA_CORE_CHALLENGED)
		return hide_challenge(w);
	if(cause == EP_TNA_OK)
		cause = tna_work_edit(w, &plan.edits);
	if(cause != EP_TNA_OK || plan.status != 200 || p.fetch)
		return cause;
	if(plan.expires_s == 0 || p.expires_s == 0) {
		unbind_page(p.b.id);
		tna_usage_unreserve(p.conid);
		return EP_TNA_OK;
	}
	return bind_page(w, &p, &plan);
}

/* --- other answers --- */

/* The route set is made by proxies: a page that writes its own would send its
 * peer's requests where it likes. */
static enum ep_tna_cause hold_record_route(
		struct tna_work *w, struct ep_hdredits *edits)
{
	struct ep_view name = EP_LIT("Record-Route");
	struct ep_view list = tna_note_get(TNA_NOTE_RECORD_ROUTE);

	if(ep_hdredits_del_all(edits, &w->m, name) != EP_OK)
		return EP_TNA_INTERNAL;
	if(list.len > 0 && w->m.status > 100 && w->m.status < 300
			&& ep_hdredits_append(edits, name, list) != EP_OK)
		return EP_TNA_INTERNAL;
	return EP_TNA_OK;
}

static enum ep_tna_cause do_page_answer(struct tna_work *w, int conid)
{
	unsigned char id[EP_FLOW_ID_LEN];
	struct tna_copy c;
	struct ep_hdredits edits;
	struct ep_binding none = {.auth_done = false};
	enum ep_tna_from_rule rule;
	struct ep_view one;
	bool bound = tna_store_by_conn(id, conid)
				 && tna_store_get(&c, id, &w->arena) == EP_OK;
	enum ep_tna_cause cause;

	if(bound
			&& (tna_limits_from(&rule, &c.b) != EP_TNA_OK
					|| rule != EP_TNA_FROM_KEEP))
		ep_tna_from_narrow(&c.b, &one);
	cause = ep_tna_answer_plan(&edits, &w->m, bound ? &c.b : &none, &w->arena);
	if(cause == EP_TNA_OK)
		cause = tna_name_back(&edits, &w->m, EP_LIT("To"), TNA_NOTE_TO);
	if(bound) {
		memcpy(tna_current_of(w->msg)->id, id, EP_FLOW_ID_LEN);
		tna_current_of(w->msg)->known = true;
	}
	if(cause == EP_TNA_OK)
		cause = hold_record_route(w, &edits);
	return cause == EP_TNA_OK ? tna_work_edit(w, &edits) : cause;
}

static enum ep_tna_cause do_core_answer(struct tna_work *w)
{
	struct ep_hdredits edits;
	enum ep_tna_cause cause = ep_tna_towards_plan(&edits, &w->m, &w->arena);

	if(cause == EP_TNA_OK)
		cause = tna_name_back(&edits, &w->m, EP_LIT("From"), TNA_NOTE_FROM);
	return cause == EP_TNA_OK ? tna_work_edit(w, &edits) : cause;
}

int tna_ki_reply(sip_msg_t *msg)
{
	struct tna_work w;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);
	int conid = tna_route_conid(msg);

	if(cause == EP_TNA_OK) {
		if(ep_view_eq(w.m.method, EP_LIT("REGISTER")))
			cause = do_register_reply(&w);
		else if(conid != 0)
			cause = do_page_answer(&w, conid);
		else
			cause = do_core_answer(&w);
	}
	return tna_work_end(&w, cause);
}
