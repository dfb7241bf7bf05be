/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "base/sipuri.h"
#include "common/view.h"
#include "tna/build.h"
#include "route.h"
#include "subs.h"
#include "within.h"

/* One request while it is checked. */
struct within
{
	const struct ep_msg *m;
	const struct ep_binding *b;
	const struct tna_dialog *d;
	struct ep_view hop; /* first Route element that is not ours */
};

/* `maddr` would send the request to another host than the one compared. */
static bool has_maddr(const struct ep_uri *u)
{
	return ep_param_get(NULL, u->params, EP_LIT("maddr"));
}

/* Next URI of a list; EP_OK, EP_ENOENT. What does not parse is passed over:
 * it equals nothing. */
static enum ep_err uris_next(struct ep_uri *u, struct ep_view *rest)
{
	struct ep_nameaddr na;

	while(ep_nameaddr_next(&na, rest) == EP_OK)
		if(ep_uri_parse(u, na.uri) == EP_OK)
			return EP_OK;
	return EP_ENOENT;
}

/* Is it a hop of the dialog's route set; with `first`, the first one that is
 * not we ourselves? `u` NULL: is there any? */
static bool in_route_set(
		const struct within *q, const struct ep_uri *u, bool first)
{
	struct ep_view rest =
			ep_view_of(q->d->known.routes.text, q->d->known.routes.n);
	struct ep_uri hop;

	while(uris_next(&hop, &rest) == EP_OK) {
		if(tna_host_own(&hop))
			continue;
		if(u == NULL || tna_host_eq(u, &hop))
			return true;
		if(first)
			return false;
	}
	return false;
}

/* Is the binding `id` the other end? */
static bool is_peer(const struct within *q, const unsigned char *id)
{
	const struct tna_dialog *d = q->d;

	return (d->dlg != NULL && tna_calls_of(d->dlg, id))
		   || tna_subs_is(id, d->callid, d->peer_tag, d->local_tag);
}

/* Our own element: the first is the page's token for this binding. Further
 * down it is that of the other end, when both are pages of this node. */
static enum ep_tna_cause check_own(
		const struct within *q, const struct ep_uri *u, bool top)
{
	struct ep_flow flow;
	bool found;
	enum ep_tna_cause cause = tna_flow_of_uri(&flow, &found, u);

	if(cause != EP_TNA_OK)
		return cause == EP_TNA_INTERNAL ? cause : EP_TNA_FLOW_TAMPERED;
	if(!found || flow.purpose == EP_FLOW_PATH)
		return EP_TNA_FLOW_TAMPERED;
	if(memcmp(flow.id, q->b->id, EP_FLOW_ID_LEN) == 0
			|| (!top && is_peer(q, flow.id)))
		return EP_TNA_OK;
	return EP_TNA_FLOW_TAMPERED;
}

static enum ep_tna_cause check_element(
		struct within *q, const struct ep_uri *u, bool top)
{
	bool first = q->hop.p == NULL;

	if((u->scheme != EP_URI_SIP && u->scheme != EP_URI_SIPS) || has_maddr(u))
		return EP_TNA_FLOW_TAMPERED;
	if(tna_host_own(u))
		return check_own(q, u, top);
	if(top || (!tna_host_core(u, q->b) && !in_route_set(q, u, first)))
		return EP_TNA_FLOW_TAMPERED;
	if(first)
		q->hop = u->all;
	return EP_TNA_OK;
}

/* Every element, not only the next one: the S-CSCF follows the rest. */
static enum ep_tna_cause check_route(struct within *q)
{
	struct tna_walk walk = {.at = 0};
	struct ep_uri u;
	enum ep_tna_cause cause;
	enum ep_err err;
	bool top = true;

	while((err = tna_route_next(&u, q->m, &walk)) == EP_OK) {
		cause = check_element(q, &u, top);
		if(cause != EP_TNA_OK)
			return cause;
		top = false;
	}
	if(err != EP_ENOENT)
		return EP_TNA_MALFORMED;
	/* Straight to the other end only where no proxy wants to be between. */
	if(top
			|| (q->hop.p == NULL
					&& (q->d->kind == TNA_DIALOG_NONE
							|| in_route_set(q, NULL, false))))
		return EP_TNA_FLOW_TAMPERED;
	return EP_TNA_OK;
}

static bool same_target(const struct ep_uri *a, const struct ep_uri *b)
{
	struct ep_view am = ep_view_none(), bm = ep_view_none();

	if(a->scheme == EP_URI_TEL || a->scheme == EP_URI_OTHER)
		return ep_view_eq(a->all, b->all);
	ep_param_get(&am, a->params, EP_LIT("maddr"));
	ep_param_get(&bm, b->params, EP_LIT("maddr"));
	return a->scheme == b->scheme && ep_view_eq(a->user, b->user)
		   && tna_host_eq(a, b) && has_maddr(a) == has_maddr(b)
		   && ep_view_eq(am, bm);
}

/* RFC 3261 12.2.1.1: the Request-URI is the remote target. */
static bool is_target(const struct within *q)
{
	struct ep_view rest =
			ep_view_of(q->d->known.targets.text, q->d->known.targets.n);
	struct ep_uri u, target;

	if(ep_uri_parse(&u, q->m->ruri) != EP_OK)
		return false;
	while(uris_next(&target, &rest) == EP_OK)
		if(same_target(&u, &target))
			return true;
	return false;
}

/* The URI of a name that the page knows itself by; absent: it has none. */
static struct ep_view uri_of(struct ep_view name)
{
	struct ep_nameaddr na;

	return name.len > 0 && ep_nameaddr_parse(&na, name) == EP_OK
				   ? na.uri
				   : ep_view_none();
}

static bool same_name(struct ep_view a, struct ep_view b)
{
	return b.p != NULL && (ep_view_eq(a, b) || ep_impu_eq(a, b));
}

/* RFC 3261 12.2.1.1: From is the local URI of the dialog. The identities were
 * checked when it was set up, and may have been anonymous. */
static enum ep_tna_cause check_from(const struct within *q)
{
	struct ep_nameaddr from;

	if(!ep_msg_one_nameaddr(&from, q->m, EP_LIT("From")))
		return EP_TNA_MALFORMED;
	return same_name(from.uri, q->d->uri)
						   || same_name(from.uri, uri_of(q->d->names.local))
				   ? EP_TNA_OK
				   : EP_TNA_FROM_FOREIGN;
}

/* What may stand in a dialog that no INVITE made. An INVITE there would be a
 * call that nobody counts and nobody ends. */
static bool is_of_subscription(struct ep_view method)
{
	static const struct ep_view methods[] = {{"SUBSCRIBE", 9}, {"NOTIFY", 6},
			{"REFER", 5}, {"MESSAGE", 7}, {"OPTIONS", 7}};
	size_t i;

	for(i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if(ep_view_eq(method, methods[i]))
			return true;
	return false;
}

static enum ep_tna_cause check_dialog(struct within *q)
{
	enum ep_tna_cause cause;

	if(q->d->kind == TNA_DIALOG_NONE
			|| (q->d->kind == TNA_DIALOG_SUB
					&& !is_of_subscription(q->m->method)))
		return EP_TNA_NO_DIALOG;
	cause = check_route(q);
	if(cause != EP_TNA_OK)
		return cause;
	return is_target(q) ? check_from(q) : EP_TNA_FLOW_TAMPERED;
}

enum ep_tna_cause tna_within_check(struct ep_view *hop, struct tna_work *w,
		const struct ep_binding *b, const struct tna_dialog *d)
{
	struct within q = {.m = &w->m, .b = b, .d = d};
	/* Nothing is known of calls without the dialog module: only the core. */
	bool blind = !tna_has_dlg && d->kind == TNA_DIALOG_NONE;
	enum ep_tna_cause cause = blind ? check_route(&q) : check_dialog(&q);

	*hop = q.hop;
	return cause;
}
