/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Synchronous mode: what was answered so far to the offer of a transaction.
 * Early media of one end, and then another one answers; a fork of which two
 * answer (RFC 3261 13.2.2.4): mediate/answers.h says what becomes of each.
 *
 * A record in shm hangs on the transaction and goes with it; a list has them
 * all. One lock for all, a leaf, held for a copy at most.
 */
#ifndef EP_SDPM_ANSWERS_H
#define EP_SDPM_ANSWERS_H

#include "core/parser/msg_parser.h"
#include "base/arena.h"
#include "mediate/answers.h"
#include "sdp_mediate/message.h"

/* mod_init. 0 or -1. */
int ep_answers_init(void);

/* For a reply with an answer; FIRST also where there is no transaction to ask.
 * LOST: *result is what the first 2xx became, in arena memory (absent while
 * nobody knows: then this one goes without, its call is ended by the browser at
 * once). */
enum ep_mediate_verdict ep_answers_look(struct ep_view *result, sip_msg_t *msg,
		const struct ep_job *job, struct ep_arena *arena);
/* What the offerer has offered since, in another dialog of the call (UPDATE,
 * PRACK), in arena memory; absent if nothing. */
struct ep_view ep_answers_later(const sip_msg_t *msg, struct ep_arena *arena);
/* It became `result`, or (false) could not be mediated. */
void ep_answers_note(sip_msg_t *msg, const struct ep_job *job, bool ok,
		struct ep_view result);

#endif
