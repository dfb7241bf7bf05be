/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Asynchronous mode: one session description to a media gateway and back
 * without anybody waiting.
 *
 *   SIP worker      ep_exchange_start(): plan, command; one shm block to the
 *                   Iq process
 *   Iq process      sends, repeats, takes the answer; gives up in time. I/O
 *                   and nothing else
 *   async worker    what to send on (ep_mediate_finish), or another node and
 *                   a plan for what that can do (new calls only), or the
 *                   cause; then done()
 */
#ifndef EP_SDPM_EXCHANGE_H
#define EP_SDPM_EXCHANGE_H

#include "mediate/cause.h"
#include "mediate/plan.h"

struct ep_exchange_spec
{
	bool is_offer;
	bool initial; /* outside a dialog: may go to another node */
	/* An offer within a dialog that is known here: a call that no gateway has
	 * (any more) is made again. Of another's word alone none is. */
	bool known;
	enum ep_mediate_from from;
	const struct ep_mediate_profile *profile;
	struct ep_view sdp;
	struct ep_view offer; /* of an answer; may be absent (plan.h) */
	struct ep_view callid;
	struct ep_view leg; /* absent: the call has one leg here */
	/* An answer: the gateway is to have the offer again first (plan.h). */
	bool repeats_offer;
	/* What that side has offered since, in another dialog of the call; absent
	 * if nothing. It is repeated instead, where the answer fits it. */
	struct ep_view later;
	/* When it is over at the latest (ep_exchange_now_ms()); 0: a whole
	 * ep_exchange_timeout_ms() from now. */
	int64_t end_ms;
};

/* Called once for every exchange that was started, in a core async worker (or
 * not at all when Kamailio ends first). `sdp` is absent unless `cause` is
 * EP_MEDIATE_OK, and dies with the call. `ctx` is the caller's, in shm. */
typedef void (*ep_exchange_done_f)(
		void *ctx, enum ep_mediate_cause cause, struct ep_view sdp);

/* Everything is copied. Another value than EP_MEDIATE_OK: nothing was
 * started, done() will not be called. done() may be called before this
 * returns, in another process. */
enum ep_mediate_cause ep_exchange_start(const struct ep_exchange_spec *spec,
		ep_exchange_done_f done, void *ctx);

/* The same in two steps, for a caller who has something to do between them
 * that cannot be undone: all that can fail is in the first. Then either the
 * second, or ep_exchange_drop(). */
struct ep_exchange;
enum ep_mediate_cause ep_exchange_prepare(struct ep_exchange **out,
		const struct ep_exchange_spec *spec, ep_exchange_done_f done,
		void *ctx);
void ep_exchange_go(struct ep_exchange *x);
void ep_exchange_drop(struct ep_exchange *x);

/* The gateway is to forget a leg of a call. Sent until it says yes or a time
 * is over; nobody hears of it. False: not even started. */
bool ep_exchange_delete(struct ep_view callid, struct ep_view leg);

/* What the node that has a leg of a call can do: nothing, when none is known.
 * And candidates for it (a fragment of a WIC's description, RFC 8840).
 * Nobody hears what comes of it. False: not even started. */
struct ep_mediate_caps ep_exchange_caps(
		struct ep_view callid, struct ep_view leg);
bool ep_exchange_fragment(
		struct ep_view callid, struct ep_view leg, struct ep_view fragment);

/* Is asynchronous mode configured (modparam agw)? */
bool ep_exchange_enabled(void);
/* How long an exchange takes at most (modparam agw_timeout_ms). */
unsigned ep_exchange_timeout_ms(void);
int64_t ep_exchange_now_ms(void);
/* In done(): bits of mediate/warning.h, of an exchange that went well. */
unsigned ep_exchange_warnings(void);
/* How many are under way. */
unsigned ep_exchange_count(void);

/* mod_init, child_init(PROC_MAIN), mod_destroy of the Iq process. */
int ep_exchange_init(void);
int ep_exchange_fork(void);
void ep_exchange_fini(void);

#endif
