/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/mem/mem.h"
#include "modules/dialog/dlg_hash.h"

#include "base/sipuri.h"
#include "common/view.h"
#include "id.h"
#include "limits.h"
#include "name.h"
#include "script.h"

/* Puts `name` into `header`, and notes what stood there. */
static enum ep_tna_cause put(struct ep_hdredits *edits, const struct ep_msg *m,
		struct ep_view header, struct ep_view name, const char *note)
{
	struct ep_tna_name is;
	enum ep_tna_cause cause = ep_tna_name_get(&is, m, header);

	if(cause != EP_TNA_OK || ep_view_eq(is.name, name))
		return cause;
	if(tna_note_set(note, is.name) != EP_OK)
		return EP_TNA_INTERNAL;
	return ep_tna_name_plan(edits, m, header, name);
}

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
	cause = ep_tna_name_get(&is, &w->m, EP_LIT("From"));
	name = ep_tna_name_of(identity, &w->arena);
	if(cause != EP_TNA_OK || name.p == NULL)
		return cause != EP_TNA_OK ? cause : EP_TNA_INTERNAL;
	if(ep_view_eq(is.name, name))
		return EP_TNA_OK;
	/* It has to be remembered for the whole dialog. */
	if(is.name.len > TNA_NAME_MAX || name.len > TNA_NAME_MAX)
		return EP_TNA_FROM_REFUSED;
	mark->from = is.name;
	mark->named = name;
	tna_count(TNA_N_FROM_REPLACED);
	return put(edits, &w->m, EP_LIT("From"), name, TNA_NOTE_FROM);
}

/* A copy of a dialog's variable; absent when there is none. */
static struct ep_view dialog_text(
		struct dlg_cell *dlg, const char *var, struct ep_arena *arena)
{
	str name = {(char *)var, strlen(var)}, value = STR_NULL;
	struct ep_view copy;

	if(tna_dlg.get_dlg_vardup(dlg, &name, &value) < 0 || value.s == NULL)
		return ep_view_none();
	copy = ep_arena_copy(arena, ep_view_str(&value));
	pkg_free(value.s);
	return copy;
}

/* The text `var` of the call in which the page `id` is the caller. */
static struct ep_view callers_text(
		struct tna_work *w, const unsigned char *id, const char *var)
{
	struct dlg_cell *dlg = tna_calls_dialog(w->msg);
	unsigned char caller[EP_FLOW_ID_LEN];
	struct ep_view text = ep_view_none(), hex;

	if(dlg == NULL)
		return text;
	hex = dialog_text(dlg, TNA_DLG_CALLER_BINDING, &w->arena);
	if(hex.p != NULL && tna_id_parse(caller, hex)
			&& memcmp(caller, id, EP_FLOW_ID_LEN) == 0)
		text = dialog_text(dlg, var, &w->arena);
	tna_dlg.release_dlg(dlg);
	return text;
}

/* Of a page that was called, the URI is what the other end called. */
static enum ep_tna_cause without_display(
		struct ep_hdredits *edits, struct tna_work *w)
{
	struct ep_nameaddr from;
	struct ep_view name;

	if(ep_nameaddr_parse(
			   &from, w->m.hdrs[ep_msg_find(&w->m, EP_LIT("From"), 0)].value)
					!= EP_OK
			|| from.display.len == 0)
		return EP_TNA_OK;
	name = ep_tna_name_of(from.uri, &w->arena);
	return name.p != NULL
				   ? put(edits, &w->m, EP_LIT("From"), name, TNA_NOTE_FROM)
				   : EP_TNA_INTERNAL;
}

enum ep_tna_cause tna_name_within(struct ep_hdredits *edits, struct tna_work *w,
		const struct ep_binding *b)
{
	struct ep_view name = callers_text(w, b->id, TNA_DLG_FROM_AS);
	enum ep_tna_from_rule rule;

	if(ep_msg_find(&w->m, EP_LIT("From"), 0) == SIZE_MAX)
		return EP_TNA_MALFORMED;
	if(name.len > 0)
		return put(edits, &w->m, EP_LIT("From"), name, TNA_NOTE_FROM);
	/* A WWSF that is gone keeps its calls as they are. */
	if(tna_limits_from(&rule, b) == EP_TNA_OK && rule == EP_TNA_FROM_REPLACE)
		return without_display(edits, w);
	return EP_TNA_OK;
}

enum ep_tna_cause tna_name_towards(
		struct ep_hdredits *edits, struct tna_work *w, const unsigned char *id)
{
	struct ep_view name = callers_text(w, id, TNA_DLG_FROM);

	return name.len > 0 ? put(edits, &w->m, EP_LIT("To"), name, TNA_NOTE_TO)
						: EP_TNA_OK;
}

enum ep_tna_cause tna_name_back(struct ep_hdredits *edits,
		const struct ep_msg *m, struct ep_view header, const char *note)
{
	struct ep_view name = tna_note_get(note);

	return name.len > 0 ? ep_tna_name_plan(edits, m, header, name) : EP_TNA_OK;
}
