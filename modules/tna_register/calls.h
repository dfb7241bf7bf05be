/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Which calls belong to which binding, and ending them.
 *
 * The dialog module owns the calls; here stands one small shared record per
 * INVITE dialog of a bound page: made when the dialog is made, gone with it
 * (DLGCB_DESTROY). A record names its binding, so a page that comes back on a
 * new connection takes its calls along without any change here.
 *
 * Lock: one per bucket (hash of the binding id); with it held only the leaf of
 * usage.h is taken. DLGCB_DESTROY takes it under the dialog's own lock.
 */
#ifndef EP_TNA_CALLS_H
#define EP_TNA_CALLS_H

#include "tna_register.h"
#include "api.h"
#include "usage.h"

/* mod_init: the table and the dialog callbacks. 0 or -1. */
int tna_calls_init(unsigned size);

/* Dialog variables: the bindings' ids in hex (both when a page calls another
 * one of this node: the same dialog then passes twice), and the charging id
 * (icid) that requests of the page within the dialog repeat. */
#define TNA_DLG_CALLER_BINDING "tna_caller"
#define TNA_DLG_CALLEE_BINDING "tna_callee"
#define TNA_DLG_ICID "tna_icid"
/* Where the page's From was replaced: what it wrote (without parameters), and
 * what the other end knows. */
#define TNA_DLG_FROM "tna_from"
#define TNA_DLG_FROM_AS "tna_from_as"
/* The same of a page that was called: its own name, and the caller's; and the
 * charging id that came with the INVITE. */
#define TNA_DLG_TO "tna_to"
#define TNA_DLG_TO_AS "tna_to_as"
#define TNA_DLG_PEER "tna_peer"
#define TNA_DLG_PEER_AS "tna_peer_as"
#define TNA_DLG_ICID_IN "tna_icid_in"
/* Longest such text. */
#define TNA_NAME_MAX 512

/* The two ends of a dialog, each as the page writes it and (`_as`) as the core
 * does, where that differs: texts of From or To without parameters. */
struct tna_names
{
	struct ep_view local, local_as; /* the page itself */
	struct ep_view peer, peer_as;
};

struct tna_mark
{
	const unsigned char *id;
	bool from_wic;              /* the page is the caller */
	struct ep_view icid;        /* may be absent */
	struct tna_usage *usage;    /* where it took a place; or NULL */
	struct tna_names names;
};
/* The INVITE `msg` (no To tag) is of the binding `mark->id`. Works before
 * dlg_manage() and after it. The place goes over to the call, or is given up
 * when the script ends without one. */
void tna_calls_mark(sip_msg_t *msg, const struct tna_mark *mark);

/* The dialog that an INVITE without To tag would come into, by its Call-ID
 * and From tag: none; one of this binding; one of others. */
enum tna_calls_there
{
	TNA_CALL_NONE,
	TNA_CALL_OWN,
	TNA_CALL_FOREIGN
};
enum tna_calls_there tna_calls_there(sip_msg_t *msg, const unsigned char *id);

/* The dialog of a request within one; referenced: give it back with
 * tna_dlg.release_dlg(). NULL when the dialog module does not know it. */
struct dlg_cell *tna_calls_dialog(sip_msg_t *msg);
/* The same of an ACK or BYE by which the page `id` ends another answer to its
 * INVITE (RFC 3261 13.2.2.4): the dialog module knows the first one only. */
struct dlg_cell *tna_calls_other_answer(
		sip_msg_t *msg, const unsigned char *id);
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
/* Takes the Record-Route URIs of a message, or its first Contact, into a list:
 * in front, in the page's order (learn.c). */
void tna_learn_routes(struct tna_uris *list, sip_msg_t *msg);
void tna_learn_target(struct tna_uris *list, sip_msg_t *msg);
/* False: the dialog is none of this binding. */
bool tna_calls_known(struct tna_known *out, const struct dlg_cell *dlg,
		const unsigned char *id);

/* Those that are not over. */
unsigned tna_calls_count(const unsigned char *id);
/* The dialogs of a binding's calls, by a number each: up to `cap`. How many
 * there are. */
size_t tna_calls_dialogs(uint64_t *out, size_t cap, const unsigned char *id);

/* A private copy of a call that is to end; free callid.s with pkg_free(). */
struct tna_taken
{
	unsigned char id[EP_FLOW_ID_LEN];
	unsigned h_entry, h_id;    /* the dialog */
	unsigned t_index, t_label; /* the INVITE's transaction, if has_t */
	bool has_t;
	str callid, from_tag, to_tag; /* one pkg block */
};
/* Of one binding, or with this Call-ID, or both; or of a WWSF that has used up
 * its time; or that last longer at `over_long_s` than modparam or WWSF allow:
 * the first that is set counts. */
struct tna_calls_which
{
	const unsigned char *id;
	struct ep_view callid;
	bool used_up;
	uint64_t over_long_s;
};
/* The next call that is meant; none is given twice. *at starts with 0. */
bool tna_calls_take(struct tna_taken *out, const struct tna_calls_which *which,
		unsigned *at);
/* Not yet: it is taken again with the next tick. False when that has been said
 * too often, or there is no memory. */
bool tna_calls_later(const struct tna_taken *t, enum tna_end_cause cause);

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
