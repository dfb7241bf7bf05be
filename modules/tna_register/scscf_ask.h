/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * REGISTERs that wait for the list of their user, and what our questions
 * leave behind at the HSS.
 *
 *   SIP worker           tna_ask(): transaction suspended, a job in the table,
 *                        SAR NO_ASSIGNMENT, which changes nothing
 *   cdp worker           the SAA: a list, and so a verdict. 5012 means that
 *                        the user is not registered here: SAR REGISTRATION;
 *                        the job is "fresh" from then on
 *   core async worker    resumes the transaction; its route calls
 *                        tna_scscf_check() again, which finds the job
 *   own process          deadlines, pushes that had no room, undo that waits
 *
 * A fresh job whose REGISTER was not let through, for whatever reason, is
 * undone: SAR USER_DEREGISTRATION, unless the user came in another way.
 * A job's name is the End-to-End-Id of its SAR, so a late answer or time-out
 * of cdp finds the job or nothing, never freed memory.
 */
#ifndef EP_TNA_SCSCF_ASK_H
#define EP_TNA_SCSCF_ASK_H

#include "scscf.h"

/* Where the REGISTER goes on. */
struct tna_ask_resume
{
	int route; /* in main_rt; -1: the function */
	struct ep_view function;
};

struct tna_ask
{
	const struct ep_scscf_claim *claim;
	struct ep_view impu;
	struct tna_ask_resume resume;
};

int tna_ask_init(void);
int tna_ask_child_init(int rank);
void tna_ask_destroy(void);

/* PENDING: suspended (or a retransmission of what is): nothing of `msg` may
 * be touched any more. HSS, INTERNAL: not suspended. */
enum ep_tna_cause tna_ask(sip_msg_t *msg, const struct tna_ask *ask);

/* OK: the message has a transaction, made if need be. PENDING: it is an
 * earlier one's that comes again, and tm has seen to it. INTERNAL. */
enum ep_tna_cause tna_ask_transaction(sip_msg_t *msg);

/* The verdict for the message at hand, when its transaction was resumed for
 * it in this process just now. */
bool tna_ask_verdict(enum ep_tna_cause *cause);
/* The route lets it through: it is the registrar's now. */
void tna_ask_taken(void);

/* Reads a list as kept: `there` and its names. HSS when it cannot be read. */
enum ep_tna_cause tna_ask_list(
		struct ep_scscf_list *out, bool there, struct ep_view list);

/* The verdict of the list as it is now, for a REGISTER that was let in by an
 * earlier one. Where it is none, the user's contacts that came through what is
 * no longer allowed end. OK, or as ep_scscf_decide() says; INTERNAL. */
enum ep_tna_cause tna_ask_again(
		const struct ep_scscf_claim *c, struct ep_arena *arena);

struct tna_ask_stats
{
	unsigned pending; /* suspended */
	unsigned jobs;    /* and those whose answer or undo is awaited */
	bool ready;       /* async workers resume */
};
void tna_ask_stats(struct tna_ask_stats *out);

#endif
