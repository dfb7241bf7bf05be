/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Several answers to one offer: early media of one end and then another one
 * answers, a fork that rings twice, or of which two answer (RFC 3261
 * 13.2.2.4). The offerer has one connection, and so has the gateway: the first
 * 2xx has it. Until then the last that came has, and the gateway must have
 * heard the offer anew for it (plan.h).
 *
 * One of these stands for one offer, in memory of the caller's, who sees to it
 * that nobody else reads or writes it meanwhile.
 */
#ifndef EP_MEDIATE_ANSWERS_H
#define EP_MEDIATE_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

struct ep_mediate_answers
{
	bool was_asked; /* the gateway has had an answer, … */
	bool is_sure;   /* … and nothing went wrong with it: … */
	uint64_t sdp;   /* … it was this one */
	bool is_final;  /* a 2xx has the media, … */
	uint64_t tag;   /* … the one with this To tag */
};

/* A reply with an answer in it. Hashes, of the caller's making. */
struct ep_mediate_said
{
	bool is_final; /* a 2xx */
	uint64_t tag;  /* of To */
	uint64_t sdp;
};

enum ep_mediate_verdict
{
	EP_MEDIATE_ANSWER_FIRST, /* the gateway gets it */
	EP_MEDIATE_ANSWER_SAME,  /* so it does: it has had just this before */
	EP_MEDIATE_ANSWER_OTHER, /* the gateway gets the offer again, then it */
	/* Somebody else's 2xx was there first. It goes to the offerer with what
	 * that one's SDP became (the offerer ends that call); the gateway hears
	 * nothing of it. */
	EP_MEDIATE_ANSWER_LOST
};

/* What is to be done with it; counts as done from then on. */
enum ep_mediate_verdict ep_mediate_answers_next(
		struct ep_mediate_answers *a, const struct ep_mediate_said *said);
/* It could not be mediated after all: who knows what the gateway has of it.
 * `gives_up`: and if it was the 2xx that has the media, another may. */
void ep_mediate_answers_failed(struct ep_mediate_answers *a,
		const struct ep_mediate_said *said, bool gives_up);
/* Would the gateway, when it hears this one again, hear something new? Not of
 * use any more behind a 2xx. */
bool ep_mediate_answers_differs(
		const struct ep_mediate_answers *a, const struct ep_mediate_said *said);

#endif
