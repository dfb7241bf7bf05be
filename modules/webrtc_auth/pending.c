/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>
#include <time.h>

#include "core/dprint.h"
#include "core/globals.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/route.h"
#include "core/timer_ticks.h"
#include "modules/tm/tm_load.h"

#include "common/clock.h"
#include "common/probe.h"
#include "common/tm.h"
#include "common/ending.h"
#include "common/view.h"
#include "token/share.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/worker.h"

/* How much later than the WAF's time-out tm answers a transaction by itself,
 * should its job get lost. */
#define LOST_MS 750
/* A ping that was not run so long after the start means no async worker. */
#define PING_S 3

struct shared
{
	gen_lock_t lock;
	struct ep_job *first; /* the inbox */
	struct ep_job **last;
	struct ep_share share; /* suspended and not yet resumed */
	volatile bool ready;   /* a task of ours was run in an async worker */
};

static struct shared *shared;
static tm_api_t tm;

/* In an async worker: the job whose route runs. */
static const struct ep_job *current;
/* In the worker process: jobs that no async worker took yet. */
static struct ep_job *untaken;
static time_t started_s;
static bool warned;

int ep_pending_init(void)
{
	if(tm_load_api(&tm) != 0) {
		LM_ERR("tm.so has to be loaded before webrtc_auth.so\n");
		return -1;
	}
	shared = shm_malloc(sizeof(*shared));
	if(shared == NULL || lock_init(&shared->lock) == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	shared->first = NULL;
	shared->last = &shared->first;
	shared->share = (struct ep_share){0};
	shared->ready = false;
	return 0;
}

/* What is suspended now dies with the shared memory. */
void ep_pending_fini(void)
{
	if(shared == NULL)
		return;
	lock_destroy(&shared->lock);
	shm_free(shared);
	shared = NULL;
}

unsigned ep_pending_count(void)
{
	return __atomic_load_n(&shared->share.n, __ATOMIC_RELAXED);
}

/* One more, if there is room for this issuer's and on this connection. */
static bool count_up(const struct ep_pending_ask *ask)
{
	bool may;

	if(!ep_conn_wait(ask->conn_id, EP_PENDING_PER_CONN))
		return false;
	lock_get(&shared->lock);
	may = ep_share_take(&shared->share, ask->issuer, ask->max, ask->issuers_n);
	lock_release(&shared->lock);
	if(!may)
		ep_conn_waited(ask->conn_id);
	return may;
}

static void count_down(struct ep_view issuer, int conn_id)
{
	lock_get(&shared->lock);
	ep_share_give(&shared->share, issuer);
	lock_release(&shared->lock);
	ep_conn_waited(conn_id);
}

struct ep_waf_answer *ep_waf_answer_new(struct ep_view text)
{
	struct ep_waf_answer *a = shm_malloc(sizeof(*a) + text.len + 1);

	if(a == NULL)
		return NULL;
	a->refs = 1;
	a->len = text.len;
	if(text.len > 0)
		memcpy(a->text, text.p, text.len);
	return a;
}

void ep_waf_answer_release(struct ep_waf_answer *a)
{
	if(a != NULL && __atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL) == 0)
		shm_free(a);
}

unsigned ep_job_age_ms(const struct ep_job *job)
{
	return (unsigned)(ep_clock_ms() - job->since_ms);
}

/* --- SIP worker --- */

static void resume(void *p);

static struct ep_job *job_new(
		const struct ep_pending_ask *ask, const struct ep_resume *resume_at)
{
	struct ep_job *job;
	char *at;

	job = shm_malloc(sizeof(*job) + ask->issuer.len + ask->token.len
					 + resume_at->function.len + 1);
	if(job == NULL)
		return NULL;
	memset(job, 0, sizeof(*job));
	at = (char *)(job + 1);
	job->task.exec = resume;
	job->task.param = job;
	job->route = resume_at->route;
	job->conn_id = ask->conn_id;
	job->issuer = ep_view_place(&at, ask->issuer);
	job->token = ep_view_place(&at, ask->token);
	/* KEMI engines look for a text that ends in NUL. */
	job->function = ep_view_place(&at, resume_at->function);
	*at = '\0';
	memcpy(job->hash, ask->hash, EP_SHA256_LEN);
	job->cause = EP_TOKEN_INTROSPECT_FAILED;
	job->since_ms = ep_clock_ms();
	return job;
}

/* Header edits between two suspensions would be lost. */
static bool is_resumed(const struct cell *t)
{
	return (t->flags & (T_ASYNC_SUSPENDED | T_ASYNC_CONTINUE)) != 0;
}

bool ep_pending_is_foreign(void)
{
	const struct cell *t;

	if(ep_pending_current() != NULL)
		return false;
	t = tm.t_gett();
	return t != NULL && t != T_UNDEFINED && is_resumed(t);
}

/* The transaction of this message, made if need be. */
static enum ep_pending transaction_need(struct cell **t, sip_msg_t *msg)
{
	int ret;

	*t = tm.t_gett();
	if(*t == NULL || *t == T_UNDEFINED) {
		ret = tm.t_newtran(msg);
		if(ret == 0)
			return EP_PENDING_RETRANSMISSION;
		if(ret < 0)
			return EP_PENDING_FAILED;
		*t = tm.t_gett();
	}
	if(*t == NULL || *t == T_UNDEFINED)
		return EP_PENDING_FAILED;
	if(is_resumed(*t))
		return EP_PENDING_TWICE;
	return EP_PENDING_SUSPENDED;
}

static enum ep_pending suspend(
		struct ep_job *job, sip_msg_t *msg, unsigned timeout_ms)
{
	enum ep_pending done;
	struct cell *t;
	ticks_t fr;

	done = transaction_need(&t, msg);
	if(done != EP_PENDING_SUSPENDED)
		return done;
	/* tm's own end of the wait: behind the WAF's time-out, never before it,
	 * and for this wait only. */
	fr = t->fr_timeout;
	t->fr_timeout = MS_TO_TICKS((ticks_t)timeout_ms + LOST_MS);
	if(tm.t_suspend(msg, &job->tm_index, &job->tm_label) != 0)
		done = EP_PENDING_FAILED;
	t->fr_timeout = fr;
	return done;
}

static void send_in(struct ep_job *job)
{
	job->next = NULL;
	lock_get(&shared->lock);
	*shared->last = job;
	shared->last = &job->next;
	lock_release(&shared->lock);
	ep_worker_wake_fetch();
}

enum ep_pending ep_pending_suspend(sip_msg_t *msg,
		const struct ep_pending_ask *ask, const struct ep_resume *resume_at)
{
	enum ep_pending done;
	struct ep_job *job;

	if(!shared->ready)
		return EP_PENDING_IDLE;
	if(!count_up(ask))
		return EP_PENDING_BUSY;
	job = job_new(ask, resume_at);
	done = job != NULL ? suspend(job, msg, ask->timeout_ms) : EP_PENDING_BUSY;
	if(done == EP_PENDING_SUSPENDED) {
		send_in(job);
		return done;
	}
	if(job != NULL)
		shm_free(job);
	count_down(ask->issuer, ask->conn_id);
	return done;
}

/* --- async worker --- */

static void job_end(struct ep_job *job)
{
	ep_waf_answer_release(job->answer);
	job->answer = NULL;
	/* The block itself is freed by who ran the task. */
	explicit_bzero((char *)job->token.p, job->token.len);
	count_down(job->issuer, job->conn_id);
}

/* t_continue() fails when the transaction was answered meanwhile, by its
 * timer: there is nothing left to do then. */
static void resume(void *p)
{
	struct ep_job *job = p;
	str function = ep_str_view(job->function);

	ep_ending_stop_here();
	current = job;
	if(job->route >= 0)
		tm.t_continue(job->tm_index, job->tm_label, main_rt.rlist[job->route]);
	else
		tm.t_continue_cb(job->tm_index, job->tm_label, &function, NULL);
	current = NULL;
	job_end(job);
}

const struct ep_job *ep_pending_current(void)
{
	if(current == NULL
			|| !ep_tm_is_in(&tm, current->tm_index, current->tm_label))
		return NULL;
	return current;
}

/* --- worker process --- */

static int task_push(async_task_t *task)
{
	str group = ep_params()->async_group;

	return async_task_group_push(&group, task);
}

void ep_pending_start(void)
{
	str group = ep_params()->async_group;

	started_s = time(NULL);
	ep_async_probe(&group, &shared->ready);
}

struct ep_job *ep_pending_take(void)
{
	struct ep_job *jobs;

	lock_get(&shared->lock);
	jobs = shared->first;
	shared->first = NULL;
	shared->last = &shared->first;
	lock_release(&shared->lock);
	return jobs;
}

void ep_pending_finish(struct ep_job *job, enum ep_token_cause cause,
		struct ep_waf_answer *answer)
{
	job->cause = cause;
	job->answer = answer;
	if(answer != NULL)
		__atomic_add_fetch(&answer->refs, 1, __ATOMIC_RELAXED);
	if(task_push(&job->task) == 0)
		return;
	/* Their socket is full: a little later. */
	job->next = untaken;
	untaken = job;
}

unsigned ep_pending_step(void)
{
	struct ep_job *job, *next, *left = NULL;
	unsigned n = 0;

	if(!shared->ready && !warned && time(NULL) - started_s > PING_S
			&& async_task_workers_active()) {
		LM_ERR("no async worker of group %.*s: opaque tokens get 503\n",
				STR_FMT(&ep_params()->async_group));
		warned = true;
	}
	for(job = untaken; job != NULL; job = next) {
		next = job->next;
		if(n == 0 && task_push(&job->task) == 0)
			continue;
		job->next = left;
		left = job;
		n++;
	}
	untaken = left;
	return n;
}
