/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The life of bindings: what happens to one outside a SIP message, and the
 * process that carries it out.
 *
 * Whoever sees that something is to be done queues a job; the module's own
 * process takes the jobs every 100 ms, and looks for bindings whose time has
 * come (sweep.h). Calls are ended, event routes run, connections closed
 * and records dropped in that process only.
 *
 * Lock: one for the queue, a leaf.
 */
#ifndef EP_TNA_LIFE_H
#define EP_TNA_LIFE_H

#include "tna_register.h"
#include "api.h"
#include "barred.h"

enum tna_event
{
	TNA_EVENT_NONE,
	TNA_EVENT_BOUND,   /* event_route[tna:bound] */
	TNA_EVENT_LOST,    /* [tna:lost] */
	TNA_EVENT_EXPIRED, /* [tna:expired] */
	TNA_EVENT_ENDED,   /* [tna:ended] */
	TNA_EVENTS_N
};

int tna_life_register(void);       /* mod_register */
int tna_life_init(void);           /* mod_init */
int tna_life_child_init(int rank); /* child_init */
void tna_life_destroy(void);

/* Queues the event route and what a step of the state machine asked for
 * (enum ep_binding_action). `conid`: for DO_CLOSE and DO_CLOSE_OLD. */
enum ep_err tna_life_queue(const unsigned char *id, enum tna_event event,
		unsigned actions, int conid, enum tna_end_cause cause);
/* The end of the calls with this Call-ID; `id`: of this binding only, or NULL. */
enum ep_err tna_life_queue_call(const unsigned char *id, struct ep_view callid,
		enum tna_end_cause cause);

/* Ends a binding at once (nothing passes any more) and queues the rest.
 * EP_OK, EP_ENOENT, EP_ENOMEM. */
enum ep_err tna_life_end(const unsigned char *id, enum tna_end_cause cause);
/* The network ended the registration: the same, but the core is not told.
 * EP_OK, EP_ENOENT, EP_ENOMEM. */
enum ep_err tna_life_core_terminated(
		const unsigned char *id, enum tna_end_cause cause);
/* The network will end it at `end_s` (Unix time); a later end than the present
 * one changes nothing. EP_OK, EP_ENOENT. */
enum ep_err tna_life_shorten(const unsigned char *id, uint64_t end_s);
/* The page has another binding for the same contact of the core's: this one
 * ends, and the core is not told. EP_OK, EP_ENOENT, EP_ENOMEM. */
enum ep_err tna_life_replaced(const unsigned char *id);
/* Does a revocation cover it, or is its WAF or WWSF barred? `conid`: of its
 * connection. */
bool tna_life_is_revoked(const struct ep_binding *b, int conid);
/* Something was revoked or barred: has the bindings looked through. */
void tna_life_look(void);
/* Ends what came through a barred WAF or WWSF: the bindings at once, the rest
 * as tna_life_end() says. Not in a process that serves SIP in a hurry: it
 * looks at every binding. */
void tna_life_end_barred(struct tna_barred_ended *out);
/* The connection is gone, or could not be bound. */
void tna_life_lost(const unsigned char *id, int conid);
/* A binding of this connection ended: webrtc_auth is told when it was the
 * last. */
void tna_life_unbind(int conid);
/* Its deadline came. In the module's own process. */
void tna_life_due(const unsigned char *id);

/* The binding that the event route running in this process is about. */
const unsigned char *tna_life_event_id(void);

#endif
