/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * REGISTERs that wait for what a WAF says about their token.
 *
 *   SIP worker              ep_pending_suspend(): the transaction is
 *                           suspended, a job goes into the inbox
 *   worker process          takes the jobs, asks (introspect.h), and gives
 *                           each one back: ep_pending_finish()
 *   core async worker       resumes the transaction; its route calls
 *                           webrtc_auth_check(), which finds the job by
 *                           ep_pending_current()
 *
 * A job is one block in shared memory, at each moment some one process's; its
 * answer is a second one, which the jobs of one token share.
 */
#ifndef EP_WEBRTC_AUTH_PENDING_H
#define EP_WEBRTC_AUTH_PENDING_H

#include "core/parser/msg_parser.h"
#include "core/async_task.h"

#include "base/crypto.h"
#include "base/view.h"
#include "token/cause.h"

/* What a WAF answered, as it came; shared by jobs. */
struct ep_waf_answer
{
	unsigned refs; /* changed by atomic operations only */
	size_t len;
	char text[];
};

struct ep_job
{
	async_task_t task; /* first: the core frees the job by this address */
	struct ep_job *next;
	int conn_id;
	unsigned tm_index, tm_label; /* the transaction */
	int route;                   /* in main_rt; -1: `function` */
	struct ep_view function;     /* of the KEMI script */
	struct ep_view issuer;       /* name of its section */
	struct ep_view token;
	unsigned char hash[EP_SHA256_LEN]; /* of the token */
	int64_t since_ms;                  /* CLOCK_MONOTONIC */

	/* set by ep_pending_finish() */
	enum ep_token_cause cause;
	struct ep_waf_answer *answer; /* with EP_TOKEN_OK */
};

/* Where the route goes on: */
struct ep_resume
{
	int route;               /* in main_rt; -1: the function */
	struct ep_view function; /* of a KEMI script */
};

/* Before fork. 0, or -1 with the reason logged. */
int ep_pending_init(void);
void ep_pending_fini(void);

/* What became of a try to suspend. */
enum ep_pending
{
	EP_PENDING_SUSPENDED,
	EP_PENDING_RETRANSMISSION, /* absorbed by tm: the script ends here too */
	EP_PENDING_TWICE,          /* this transaction was suspended before */
	EP_PENDING_BUSY,           /* max_pending, the issuer's share of it, the
								  connection's, or no shared memory */
	EP_PENDING_IDLE,           /* no async worker would resume it */
	EP_PENDING_FAILED          /* tm refuses */
};

/* A page sends one REGISTER at a time, and perhaps that once more: one
 * connection does not get all places there are. */
#define EP_PENDING_PER_CONN 4

/* What is asked, besides the message. */
struct ep_pending_ask
{
	struct ep_view issuer; /* name of its section */
	struct ep_view token;
	const unsigned char *hash; /* EP_SHA256_LEN octets */
	unsigned timeout_ms;       /* of the issuer */
	unsigned max;              /* policy's max_pending, shared by */
	unsigned issuers_n;        /* so many issuers that are asked (share.h) */
	int conn_id;
};

/* Suspends the message's transaction (makes one, if there is none) and asks.
 * With EP_PENDING_SUSPENDED nothing of `msg` may be touched any more. Else the
 * caller answers it, except for EP_PENDING_RETRANSMISSION. */
enum ep_pending ep_pending_suspend(sip_msg_t *msg,
		const struct ep_pending_ask *ask, const struct ep_resume *resume);

/* The job of the message that is being processed, when its transaction was
 * resumed for it in this process just now; else NULL. */
const struct ep_job *ep_pending_current(void);
/* Is this process in a transaction that another module had suspended? It is to
 * stay the only one, and the message has no token any more (stash.h). */
bool ep_pending_is_foreign(void);

/* Suspended now, all processes together. */
unsigned ep_pending_count(void);

/* --- the worker process's --- */

/* How long this job waits already. */
unsigned ep_job_age_ms(const struct ep_job *job);

/* After fork: finds out whether tasks reach an async worker. */
void ep_pending_start(void);
/* The jobs that came in since, oldest first, linked by next; or NULL. */
struct ep_job *ep_pending_take(void);
/* Gives the job back to be resumed: with EP_TOKEN_OK and *answer, whose count
 * goes up by one, or with another cause and NULL. */
void ep_pending_finish(struct ep_job *job, enum ep_token_cause cause,
		struct ep_waf_answer *answer);
/* Tries again what could not be given back. How many are left. */
unsigned ep_pending_step(void);

/* One reference, the caller's. NULL: no memory. */
struct ep_waf_answer *ep_waf_answer_new(struct ep_view text);
void ep_waf_answer_release(struct ep_waf_answer *answer);

#endif
