/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Ending calls: who is told what, and how. */
#include "core/dprint.h"
#include "core/fmsg.h"
#include "core/mem/mem.h"
#include "modules/dialog/dlg_hash.h"

#include "base/buf.h"
#include "common/kemi.h"
#include "common/mem.h"
#include "common/view.h"
#include "calls.h"
#include "id.h"
#include "route.h"
#include "store.h"

/* What the page and the core are told. */
static const struct
{
	const char *name;
	const char *text;
	const char *reason; /* header, RFC 3326 */
	int status;         /* final answer to an INVITE that is not answered */
	int close_code;     /* of the WebSocket, with a binding's end */
} ends[TNA_END_N] = {
		[TNA_END_OPERATOR] = {"operator", "terminated by the operator",
				"SIP;cause=503;text=\"Terminated by the operator\"", 480, 4403},
		[TNA_END_REVOKED] = {"revoked", "authorization revoked",
				"SIP;cause=403;text=\"Authorization revoked\"", 403, 4003},
		[TNA_END_EXPIRED] = {"expired", "registration expired",
				"SIP;cause=480;text=\"Registration expired\"", 480, 4401},
		[TNA_END_DEREGISTERED] = {"deregistered", "deregistered",
				"SIP;cause=480;text=\"Deregistered\"", 480, 4401},
		[TNA_END_LOST] = {"lost", "connection lost",
				"SIP;cause=503;text=\"Signalling flow lost\"", 480, 4408},
		[TNA_END_MEDIA] = {"media", "media lost",
				"SIP;cause=503;text=\"Media lost\"", 480, 4408},
		[TNA_END_POLICY] = {"policy", "session policy",
				"SIP;cause=503;text=\"Session policy\"", 480, 4403},
		[TNA_END_DURATION] = {"duration", "longest duration reached",
				"SIP;cause=503;text=\"Longest duration reached\"", 480, 4403},
		[TNA_END_USED_UP] = {"used_up", "call time of the day is used up",
				"SIP;cause=403;text=\"Call time of the day is used up\"", 403,
				4403},
		[TNA_END_REPLACED] = {"replaced", "replaced by a new connection",
				"SIP;cause=480;text=\"Replaced\"", 480, 4409},
};

const char *tna_end_text(enum tna_end_cause cause)
{
	return ends[cause].text;
}

int tna_end_close_code(enum tna_end_cause cause)
{
	return ends[cause].close_code;
}

enum tna_end_cause tna_end_parse(struct ep_view name)
{
	int c;

	for(c = 0; c < TNA_END_N; c++)
		if(ep_view_eq(name, ep_view_z(ends[c].name)))
			break;
	return (enum tna_end_cause)c;
}

/* dialog's C API finds a dialog only by a message, or as "the current one",
 * which its KEMI function sets. */
static struct dlg_cell *dialog_of(struct tna_taken *t)
{
	static const int types[6] = {SR_KEMIP_STR, SR_KEMIP_STR, SR_KEMIP_STR,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE};
	static int (*set_current)(sip_msg_t *, str *, str *, str *);
	sr_kemi_t *f;
	struct dlg_cell *dlg;

	if(set_current == NULL) {
		f = ep_kemi_find("dialog", "dlg_get", types);
		if(f == NULL)
			return NULL;
		set_current = (int (*)(sip_msg_t *, str *, str *, str *))f->func;
	}
	if(set_current(NULL, &t->callid, &t->from_tag, &t->to_tag) < 0)
		return NULL;
	/* The message is read only if the dialog went away in between. */
	dlg = tna_dlg.get_dlg(faked_msg_next());
	if(dlg != NULL && (dlg->h_entry != t->h_entry || dlg->h_id != t->h_id)) {
		tna_dlg.release_dlg(dlg);
		return NULL;
	}
	return dlg;
}

/* Where the page of the binding that the dialog variable names is now. */
static bool peer_of(struct tna_peer *out, struct dlg_cell *dlg, const char *var)
{
	str name = {(char *)var, strlen(var)}, hex = STR_NULL;
	unsigned char id[EP_FLOW_ID_LEN];
	char first[2048];
	struct ep_arena arena;
	struct tna_copy copy;
	bool there;

	if(tna_dlg.get_dlg_vardup(dlg, &name, &hex) < 0 || hex.s == NULL)
		return false;
	there = tna_id_parse(id, ep_view_str(&hex));
	pkg_free(hex.s);
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	there = there && tna_store_get(&copy, id, &arena) == EP_OK
			&& tna_route_peer(out, copy.conid);
	ep_arena_fini(&arena);
	return there;
}

/* Is this end of the dialog a page? If so, *contact gets its Contact with the
 * `alias` of its live connection, or stays empty when there is none. */
static bool page_end(struct dlg_cell *shown, struct dlg_cell *dlg, unsigned leg,
		struct ep_buf *contact)
{
	const char *var = leg == DLG_CALLER_LEG ? TNA_DLG_CALLER_BINDING
											: TNA_DLG_CALLEE_BINDING;
	str name = {(char *)var, strlen(var)};
	struct tna_peer peer;

	if(tna_dlg.get_dlg_varstatus(dlg, &name) != 1)
		return false;
	shown->route_set[leg] = (str){NULL, 0};
	shown->contact[leg] = (str){NULL, 0};
	if(!peer_of(&peer, dlg, var))
		return true;
	ep_buf_put(contact, ep_view_str(&dlg->contact[leg]));
	tna_route_alias(contact, &peer);
	if(!contact->overflow)
		shown->contact[leg] = ep_str_view(ep_buf_view(contact));
	shown->bind_addr[leg] = peer.sock;
	return true;
}

/**
 * BYE both ways. The dialog module would resolve a page's Contact, which is a
 * random name under .invalid, and would follow a route set the page wrote
 * itself. So it is shown a private copy of its record in which the page's end
 * is the live connection (its `alias`), or no address at all when there is
 * none: then only the other end gets a BYE (and dialog logs that this one had
 * no contact). Only names (h_entry, h_id) and pointers to the shared strings
 * are read from that copy; its reference counter goes up and down in the
 * copy, while ours keeps the original.
 */
static int bye_both(struct dlg_cell *dlg, str *headers)
{
	char text[2][1024];
	struct dlg_cell shown = *dlg;
	struct ep_buf contact;
	unsigned leg;
	str name = str_init(TNA_DLG_FROM_AS), named = STR_NULL;
	int ret;

	/* A lent identity keeps its name to the end (name.h). */
	if(tna_dlg.get_dlg_vardup(dlg, &name, &named) == 0 && named.len > 2)
		shown.from_uri = (str){named.s + 1, named.len - 2};
	for(leg = DLG_CALLER_LEG; leg <= DLG_CALLEE_LEG; leg++) {
		ep_buf_init(&contact, text[leg], sizeof(text[leg]));
		page_end(&shown, dlg, leg, &contact);
	}
	ret = tna_dlg.terminate_dlg(&shown, headers);
	if(named.s != NULL)
		pkg_free(named.s);
	return ret;
}

/* Did the INVITE go out, and nobody has said anything yet? Such a branch
 * cannot be cancelled (RFC 3261 9.1): tm would forget it, and it would ring
 * on. The answer 100 is a moment away. */
static bool is_silent(const struct tna_taken *t)
{
	struct cell *before = tna_tm.t_gett(), *cell = NULL;
	int branch = tna_tm.t_gett_branch(), i;
	bool silent = false;

	if(!t->has_t || tna_tm.t_lookup_ident(&cell, t->t_index, t->t_label) < 0)
		return false;
	for(i = 0; i < cell->nr_of_outgoings; i++)
		silent = silent || cell->uac[i].last_received == 0;
	tna_tm.unref_cell(cell);
	tna_tm.t_sett(before, branch);
	return silent;
}

/* Answers the caller; tm cancels what is still ringing. */
static bool refuse(
		const struct tna_taken *t, enum tna_end_cause cause, str *headers)
{
	str text = {(char *)ends[cause].text, strlen(ends[cause].text)};
	struct cell *cell = NULL;

	if(!t->has_t || tna_tm.t_lookup_ident(&cell, t->t_index, t->t_label) < 0)
		return false;
	/* Gives our reference back, too. */
	return tna_tm.t_reply_with_body(
				   cell, ends[cause].status, &text, NULL, headers, NULL)
		   > 0;
}

static void end_one(struct tna_taken *t, enum tna_end_cause cause)
{
	char text[160];
	struct ep_buf reason;
	str headers;
	struct dlg_cell *dlg = dialog_of(t);

	if(dlg == NULL)
		return;
	ep_buf_init(&reason, text, sizeof(text));
	ep_buf_put_z(&reason, "Reason: ");
	ep_buf_put_z(&reason, ends[cause].reason);
	ep_buf_put_z(&reason, "\r\n");
	headers = ep_str_view(ep_buf_view(&reason));
	if(dlg->state == DLG_STATE_UNCONFIRMED && is_silent(t)
			&& tna_calls_later(t, cause)) {
		tna_dlg.release_dlg(dlg);
		return;
	}
	if(dlg->state == DLG_STATE_UNCONFIRMED || dlg->state == DLG_STATE_EARLY)
		refuse(t, cause, &headers);
	/* Or it was answered in this moment. */
	if(dlg->state == DLG_STATE_CONFIRMED_NA
			|| dlg->state == DLG_STATE_CONFIRMED)
		bye_both(dlg, &headers);
	tna_dlg.release_dlg(dlg);
	tna_count(TNA_N_CALLS_ENDED);
}

unsigned tna_calls_end(
		const struct tna_calls_which *which, enum tna_end_cause cause)
{
	struct tna_taken t;
	unsigned n = 0, at = 0;

	while(tna_calls_take(&t, which, &at)) {
		end_one(&t, cause);
		pkg_free(t.callid.s);
		n++;
	}
	return n;
}
