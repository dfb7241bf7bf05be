/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"
#include "core/route.h"
#include "core/timer_proc.h"

#include "common/clock.h"
#include "common/probe.h"
#include "common/tm.h"
#include "common/ending.h"
#include "common/view.h"
#include "scscf_ask.h"
#include "scscf_jobs.h"
#include "scscf_users.h"

#define TICK_US 100000
#define SWEEP_MS 10000
/* A ping that was not run so long after the start means no async worker. */
#define PING_MS 3000
/* cdp never comes back: it had no memory for its transaction. */
#define ANSWER_MAX_MS 60000
#define LATE_MAX_MS 15000
/* An undo that found no HSS is tried again, so often and so long. */
#define UNDO_AGAIN_MS 2000
#define UNDO_MAX_MS 60000
/* Looked at in one go. */
#define DUE_N 64

struct tna_jobs *tna_jobs;

/* In an async worker: whose route runs. */
static struct tna_job *current;

/* --- the table --- */

struct tna_job **tna_job_find(uint32_t id)
{
	struct tna_job **at = &tna_jobs->chains[id % TNA_JOB_CHAINS];

	while(*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

void tna_job_put(struct tna_job *job, uint32_t id)
{
	struct tna_job **chain = &tna_jobs->chains[id % TNA_JOB_CHAINS];

	job->id = id;
	job->next = *chain;
	*chain = job;
	tna_jobs->n++;
}

void tna_job_take_out(struct tna_job *job)
{
	struct tna_job **at = tna_job_find(job->id);

	if(*at == job) {
		*at = job->next;
		tna_jobs->n--;
	}
}

void tna_job_rename(struct tna_job *job, uint32_t id, enum tna_job_hss hss)
{
	tna_job_take_out(job);
	tna_job_put(job, id);
	job->hss = hss;
	job->sent_ms = ep_clock_ms();
}

void tna_job_decide(struct tna_job *job, enum ep_tna_cause cause)
{
	if(job->sip != SIP_WAITS)
		return;
	job->cause = cause;
	job->sip = SIP_DUE;
}

enum todo
{
	TODO_NOTHING,
	TODO_PUSH,
	TODO_UNDO,
	TODO_FREE
};

/* What is next. But for NOTHING the job is the caller's alone until it is
 * done. */
static enum todo todo_of(struct tna_job *job)
{
	if(job->busy)
		return TODO_NOTHING;
	if(job->sip == SIP_DUE) {
		job->sip = SIP_RUNS;
		return TODO_PUSH;
	}
	if(job->sip != SIP_OVER || job->hss != HSS_QUIET)
		return TODO_NOTHING;
	if(!job->fresh || job->taken) {
		tna_job_take_out(job);
		return TODO_FREE;
	}
	if(ep_clock_ms() < job->undo_ms)
		return TODO_NOTHING;
	job->busy = true;
	return TODO_UNDO;
}

/* --- what moves a job on --- */

static void undo(struct tna_job *job);
static void hand_over(struct tna_job *job);

void tna_job_free(struct tna_job *job)
{
	if(job->task != NULL)
		shm_free(job->task);
	shm_free(job);
}

/* Does what is next until there is nothing. Takes over the lock, held. */
void tna_job_settle(struct tna_job *job)
{
	for(;;) {
		enum todo todo = todo_of(job);

		lock_release(&tna_jobs->lock);
		if(todo == TODO_PUSH)
			hand_over(job);
		else if(todo == TODO_FREE)
			tna_job_free(job);
		if(todo != TODO_UNDO)
			return;
		undo(job);
		lock_get(&tna_jobs->lock);
		job->busy = false;
	}
}

void tna_job_resume(void *p)
{
	struct tna_job *job = p;
	str function = ep_str_view(job->function);

	ep_ending_stop_here();
	current = job;
	/* Fails when tm's own timer was faster: nobody runs the route, then. */
	if(job->route >= 0)
		tna_tm.t_continue(
				job->tm_index, job->tm_label, main_rt.rlist[job->route]);
	else
		tna_tm.t_continue_cb(job->tm_index, job->tm_label, &function, NULL);
	current = NULL;
	lock_get(&tna_jobs->lock);
	job->sip = SIP_OVER;
	tna_jobs->pending--;
	tna_job_settle(job);
}

static int task_push(async_task_t *task)
{
	str group = tna_scscf_set.async_group;

	return async_task_group_push(&group, task);
}

/* To an async worker. With a full socket the own process tries again. */
static void hand_over(struct tna_job *job)
{
	async_task_t *task = job->task;

	job->task = NULL;
	if(task_push(task) == 0)
		return;
	lock_get(&tna_jobs->lock);
	job->task = task;
	job->sip = SIP_DUE;
	lock_release(&tna_jobs->lock);
}

/* --- undo --- */

struct undoing
{
	struct tna_job *job;
	AAAMessage *sar;
	bool sent;
};

/* Under the lock of the user's bucket: who is let in after this is behind our
 * SAR on the way to the HSS. */
static void undo_send(void *p)
{
	struct undoing *u = p;
	uint32_t id = u->sar->endtoendId;

	lock_get(&tna_jobs->lock);
	tna_job_rename(u->job, id, HSS_UNDOING);
	lock_release(&tna_jobs->lock);
	u->sent = tna_cx_send(u->sar, tna_hss_answered, id);
	u->sar = NULL;
}

static void undo_later(struct tna_job *job, uint64_t when)
{
	lock_get(&tna_jobs->lock);
	job->hss = HSS_QUIET;
	job->undo_ms = when;
	lock_release(&tna_jobs->lock);
}

static void undo_never(struct tna_job *job)
{
	lock_get(&tna_jobs->lock);
	job->fresh = false;
	lock_release(&tna_jobs->lock);
}

/* Not from cdp's time-out. The job is busy, so it stays. */
static void undo(struct tna_job *job)
{
	struct undoing u = {.job = job};
	uint64_t now = ep_clock_ms();
	enum tna_undo what;

	if(now > job->since_ms + UNDO_MAX_MS) {
		LM_ERR("the HSS may have %.*s registered here, but nobody is\n",
				EP_FMT(job->impi));
		undo_never(job);
		return;
	}
	u.sar = tna_cx_sar(job->impi, job->impu, TNA_SAR_USER_DEREGISTRATION);
	if(u.sar == NULL) {
		undo_later(job, now + UNDO_AGAIN_MS);
		return;
	}
	what = tna_users_undo(job->impi, job->since_ms, undo_send, &u);
	if(what != TNA_UNDO_DONE)
		tna_cx_free(u.sar);
	if(what == TNA_UNDO_NEVER)
		undo_never(job);
	else if(what == TNA_UNDO_LATER)
		undo_later(job, now + UNDO_AGAIN_MS / 2);
	else if(!u.sent)
		undo_later(job, now + UNDO_AGAIN_MS);
	else
		tna_count(TNA_N_SCSCF_UNDONE);
}

/* --- the route that goes on --- */

bool tna_ask_verdict(enum ep_tna_cause *cause)
{
	if(current == NULL
			|| !ep_tm_is_in(&tna_tm, current->tm_index, current->tm_label))
		return false;
	*cause = current->cause;
	return true;
}

void tna_ask_taken(void)
{
	lock_get(&tna_jobs->lock);
	current->taken = true;
	lock_release(&tna_jobs->lock);
}

void tna_ask_stats(struct tna_ask_stats *out)
{
	lock_get(&tna_jobs->lock);
	*out = (struct tna_ask_stats){.pending = tna_jobs->pending,
			.jobs = tna_jobs->n,
			.ready = tna_jobs->ready};
	lock_release(&tna_jobs->lock);
}

/* --- the own process --- */

/* What time alone changes; true: it is due. */
static bool is_due(struct tna_job *job, uint64_t now)
{
	if(job->sip == SIP_WAITS
			&& now > job->since_ms + tna_scscf_set.hss_timeout_ms)
		tna_job_decide(job, EP_TNA_HSS);
	if(job->hss == HSS_LATE && now > job->sent_ms + LATE_MAX_MS)
		job->hss = HSS_QUIET;
	if(job->hss != HSS_QUIET && now > job->sent_ms + ANSWER_MAX_MS)
		job->hss = HSS_QUIET;
	if(job->busy)
		return false;
	return job->sip == SIP_DUE
		   || (job->sip == SIP_OVER && job->hss == HSS_QUIET
				   && (!job->fresh || job->taken || now >= job->undo_ms));
}

/* Names, not addresses: each may be gone when its turn comes. */
static unsigned due_find(uint32_t *ids, unsigned max, uint64_t now)
{
	struct tna_job *job;
	unsigned i, n = 0;

	lock_get(&tna_jobs->lock);
	for(i = 0; i < TNA_JOB_CHAINS && n < max; i++)
		for(job = tna_jobs->chains[i]; job != NULL && n < max; job = job->next)
			if(is_due(job, now))
				ids[n++] = job->id;
	lock_release(&tna_jobs->lock);
	return n;
}

static void due_settle(uint64_t now)
{
	uint32_t ids[DUE_N];
	struct tna_job *job;
	unsigned i, n = due_find(ids, DUE_N, now);

	for(i = 0; i < n; i++) {
		lock_get(&tna_jobs->lock);
		job = *tna_job_find(ids[i]);
		if(job != NULL)
			tna_job_settle(job);
		else
			lock_release(&tna_jobs->lock);
	}
}

static void tick(unsigned int ms, void *param)
{
	static uint64_t started, swept;
	static bool warned;
	uint64_t now = ep_clock_ms();

	ep_ending_stop_here();
	if(started == 0) {
		started = swept = now;
		ep_async_probe(&tna_scscf_set.async_group, &tna_jobs->ready);
	}
	if(!tna_jobs->ready && !warned && now > started + PING_MS) {
		LM_ERR("no async worker of group %.*s: users of foreign WAFs get"
			   " 500\n",
				STR_FMT(&tna_scscf_set.async_group));
		warned = true;
	}
	due_settle(now);
	if(now > swept + SWEEP_MS) {
		tna_users_sweep();
		swept = now;
	}
}

int tna_jobs_init(void)
{
	tna_jobs = shm_malloc(sizeof(*tna_jobs));
	if(tna_jobs == NULL)
		return -1;
	memset(tna_jobs, 0, sizeof(*tna_jobs));
	if(lock_init(&tna_jobs->lock) == NULL)
		return -1;
	return register_basic_timers(1);
}

int tna_jobs_child_init(int rank)
{
	if(rank != PROC_MAIN)
		return 0;
	return fork_basic_utimer(PROC_TIMER, "TNA_REGISTER S-CSCF", 1, tick, NULL,
				   TICK_US) < 0
				   ? -1
				   : 0;
}

/* What is suspended now dies with the shared memory. */
void tna_jobs_destroy(void)
{
	struct tna_job *job, *next;
	unsigned i;

	if(tna_jobs == NULL)
		return;
	for(i = 0; i < TNA_JOB_CHAINS; i++)
		for(job = tna_jobs->chains[i]; job != NULL; job = next) {
			next = job->next;
			tna_job_free(job);
		}
	shm_free(tna_jobs);
	tna_jobs = NULL;
}
