/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* tna_reply(): answers to REGISTER, answers of a page, answers towards one. */
#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/mem/mem.h"

#include "tna/check.h"
#include "tna/reply.h"
#include "common/view.h"
#include "answer.h"
#include "calls.h"
#include "life.h"
#include "limits.h"
#include "message.h"
#include "name.h"
#include "regevent.h"
#include "route.h"
#include "script.h"
#include "store.h"
#include "subs.h"
#include "which.h"

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

/* The core's challenge is not for the page, whatever comes of it. */
static enum ep_tna_cause hide_challenge(
		struct tna_work *w, enum ep_tna_cause as)
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
		cause = rewrite_status(w->msg, ep_tna_cause_info(as));
	return cause == EP_TNA_OK ? as : cause;
}

/* A core that does Trusted Node Authentication does not challenge us; another
 * one does, and gets its answer by tna_answer(). */
static enum ep_tna_cause challenged(struct tna_work *w, struct ep_view impi)
{
	enum ep_tna_cause cause = EP_TNA_CORE_CHALLENGED, hidden;

	if(tna_set.cfg.core_digest)
		cause = tna_answer_is_late() ? EP_TNA_OK : tna_answer_leave(w, impi);
	if(cause != EP_TNA_OK)
		return hide_challenge(w, cause);
	hidden = hide_challenge(w, EP_TNA_CORE_CHALLENGED);
	return hidden == EP_TNA_CORE_CHALLENGED ? EP_TNA_OK : hidden;
}

static enum ep_tna_cause ask_for_renewal(
		struct tna_work *w, const struct ep_hdredits *edits)
{
	enum ep_tna_cause cause = tna_work_edit(w, edits);

	if(cause == EP_TNA_OK)
		cause = rewrite_status(w->msg, ep_tna_cause_info(EP_TNA_TOKEN_ENDING));
	return cause == EP_TNA_OK ? EP_TNA_TOKEN_ENDING : cause;
}

/* --- 200 OK to REGISTER --- */

static void binding_fill(struct tna_pending *p, const struct ep_tna_reply *r)
{
	p->b.impus = r->impus;
	p->b.wildcards = r->wildcards;
	p->b.service_route = r->service_route;
	p->b.charging = r->charging;
	p->b.term_ioi = r->term_ioi;
}

static bool is_alive(int conid)
{
	struct tna_peer peer;

	return tna_route_peer(&peer, conid);
}

static void count_bound(enum ep_binding_event event)
{
	tna_count(event == EP_BINDING_REGISTER_OK ? TNA_N_BOUND
			  : event == EP_BINDING_REFRESHED ? TNA_N_REFRESHED
											  : TNA_N_MOVED);
}

/* Two first REGISTERs of one page may cross, on its old and its new connection
 * or on one: two bindings, for what is one contact at the core. The one on the
 * newer connection stays, whichever answer came first; its end would otherwise
 * be the other's. */
static void end_twins(const struct tna_pending *p, struct ep_arena *arena)
{
	struct tna_copy c;
	tna_id_t id;
	size_t nth;
	int order;

	for(nth = 0; tna_store_by_impu(id, p->b.impu, nth); nth++) {
		order = memcmp(id, p->b.id, EP_FLOW_ID_LEN);
		if(order == 0 || tna_store_get(&c, id, arena) != EP_OK
				|| c.life.state == EP_BINDING_ENDED
				|| !ep_view_eq(c.b.impi, p->b.impi)
				|| !ep_binding_is_of(
						&c.b, p->b.instance, p->b.reg_id, p->b.contact))
			continue;
		if(c.conid != p->conid)
			order = c.conid < p->conid ? -1 : 1;
		tna_life_replaced(order < 0 ? id : p->b.id);
	}
}

/* One connection is one user's, by one kind of login (register.c). Of REGISTERs
 * that crossed, none was there yet when the others were looked at. */
static bool is_alone(const struct tna_pending *p, struct ep_arena *arena)
{
	tna_id_t ids[TNA_CONN_BINDINGS];
	size_t n = tna_store_of_conn(ids, p->conid), i;
	struct tna_copy c;

	for(i = 0; i < n; i++)
		if(memcmp(ids[i], p->b.id, EP_FLOW_ID_LEN) != 0
				&& tna_store_get(&c, ids[i], arena) == EP_OK
				&& c.life.state != EP_BINDING_ENDED
				&& (c.b.auth_done != p->b.auth_done
						|| !ep_view_eq(c.b.impi, p->b.impi)))
			return false;
	return true;
}

/* The record stands. */
static void bound(const struct tna_pending *p, const struct tna_stepped *s,
		struct ep_arena *arena)
{
	count_bound(s->event);
	if(s->event == EP_BINDING_CONNECTION_MOVED)
		tna_life_queue(p->b.id, TNA_EVENT_NONE,
				s->step.actions & EP_BINDING_DO_CLOSE_OLD, s->conid,
				TNA_END_REPLACED);
	if(s->event == EP_BINDING_REGISTER_OK)
		end_twins(p, arena);
	/* The connection may have gone before the record was there to be marked
	 * as lost by its close event. */
	if(tna_auth.conn_bind(p->conid, p->b.id) != EP_OK || !is_alive(p->conid))
		tna_life_lost(p->b.id, p->conid);
	else if(s->event == EP_BINDING_REGISTER_OK)
		tna_life_queue(
				p->b.id, TNA_EVENT_BOUND, 0, p->conid, TNA_END_DEREGISTERED);
	/* Or it was revoked before the record was there to be found. */
	if(tna_life_is_revoked(&p->b, p->conid)
			|| (s->event != EP_BINDING_REFRESHED && !is_alone(p, arena)))
		tna_life_end(p->b.id, TNA_END_REVOKED);
	tna_regevent_bound(p->b.id);
}

static enum ep_tna_cause bind_page(
		struct tna_work *w, struct tna_pending *p, const struct ep_tna_reply *r)
{
	uint64_t now_s = tna_now_s();
	char text[IP_ADDR_MAX_STR_SIZE + 16];
	struct tna_peer peer;
	struct tna_stepped s;
	struct ep_buf source;
	bool alive = tna_route_peer(&peer, p->conid);

	binding_fill(p, r);
	ep_buf_init(&source, text, sizeof(text));
	if(alive) {
		tna_route_address(&source, &peer);
		p->b.source = ep_buf_view(&source);
	}
	if(tna_store_put(&s, &p->b, p->conid, alive, &tna_set.policy, now_s,
			   now_s + r->expires_s)
			!= EP_OK)
		return EP_TNA_INTERNAL;
	tna_usage_unreserve(p->conid, p->b.impu);
	/* A 200 OK that crossed the end of its binding is undone at the core; one
	 * for a connection that has gone meanwhile takes nothing from the page's
	 * new one. */
	if(s.step.life.state != EP_BINDING_ENDED
			&& s.event != EP_BINDING_CONNECTION_LOST)
		bound(p, &s, &w->arena);
	return EP_TNA_OK;
}

static void unbind_page(const unsigned char *id)
{
	struct tna_stepped s;

	if(tna_store_step(&s, id, 0, &tna_set.policy, EP_BINDING_DEREGISTERED,
			   tna_now_s(), 0)
			!= EP_OK)
		return;
	tna_life_unbind(s.conid);
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
	if(cause == EP_TNA_CORE_CHALLENGED) {
		cause = challenged(w, p.b.impi);
		if(cause != EP_TNA_OK)
			tna_usage_unreserve(p.conid, p.b.impu);
		return cause;
	}
	/* Refused, or nothing to bind: its place is free. A binding takes it. */
	if(w->m.status >= 200
			&& (cause != EP_TNA_OK || plan.status != 200 || p.fetch))
		tna_usage_unreserve(p.conid, p.b.impu);
	if(cause == EP_TNA_TOKEN_ENDING)
		return ask_for_renewal(w, &plan.edits);
	if(cause == EP_TNA_OK)
		cause = tna_work_edit(w, &plan.edits);
	if(cause != EP_TNA_OK || plan.status != 200 || p.fetch)
		return cause;
	if(plan.expires_s == 0 || p.expires_s == 0) {
		unbind_page(p.b.id);
		tna_usage_unreserve(p.conid, p.b.impu);
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

/* A page that sends its caller only where it may not. */
static const struct ep_tna_cause_info unavailable = {
		.status = 480, .reason = "Temporarily Unavailable"};

static enum ep_tna_cause do_page_answer(struct tna_work *w, int conid)
{
	struct tna_copy c;
	struct ep_hdredits edits;
	struct ep_binding none = {.auth_done = false};
	enum ep_tna_from_rule rule;
	struct ep_view one;
	bool nowhere = false, bound = tna_which_answered(&c, w, conid);
	enum ep_tna_cause cause;

	if(bound
			&& (tna_limits_from(&rule, &c.b) != EP_TNA_OK
					|| rule != EP_TNA_FROM_KEEP))
		ep_tna_from_narrow(&c.b, &one);
	cause = ep_tna_answer_plan(&edits, &w->m, bound ? &c.b : &none, &w->arena);
	if(cause == EP_TNA_OK)
		cause = tna_name_back(&edits, &w->m);
	if(cause == EP_TNA_OK)
		cause = tna_limits_redirect(
				&edits, &w->m, bound ? &c.b : &none, &nowhere);
	tna_subs_answer(w, true);
	if(bound) {
		memcpy(tna_current_of(w->msg)->id, c.b.id, EP_FLOW_ID_LEN);
		tna_current_of(w->msg)->known = true;
	}
	if(cause == EP_TNA_OK)
		cause = hold_record_route(w, &edits);
	if(cause == EP_TNA_OK)
		cause = tna_work_edit(w, &edits);
	return cause == EP_TNA_OK && nowhere ? rewrite_status(w->msg, &unavailable)
										 : cause;
}

static enum ep_tna_cause do_core_answer(struct tna_work *w)
{
	struct ep_hdredits edits;
	enum ep_tna_cause cause = ep_tna_towards_plan(&edits, &w->m, &w->arena);

	if(cause == EP_TNA_OK)
		cause = tna_name_back(&edits, &w->m);
	tna_subs_answer(w, false);
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
