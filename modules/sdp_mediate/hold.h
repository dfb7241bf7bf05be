/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Replies (and ACKs) with SDP of calls in asynchronous mode: held before tm
 * sees them, mediated, and sent through Kamailio once more with the result.
 *
 * Never t_suspend in an onreply_route: tm then swallows every other reply of
 * the transaction. A script callback that runs before the script (and before
 * tm) takes the reply instead; an async worker gives it to receive_msg() when
 * the gateway has answered; the same callback, on that second pass, puts the
 * SDP in. An answer cache in shm serves what is retransmitted.
 *
 * A lane is what must keep its order: replies of one branch of one
 * transaction. Behind a reply that is held a 2xx of its lane queues; a final
 * refusal overtakes.
 *
 * The gateway hears the answers to one offer one after the other, each when the
 * one before it was sent on; mediate/answers.h says which it hears. All of this
 * takes place in who brings the next event: nobody waits.
 */
#ifndef EP_SDPM_HOLD_H
#define EP_SDPM_HOLD_H

#include "core/parser/msg_parser.h"
#include "base/arena.h"
#include "sdp_mediate/exchange.h"

/* A transaction whose replies are mediated from now on: called while its
 * request is handled, with the transaction made and not relayed yet (in the
 * worker that suspends it, or in the route that goes on with it). Its branches
 * are known by what tm makes their Via branch of. Kept until no reply can come
 * any more. EP_MEDIATE_OK; EP_MEDIATE_EINTERNAL: no room, this is not the
 * transaction at hand, or no async worker has run yet. A second call for the
 * same transaction changes nothing. */
struct ep_hold_call
{
	unsigned tm_index;
	unsigned tm_label;
	enum ep_mediate_from request_from; /* its replies are from the other */
	bool known;                        /* exchange.h */
	bool had_offer; /* false: the reply brings the offer, the ACK the answer */
	const struct ep_mediate_profile *profile;
	struct ep_view offer; /* as it came; absent without */
	struct ep_view callid;
	struct ep_view leg;
};
enum ep_mediate_cause ep_hold_expect(const struct ep_hold_call *call);

/* A PRACK's SDP may answer an offer that a reliable 1xx brought. True: it does;
 * `offer` (a copy in the arena) is that 1xx's SDP as it came. */
bool ep_hold_prack(
		struct ep_view *offer, sip_msg_t *msg, struct ep_arena *arena);

/* Is this message on its way behind a hold (or one that came again)? Its SDP
 * is replaced or taken away then; *cause says what it came to. */
bool ep_hold_is_through(enum ep_mediate_cause *cause, const sip_msg_t *msg);

/* modparams; set before ep_hold_init(). */
struct ep_hold_params
{
	int calls_max; /* hold_calls: transactions known at a time */
	int memory_mb; /* hold_memory: of shared memory, at most */
	int keep_s;    /* hold_cache: after tm has forgotten the transaction */
};
extern struct ep_hold_params ep_hold_params;

/* How it stands, for RPC. */
struct ep_hold_usage
{
	unsigned calls;   /* transactions known */
	unsigned waiting; /* messages held */
	size_t octets;    /* shared memory of both */
};
void ep_hold_usage(struct ep_hold_usage *out);

/* mod_init: registers the script callbacks (so this module must be loaded
 * last), makes the tables. 0 or -1. */
int ep_hold_init(void);
void ep_hold_fini(void);

#endif
