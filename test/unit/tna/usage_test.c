/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "support.h"
#include "tna/usage.h"

#define DAY ((uint64_t)EP_TNA_DAY_S)

START_TEST(usage_counts_calls_and_seconds)
{
	struct ep_tna_usage u = {0};

	ep_tna_usage_call(&u);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, DAY + 10), 0);
	ep_tna_usage_answer(&u, DAY + 10);
	ep_tna_usage_call(&u);
	ck_assert_uint_eq(u.calls, 2);
	ck_assert_uint_eq(u.answered, 1);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, DAY + 25), 15);
	ep_tna_usage_answer(&u, DAY + 20);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, DAY + 25), 20);
	ep_tna_usage_over(&u, DAY + 10, DAY + 30);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, DAY + 30), 30);
	ep_tna_usage_over(&u, DAY + 20, DAY + 30);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, DAY + 99), 30);
	ck_assert_uint_eq(u.calls + u.answered + u.starts_s, 0);
}
END_TEST

START_TEST(usage_of_a_call_never_answered_is_no_time)
{
	struct ep_tna_usage u = {0};

	ep_tna_usage_call(&u);
	ep_tna_usage_over(&u, 0, DAY + 30);
	ck_assert_uint_eq(u.calls, 0);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, DAY + 30), 0);
	ep_tna_usage_over(&u, 0, DAY + 30);
	ck_assert_uint_eq(u.calls, 0);
}
END_TEST

START_TEST(usage_starts_anew_at_midnight)
{
	struct ep_tna_usage u = {0};

	ep_tna_usage_call(&u);
	ep_tna_usage_call(&u);
	ep_tna_usage_answer(&u, DAY + 100);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, 2 * DAY - 1), DAY - 101);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, 2 * DAY), 0);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, 2 * DAY + 7), 7);
	ep_tna_usage_answer(&u, 2 * DAY + 7);
	/* The one from yesterday counts for today's part only. */
	ep_tna_usage_over(&u, DAY + 100, 2 * DAY + 10);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, 2 * DAY + 10), 13);
	/* A day nobody looked at. */
	ep_tna_usage_over(&u, 2 * DAY + 7, 4 * DAY + 1);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, 4 * DAY + 1), 1);
	ck_assert_uint_eq(u.calls + u.answered + u.starts_s, 0);
}
END_TEST

START_TEST(usage_takes_a_clock_set_back)
{
	struct ep_tna_usage u = {0};

	ep_tna_usage_call(&u);
	ep_tna_usage_answer(&u, 3 * DAY + 50);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, 3 * DAY + 40), 0);
	ck_assert_uint_eq(ep_tna_usage_today_s(&u, 2 * DAY), 0);
	ep_tna_usage_over(&u, 3 * DAY + 50, 2 * DAY);
	ck_assert_uint_eq(u.day, 3);
	ck_assert_uint_eq(u.answered + u.starts_s + u.ended_s, 0);
}
END_TEST

enum
{
	CALLS = 40,
	STEPS = 20000
};

/* Against a list of calls, added up second by second. */
START_TEST(usage_equals_the_sum_over_a_list)
{
	struct ep_tna_usage u = {0};
	uint64_t now = 5 * DAY - 300, start[CALLS] = {0}, used = 0, day = 4;
	bool begun[CALLS] = {false};
	unsigned i, k, n;

	srand(7);
	for(i = 0; i < STEPS; i++) {
		uint64_t step = rand() % 50 == 0 ? rand() % 40000 : rand() % 3, s;

		for(s = 0; s < step; s++) {
			now++;
			if(now / DAY != day) {
				day = now / DAY;
				used = 0;
				continue; /* the second that led to midnight is yesterday's */
			}
			for(k = 0; k < CALLS; k++)
				used += start[k] != 0;
		}
		k = rand() % CALLS;
		if(!begun[k]) {
			begun[k] = true;
			ep_tna_usage_call(&u);
		} else if(start[k] == 0 && rand() % 3) {
			start[k] = now;
			ep_tna_usage_answer(&u, now);
		} else {
			ep_tna_usage_over(&u, start[k], now);
			start[k] = 0;
			begun[k] = false;
		}
		for(k = n = 0; k < CALLS; k++)
			n += begun[k];
		ck_assert_uint_eq(u.calls, n);
		if(rand() % 2)
			ck_assert_uint_eq(ep_tna_usage_today_s(&u, now), used);
	}
}
END_TEST

UNIT_MAIN("tna/usage", usage_counts_calls_and_seconds,
		usage_of_a_call_never_answered_is_no_time,
		usage_starts_anew_at_midnight, usage_takes_a_clock_set_back,
		usage_equals_the_sum_over_a_list)
