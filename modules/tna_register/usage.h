/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What the pages of each WWSF use, against what its section of webrtc_auth's
 * configuration allows. One shared record per WWSF that ever had a binding
 * here; none is freed before the end.
 *
 * Registrations are counted where a binding's record is made and dropped
 * (store.c), calls where theirs are (calls.c), each exactly once: a record
 * holds a pointer to who it was counted for. A registration or a call that is
 * on its way holds a place until it is one, or until it is given up.
 *
 * Lock: one for all, a leaf.
 */
#ifndef EP_TNA_USAGE_GLUE_H
#define EP_TNA_USAGE_GLUE_H

#include "tna_register.h"
#include "tna/usage.h"

struct tna_usage;

/* mod_init. 0 or -1. */
int tna_usage_init(void);
void tna_usage_destroy(void);

/* The record of a WWSF, made if there is none. NULL for an absent or empty
 * name, and without memory. */
struct tna_usage *tna_usage_of(struct ep_view wwsf);

/* All take NULL and do nothing then. */
void tna_usage_registered(struct tna_usage *u);
void tna_usage_unregistered(struct tna_usage *u);
/* A place for the REGISTER of `impu` on its way over this connection: false
 * when `max` are taken. Its earlier place is used again; a page registers more
 * than one identity at once, and each takes one. */
bool tna_usage_reserve(
		struct tna_usage *u, int conid, struct ep_view impu, unsigned max);
/* The REGISTER was answered or refused. */
void tna_usage_unreserve(int conid, struct ep_view impu);
/* The connection is gone. */
void tna_usage_unreserve_all(int conid);

/* A place for a call that begins. Causes: OK, CALLS_FULL, CALL_TIME. */
enum ep_tna_cause tna_usage_call(
		struct tna_usage *u, const struct webrtc_auth_limits *limits);
void tna_usage_answered(struct tna_usage *u, uint64_t now_s);
/* `start_s`: what was given as now_s at the answer; 0: there was none. */
void tna_usage_over(struct tna_usage *u, uint64_t start_s);

/* In the module's own process, once a second: the configuration's limits are
 * looked up again. What is to be looked for among the calls: */
enum
{
	TNA_USAGE_TIMED = 1,  /* some WWSF limits the longest call */
	TNA_USAGE_USED_UP = 2 /* some WWSF has used up its time */
};
unsigned tna_usage_refresh(void);
/* As the last refresh found. 0: no limit. */
unsigned tna_usage_max_call_s(const struct tna_usage *u);
bool tna_usage_used_up(const struct tna_usage *u);

/* For operators. */
struct tna_usage_shown
{
	struct ep_view wwsf;
	struct ep_tna_usage n;
	unsigned pending; /* REGISTERs on their way */
	uint64_t today_s;
	bool gone; /* not in the configuration */
	struct webrtc_auth_limits limits;
};
/* The nth; false behind the last. */
bool tna_usage_show(struct tna_usage_shown *out, unsigned nth);

#endif
