/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What is known of the dialog that a request of a page, or towards one, is
 * in: of a call (calls.h), or of a subscription (subs.h).
 */
#ifndef EP_TNA_DIALOG_H
#define EP_TNA_DIALOG_H

#include "calls.h"
#include "message.h"

enum tna_dialog_kind
{
	TNA_DIALOG_NONE,
	TNA_DIALOG_CALL,
	TNA_DIALOG_SUB
};

/* Views: into the message and the arena of its tna_work. */
struct tna_dialog
{
	enum tna_dialog_kind kind;
	bool by_wic;          /* the page began it */
	struct dlg_cell *dlg; /* CALL: referenced; else NULL */
	struct ep_view callid;
	struct ep_view local_tag, peer_tag; /* the page's, the other end's */
	struct ep_view uri;  /* the page's, as it stood in its From or To */
	struct ep_view icid; /* that requests of the page repeat; or absent */
	struct tna_names names;
	struct tna_known known;
};

/* The dialog of request `w->m` (with a To tag), that the page `id` sends or
 * gets. Kind NONE: none of this binding, or the page gives itself out for the
 * other end. tna_dialog_done() in every case. Causes: OK, MALFORMED,
 * INTERNAL. */
enum ep_tna_cause tna_dialog_find(struct tna_dialog *out, struct tna_work *w,
		const unsigned char *id, bool from_wic);
void tna_dialog_done(struct tna_dialog *d);

#endif
