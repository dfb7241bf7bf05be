/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/config.h"
#include "core/dprint.h"
#include "core/mem/shm_mem.h"

#include "base/sipcut.h"
#include "common/ending.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/giveup.h"
#include "sdp_mediate/inject.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/release.h"

/* What `done` of an exchange is about. */
struct asked
{
	struct ep_hold *h;
	struct ep_hold_entry *e;
};

/* --- one message --- */

static void inject(const struct ep_held *held, struct ep_view text,
		const struct ep_inject *with)
{
	ep_inject_run(&held->rcv, text, with);
}

/* What a caller hears: the causes' statuses blame who wrote the SDP, and that
 * was not he. */
static enum ep_mediate_cause for_caller(enum ep_mediate_cause cause)
{
	unsigned status = ep_mediate_cause_get(cause)->status;

	return status == 488 || status >= 500 ? cause : EP_MEDIATE_EGATEWAY;
}

/* Without its body: as what it is, or as a refusal. */
static void inject_cut(
		const struct ep_held *held, enum ep_mediate_cause cause, bool refuse)
{
	static char text[BUF_SIZE];
	const struct ep_mediate_cause_info *info =
			ep_mediate_cause_get(for_caller(cause));
	const struct ep_inject with = {.cause = cause};
	struct ep_view was = ep_view_of(held->text, held->len);
	struct ep_buf b;
	enum ep_err err;

	ep_buf_init(&b, text, sizeof(text));
	err = refuse ? ep_sipcut_refuse(
				  &b, was, info->status, ep_view_z(info->reason))
				 : ep_sipcut_body(&b, was);
	if(err == EP_OK)
		inject(held, ep_buf_view(&b), &with);
	else if(ep_log_may())
		LM_ERR("a message that could not be mediated is lost\n");
}

static void answered(struct ep_hold *h)
{
	ep_hold_lock(h);
	h->was_answered = true;
	ep_hold_unlock(h);
}

/* True: the branch is over, too. Of a fork behind it one may be refused while
 * another goes on, or has gone on already. */
static bool refused(struct ep_hold *h, struct ep_hold_entry *e)
{
	const struct ep_hold_entry *other;
	bool alone = true;

	ep_hold_lock(h);
	h->was_refused = true;
	if(e->class == EP_HOLD_2XX) {
		alone = !h->was_answered;
		for(other = e->after; other != NULL; other = other->after)
			alone = alone && other->class != EP_HOLD_2XX;
	}
	e->lane->is_dead = e->lane->is_dead || alone;
	e->state = EP_HOLD_FAILED; /* when it comes again, too */
	ep_mediate_answers_failed(&h->answers, &e->said, true);
	if(h->final == e)
		h->final = NULL;
	ep_hold_unlock(h);
	return alone;
}

/* The callee is in a call that will not be. */
static void hang_up(const struct ep_hold *h, const struct ep_held *held,
		enum ep_mediate_cause cause)
{
	struct ep_view reply = ep_view_of(held->text, held->len);

	ep_giveup_ack(h, &held->rcv, reply);
	/* Within a dialog the old session goes on (RFC 3261 14.1). */
	if(h->initial)
		ep_giveup_bye(h, &held->rcv, reply, cause);
}

static void deliver_2xx(
		struct ep_hold *h, struct ep_hold_entry *e, const struct ep_held *held)
{
	const struct ep_inject with = {
			.replaces = e->state == EP_HOLD_OK, .sdp = e->result};

	if(h->is_invite && ep_giveup_is_refused(h)) {
		refused(h, e);
		hang_up(h, held, EP_MEDIATE_EGWDOWN);
		return;
	}
	answered(h);
	if(!h->is_invite && h->had_offer && e->state == EP_HOLD_OK)
		ep_holdtab_follow(h);
	inject(held, ep_view_of(held->text, held->len), &with);
}

static void refuse(
		struct ep_hold *h, struct ep_hold_entry *e, const struct ep_held *held)
{
	bool alone;

	if(!h->is_invite) {
		inject_cut(held, e->cause, true);
		return;
	}
	alone = refused(h, e);
	if(e->class == EP_HOLD_1XX_RELIABLE)
		ep_giveup_cancel(h, e->lane->branch);
	if(alone && !ep_giveup_is_done(h))
		inject_cut(held, e->cause, true);
	if(e->class == EP_HOLD_2XX)
		hang_up(h, held, e->cause);
}

static void deliver(
		struct ep_hold *h, struct ep_hold_entry *e, const struct ep_held *held)
{
	const struct ep_inject with = {
			.replaces = e->state == EP_HOLD_OK, .sdp = e->result};

	if(e->state == EP_HOLD_FAILED) {
		if(ep_log_may())
			LM_NOTICE("not mediated (%s, call %.*s)\n",
					ep_mediate_cause_get(e->cause)->name, EP_FMT(h->callid));
		if(e->class == EP_HOLD_1XX || e->class == EP_HOLD_ACK)
			inject_cut(held, e->cause, false);
		else
			refuse(h, e, held);
	} else if(e->class == EP_HOLD_2XX) {
		deliver_2xx(h, e, held);
	} else {
		inject(held, ep_view_of(held->text, held->len), &with);
	}
}

/* --- the gateway's answer --- */

static bool is_offer(const struct ep_hold *h)
{
	return h->kind == EP_HOLD_REPLIES && h->is_invite && !h->had_offer;
}

/* Locked. */
static void entry_end_locked(struct ep_hold *h, struct ep_hold_entry *e,
		enum ep_mediate_cause cause, struct ep_view sdp)
{
	if(e->state != EP_HOLD_WAITS)
		return;
	if(cause == EP_MEDIATE_OK && !ep_hold_result_set(e, sdp))
		cause = EP_MEDIATE_EINTERNAL;
	if(cause != EP_MEDIATE_OK)
		ep_mediate_answers_failed(&h->answers, &e->said, false);
	e->cause = cause;
	e->state = cause == EP_MEDIATE_OK ? EP_HOLD_OK : EP_HOLD_FAILED;
	counter_inc(ep_counters.cause[cause]);
	if(cause == EP_MEDIATE_OK)
		counter_inc(is_offer(h) ? ep_counters.offers : ep_counters.answers);
}

static void entry_end(struct ep_hold *h, struct ep_hold_entry *e,
		enum ep_mediate_cause cause, struct ep_view sdp)
{
	ep_hold_lock(h);
	entry_end_locked(h, e, cause, sdp);
	ep_hold_unlock(h);
}

static void run(struct ep_hold *h);

static void on_answer(
		void *ctx, enum ep_mediate_cause cause, struct ep_view sdp)
{
	struct asked a = *(struct asked *)ctx;

	shm_free(ctx);
	entry_end(a.h, a.e, cause, sdp);
	run(a.h);
}

/* --- one after the other --- */

/* Locked. Whose turn it is; NULL: nobody's. Some may have failed meanwhile. */
static struct ep_hold_entry *turn_take(struct ep_hold *h)
{
	struct ep_hold_entry *e;

	if(h->asking != NULL)
		return NULL;
	do {
		e = h->ask_first;
		if(e == NULL)
			return NULL;
		h->ask_first = e->next_ask;
	} while(e->state != EP_HOLD_WAITS);
	h->asking = e;
	return e;
}

static void spec_fill(struct ep_exchange_spec *s, const struct ep_hold *h,
		const struct ep_hold_entry *e)
{
	bool offer = is_offer(h), is_ack = h->kind == EP_HOLD_ACKS;

	*s = (struct ep_exchange_spec){.is_offer = offer,
			.initial = offer && h->initial,
			.known = h->known,
			.from = (h->request_from == EP_MEDIATE_FROM_WIC) == is_ack
							? EP_MEDIATE_FROM_WIC
							: EP_MEDIATE_FROM_CORE,
			.profile = h->profile,
			.sdp = e->sdp,
			.offer = offer ? ep_view_none() : h->offer,
			.callid = h->callid,
			.leg = h->leg,
			.end_ms = e->end_ms};
}

static void exchange_start(struct ep_hold *h, struct ep_hold_entry *e,
		enum ep_mediate_verdict verdict)
{
	struct asked *a = shm_malloc(sizeof(*a));
	enum ep_mediate_cause cause = EP_MEDIATE_EINTERNAL;
	struct ep_exchange_spec spec;

	spec_fill(&spec, h, e);
	spec.repeats_offer = verdict == EP_MEDIATE_ANSWER_OTHER;
	ep_hold_lock(h);
	if(spec.repeats_offer && h->later != NULL)
		spec.later = ep_view_of(h->later->text, h->later->len);
	ep_hold_ref(h);
	ep_hold_unlock(h);
	if(a != NULL) {
		*a = (struct asked){h, e};
		cause = ep_exchange_start(&spec, on_answer, a);
	}
	if(cause == EP_MEDIATE_OK)
		return;
	if(a != NULL)
		shm_free(a);
	entry_end(h, e, cause, ep_view_none());
	ep_hold_unref(h);
}

/* Locked; unlocked while an exchange begins. True: what came of it is known at
 * once, and a lane may go on. */
static bool ask(struct ep_hold *h)
{
	struct ep_hold_entry *e = turn_take(h);
	enum ep_mediate_verdict verdict = EP_MEDIATE_ANSWER_FIRST;

	if(e == NULL)
		return false;
	if(ep_hold_is_answered(h))
		verdict = ep_mediate_answers_next(&h->answers, &e->said);
	if(verdict == EP_MEDIATE_ANSWER_LOST) {
		entry_end_locked(h, e,
				h->final != NULL ? EP_MEDIATE_OK : EP_MEDIATE_EGWDOWN,
				h->final != NULL ? h->final->result : ep_view_none());
		return true;
	}
	if(e->class == EP_HOLD_2XX)
		h->final = e;
	ep_hold_unlock(h);
	exchange_start(h, e, verdict);
	ep_hold_lock(h);
	return e->state != EP_HOLD_WAITS;
}

/* --- a lane --- */

/* Locked; unlocked while a message is on its way. False: nothing was. */
static bool lane_run(struct ep_hold *h, struct ep_hold_lane *lane)
{
	struct ep_hold_entry *e;
	struct ep_held *held;
	bool any = false;

	if(lane->is_running)
		return false;
	lane->is_running = true;
	while((e = lane->first) != NULL && e->state != EP_HOLD_WAITS) {
		any = true;
		held = e->held;
		e->held = NULL;
		ep_hold_unlock(h);
		deliver(h, e, held);
		ep_held_free(held);
		ep_hold_lock(h);
		lane->first = e->after;
		e->after = NULL;
		/* Who comes second is sent behind who came first: not before. */
		if(h->asking == e) {
			h->asking = NULL;
			ask(h);
		}
	}
	lane->is_running = false;
	return any;
}

/* What one lane sent on may be what another one waited for. */
static void run(struct ep_hold *h)
{
	struct ep_hold_lane *lane;
	bool any;

	ep_hold_lock(h);
	do {
		any = false;
		for(lane = h->lanes; lane != NULL; lane = lane->next)
			any = lane_run(h, lane) || any;
	} while(any);
	ep_hold_unlock(h);
	ep_hold_unref(h);
}

static void on_task(void *param)
{
	ep_ending_stop_here();
	run(param);
}

void ep_release_later(struct ep_hold *h)
{
	/* No room now: the sweep finds it. */
	if(!ep_inject_push(on_task, h))
		ep_hold_unref(h);
}

void ep_release_line(struct ep_hold *h, struct ep_hold_entry *e)
{
	if(h->ask_first == NULL)
		h->ask_first = e;
	else
		h->ask_last->next_ask = e;
	h->ask_last = e;
}

void ep_release_ask(struct ep_hold *h)
{
	bool known;

	ep_hold_lock(h);
	known = ask(h);
	if(known)
		ep_hold_ref(h);
	ep_hold_unlock(h);
	/* Not here: this process is amid another message. */
	if(known)
		ep_release_later(h);
}
