/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the pages of one web server (WWSF) use of what they may: registrations,
 * calls at once, call seconds of a UTC day. Sums only, no list of calls: every
 * function takes constant time, and the seconds are exact at any moment.
 *
 * A call counts once for each page of the WWSF in it. Seconds run from the
 * answer on; at midnight the day starts with 0, calls that go on count from
 * there.
 */
#ifndef EP_TNA_USAGE_H
#define EP_TNA_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#define EP_TNA_DAY_S 86400

/* All zero at first. Changed by the functions below only. */
struct ep_tna_usage
{
	uint32_t registrations;
	uint32_t calls;    /* begun and not over */
	uint32_t answered; /* of these */
	uint64_t day;      /* since 1970 */
	uint64_t ended_s;  /* of this day, calls that are over */
	uint64_t starts_s; /* sum of the starts of those answered, none before the
						  day's own */
};

/* A call begins (it may never be answered). */
void ep_tna_usage_call(struct ep_tna_usage *u);
void ep_tna_usage_answer(struct ep_tna_usage *u, uint64_t now_s);
/* It is over; `start_s`: when it was answered (the now_s then), 0: never. */
void ep_tna_usage_over(
		struct ep_tna_usage *u, uint64_t start_s, uint64_t now_s);
/* Call seconds of the day that `now_s` is in, up to now. A clock that was set
 * back never takes back what was used. */
uint64_t ep_tna_usage_today_s(struct ep_tna_usage *u, uint64_t now_s);

#endif
