/* SPDX-License-Identifier: BSD-2-Clause */
/* Several answers to one offer: which of them the gateway hears, and how. */
#include "mediation.h"
#include "mediate/answers.h"

static struct ep_mediate_answers a;

static void anew(void)
{
	a = (struct ep_mediate_answers){0};
}

static struct ep_mediate_said early(uint64_t tag, uint64_t sdp)
{
	return (struct ep_mediate_said){.tag = tag, .sdp = sdp};
}

static struct ep_mediate_said final(uint64_t tag, uint64_t sdp)
{
	return (struct ep_mediate_said){.is_final = true, .tag = tag, .sdp = sdp};
}

static enum ep_mediate_verdict next(struct ep_mediate_said said)
{
	return ep_mediate_answers_next(&a, &said);
}

START_TEST(answers_of_one_end)
{
	anew();
	ck_assert_int_eq(next(early(1, 10)), EP_MEDIATE_ANSWER_FIRST);
	ck_assert_int_eq(next(early(1, 10)), EP_MEDIATE_ANSWER_SAME);
	ck_assert_int_eq(next(early(1, 11)), EP_MEDIATE_ANSWER_OTHER);
	ck_assert_int_eq(next(final(1, 11)), EP_MEDIATE_ANSWER_SAME);
	ck_assert_int_eq(next(final(1, 11)), EP_MEDIATE_ANSWER_SAME);
}
END_TEST

/* What an end has said before does not count once another has spoken. */
START_TEST(answers_of_the_first_end_behind_another)
{
	anew();
	ck_assert_int_eq(next(early(1, 10)), EP_MEDIATE_ANSWER_FIRST);
	ck_assert(!ep_mediate_answers_differs(
			&a, &(struct ep_mediate_said){.tag = 1, .sdp = 10}));
	ck_assert_int_eq(next(early(2, 20)), EP_MEDIATE_ANSWER_OTHER);
	ck_assert(ep_mediate_answers_differs(
			&a, &(struct ep_mediate_said){.tag = 1, .sdp = 10}));
	ck_assert_int_eq(next(final(1, 10)), EP_MEDIATE_ANSWER_OTHER);
	ck_assert(!ep_mediate_answers_differs(
			&a, &(struct ep_mediate_said){.tag = 2, .sdp = 20}));
}
END_TEST

/* Behind a 2xx nobody else's answer reaches the gateway, final or not, even
 * one that says the same. */
START_TEST(answers_behind_a_2xx_are_lost)
{
	anew();
	ck_assert_int_eq(next(final(1, 10)), EP_MEDIATE_ANSWER_FIRST);
	ck_assert_int_eq(next(final(2, 20)), EP_MEDIATE_ANSWER_LOST);
	ck_assert_int_eq(next(final(2, 10)), EP_MEDIATE_ANSWER_LOST);
	ck_assert_int_eq(next(early(2, 20)), EP_MEDIATE_ANSWER_LOST);
	ck_assert_int_eq(next(early(1, 10)), EP_MEDIATE_ANSWER_LOST);
	ck_assert_int_eq(next(final(1, 10)), EP_MEDIATE_ANSWER_SAME);
}
END_TEST

START_TEST(answers_that_failed_leave_the_place_to_others)
{
	struct ep_mediate_said one = final(1, 10);

	anew();
	ck_assert_int_eq(next(one), EP_MEDIATE_ANSWER_FIRST);
	ep_mediate_answers_failed(&a, &one, false);
	ck_assert_int_eq(next(final(2, 20)), EP_MEDIATE_ANSWER_LOST);
	ck_assert_int_eq(next(one), EP_MEDIATE_ANSWER_OTHER);
	ep_mediate_answers_failed(&a, &one, true);
	ck_assert_int_eq(next(final(2, 20)), EP_MEDIATE_ANSWER_OTHER);
	/* It is too late for this to matter. */
	ep_mediate_answers_failed(&a, &one, true);
	ck_assert_int_eq(next(final(2, 20)), EP_MEDIATE_ANSWER_SAME);
	ck_assert_int_eq(next(one), EP_MEDIATE_ANSWER_LOST);
}
END_TEST

UNIT_MAIN("mediate/answers", answers_of_one_end,
		answers_of_the_first_end_behind_another, answers_behind_a_2xx_are_lost,
		answers_that_failed_leave_the_place_to_others)
