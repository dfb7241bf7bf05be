/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * One message while a script function works on it, and what is remembered
 * with its transaction (xavps, which tm carries to the replies).
 */
#ifndef EP_TNA_MESSAGE_H
#define EP_TNA_MESSAGE_H

#include "tna_register.h"
#include "common/mem.h"
#include "common/msg.h"

struct tna_work
{
	sip_msg_t *msg;
	struct ep_msg m;
	struct ep_arena arena;
	char first[8192];
};

/* EP_TNA_OK, INTERNAL, MALFORMED. tna_work_end() in every case. */
enum ep_tna_cause tna_work_begin(struct tna_work *w, sip_msg_t *msg);
/* Frees, notes the verdict for $tna(cause) and the counters, and says what
 * the script function returns. */
int tna_work_end(struct tna_work *w, enum ep_tna_cause cause);
enum ep_tna_cause tna_work_edit(
		struct tna_work *w, const struct ep_hdredits *edits);

/* Status and reason phrase that the script answers `cause` with. */
unsigned tna_answer_status(enum ep_tna_cause cause);
const char *tna_answer_reason(enum ep_tna_cause cause);

/* 2 * EP_FLOW_ID_LEN random hex digits: a charging id. Absent: no memory. */
struct ep_view tna_icid_new(struct ep_arena *arena);
bool tna_id_new(unsigned char *id);

/* A REGISTER on its way: what its 200 OK will bind. */
struct tna_pending
{
	struct ep_binding b; /* no lists, but what the REGISTER said */
	int conid;
	bool fetch;
	uint32_t expires_s;
};
enum ep_err tna_pending_set(struct tna_work *w, const struct tna_pending *p);
/* EP_OK, EP_ENOENT, EP_ENOMEM; views into the xavp. */
enum ep_err tna_pending_get(struct tna_pending *out, struct ep_arena *arena);

/* A text of the transaction under `name` (NUL-terminated). */
enum ep_err tna_note_set(const char *name, struct ep_view value);
struct ep_view tna_note_get(const char *name);

#endif
