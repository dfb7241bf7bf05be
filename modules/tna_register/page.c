/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/data_lump.h"
#include "core/dset.h"
#include "core/mem/mem.h"

#include "base/sipuri.h"
#include "tna/check.h"
#include "tna/emergency.h"
#include "common/view.h"
#include "calls.h"
#include "dialog.h"
#include "limits.h"
#include "message.h"
#include "name.h"
#include "route.h"
#include "script.h"
#include "store.h"
#include "subs.h"
#include "which.h"
#include "within.h"

static bool has_to_tag(const struct ep_msg *m)
{
	size_t i = ep_msg_find(m, EP_LIT("To"), 0);
	struct ep_nameaddr to;

	return i != SIZE_MAX && ep_nameaddr_parse(&to, m->hdrs[i].value) == EP_OK
		   && ep_param_get(NULL, to.params, EP_LIT("tag"));
}

/* --- from the page --- */

/* The live binding this message is of: one of its connection's. */
static enum ep_tna_cause bound_of(struct tna_copy *out, struct tna_work *w)
{
	int conid = tna_route_conid(w->msg);
	enum ep_tna_cause cause;

	if(conid == 0 || tna_auth.conn_revoked(conid))
		return EP_TNA_NOT_BOUND;
	cause = tna_which_asked(out, w, conid);
	if(cause != EP_TNA_OK)
		return cause;
	memcpy(tna_current_of(w->msg)->id, out->b.id, EP_FLOW_ID_LEN);
	tna_current_of(w->msg)->known = true;
	return EP_TNA_OK;
}

/* The request goes to the first Route: Kamailio itself looks at `$du`, then
 * at the Request-URI, never at Route. */
static enum ep_tna_cause send_to(sip_msg_t *msg, struct ep_view uri)
{
	str s = ep_str_view(uri);

	if(uri.len == 0)
		return EP_TNA_OK;
	if(set_dst_uri(msg, &s) < 0)
		return EP_TNA_INTERNAL;
	ruri_mark_new();
	return EP_TNA_OK;
}

static struct ep_view service_hop(const struct ep_binding *b)
{
	struct ep_nameaddr na;

	if(b->service_route.n == 0
			|| ep_nameaddr_parse(&na, b->service_route.v[0]) != EP_OK)
		return ep_view_none();
	return na.uri;
}

/* What the page's WWSF allows comes behind what the specifications demand: an
 * emergency call is told apart first, for one. */
static enum ep_tna_cause plan_initial(struct ep_tna_request *plan,
		struct tna_work *w, const struct ep_binding *b, struct tna_mark *mark)
{
	struct ep_tna_cfg cfg = tna_set.cfg;
	struct ep_binding as = *b;
	enum ep_tna_from_rule rule;
	struct ep_view one = ep_view_none();
	enum ep_tna_cause limit = tna_limits_from(&rule, b), cause;

	if(rule != EP_TNA_FROM_KEEP) {
		ep_tna_from_narrow(&as, &one);
		cfg.from_strict = false; /* tna_name_initial() is stricter */
	}
	cause = ep_tna_request_plan(plan, &w->m, &cfg, &as, mark->icid, &w->arena);
	if(cause == EP_TNA_OK)
		cause = limit;
	if(cause == EP_TNA_OK)
		cause = tna_limits_destination(&w->m, b);
	return cause == EP_TNA_OK
				   ? tna_name_initial(&plan->edits, w, rule, one, mark)
				   : cause;
}

static enum ep_tna_cause plan_within(struct ep_tna_request *plan,
		struct tna_work *w, const struct ep_binding *b,
		const struct tna_dialog *d)
{
	enum ep_tna_cause cause = ep_tna_request_plan(
			plan, &w->m, &tna_set.cfg, b, d->icid, &w->arena);

	if(cause == EP_TNA_OK)
		cause = tna_limits_refer(&w->m, b);
	return cause == EP_TNA_OK ? tna_name_within(&plan->edits, w, b, d) : cause;
}

static enum ep_tna_cause go_within(struct tna_work *w,
		const struct ep_binding *b, const struct tna_dialog *d)
{
	struct ep_tna_request plan;
	struct ep_view hop = ep_view_none();
	enum ep_tna_cause cause = tna_within_check(&hop, w, b, d);

	if(cause == EP_TNA_OK)
		cause = plan_within(&plan, w, b, d);
	if(cause == EP_TNA_OK)
		cause = tna_subs_within(w, b->id, d, true);
	if(cause == EP_TNA_OK)
		cause = tna_work_edit(w, &plan.edits);
	if(cause != EP_TNA_OK)
		return cause;
	reset_dst_uri(w->msg);
	return send_to(w->msg, hop);
}

static enum ep_tna_cause check_within(
		struct tna_work *w, const struct ep_binding *b)
{
	struct tna_dialog d;
	enum ep_tna_cause cause = tna_dialog_find(&d, w, b->id, true);

	if(cause == EP_TNA_OK)
		cause = go_within(w, b, &d);
	tna_dialog_done(&d);
	return cause;
}

/* What makes a dialog without being an INVITE. */
static bool subscribes(const sip_msg_t *msg)
{
	return msg->REQ_METHOD == METHOD_SUBSCRIBE
		   || msg->REQ_METHOD == METHOD_REFER;
}

static enum ep_tna_cause check_initial(
		struct tna_work *w, const struct ep_binding *b)
{
	struct tna_mark mark = {.id = b->id, .from_wic = true};
	struct ep_tna_request plan;
	struct ep_view hop;
	enum ep_tna_cause cause;

	mark.icid = tna_icid_new(&w->arena);
	cause = plan_initial(&plan, w, b, &mark);
	if(cause == EP_TNA_OK && w->msg->REQ_METHOD == METHOD_INVITE)
		cause = tna_limits_call(&mark.usage, w->msg, b, true);
	if(cause != EP_TNA_OK)
		return cause;
	if(w->msg->REQ_METHOD == METHOD_INVITE)
		tna_calls_mark(w->msg, &mark);
	if(subscribes(w->msg))
		cause = tna_subs_begin(w, &mark);
	if(cause == EP_TNA_OK)
		cause = tna_work_edit(w, &plan.edits);
	if(cause != EP_TNA_OK)
		return cause;
	/* Without a Service-Route there is no S-CSCF to go to, and the page's
	 * Request-URI is no way into the core. */
	hop = service_hop(b);
	return hop.len > 0 ? send_to(w->msg, hop) : EP_TNA_INTERNAL;
}

/* ACK and CANCEL without a To tag: neither begins anything. */
static enum ep_tna_cause check_hop(
		struct tna_work *w, const struct ep_binding *b)
{
	struct ep_tna_request plan;
	enum ep_tna_cause cause = ep_tna_request_plan(
			&plan, &w->m, &tna_set.cfg, b, ep_view_none(), &w->arena);
	struct ep_view hop = service_hop(b);

	if(cause == EP_TNA_OK)
		cause = tna_work_edit(w, &plan.edits);
	if(cause != EP_TNA_OK || w->msg->REQ_METHOD == METHOD_CANCEL)
		return cause;
	return hop.len > 0 ? send_to(w->msg, hop) : EP_TNA_INTERNAL;
}

/* These are parts of a call, or nothing. */
static bool begins_nothing(int method)
{
	return method == METHOD_BYE || method == METHOD_PRACK
		   || method == METHOD_UPDATE;
}

static enum ep_tna_cause do_check(struct tna_work *w)
{
	struct tna_copy c;
	int method = w->msg->REQ_METHOD;
	bool in_dialog = has_to_tag(&w->m);
	enum ep_tna_cause cause = bound_of(&c, w);

	/* Who is not registered is told, too, to call the ordinary way. */
	if(cause == EP_TNA_NOT_BOUND && !in_dialog && method != METHOD_CANCEL
			&& ep_emergency_request(&w->m, &tna_set.cfg))
		cause = EP_TNA_EMERGENCY;
	if(cause != EP_TNA_OK)
		return cause;
	if(method == METHOD_CANCEL || (method == METHOD_ACK && !in_dialog))
		return check_hop(w, &c.b);
	if(!in_dialog && begins_nothing(method))
		return EP_TNA_NO_DIALOG;
	return in_dialog ? check_within(w, &c.b) : check_initial(w, &c.b);
}

int tna_ki_check(sip_msg_t *msg)
{
	struct tna_work w;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);

	if(cause == EP_TNA_OK)
		cause = do_check(&w);
	return tna_work_end(&w, cause);
}

/* --- towards the page --- */

/* A request that begins something comes by the Path, one within a dialog by
 * our Record-Route; whoever saw the one must not use it as the other. */
static bool purpose_fits(const struct ep_flow *flow, bool in_dialog)
{
	return in_dialog ? flow->purpose != EP_FLOW_PATH
					 : flow->purpose == EP_FLOW_PATH;
}

static enum ep_tna_cause locate(
		struct tna_peer *peer, struct tna_work *w, struct tna_copy *c)
{
	struct ep_flow flow;
	bool found;
	enum ep_tna_cause cause;

	/* From a page never: it would reach other pages past the core. */
	if(tna_route_conid(w->msg) != 0)
		return EP_TNA_FLOW_TAMPERED;
	cause = tna_flow_of_route(&flow, &found, &w->m);
	if(cause != EP_TNA_OK)
		return cause;
	if(!found || !purpose_fits(&flow, has_to_tag(&w->m)))
		return EP_TNA_FLOW_TAMPERED;
	switch(tna_store_get(c, flow.id, &w->arena)) {
		case EP_OK:
			break;
		case EP_ENOENT:
			return EP_TNA_FLOW_FAILED;
		default:
			return EP_TNA_INTERNAL;
	}
	if(c->life.state != EP_BINDING_BOUND || !tna_route_peer(peer, c->conid))
		return EP_TNA_FLOW_FAILED;
	memcpy(tna_current_of(w->msg)->id, flow.id, EP_FLOW_ID_LEN);
	tna_current_of(w->msg)->known = true;
	return EP_TNA_OK;
}

static enum ep_tna_cause arrive(struct ep_hdredits *edits, struct tna_work *w,
		const struct ep_binding *b)
{
	struct tna_mark mark = {.id = b->id,
			.from_wic = false,
			.icid = ep_tna_icid_of(&w->m)};
	bool invite = w->msg->REQ_METHOD == METHOD_INVITE;
	enum ep_tna_cause cause = tna_name_arriving(edits, w, &mark);

	if(cause == EP_TNA_OK && invite)
		cause = tna_limits_call(&mark.usage, w->msg, b, false);
	if(cause == EP_TNA_OK && invite)
		tna_calls_mark(w->msg, &mark);
	if(cause == EP_TNA_OK && subscribes(w->msg))
		cause = tna_subs_begin(w, &mark);
	return cause;
}

static enum ep_tna_cause arrive_within(struct ep_hdredits *edits,
		struct tna_work *w, const struct ep_binding *b)
{
	struct tna_dialog d;
	enum ep_tna_cause cause = tna_dialog_find(&d, w, b->id, false);

	/* It would be a call that nobody counts and nobody ends. */
	if(cause == EP_TNA_OK && tna_has_dlg && d.kind != TNA_DIALOG_CALL
			&& w->msg->REQ_METHOD == METHOD_INVITE)
		cause = EP_TNA_NO_DIALOG;
	if(cause == EP_TNA_OK)
		cause = tna_name_towards(edits, w, &d);
	if(cause == EP_TNA_OK && d.kind != TNA_DIALOG_NONE)
		cause = tna_subs_within(w, b->id, &d, false);
	tna_dialog_done(&d);
	return cause;
}

static enum ep_tna_cause do_locate(struct tna_work *w)
{
	struct tna_peer peer;
	struct tna_copy c;
	struct ep_hdredits edits;
	enum ep_tna_cause cause = locate(&peer, w, &c);

	if(cause == EP_TNA_OK)
		cause = ep_tna_towards_plan(&edits, &w->m, &w->arena);
	if(cause == EP_TNA_OK)
		cause = has_to_tag(&w->m) ? arrive_within(&edits, w, &c.b)
								  : arrive(&edits, w, &c.b);
	if(cause != EP_TNA_OK)
		return cause;
	if(tna_which_note(c.b.id) != EP_OK)
		return EP_TNA_INTERNAL;
	if(ep_hdredits_del_all(&edits, &w->m, EP_LIT("Route")) != EP_OK)
		return EP_TNA_INTERNAL;
	cause = tna_work_edit(w, &edits);
	if(cause != EP_TNA_OK)
		return cause;
	return tna_route_deliver(w->msg, &peer) == EP_OK ? EP_TNA_OK
													 : EP_TNA_INTERNAL;
}

int tna_ki_locate(sip_msg_t *msg)
{
	struct tna_work w;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);

	if(cause == EP_TNA_OK)
		cause = do_locate(&w);
	return tna_work_end(&w, cause);
}

/* --- Record-Route --- */

/* tm and dialog count our Record-Route by the type of its lump. */
static enum ep_tna_cause add_record_route(sip_msg_t *msg, struct ep_view value)
{
	static const char name[] = "Record-Route: ";
	size_t n = sizeof(name) - 1;
	struct lump *anchor = anchor_lump(
			msg, msg->headers->name.s - msg->buf, 0, HDR_RECORDROUTE_T);
	char *text = pkg_malloc(n + value.len + 2);

	if(anchor == NULL || text == NULL) {
		if(text != NULL)
			pkg_free(text);
		return EP_TNA_INTERNAL;
	}
	memcpy(text, name, n);
	memcpy(text + n, value.p, value.len);
	memcpy(text + n + value.len, "\r\n", 2);
	if(insert_new_lump_before(
			   anchor, text, n + value.len + 2, HDR_RECORDROUTE_T)
			== NULL) {
		pkg_free(text);
		return EP_TNA_INTERNAL;
	}
	msg->msg_flags |= FL_RR_ADDED;
	return EP_TNA_OK;
}

/* The whole list as it goes to the page: its answer is held to it. */
static enum ep_tna_cause note_record_route(
		struct tna_work *w, struct ep_view own)
{
	struct ep_view list = own, rr = EP_LIT("Record-Route");
	size_t i;

	for(i = ep_msg_find(&w->m, rr, 0); i != SIZE_MAX;
			i = ep_msg_find(&w->m, rr, i + 1)) {
		struct ep_view parts[] = {list, EP_LIT(", "), w->m.hdrs[i].value};

		list = ep_arena_join(&w->arena, parts, 3);
		if(list.p == NULL)
			return EP_TNA_INTERNAL;
	}
	return tna_note_set(TNA_NOTE_RECORD_ROUTE, list) == EP_OK ? EP_TNA_OK
															  : EP_TNA_INTERNAL;
}

static enum ep_tna_cause do_record_route(struct tna_work *w)
{
	struct tna_current *cur = tna_current_of(w->msg);
	bool from_page = tna_route_conid(w->msg) != 0;
	struct ep_view flow, value;
	enum ep_tna_cause cause;

	if(!cur->known)
		return EP_TNA_NOT_BOUND;
	flow = tna_flow_print(
			from_page ? EP_FLOW_ORIG : EP_FLOW_TERM, cur->id, &w->arena);
	if(flow.p == NULL)
		return EP_TNA_INTERNAL;
	value = ep_tna_record_route(&tna_set.cfg, flow, &w->arena);
	if(value.p == NULL)
		return EP_TNA_INTERNAL;
	cause = add_record_route(w->msg, value);
	if(cause == EP_TNA_OK && !from_page)
		cause = note_record_route(w, value);
	return cause;
}

int tna_ki_record_route(sip_msg_t *msg)
{
	struct tna_work w;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);

	if(cause == EP_TNA_OK)
		cause = do_record_route(&w);
	return tna_work_end(&w, cause);
}
