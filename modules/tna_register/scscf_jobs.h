/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The jobs of scscf_ask.h: a table in shared memory, and what moves a job on.
 * For scscf_jobs.c, scscf_ask.c and scscf_answers.c.
 */
#ifndef EP_TNA_SCSCF_JOBS_H
#define EP_TNA_SCSCF_JOBS_H

#include "core/str.h"
#include "core/async_task.h"
#include "core/locking.h"

#include "scscf.h"
#include "scscf_cx.h"

#define TNA_JOB_CHAINS 256

/* The SIP side: */
enum tna_job_sip
{
	SIP_WAITS,
	SIP_DUE, /* the verdict is there, no async worker has it yet */
	SIP_RUNS,
	SIP_OVER
};

/* The HSS's: */
enum tna_job_hss
{
	HSS_ASKED,       /* NO_ASSIGNMENT */
	HSS_REGISTERING, /* REGISTRATION */
	HSS_LATE,        /* REGISTRATION, and cdp waits no longer */
	HSS_UNDOING,     /* USER_DEREGISTRATION */
	HSS_QUIET        /* nothing is under way */
};

struct tna_job
{
	struct tna_job *next;
	uint32_t id; /* End-to-End-Id of the SAR under way */
	enum tna_job_sip sip;
	enum tna_job_hss hss;
	bool fresh; /* the HSS may have registered the user for our sake */
	bool taken; /* the route let the REGISTER through */
	bool busy;  /* some process is just undoing it */
	enum ep_tna_cause cause;
	unsigned tm_index, tm_label;
	int route;
	uint64_t since_ms, sent_ms;
	uint64_t undo_ms;   /* not before */
	async_task_t *task; /* ours until it was pushed; the core frees it */
	struct ep_view function, impi, impu, entity, wwsf;
	char text[];
};

struct tna_jobs
{
	/* A leaf; tna_users_undo() holds its own around it. cdp's time-out takes
	 * it under cdp's lock: nothing of cdp's is called with it. */
	gen_lock_t lock;
	struct tna_job *chains[TNA_JOB_CHAINS];
	unsigned n;          /* in the table */
	unsigned pending;    /* suspended, of them or about to be */
	volatile bool ready; /* a task of ours was run in an async worker */
};

extern struct tna_jobs *tna_jobs;

int tna_jobs_init(void);
int tna_jobs_child_init(int rank);
void tna_jobs_destroy(void);

/* --- with the lock held --- */

/* The place of the job with this id; what it points to is NULL: none. */
struct tna_job **tna_job_find(uint32_t id);
void tna_job_put(struct tna_job *job, uint32_t id);
void tna_job_take_out(struct tna_job *job);
/* Another SAR is under way for it. */
void tna_job_rename(struct tna_job *job, uint32_t id, enum tna_job_hss hss);
/* The verdict, unless there is one. */
void tna_job_decide(struct tna_job *job, enum ep_tna_cause cause);
/* Does what is next until there is nothing: to an async worker, undo, free.
 * Takes over the lock. Not under cdp's lock. `job` may be gone afterwards. */
void tna_job_settle(struct tna_job *job);

/* --- without --- */

void tna_job_free(struct tna_job *job);
/* In an async worker: the task of every job. */
void tna_job_resume(void *job);

/* cdp's callback of every SAR of ours (scscf_answers.c). */
void tna_hss_answered(
		int is_timeout, void *param, AAAMessage *saa, long elapsed_ms);
/* cdp's handlers. */
void tna_hss_answer(AAAMessage *m, void *param);
AAAMessage *tna_hss_request(AAAMessage *m, void *param);

#endif
