/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/mem/mem.h"
#include "modules/dialog/dlg_hash.h"

#include "common/view.h"
#include "dialog.h"
#include "id.h"
#include "subs.h"
#include "tna/subscription.h"

/* A copy of a dialog's variable; absent when there is none. */
static struct ep_view var_of(
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

/* Both ends may be pages of this node: the names are those of `id` only where
 * it has this leg. */
static void names_read(
		struct tna_dialog *d, struct ep_arena *arena, const unsigned char *id)
{
	unsigned char leg[EP_FLOW_ID_LEN];
	struct ep_view hex = var_of(d->dlg,
			d->by_wic ? TNA_DLG_CALLER_BINDING : TNA_DLG_CALLEE_BINDING, arena);

	if(hex.p == NULL || !tna_id_parse(leg, hex)
			|| memcmp(leg, id, EP_FLOW_ID_LEN) != 0)
		return;
	if(d->by_wic) {
		d->names.local = var_of(d->dlg, TNA_DLG_FROM, arena);
		d->names.local_as = var_of(d->dlg, TNA_DLG_FROM_AS, arena);
		return;
	}
	d->names.local = var_of(d->dlg, TNA_DLG_TO, arena);
	d->names.local_as = var_of(d->dlg, TNA_DLG_TO_AS, arena);
	d->names.peer = var_of(d->dlg, TNA_DLG_PEER, arena);
	d->names.peer_as = var_of(d->dlg, TNA_DLG_PEER_AS, arena);
}

/* With the tags changed about, dialog would take the page for the other end. */
static bool tags_fit(const struct tna_dialog *d)
{
	struct ep_view caller = ep_view_str(&d->dlg->tag[DLG_CALLER_LEG]);

	return ep_view_eq(d->local_tag, caller) == d->by_wic
		   && ep_view_eq(d->peer_tag, caller) != d->by_wic;
}

static bool find_call(struct tna_dialog *d, struct tna_work *w,
		const unsigned char *id, bool from_wic)
{
	d->dlg = tna_calls_dialog(w->msg);
	if(d->dlg == NULL && from_wic)
		d->dlg = tna_calls_other_answer(w->msg, id);
	if(d->dlg == NULL)
		return false;
	if(!tna_calls_known(&d->known, d->dlg, id))
		return false;
	d->by_wic = d->known.wic_leg == DLG_CALLER_LEG;
	if(!tags_fit(d))
		return false;
	d->kind = TNA_DIALOG_CALL;
	d->uri = ep_arena_copy(&w->arena,
			ep_view_str(d->by_wic ? &d->dlg->from_uri : &d->dlg->to_uri));
	d->icid = var_of(
			d->dlg, d->by_wic ? TNA_DLG_ICID : TNA_DLG_ICID_IN, &w->arena);
	names_read(d, &w->arena, id);
	return true;
}

enum ep_tna_cause tna_dialog_find(struct tna_dialog *out, struct tna_work *w,
		const unsigned char *id, bool from_wic)
{
	struct ep_dialog_key key;
	enum ep_tna_cause cause = ep_dialog_key_get(&key, &w->m);

	memset(out, 0, sizeof(*out));
	if(cause != EP_TNA_OK)
		return cause;
	out->callid = key.callid;
	out->local_tag = from_wic ? key.from_tag : key.to_tag;
	out->peer_tag = from_wic ? key.to_tag : key.from_tag;
	if(find_call(out, w, id, from_wic))
		return EP_TNA_OK;
	return tna_subs_get(out, &w->arena, id, from_wic);
}

void tna_dialog_done(struct tna_dialog *d)
{
	if(d->dlg != NULL)
		tna_dlg.release_dlg(d->dlg);
	d->dlg = NULL;
}
