/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/answers.h"

static bool is_winner(
		const struct ep_mediate_answers *a, const struct ep_mediate_said *said)
{
	return a->is_final && said->is_final && a->tag == said->tag;
}

enum ep_mediate_verdict ep_mediate_answers_next(
		struct ep_mediate_answers *a, const struct ep_mediate_said *said)
{
	enum ep_mediate_verdict verdict = EP_MEDIATE_ANSWER_FIRST;

	if(a->is_final && !is_winner(a, said))
		return EP_MEDIATE_ANSWER_LOST;
	if(a->was_asked)
		verdict = a->is_sure && a->sdp == said->sdp ? EP_MEDIATE_ANSWER_SAME
													: EP_MEDIATE_ANSWER_OTHER;
	if(said->is_final) {
		a->is_final = true;
		a->tag = said->tag;
	}
	a->was_asked = a->is_sure = true;
	a->sdp = said->sdp;
	return verdict;
}

void ep_mediate_answers_failed(struct ep_mediate_answers *a,
		const struct ep_mediate_said *said, bool gives_up)
{
	if(a->sdp == said->sdp)
		a->is_sure = false;
	if(gives_up && is_winner(a, said))
		a->is_final = false;
}

bool ep_mediate_answers_differs(
		const struct ep_mediate_answers *a, const struct ep_mediate_said *said)
{
	return !a->is_final && a->was_asked && (!a->is_sure || a->sdp != said->sdp);
}
