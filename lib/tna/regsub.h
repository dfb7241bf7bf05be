/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The life of a subscription to the registration event of one user
 * (RFC 6665 4.1, TS 24.229 5.2.3), as a step function.
 *
 * Everything that is sent is asked for by the TIMER event alone: other events
 * say what came and set a deadline. So whoever runs the timers decides how
 * many SUBSCRIBE requests leave in a second.
 *
 *   WAITING      no dialog; one is begun at the deadline
 *   SUBSCRIBING  the first SUBSCRIBE is out; its answer or a NOTIFY is awaited
 *   ACTIVE       refreshed at the deadline
 *   REFRESHING   a SUBSCRIBE in the dialog is out
 *   ENDING       SUBSCRIBE with Expires 0 is out
 *   OVER         refused for good: tried again when the user registers again
 */
#ifndef EP_TNA_REGSUB_H
#define EP_TNA_REGSUB_H

#include <stdbool.h>
#include <stdint.h>

enum ep_regsub_state
{
	EP_REGSUB_WAITING, /* what zeroed memory is: due at once */
	EP_REGSUB_SUBSCRIBING,
	EP_REGSUB_ACTIVE,
	EP_REGSUB_REFRESHING,
	EP_REGSUB_ENDING,
	EP_REGSUB_OVER,
	EP_REGSUB_STATE_N
};

enum ep_regsub_event
{
	EP_REGSUB_WANTED,   /* a registration was made or renewed */
	EP_REGSUB_UNWANTED, /* the last one is gone */
	EP_REGSUB_RESYNC,   /* a document that can be relied on is needed */
	EP_REGSUB_TIMER,    /* looked at; before the deadline nothing happens */
	EP_REGSUB_ANSWERED, /* final answer to SUBSCRIBE, or its time-out: 408 */
	EP_REGSUB_NOTIFIED, /* NOTIFY in the dialog */
	EP_REGSUB_EVENT_N
};

/* Of Subscription-State (RFC 6665 4.1.3). */
enum ep_regsub_reason
{
	EP_REGSUB_NO_REASON, /* or an unknown one */
	EP_REGSUB_DEACTIVATED,
	EP_REGSUB_PROBATION,
	EP_REGSUB_REJECTED,
	EP_REGSUB_TIMEOUT,
	EP_REGSUB_GIVEUP,
	EP_REGSUB_NORESOURCE,
	EP_REGSUB_INVARIANT
};

enum ep_regsub_action
{
	EP_REGSUB_DO_END = 1,     /* SUBSCRIBE, Expires 0, in the present dialog */
	EP_REGSUB_DO_BEGIN = 2,   /* a new dialog: its first SUBSCRIBE */
	EP_REGSUB_DO_REFRESH = 4, /* SUBSCRIBE in the present dialog */
	EP_REGSUB_DO_FORGET = 8
};

struct ep_regsub_policy
{
	uint32_t expires_s;    /* asked for, and taken when nobody says other */
	uint32_t spacing_ms;   /* between the beginnings of two dialogs */
	uint32_t retry_min_ms; /* after the first failure, then doubled */
	uint32_t retry_max_ms;
	uint32_t check_ms;  /* with a renewed registration the subscription is
						   refreshed, too, if that is longer ago: a notifier that
						   was started anew has forgotten it */
	uint32_t answer_ms; /* for an answer, and for the first NOTIFY */
};

/* Times are milliseconds of one steady clock. */
struct ep_regsub_life
{
	enum ep_regsub_state state;
	bool wanted;
	bool resync;
	bool notified; /* in this dialog */
	unsigned failures;
	uint64_t deadline_ms; /* UINT64_MAX: none */
	uint64_t end_ms;      /* of the subscription, in ACTIVE and REFRESHING */
	uint64_t began_ms;    /* this dialog; 0: never one */
	uint64_t asked_ms;    /* the last SUBSCRIBE */
};

struct ep_regsub_input
{
	enum ep_regsub_event event;
	uint64_t now_ms;
	uint32_t random; /* spreads retries */
	/* ANSWERED, NOTIFIED */
	unsigned status;
	bool has_expires;
	uint32_t expires_s;
	bool has_retry_after;
	uint32_t retry_after_s;
	bool terminated; /* Subscription-State; else active or pending */
	enum ep_regsub_reason reason;
};

struct ep_regsub_step
{
	struct ep_regsub_life life;
	unsigned actions; /* END before BEGIN */
	bool refused;     /* a new dialog was refused: the core does not know the
						 user, or does not want us */
};

void ep_regsub_step(struct ep_regsub_step *out,
		const struct ep_regsub_life *life,
		const struct ep_regsub_policy *policy,
		const struct ep_regsub_input *in);

const char *ep_regsub_state_name(enum ep_regsub_state state);

#endif
