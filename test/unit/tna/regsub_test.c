/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "tna/regsub.h"

static const struct ep_regsub_policy policy = {.expires_s = 7200,
		.spacing_ms = 1000,
		.retry_min_ms = 2000,
		.retry_max_ms = 60000,
		.check_ms = 15000,
		.answer_ms = 33000};

static struct ep_regsub_life life;
static struct ep_regsub_step last;
static uint64_t now_ms;

static unsigned step(struct ep_regsub_input in)
{
	in.now_ms = now_ms;
	in.random = 0x8000;
	ep_regsub_step(&last, &life, &policy, &in);
	life = last.life;
	return last.actions;
}

static unsigned happen(enum ep_regsub_event event)
{
	return step((struct ep_regsub_input){.event = event});
}

static unsigned answered(unsigned status, uint32_t expires_s)
{
	return step((struct ep_regsub_input){.event = EP_REGSUB_ANSWERED,
			.status = status,
			.has_expires = expires_s != 0,
			.expires_s = expires_s});
}

static unsigned notified(bool terminated, enum ep_regsub_reason reason)
{
	return step((struct ep_regsub_input){.event = EP_REGSUB_NOTIFIED,
			.terminated = terminated,
			.reason = reason});
}

/* Goes to the deadline and lets it come. */
static unsigned due(void)
{
	ck_assert_uint_ne(life.deadline_ms, UINT64_MAX);
	if(life.deadline_ms > now_ms) {
		now_ms = life.deadline_ms - 1;
		ck_assert_uint_eq(happen(EP_REGSUB_TIMER), 0);
		now_ms++;
	}
	return happen(EP_REGSUB_TIMER);
}

static void begin(void)
{
	life = (struct ep_regsub_life){.wanted = false};
	now_ms = 100000;
	happen(EP_REGSUB_WANTED);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_BEGIN);
	ck_assert_int_eq(life.state, EP_REGSUB_SUBSCRIBING);
}

static void begin_active(void)
{
	begin();
	now_ms += 50;
	answered(200, 7200);
	now_ms += 50;
	notified(false, EP_REGSUB_NO_REASON);
	ck_assert_int_eq(life.state, EP_REGSUB_ACTIVE);
}

START_TEST(regsub_begins_refreshes_and_ends)
{
	begin_active();
	ck_assert_uint_eq(life.deadline_ms, 100050 + 6600000);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_REFRESH);
	ck_assert_int_eq(life.state, EP_REGSUB_REFRESHING);
	answered(200, 60);
	ck_assert_uint_eq(life.deadline_ms, now_ms + 30000);
	happen(EP_REGSUB_UNWANTED);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_END);
	ck_assert_int_eq(life.state, EP_REGSUB_ENDING);
	answered(200, 0);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_FORGET);
}
END_TEST

START_TEST(regsub_sends_only_with_the_timer)
{
	static const unsigned statuses[] = {0, 200, 202, 403, 408, 481, 500, 503};
	struct ep_regsub_input in = {.has_expires = true};
	unsigned s, e, i, r;

	for(s = 0; s < EP_REGSUB_STATE_N; s++)
		for(e = 0; e < EP_REGSUB_EVENT_N; e++)
			for(i = 0; i < 8; i++)
				for(r = 0; r < 32; r++) {
					now_ms = 5000000;
					life = (struct ep_regsub_life){.state = s,
							.wanted = r & 1,
							.resync = r & 2,
							.notified = r & 4,
							.began_ms = 4000000,
							.end_ms = 9000000,
							.deadline_ms = now_ms + !(r & 8)};
					in.event = e;
					in.status = statuses[i];
					in.terminated = r & 16;
					in.reason = (enum ep_regsub_reason)i;
					step(in);
					ck_assert(e == EP_REGSUB_TIMER || last.actions == 0);
					/* Somebody will look again, or it is refused. */
					ck_assert(last.actions & EP_REGSUB_DO_FORGET
							  || life.deadline_ms != UINT64_MAX
							  || life.state == EP_REGSUB_OVER);
					/* Only what nobody wants is forgotten. */
					ck_assert(!(last.actions & EP_REGSUB_DO_FORGET)
							  || !life.wanted);
					/* Before the deadline nothing is done. */
					ck_assert(
							e != EP_REGSUB_TIMER || r & 8 || last.actions == 0);
				}
}
END_TEST

START_TEST(regsub_takes_a_notify_before_the_answer)
{
	begin();
	notified(false, EP_REGSUB_NO_REASON);
	ck_assert_int_eq(life.state, EP_REGSUB_ACTIVE);
	answered(202, 100);
	ck_assert_uint_eq(life.end_ms, now_ms + 100000);
	begin();
	notified(false, EP_REGSUB_NO_REASON);
	answered(503, 0);
	ck_assert_int_eq(life.state, EP_REGSUB_WAITING);
}
END_TEST

START_TEST(regsub_without_a_notify_is_none)
{
	begin();
	answered(200, 7200);
	ck_assert_uint_eq(life.deadline_ms, 100000 + 33000);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_END);
	ck_assert_int_eq(life.state, EP_REGSUB_WAITING);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_BEGIN);
}
END_TEST

START_TEST(regsub_backs_off_and_heeds_retry_after)
{
	uint64_t waited[8];
	unsigned i;

	begin();
	for(i = 0; i < 8; i++) {
		answered(i & 1 ? 500 : 408, 0);
		waited[i] = life.deadline_ms - now_ms;
		ck_assert(!last.refused);
		ck_assert_uint_eq(due(), EP_REGSUB_DO_BEGIN);
	}
	ck_assert_uint_eq(waited[0], 2000);
	ck_assert_uint_eq(waited[1], 4000);
	ck_assert_uint_eq(waited[7], 60000);
	step((struct ep_regsub_input){.event = EP_REGSUB_ANSWERED,
			.status = 503,
			.has_retry_after = true,
			.retry_after_s = 500});
	ck_assert_uint_eq(life.deadline_ms - now_ms, 500000);
	due();
	step((struct ep_regsub_input){.event = EP_REGSUB_ANSWERED,
			.status = 503,
			.has_retry_after = true,
			.retry_after_s = UINT32_MAX});
	ck_assert_uint_eq(life.deadline_ms - now_ms, 86400000);
	/* The answer to the first SUBSCRIBE never came. */
	begin();
	ck_assert_uint_eq(due(), 0);
	ck_assert_int_eq(life.state, EP_REGSUB_WAITING);
}
END_TEST

START_TEST(regsub_refused_waits_for_the_next_register)
{
	begin();
	now_ms += 10;
	answered(403, 0);
	ck_assert(last.refused);
	ck_assert_int_eq(life.state, EP_REGSUB_OVER);
	ck_assert_uint_eq(life.deadline_ms, UINT64_MAX);
	happen(EP_REGSUB_WANTED);
	ck_assert_uint_eq(life.deadline_ms, 101000);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_BEGIN);
	answered(480, 0);
	ck_assert(last.refused);
	happen(EP_REGSUB_UNWANTED);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_FORGET);
}
END_TEST

START_TEST(regsub_refresh_that_fails)
{
	unsigned i;

	/* The notifier was started anew. */
	begin_active();
	due();
	answered(481, 0);
	ck_assert(!last.refused);
	ck_assert_int_eq(life.state, EP_REGSUB_WAITING);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_BEGIN);
	/* It is in trouble: the same dialog again, but not for ever. */
	begin_active();
	for(i = 0; i < 3; i++) {
		ck_assert_uint_eq(due(), EP_REGSUB_DO_REFRESH);
		answered(500, 0);
		ck_assert_int_eq(life.state, EP_REGSUB_ACTIVE);
	}
	ck_assert_uint_eq(due(), EP_REGSUB_DO_REFRESH);
	answered(500, 0);
	ck_assert_int_eq(life.state, EP_REGSUB_WAITING);
	/* Nobody answers until it ends. */
	begin_active();
	now_ms = life.end_ms;
	ck_assert_uint_eq(happen(EP_REGSUB_TIMER), 0);
	ck_assert_int_eq(life.state, EP_REGSUB_WAITING);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_BEGIN);
}
END_TEST

START_TEST(regsub_terminated_by_every_reason)
{
	static const struct
	{
		enum ep_regsub_reason reason;
		enum ep_regsub_state state;
		uint64_t wait_ms;
	} rows[] = {{EP_REGSUB_DEACTIVATED, EP_REGSUB_WAITING, 900},
			{EP_REGSUB_TIMEOUT, EP_REGSUB_WAITING, 900},
			{EP_REGSUB_PROBATION, EP_REGSUB_WAITING, 2000},
			{EP_REGSUB_GIVEUP, EP_REGSUB_WAITING, 2000},
			{EP_REGSUB_NO_REASON, EP_REGSUB_WAITING, 2000},
			{EP_REGSUB_REJECTED, EP_REGSUB_OVER, 0},
			{EP_REGSUB_NORESOURCE, EP_REGSUB_OVER, 0},
			{EP_REGSUB_INVARIANT, EP_REGSUB_OVER, 0}};
	size_t i;

	for(i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin_active();
		notified(true, rows[i].reason);
		ck_assert_int_eq(life.state, rows[i].state);
		if(rows[i].state == EP_REGSUB_WAITING)
			ck_assert_uint_eq(life.deadline_ms - now_ms, rows[i].wait_ms);
		happen(EP_REGSUB_UNWANTED);
		ck_assert_uint_eq(due(), EP_REGSUB_DO_FORGET);
	}
}
END_TEST

START_TEST(regsub_resync_is_a_dialog_of_its_own)
{
	begin_active();
	happen(EP_REGSUB_RESYNC);
	ck_assert_uint_eq(life.deadline_ms, 101000);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_END | EP_REGSUB_DO_BEGIN);
	ck_assert_int_eq(life.state, EP_REGSUB_SUBSCRIBING);
	/* It was refused for good: the next try shows whether that is so still. */
	answered(403, 0);
	happen(EP_REGSUB_RESYNC);
	ck_assert_int_eq(life.state, EP_REGSUB_WAITING);
	/* While the first answer is out, it waits for that. */
	begin();
	happen(EP_REGSUB_RESYNC);
	ck_assert_int_eq(life.state, EP_REGSUB_SUBSCRIBING);
	now_ms += 2000;
	answered(200, 7200);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_END | EP_REGSUB_DO_BEGIN);
}
END_TEST

START_TEST(regsub_wanted_again_while_it_ends)
{
	begin_active();
	happen(EP_REGSUB_UNWANTED);
	happen(EP_REGSUB_WANTED);
	ck_assert_uint_gt(life.deadline_ms, now_ms + 1000);
	happen(EP_REGSUB_UNWANTED);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_END);
	happen(EP_REGSUB_WANTED);
	answered(200, 0);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_BEGIN);
	/* Nobody is there any more when the answer comes. */
	happen(EP_REGSUB_UNWANTED);
	answered(200, 7200);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_END);
}
END_TEST

START_TEST(regsub_is_looked_after_with_each_renewal)
{
	begin_active();
	now_ms += 14800;
	happen(EP_REGSUB_WANTED);
	ck_assert_uint_gt(life.deadline_ms, now_ms + 1000);
	now_ms += 200;
	happen(EP_REGSUB_WANTED);
	ck_assert_uint_eq(due(), EP_REGSUB_DO_REFRESH);
	answered(200, 7200);
	happen(EP_REGSUB_WANTED);
	ck_assert_uint_gt(life.deadline_ms, now_ms + 1000);
}
END_TEST

START_TEST(regsub_short_expiry_does_not_spin)
{
	unsigned i, n = 0;

	begin();
	for(i = 0; i < 1000; i++, now_ms += 100) {
		if(happen(EP_REGSUB_TIMER))
			n++;
		if(life.state == EP_REGSUB_SUBSCRIBING
				|| life.state == EP_REGSUB_REFRESHING) {
			step((struct ep_regsub_input){.event = EP_REGSUB_ANSWERED,
					.status = 200,
					.has_expires = true});
			notified(false, EP_REGSUB_NO_REASON);
		}
	}
	ck_assert_uint_le(n, 101);
}
END_TEST

UNIT_MAIN("tna/regsub", regsub_begins_refreshes_and_ends,
		regsub_sends_only_with_the_timer,
		regsub_takes_a_notify_before_the_answer,
		regsub_without_a_notify_is_none, regsub_backs_off_and_heeds_retry_after,
		regsub_refused_waits_for_the_next_register, regsub_refresh_that_fails,
		regsub_terminated_by_every_reason, regsub_resync_is_a_dialog_of_its_own,
		regsub_wanted_again_while_it_ends,
		regsub_is_looked_after_with_each_renewal,
		regsub_short_expiry_does_not_spin)
