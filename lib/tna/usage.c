/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/usage.h"

/* Another day: those who talk began at its midnight, as far as it goes. */
static void roll(struct ep_tna_usage *u, uint64_t now_s)
{
	uint64_t day = now_s / EP_TNA_DAY_S;

	if(day <= u->day)
		return;
	u->day = day;
	u->ended_s = 0;
	u->starts_s = u->answered * day * EP_TNA_DAY_S;
}

static uint64_t in_day(const struct ep_tna_usage *u, uint64_t s)
{
	uint64_t midnight = u->day * EP_TNA_DAY_S;

	return s > midnight ? s : midnight;
}

void ep_tna_usage_call(struct ep_tna_usage *u)
{
	u->calls++;
}

void ep_tna_usage_answer(struct ep_tna_usage *u, uint64_t now_s)
{
	roll(u, now_s);
	u->answered++;
	u->starts_s += in_day(u, now_s);
}

void ep_tna_usage_over(struct ep_tna_usage *u, uint64_t start_s, uint64_t now_s)
{
	uint64_t start;

	if(u->calls > 0)
		u->calls--;
	if(start_s == 0 || u->answered == 0)
		return;
	roll(u, now_s);
	start = in_day(u, start_s);
	u->answered--;
	u->starts_s -= start < u->starts_s ? start : u->starts_s;
	if(now_s > start)
		u->ended_s += now_s - start;
}

uint64_t ep_tna_usage_today_s(struct ep_tna_usage *u, uint64_t now_s)
{
	uint64_t all;

	roll(u, now_s);
	all = u->answered * now_s;
	return u->ended_s + (all > u->starts_s ? all - u->starts_s : 0);
}
