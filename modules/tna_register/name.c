/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/route.h"

#include "base/sipuri.h"
#include "common/view.h"
#include "limits.h"
#include "name.h"
#include "script.h"
#include "tna/build.h"
#include "tna/tel.h"

static const struct ep_view from = {"From", 4}, to = {"To", 2};

/* Puts `name` into `header`, and notes what stood there. In a failure_route
 * the request still has the edits of the first time. */
static enum ep_tna_cause put(struct ep_hdredits *edits, const struct ep_msg *m,
		struct ep_view header, struct ep_view name)
{
	const char *note = header.p == from.p ? TNA_NOTE_FROM : TNA_NOTE_TO;
	struct ep_tna_name is;
	enum ep_tna_cause cause = ep_tna_name_get(&is, m, header);

	if(cause != EP_TNA_OK || ep_view_eq(is.name, name))
		return cause;
	if(get_route_type() == FAILURE_ROUTE
			&& ep_view_eq(tna_note_get(note), is.name))
		return EP_TNA_OK;
	if(tna_note_set(note, is.name) != EP_OK)
		return EP_TNA_INTERNAL;
	return ep_tna_name_plan(edits, m, header, name);
}

/* --- of the page --- */

enum ep_tna_cause tna_name_initial(struct ep_hdredits *edits,
		struct tna_work *w, enum ep_tna_from_rule rule, struct ep_view identity,
		struct tna_mark *mark)
{
	struct ep_tna_name is;
	struct ep_view name;
	enum ep_tna_cause cause;

	if(rule == EP_TNA_FROM_KEEP)
		return EP_TNA_OK;
	if(identity.p == NULL)
		return EP_TNA_FROM_REFUSED;
	if(rule == EP_TNA_FROM_REFUSE)
		return ep_tna_from_check(&w->m, identity);
	cause = ep_tna_name_get(&is, &w->m, from);
	name = ep_tna_name_of(identity, &w->arena);
	if(cause != EP_TNA_OK || name.p == NULL)
		return cause != EP_TNA_OK ? cause : EP_TNA_INTERNAL;
	if(ep_view_eq(is.name, name))
		return EP_TNA_OK;
	/* It has to be remembered for the whole dialog. */
	if(is.name.len > TNA_NAME_MAX || name.len > TNA_NAME_MAX)
		return EP_TNA_FROM_REFUSED;
	mark->names.local = is.name;
	mark->names.local_as = name;
	tna_count(TNA_N_FROM_REPLACED);
	return put(edits, &w->m, from, name);
}

/* Of a page that was called, the URI is what the other end called. */
static enum ep_tna_cause without_display(
		struct ep_hdredits *edits, struct tna_work *w)
{
	struct ep_nameaddr na;
	struct ep_view name;

	if(!ep_msg_one_nameaddr(&na, &w->m, from))
		return EP_TNA_MALFORMED;
	if(na.display.len == 0)
		return EP_TNA_OK;
	name = ep_tna_name_of(na.uri, &w->arena);
	return name.p != NULL ? put(edits, &w->m, from, name) : EP_TNA_INTERNAL;
}

enum ep_tna_cause tna_name_within(struct ep_hdredits *edits, struct tna_work *w,
		const struct ep_binding *b, const struct tna_dialog *d)
{
	const struct tna_names *n = &d->names;
	enum ep_tna_from_rule rule;
	enum ep_tna_cause cause = EP_TNA_OK;

	if(n->peer_as.len > 0)
		cause = put(edits, &w->m, to, n->peer_as);
	if(cause != EP_TNA_OK)
		return cause;
	if(n->local_as.len > 0)
		return put(edits, &w->m, from, n->local_as);
	/* A WWSF that is gone keeps its calls as they are. */
	if(tna_limits_from(&rule, b) == EP_TNA_OK && rule == EP_TNA_FROM_REPLACE)
		return without_display(edits, w);
	return EP_TNA_OK;
}

/* --- towards the page --- */

/* *page: what `header` is to read where it is a telephone number that the page
 * could not read, or absent; *core: what stands there. */
static enum ep_tna_cause tel_name(struct ep_view *page, struct ep_view *core,
		struct tna_work *w, struct ep_view header)
{
	const struct ep_tna_cfg *cfg = &tna_set.cfg;
	struct ep_nameaddr na;
	struct ep_tna_name is;
	struct ep_view parts[4];

	*page = *core = ep_view_none();
	if(!ep_msg_one_nameaddr(&na, &w->m, header)
			|| ep_tna_name_get(&is, &w->m, header) != EP_TNA_OK)
		return EP_TNA_MALFORMED;
	if(!ep_tel_is(na.uri))
		return EP_TNA_OK;
	parts[0] = na.display.len > 0 ? na.display : EP_LIT("");
	parts[1] = na.display.len > 0 ? EP_LIT(" <") : EP_LIT("<");
	parts[2] = ep_tel_to_sip(na.uri,
			cfg->home_domain.len > 0 ? cfg->home_domain : cfg->own_host,
			&w->arena);
	parts[3] = EP_LIT(">");
	*core = is.name;
	*page = ep_build_join(&w->arena, parts, 4);
	if(page->p == NULL)
		return EP_TNA_INTERNAL;
	/* It has to be remembered for the whole dialog: a number of this length is
	 * none, and stays as it is. */
	if(core->len > TNA_NAME_MAX || page->len > TNA_NAME_MAX)
		*page = *core = ep_view_none();
	return EP_TNA_OK;
}

enum ep_tna_cause tna_name_arriving(
		struct ep_hdredits *edits, struct tna_work *w, struct tna_mark *mark)
{
	struct tna_names *n = &mark->names;
	enum ep_tna_cause cause = tel_name(&n->peer, &n->peer_as, w, from);

	if(cause == EP_TNA_OK)
		cause = tel_name(&n->local, &n->local_as, w, to);
	if(cause == EP_TNA_OK && n->peer.p != NULL)
		cause = put(edits, &w->m, from, n->peer);
	if(cause == EP_TNA_OK && n->local.p != NULL)
		cause = put(edits, &w->m, to, n->local);
	return cause;
}

/* The name may change within a dialog (RFC 4916), and be a number again. */
static enum ep_tna_cause peer_towards(struct ep_hdredits *edits,
		struct tna_work *w, const struct tna_dialog *d)
{
	struct ep_view page, core;
	struct ep_tna_name is;
	enum ep_tna_cause cause = ep_tna_name_get(&is, &w->m, from);

	if(cause != EP_TNA_OK)
		return cause;
	if(d->names.peer.len > 0 && ep_view_eq(is.name, d->names.peer_as))
		return put(edits, &w->m, from, d->names.peer);
	/* A page that wrote a number itself knows it. */
	if(d->by_wic)
		return EP_TNA_OK;
	cause = tel_name(&page, &core, w, from);
	return cause == EP_TNA_OK && page.p != NULL ? put(edits, &w->m, from, page)
												: cause;
}

enum ep_tna_cause tna_name_towards(struct ep_hdredits *edits,
		struct tna_work *w, const struct tna_dialog *d)
{
	enum ep_tna_cause cause = peer_towards(edits, w, d);

	if(cause == EP_TNA_OK && d->names.local.len > 0)
		cause = put(edits, &w->m, to, d->names.local);
	return cause;
}

/* --- answers --- */

enum ep_tna_cause tna_name_back(
		struct ep_hdredits *edits, const struct ep_msg *m)
{
	struct ep_view name = tna_note_get(TNA_NOTE_FROM);
	enum ep_tna_cause cause = EP_TNA_OK;

	if(name.len > 0)
		cause = ep_tna_name_plan(edits, m, from, name);
	name = tna_note_get(TNA_NOTE_TO);
	if(cause == EP_TNA_OK && name.len > 0)
		cause = ep_tna_name_plan(edits, m, to, name);
	return cause;
}
