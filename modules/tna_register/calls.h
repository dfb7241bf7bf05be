/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Which calls belong to which binding, and ending them.
 *
 * The dialog module owns the calls; here stands one small shared record per
 * INVITE dialog of a bound page: made when the dialog is made, gone with it
 * (DLGCB_DESTROY). A record names its binding, so a page that comes back on a
 * new connection takes its calls along without any change here.
 *
 * Lock: one per bucket (hash of the binding id), a leaf: nothing is called
 * with it held. DLGCB_DESTROY takes it under the dialog's own lock.
 */
#ifndef EP_TNA_CALLS_H
#define EP_TNA_CALLS_H

#include "tna_register.h"
#include "api.h"

/* mod_init: the table and the dialog callbacks. 0 or -1. */
int tna_calls_init(unsigned size);

/* Dialog variables: the bindings' ids in hex (both when a page calls another
 * one of this node: the same dialog then passes twice), and the charging id
 * (icid) that requests of the page within the dialog repeat. */
#define TNA_DLG_CALLER_BINDING "tna_caller"
#define TNA_DLG_CALLEE_BINDING "tna_callee"
#define TNA_DLG_ICID "tna_icid"

/* The INVITE `msg` (no To tag) is of the binding `id`; `from_wic` tells which
 * end the page is; `icid` may be absent. Works before dlg_manage() and after
 * it. */
void tna_calls_mark(sip_msg_t *msg, const unsigned char *id, bool from_wic,
		struct ep_view icid);

/* The dialog of a request within one; referenced: give it back with
 * tna_dlg.release_dlg(). NULL when the dialog module does not know it. */
struct dlg_cell *tna_calls_dialog(sip_msg_t *msg);
/* The call of dialog `dlg` belongs to the binding `id`. */
bool tna_calls_of(const struct dlg_cell *dlg, const unsigned char *id);

/* A short list of URIs, each as `<uri>,`. */
#define TNA_URIS_MAX 1024
struct tna_uris
{
	size_t n;
	char text[TNA_URIS_MAX];
};
/* What the other end and the proxies said about where requests of the page
 * go within the call. The dialog module is no help here: its Contact follows
 * re-INVITE requests only, neither UPDATE nor any answer, and before the 2xx
 * it knows nothing of the called end. Here every Contact of the other end is
 * learnt from the message that brings it (the last ones, the newest first;
 * older ones stay good, requests cross), and the route set from the INVITE, or
 * from its answers in the page's order: of all early answers, then of the
 * 2xx. What does not fit is left out. */
struct tna_known
{
	unsigned wic_leg; /* as in dialog's DLG_CALLER_LEG, DLG_CALLEE_LEG */
	struct tna_uris targets, routes;
};
/* False: the dialog is none of this binding. */
bool tna_calls_known(struct tna_known *out, const struct dlg_cell *dlg,
		const unsigned char *id);

unsigned tna_calls_count(const unsigned char *id);

/* A private copy of a call that is to end; free callid.s with pkg_free(). */
struct tna_taken
{
	unsigned char id[EP_FLOW_ID_LEN];
	unsigned h_entry, h_id;    /* the dialog */
	unsigned t_index, t_label; /* the INVITE's transaction, if has_t */
	bool has_t;
	str callid, from_tag, to_tag; /* one pkg block */
};
/* Of one binding; or with this Call-ID; or answered at `begun_by_s` or
 * before: the first that is set counts. */
struct tna_calls_which
{
	const unsigned char *id;
	struct ep_view callid;
	uint64_t begun_by_s;
};
/* The next call that is meant; none is given twice. *at starts with 0. */
bool tna_calls_take(struct tna_taken *out, const struct tna_calls_which *which,
		unsigned *at);

/* Ends calls; returns how many. Only in the module's own process: a dialog is
 * looked up through process-wide state of the dialog module, which a SIP
 * worker needs itself. */
unsigned tna_calls_end(
		const struct tna_calls_which *which, enum tna_end_cause cause);

/* What a cause is called (RPC, script), and by that name: TNA_END_N. */
enum tna_end_cause tna_end_parse(struct ep_view name);
/* Close code and reason of the WebSocket for it. */
int tna_end_close_code(enum tna_end_cause cause);
const char *tna_end_text(enum tna_end_cause cause);

#endif
