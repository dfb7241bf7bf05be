/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* A REGISTER is suspended until the HSS has said what it knows of its user. */
#include "core/mem/shm_mem.h"
#include "core/timer_ticks.h"

#include "common/clock.h"
#include "common/view.h"
#include "scscf_ask.h"
#include "scscf_jobs.h"
#include "scscf_users.h"

/* How much later than our deadline tm ends a transaction by itself, should its
 * job get lost. */
#define LOST_MS 750

static struct tna_job *job_new(const struct tna_ask *ask)
{
	const struct ep_scscf_claim *c = ask->claim;
	struct tna_job *job =
			shm_malloc(sizeof(*job) + c->impi.len + c->entity.len + c->wwsf.len
					   + ask->impu.len + ask->resume.function.len + 1);
	char *at;

	if(job == NULL)
		return NULL;
	memset(job, 0, sizeof(*job));
	job->task = shm_malloc(sizeof(*job->task));
	if(job->task == NULL) {
		shm_free(job);
		return NULL;
	}
	job->task->exec = tna_job_resume;
	job->task->param = job;
	job->cause = EP_TNA_HSS;
	job->since_ms = job->sent_ms = ep_clock_ms();
	job->route = ask->resume.route;
	at = job->text;
	job->impi = ep_view_place(&at, c->impi);
	job->impu = ep_view_place(&at, ask->impu);
	job->entity = ep_view_place(&at, c->entity);
	job->wwsf = ep_view_place(&at, c->wwsf);
	/* KEMI engines look for a text that ends in NUL. */
	job->function = ep_view_place(&at, ask->resume.function);
	*at = '\0';
	return job;
}

/* One more, if there is room. */
static bool count_up(void)
{
	bool may;

	lock_get(&tna_jobs->lock);
	may = tna_jobs->pending < tna_scscf_set.max_pending
		  && tna_jobs->n < 2 * tna_scscf_set.max_pending;
	if(may)
		tna_jobs->pending++;
	lock_release(&tna_jobs->lock);
	return may;
}

static void count_down(void)
{
	lock_get(&tna_jobs->lock);
	tna_jobs->pending--;
	lock_release(&tna_jobs->lock);
}

static struct cell *transaction(void)
{
	struct cell *t = tna_tm.t_gett();

	return t == T_UNDEFINED ? NULL : t;
}

enum ep_tna_cause tna_ask_transaction(sip_msg_t *msg)
{
	int ret;

	if(transaction() != NULL)
		return EP_TNA_OK;
	ret = tna_tm.t_newtran(msg);
	if(ret == 0)
		return EP_TNA_PENDING;
	return ret < 0 || transaction() == NULL ? EP_TNA_INTERNAL : EP_TNA_OK;
}

static int suspend(struct tna_job *job, struct cell *t, sip_msg_t *msg)
{
	ticks_t fr = t->fr_timeout;
	int ret;

	/* tm's own end of the wait: behind our deadline, and for it only. */
	t->fr_timeout =
			MS_TO_TICKS((ticks_t)tna_scscf_set.hss_timeout_ms + LOST_MS);
	ret = tna_tm.t_suspend(msg, &job->tm_index, &job->tm_label);
	t->fr_timeout = fr;
	return ret;
}

/* Suspended: from here on the job is in the table. */
static enum ep_tna_cause send_question(struct tna_job *job, AAAMessage *sar)
{
	unsigned index = job->tm_index, label = job->tm_label;
	uint32_t id = sar->endtoendId;
	bool mine = false;

	lock_get(&tna_jobs->lock);
	tna_job_put(job, id);
	lock_release(&tna_jobs->lock);
	tna_count(TNA_N_SCSCF_ASKED);
	if(tna_cx_send(sar, tna_hss_answered, id))
		return EP_TNA_PENDING;
	lock_get(&tna_jobs->lock);
	/* Only our deadline can have been faster. */
	if(*tna_job_find(id) == job && job->sip == SIP_WAITS) {
		tna_job_take_out(job);
		mine = true;
	}
	lock_release(&tna_jobs->lock);
	if(!mine)
		return EP_TNA_PENDING;
	tna_tm.t_cancel_suspend(index, label);
	return EP_TNA_HSS;
}

/* PENDING only if the job is in the table, or a retransmission's is. */
static enum ep_tna_cause ask_with(
		struct tna_job *job, sip_msg_t *msg, bool *kept)
{
	enum ep_tna_cause cause;
	AAAMessage *sar;

	cause = tna_ask_transaction(msg);
	if(cause != EP_TNA_OK)
		return cause;
	sar = tna_cx_sar(job->impi, job->impu, TNA_SAR_NO_ASSIGNMENT);
	if(sar == NULL)
		return EP_TNA_INTERNAL;
	if(suspend(job, transaction(), msg) != 0) {
		tna_cx_free(sar);
		return EP_TNA_INTERNAL;
	}
	cause = send_question(job, sar);
	*kept = cause == EP_TNA_PENDING;
	return cause;
}

enum ep_tna_cause tna_ask(sip_msg_t *msg, const struct tna_ask *ask)
{
	enum ep_tna_cause cause = EP_TNA_INTERNAL;
	struct tna_job *job;
	bool kept = false;

	if(!tna_jobs->ready)
		return EP_TNA_INTERNAL;
	if(!count_up())
		return EP_TNA_HSS;
	job = job_new(ask);
	if(job != NULL)
		cause = ask_with(job, msg, &kept);
	if(kept)
		return cause;
	if(job != NULL)
		tna_job_free(job);
	count_down();
	return cause;
}

int tna_ask_init(void)
{
	return tna_jobs_init() != 0 ? -1
								: tna_cx_init(tna_hss_answer, tna_hss_request);
}

int tna_ask_child_init(int rank)
{
	return tna_jobs_child_init(rank);
}

void tna_ask_destroy(void)
{
	tna_jobs_destroy();
}
