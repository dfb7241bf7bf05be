/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/regsub.h"

#define NEVER UINT64_MAX
/* TS 24.229 5.2.3: refreshed 600 s before its end, or in its middle. */
#define REFRESH_BEFORE_S 600
#define RETRY_AFTER_MAX_S 86400
/* So many refreshes fail before the dialog is given up. */
#define REFRESH_FAILURES 3

struct work
{
	struct ep_regsub_step *out;
	struct ep_regsub_life *life; /* in *out */
	const struct ep_regsub_policy *policy;
	const struct ep_regsub_input *in;
};

static uint64_t later(uint64_t ms, uint64_t by_ms)
{
	return ms > NEVER - by_ms ? NEVER : ms + by_ms;
}

static uint64_t highest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Doubled with every failure, up to a quarter more or less. */
static uint64_t backoff(struct work *w)
{
	unsigned shift = w->life->failures > 20 ? 20 : w->life->failures;
	uint64_t ms = (uint64_t)w->policy->retry_min_ms << shift;

	if(ms > w->policy->retry_max_ms)
		ms = w->policy->retry_max_ms;
	w->life->failures += w->life->failures < 20;
	return ms - ms / 4 + ms / 2 * (w->in->random & 0xffff) / 65536;
}

static uint64_t retry_at(struct work *w)
{
	uint32_t after_s = w->in->retry_after_s;
	uint64_t ms = backoff(w);

	if(w->in->has_retry_after)
		ms = highest(
				ms, 1000ull
							* (after_s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S
														   : after_s));
	return later(w->in->now_ms, ms);
}

/* The next dialog, but not too soon after the last. */
static uint64_t next_begin(const struct work *w)
{
	if(w->life->began_ms == 0)
		return w->in->now_ms;
	return highest(
			w->in->now_ms, later(w->life->began_ms, w->policy->spacing_ms));
}

static void go_wait(struct work *w, uint64_t at_ms)
{
	w->life->state = EP_REGSUB_WAITING;
	w->life->resync = false;
	w->life->deadline_ms = w->life->wanted ? at_ms : w->in->now_ms;
}

static void go_over(struct work *w)
{
	w->life->state = EP_REGSUB_OVER;
	w->life->resync = false;
	w->life->deadline_ms = w->life->wanted ? NEVER : w->in->now_ms;
}

/* When an ACTIVE one is to be looked at. */
static void set_active_deadline(struct work *w)
{
	struct ep_regsub_life *l = w->life;
	uint64_t now_ms = w->in->now_ms;
	uint64_t left_ms = l->end_ms > now_ms ? l->end_ms - now_ms : 0;

	if(!l->wanted) {
		l->deadline_ms = now_ms;
		return;
	}
	if(left_ms > 2000ull * REFRESH_BEFORE_S)
		l->deadline_ms = l->end_ms - 1000ull * REFRESH_BEFORE_S;
	else
		l->deadline_ms =
				later(now_ms, highest(left_ms / 2, w->policy->spacing_ms));
	if(!l->notified
			&& later(l->began_ms, w->policy->answer_ms) < l->deadline_ms)
		l->deadline_ms = later(l->began_ms, w->policy->answer_ms);
	if(l->resync && next_begin(w) < l->deadline_ms)
		l->deadline_ms = next_begin(w);
}

static void go_active(struct work *w)
{
	uint32_t expires_s =
			w->in->has_expires ? w->in->expires_s : w->policy->expires_s;

	if(w->in->has_expires || w->life->state == EP_REGSUB_SUBSCRIBING)
		w->life->end_ms = later(w->in->now_ms, 1000ull * expires_s);
	w->life->state = EP_REGSUB_ACTIVE;
	set_active_deadline(w);
}

/* RFC 6665 4.1.2.1, RFC 5057 5: no use in trying the same again. */
static bool is_refusal(unsigned status)
{
	switch(status) {
		case 401:
		case 403:
		case 404:
		case 405:
		case 406:
		case 407:
		case 410:
		case 416:
		case 480: /* what an I-CSCF says of who is not registered */
		case 481:
		case 485:
		case 489:
		case 501:
		case 603:
		case 604:
			return true;
		default:
			return false;
	}
}

static void begin_failed(struct work *w, unsigned status)
{
	if(is_refusal(status)) {
		w->out->refused = true;
		go_over(w);
	} else {
		go_wait(w, retry_at(w));
	}
}

static void refresh_failed(struct work *w, unsigned status)
{
	/* The notifier has started anew, or forgot us: so do we. */
	if(is_refusal(status) || w->life->failures >= REFRESH_FAILURES) {
		go_wait(w, next_begin(w));
		return;
	}
	w->life->state = EP_REGSUB_ACTIVE;
	w->life->deadline_ms = retry_at(w);
	if(w->life->deadline_ms > w->life->end_ms)
		w->life->deadline_ms = w->life->end_ms;
	if(!w->life->wanted)
		w->life->deadline_ms = w->in->now_ms;
}

static void begin(struct work *w)
{
	w->out->actions |= EP_REGSUB_DO_BEGIN;
	w->life->state = EP_REGSUB_SUBSCRIBING;
	w->life->resync = w->life->notified = false;
	w->life->began_ms = w->life->asked_ms = w->in->now_ms;
	w->life->deadline_ms = later(w->in->now_ms, w->policy->answer_ms);
}

static void active_due(struct work *w)
{
	struct ep_regsub_life *l = w->life;
	uint64_t now_ms = w->in->now_ms;

	if(!l->wanted) {
		w->out->actions = EP_REGSUB_DO_END;
		l->state = EP_REGSUB_ENDING;
		l->deadline_ms = later(now_ms, w->policy->answer_ms);
	} else if(l->resync && now_ms >= next_begin(w)) {
		w->out->actions = EP_REGSUB_DO_END;
		begin(w);
	} else if(now_ms >= l->end_ms) {
		go_wait(w, next_begin(w));
	} else if(!l->notified
			  && now_ms >= later(l->began_ms, w->policy->answer_ms)) {
		/* RFC 6665 4.1.2.4: without a NOTIFY there is no subscription. */
		w->out->actions = EP_REGSUB_DO_END;
		go_wait(w, retry_at(w));
	} else {
		w->out->actions = EP_REGSUB_DO_REFRESH;
		l->asked_ms = now_ms;
		l->state = EP_REGSUB_REFRESHING;
		l->deadline_ms = later(now_ms, w->policy->answer_ms);
	}
}

static void ended(struct work *w)
{
	go_wait(w, next_begin(w));
}

static void on_timer(struct work *w)
{
	if(w->in->now_ms < w->life->deadline_ms)
		return;
	switch(w->life->state) {
		case EP_REGSUB_WAITING:
			if(w->life->wanted)
				begin(w);
			else
				w->out->actions = EP_REGSUB_DO_FORGET;
			break;
		case EP_REGSUB_OVER:
			w->out->actions = w->life->wanted ? 0 : EP_REGSUB_DO_FORGET;
			w->life->deadline_ms = NEVER;
			break;
		case EP_REGSUB_SUBSCRIBING:
			begin_failed(w, 408);
			break;
		case EP_REGSUB_REFRESHING:
			refresh_failed(w, 408);
			break;
		case EP_REGSUB_ENDING:
			ended(w);
			break;
		default:
			active_due(w);
	}
}

static void on_wanted(struct work *w)
{
	bool was = w->life->wanted;

	w->life->wanted = true;
	if(w->life->state == EP_REGSUB_OVER)
		go_wait(w, next_begin(w));
	else if(w->life->state == EP_REGSUB_WAITING && !was)
		go_wait(w, next_begin(w));
	else if(w->life->state == EP_REGSUB_ACTIVE && !was)
		set_active_deadline(w);
	else if(w->life->state == EP_REGSUB_ACTIVE
			&& w->in->now_ms >= later(w->life->asked_ms, w->policy->check_ms))
		w->life->deadline_ms = w->in->now_ms;
}

static void on_unwanted(struct work *w)
{
	w->life->wanted = false;
	if(w->life->state == EP_REGSUB_WAITING || w->life->state == EP_REGSUB_OVER
			|| w->life->state == EP_REGSUB_ACTIVE)
		w->life->deadline_ms = w->in->now_ms;
}

static void on_resync(struct work *w)
{
	if(w->life->state == EP_REGSUB_OVER)
		go_wait(w, next_begin(w));
	if(w->life->state != EP_REGSUB_ACTIVE
			&& w->life->state != EP_REGSUB_REFRESHING
			&& w->life->state != EP_REGSUB_SUBSCRIBING)
		return;
	w->life->resync = true;
	if(w->life->state == EP_REGSUB_ACTIVE)
		set_active_deadline(w);
}

static void on_answered(struct work *w)
{
	bool good = w->in->status / 100 == 2;

	switch(w->life->state) {
		case EP_REGSUB_SUBSCRIBING:
		case EP_REGSUB_ACTIVE: /* a NOTIFY overtook the answer */
			if(good)
				go_active(w);
			else
				begin_failed(w, w->in->status);
			break;
		case EP_REGSUB_REFRESHING:
			if(good) {
				w->life->failures = 0;
				go_active(w);
			} else {
				refresh_failed(w, w->in->status);
			}
			break;
		case EP_REGSUB_ENDING:
			ended(w);
			break;
		default:
			break;
	}
}

static void terminated(struct work *w)
{
	switch(w->in->reason) {
		case EP_REGSUB_DEACTIVATED:
		case EP_REGSUB_TIMEOUT:
			go_wait(w, next_begin(w));
			break;
		case EP_REGSUB_REJECTED:
		case EP_REGSUB_NORESOURCE:
		case EP_REGSUB_INVARIANT:
			go_over(w);
			break;
		default:
			go_wait(w, retry_at(w));
	}
}

static void on_notified(struct work *w)
{
	if(w->life->state == EP_REGSUB_WAITING || w->life->state == EP_REGSUB_OVER)
		return;
	w->life->notified = true;
	if(w->in->terminated) {
		terminated(w);
	} else if(w->life->state != EP_REGSUB_ENDING) {
		w->life->failures = 0;
		/* The answer to a refresh says it again. */
		if(w->life->state != EP_REGSUB_REFRESHING)
			go_active(w);
	}
}

void ep_regsub_step(struct ep_regsub_step *out,
		const struct ep_regsub_life *life,
		const struct ep_regsub_policy *policy, const struct ep_regsub_input *in)
{
	struct work w = {
			.out = out, .life = &out->life, .policy = policy, .in = in};

	*out = (struct ep_regsub_step){.life = *life};
	switch(in->event) {
		case EP_REGSUB_WANTED:
			on_wanted(&w);
			break;
		case EP_REGSUB_UNWANTED:
			on_unwanted(&w);
			break;
		case EP_REGSUB_RESYNC:
			on_resync(&w);
			break;
		case EP_REGSUB_ANSWERED:
			on_answered(&w);
			break;
		case EP_REGSUB_NOTIFIED:
			on_notified(&w);
			break;
		default:
			on_timer(&w);
	}
}

const char *ep_regsub_state_name(enum ep_regsub_state state)
{
	static const char *const names[] = {
			"waiting", "subscribing", "active", "refreshing", "ending", "over"};

	return (unsigned)state < EP_REGSUB_STATE_N ? names[state] : "?";
}
