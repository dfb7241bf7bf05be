/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* tna_notify(): what the S-CSCF says about registrations. */
#include "core/data_lump_rpl.h"
#include "core/dprint.h"

#include "common/view.h"
#include "life.h"
#include "message.h"
#include "regevent.h"
#include "regsubs.h"
#include "route.h"
#include "store.h"

/* Is the Request-URI the Contact of one of our dialogs? */
static enum ep_tna_cause whose(struct ep_flow *flow, const struct ep_msg *m)
{
	struct ep_uri uri;

	if(!ep_view_eq(m->method, EP_LIT("NOTIFY")))
		return EP_TNA_METHOD;
	if(ep_uri_parse(&uri, m->ruri) != EP_OK || !tna_host_own(&uri)
			|| uri.user.len != EP_FLOW_TEXT_LEN)
		return EP_TNA_NOT_OURS;
	switch(ep_flow_decode(
			flow, uri.user, &tna_set.keys, tna_set.node, tna_set.epoch)) {
		case EP_FLOW_OK:
			return flow->purpose == EP_FLOW_EVENT ? EP_TNA_OK : EP_TNA_NOT_OURS;
		case EP_FLOW_OTHER_NODE:
		case EP_FLOW_OTHER_EPOCH: /* of before a restart: it ends with this */
			return flow->purpose == EP_FLOW_EVENT ? EP_TNA_NO_DIALOG
												  : EP_TNA_NOT_OURS;
		case EP_FLOW_BAD_MAC:
			return EP_TNA_FLOW_TAMPERED;
		case EP_FLOW_NOT_A_TOKEN:
			return EP_TNA_NOT_OURS;
		default:
			return EP_TNA_INTERNAL;
	}
}

/* The S-CSCF may be faster with what an operator barred there than we are. */
static enum tna_end_cause end_cause(const struct tna_copy *c)
{
	return tna_life_is_revoked(&c->b, c->conid) ? TNA_END_REVOKED
												: TNA_END_DEREGISTERED;
}

static void judge(struct tna_watched *w, const struct tna_regsub_news *news,
		const struct ep_reginfo *doc, struct ep_arena *arena)
{
	struct ep_regevent_decision d;
	struct tna_copy c;
	struct ep_view impu;

	w->verdict = EP_REGEVENT_KEEP;
	if(tna_store_get(&c, w->id, arena) != EP_OK
			|| c.life.state == EP_BINDING_ENDED)
		return;
	impu = ep_impus_default(c.b.impus);
	w->moved = !ep_view_eq(impu.p != NULL ? impu : c.b.impu, news->impu);
	if(w->moved)
		return;
	ep_regevent_decide(&d, doc, &c.b, c.life.end_s, w->settled, tna_now_s());
	w->verdict = d.verdict;
	if(d.verdict == EP_REGEVENT_END
			&& tna_life_core_terminated(w->id, end_cause(&c)) == EP_OK) {
		tna_count(TNA_N_REG_ENDED);
		LM_INFO("the network ended a registration of %.*s\n",
				EP_FMT(news->impu));
	} else if(d.verdict == EP_REGEVENT_SHORTEN
			  && tna_life_shorten(w->id, d.end_s) == EP_OK) {
		tna_count(TNA_N_REG_SHORTENED);
	}
}

/* A dialog's token is in the Contact of its SUBSCRIBE only, so what comes
 * with one is read to the end: the body before the record is touched. */
static enum ep_tna_cause take(struct tna_work *w, const struct ep_flow *flow)
{
	struct ep_regevent_peer peer;
	struct ep_reginfo doc;
	struct tna_regsub_news news;
	struct ep_view routes;
	enum ep_tna_cause cause = ep_regevent_notify_read(&peer, &w->m);
	bool has_doc = w->m.body.len > 0;
	uint64_t now_ms = tna_now_ms();
	enum ep_err err;
	size_t i;

	if(cause != EP_TNA_OK)
		return cause;
	routes = ep_regevent_routes(&err, &w->m, false, &w->arena);
	if(err == EP_OK && has_doc)
		err = ep_reginfo_parse(&doc, w->m.body, &w->arena);
	if(err != EP_OK)
		return err == EP_ENOMEM ? EP_TNA_INTERNAL : EP_TNA_MALFORMED;
	cause = tna_regsubs_notified(&news, flow->id, &peer, routes,
			has_doc ? &doc : NULL, now_ms, &w->arena);
	if(cause != EP_TNA_OK || !news.fresh)
		return cause;
	for(i = 0; i < news.watched_n; i++)
		judge(&news.watched[i], &news, &doc, &w->arena);
	tna_regsubs_judged(flow->id, news.watched, news.watched_n, now_ms);
	return EP_TNA_OK;
}

/* What RFC 6665 8.3.2 and RFC 3261 21.4.13 want in the script's answer. */
static void explain(sip_msg_t *msg, enum ep_tna_cause cause)
{
	static str allow = str_init("Allow-Events: reg\r\n");
	static str accept = str_init("Accept: application/reginfo+xml\r\n");
	const str *h = cause == EP_TNA_BAD_EVENT   ? &allow
				   : cause == EP_TNA_BODY_TYPE ? &accept
											   : NULL;

	if(h != NULL && add_lump_rpl(msg, h->s, h->len, LUMP_RPL_HDR) == NULL)
		LM_ERR("no header in the answer\n");
}

int tna_ki_notify(sip_msg_t *msg)
{
	struct tna_work w;
	struct ep_flow flow;
	enum ep_tna_cause cause = tna_work_begin(&w, msg);

	if(cause == EP_TNA_OK)
		cause = tna_set.reg_event ? whose(&flow, &w.m) : EP_TNA_NOT_OURS;
	/* The script goes on with it: nothing to count or to log. */
	if(cause == EP_TNA_NOT_OURS) {
		ep_arena_fini(&w.arena);
		tna_current_of(msg)->cause = cause;
		return ep_tna_cause_info(cause)->script;
	}
	if(cause == EP_TNA_OK)
		cause = take(&w, &flow);
	tna_count(
			cause == EP_TNA_OK ? TNA_N_REG_NOTIFIES : TNA_N_REG_NOTIFY_REFUSED);
	explain(msg, cause);
	return tna_work_end(&w, cause);
}
