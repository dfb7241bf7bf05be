/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>

#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/xavp.h"

#include "base/buf.h"
#include "common/kemi.h"
#include "common/ret.h"
#include "common/view.h"
#include "answer.h"
#include "credentials.h"
#include "script.h"

/* With the transaction: the credentials for the next REGISTER, behind the name
 * of their header and a space; and that some went out before. */
#define NOTE_NEXT "tna_answer"
#define NOTE_SENT "tna_answered"

static struct ep_view cnonce_new(struct ep_arena *arena)
{
	unsigned char octets[16];
	char *p = ep_arena_get(arena, 2 * sizeof(octets));
	struct ep_buf text;

	if(p == NULL
			|| getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return ep_view_none();
	ep_buf_init(&text, p, 2 * sizeof(octets));
	ep_buf_put_hex(&text, ep_view_of((char *)octets, sizeof(octets)));
	return ep_buf_view(&text);
}

enum ep_tna_cause tna_answer_make(struct ep_answer *out, const struct ep_msg *m,
		struct ep_view impi, bool again, struct ep_arena *arena)
{
	struct ep_secret secret;
	struct ep_answer_ask ask = {.impi = impi,
			.secret = &secret,
			.cnonce = cnonce_new(arena),
			.again = again};
	enum ep_tna_cause cause = EP_TNA_NO_CREDENTIALS;

	if(ask.cnonce.p == NULL)
		return EP_TNA_INTERNAL;
	if(tna_credentials_find(&secret, impi, tna_set.cfg.core_realm))
		cause = ep_answer_plan(out, m, &tna_set.cfg, &ask, arena);
	ep_cleanse(&secret, sizeof(secret));
	return cause;
}

static void note_remove(const char *name)
{
	str key = {(char *)name, strlen(name)};

	xavp_rm_by_name(&key, 1, NULL);
}

enum ep_tna_cause tna_answer_leave(struct tna_work *w, struct ep_view impi)
{
	struct ep_view sent = tna_note_get(NOTE_SENT), text;
	struct ep_answer answer;
	enum ep_tna_cause cause;

	note_remove(NOTE_NEXT);
	/* One answer, and one more where the first met a nonce that was over. */
	if(sent.len > 1)
		return EP_TNA_CORE_CHALLENGED;
	cause = tna_answer_make(&answer, &w->m, impi, sent.len > 0, &w->arena);
	if(cause != EP_TNA_OK)
		return cause;
	{
		const struct ep_view parts[] = {answer.name, EP_LIT(" "), answer.value};

		text = ep_arena_join(&w->arena, parts, 3);
	}
	return text.p != NULL && tna_note_set(NOTE_NEXT, text) == EP_OK
				   ? EP_TNA_OK
				   : EP_TNA_INTERNAL;
}

bool tna_answer_is_late(void)
{
	struct cell *t = tna_tm.t_gett();

	return t != NULL && t != T_UNDEFINED
		   && tna_tm.t_gett_branch() < t->nr_of_outgoings - 1;
}

/* --- the REGISTER once more --- */

/* What tna_register() put into the request is one of its lumps, and comes with
 * every branch: the first, empty credentials end here. They lie in the
 * transaction's own copy, so they are cut to nothing, not taken out. */
static void first_remove(struct lump *list)
{
	struct ep_view start = EP_LIT("Authorization: ");
	struct lump *l, *side;
	int before;

	for(l = list; l != NULL; l = l->next)
		for(before = 0; before < 2; before++)
			for(side = before ? l->before : l->after; side != NULL;
					side = before ? side->before : side->after)
				if(side->op == LUMP_ADD
						&& ep_view_starts(
								ep_view_of(side->u.value, side->len), start))
					side->len = 0;
}

/* The hidden challenge must not be what the page hears if the next branch ends
 * badly, too. */
static void drop_last_reply(sip_msg_t *msg)
{
	static const int types[6] = {SR_KEMIP_STR, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE};
	sr_kemi_t *f = ep_kemi_find("tm", "t_drop_replies", types);
	str last = str_init("l");

	if(f == NULL)
		LM_ERR("tm without t_drop_replies()\n");
	else
		((int (*)(sip_msg_t *, str *))f->func)(msg, &last);
}

static enum ep_tna_cause answer(struct tna_work *w, struct ep_view next)
{
	struct ep_view name = ep_view_cut(&next, ' ');
	bool again = tna_note_get(NOTE_SENT).len > 0;
	struct ep_hdredits edits;

	first_remove(w->msg->add_rm);
	ep_hdredits_init(&edits, &w->arena);
	if(ep_hdredits_prepend(&edits, name, next) != EP_OK
			|| tna_work_edit(w, &edits) != EP_TNA_OK
			|| tna_note_set(NOTE_SENT, again ? EP_LIT("22") : EP_LIT("1"))
					   != EP_OK)
		return EP_TNA_INTERNAL;
	drop_last_reply(w->msg);
	ruri_mark_new();
	tna_count(TNA_N_ANSWERED);
	return EP_TNA_OK;
}

int tna_ki_answer(sip_msg_t *msg)
{
	struct ep_view next = tna_note_get(NOTE_NEXT);
	enum ep_tna_cause cause;
	struct tna_work w;
	int ret;

	if(next.len == 0)
		return EP_RET_INTERNAL;
	cause = tna_work_begin(&w, msg);
	if(cause == EP_TNA_OK)
		cause = answer(&w, next);
	ret = tna_work_end(&w, cause);
	note_remove(NOTE_NEXT);
	return ret;
}
