/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "base/sipuri.h"
#include "route.h"
#include "script.h"
#include "which.h"

struct all
{
	struct tna_copy v[TNA_CONN_BINDINGS];
	size_t n;
};

static enum ep_tna_cause all_bound(
		struct all *out, struct tna_work *w, int conid)
{
	tna_id_t ids[TNA_CONN_BINDINGS];
	size_t n = tna_store_of_conn(ids, conid), i;
	struct tna_copy *c;

	out->n = 0;
	for(i = 0; i < n; i++) {
		c = &out->v[out->n];
		switch(tna_store_get(c, ids[i], &w->arena)) {
			case EP_OK:
				out->n +=
						c->conid == conid && c->life.state == EP_BINDING_BOUND;
				break;
			case EP_ENOENT:
				break;
			default:
				return EP_TNA_INTERNAL;
		}
	}
	return out->n > 0 ? EP_TNA_OK : EP_TNA_NOT_BOUND;
}

static const struct tna_copy *with_id(
		const struct all *all, const unsigned char *id)
{
	size_t i;

	for(i = 0; i < all->n; i++)
		if(memcmp(all->v[i].b.id, id, EP_FLOW_ID_LEN) == 0)
			return &all->v[i];
	return NULL;
}

/* The one whose page's own token is the first Route element. */
static const struct tna_copy *by_route(
		const struct all *all, const struct ep_msg *m)
{
	struct ep_flow flow;
	bool found;

	if(tna_flow_of_route(&flow, &found, m) != EP_TNA_OK || !found)
		return NULL;
	return with_id(all, flow.id);
}

static bool has(const struct ep_binding *b, struct ep_view impu)
{
	size_t i;

	if(ep_impus_find(b->impus, impu).p != NULL)
		return true;
	for(i = 0; i < b->wildcards.n; i++)
		if(ep_impu_wildcard_match(b->wildcards.v[i], impu))
			return true;
	return false;
}

static const struct tna_copy *by_impu(
		const struct all *all, struct ep_view impu)
{
	size_t i;

	for(i = 0; i < all->n; i++)
		if(has(&all->v[i].b, impu))
			return &all->v[i];
	return NULL;
}

/* The first identity of the header(s) that one of them has. */
static const struct tna_copy *by_header(
		const struct all *all, const struct ep_msg *m, struct ep_view name)
{
	const struct tna_copy *c = NULL;
	struct ep_nameaddr na;
	struct ep_view list;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX && c == NULL;
			i = ep_msg_find(m, name, i + 1)) {
		list = m->hdrs[i].value;
		while(c == NULL && ep_nameaddr_next(&na, &list) == EP_OK)
			c = by_impu(all, na.uri);
	}
	return c;
}

enum ep_tna_cause tna_which_asked(
		struct tna_copy *out, struct tna_work *w, int conid)
{
	const struct tna_copy *c = NULL;
	struct all all;
	enum ep_tna_cause cause = all_bound(&all, w, conid);

	if(cause != EP_TNA_OK)
		return cause;
	if(all.n > 1)
		c = by_route(&all, &w->m);
	if(all.n > 1 && c == NULL)
		c = by_header(&all, &w->m, EP_LIT("P-Preferred-Identity"));
	if(all.n > 1 && c == NULL)
		c = by_header(&all, &w->m, EP_LIT("From"));
	*out = c != NULL ? *c : all.v[0];
	return EP_TNA_OK;
}

enum ep_err tna_which_note(const unsigned char *id)
{
	return tna_note_set(
			TNA_NOTE_BINDING, ep_view_of((const char *)id, EP_FLOW_ID_LEN));
}

bool tna_which_answered(struct tna_copy *out, struct tna_work *w, int conid)
{
	struct ep_view note = tna_note_get(TNA_NOTE_BINDING);
	tna_id_t id;

	if(note.len == EP_FLOW_ID_LEN
			&& tna_store_get(out, (const unsigned char *)note.p, &w->arena)
					   == EP_OK)
		return true;
	return tna_store_by_conn(id, conid, 0)
		   && tna_store_get(out, id, &w->arena) == EP_OK;
}
