/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What the HSS says: answers to our SARs, the registrar's SAAs, PPR, RTR. In a
 * cdp worker, but for a time-out: in cdp's timer, under cdp's own lock. */
#include "core/dprint.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/view.h"
#include "regs.h"
#include "scscf_ask.h"
#include "scscf_jobs.h"
#include "scscf_users.h"

#define UNDO_IN_DOUBT_MS 2000

/* --- the verdict --- */

enum ep_tna_cause tna_ask_list(
		struct ep_scscf_list *out, bool there, struct ep_view list)
{
	out->there = false;
	if(!there)
		return EP_TNA_OK;
	return ep_scscf_list_decode(out, list) == EP_OK ? EP_TNA_OK : EP_TNA_HSS;
}

static enum ep_tna_cause verdict(
		const struct tna_job *job, bool there, struct ep_view list)
{
	const struct ep_scscf_claim claim = {.kind = EP_SCSCF_AUTH_DONE,
			.impi = job->impi,
			.entity = job->entity,
			.wwsf = job->wwsf};
	struct ep_scscf_list names;
	enum ep_tna_cause cause = tna_ask_list(&names, there, list);

	return cause != EP_TNA_OK ? cause
							  : ep_scscf_decide(&tna_scscf_set.policy, &claim,
									  false, &names);
}

/* The user is registered, here or by us just now: what about the list? */
static enum ep_tna_cause success(const struct tna_job *job,
		enum tna_job_hss was, const struct tna_cx_read *saa,
		struct ep_arena *arena)
{
	struct tna_allowed known;

	if(saa->list.p != NULL) {
		if(tna_users_put(job->impi, TNA_LISTED_LIST, saa->list) != EP_OK)
			tna_users_stale(job->impi);
		return verdict(job, true, saa->list);
	}
	/* This HSS gives no list without an assignment: the last one counts. */
	if(was == HSS_ASKED && !tna_scscf_set.list_in_no_assignment) {
		if(tna_users_get(&known, job->impi, arena) != EP_OK)
			return EP_TNA_INTERNAL;
		return verdict(job, known.listed == TNA_LISTED_LIST, known.list);
	}
	tna_users_put(job->impi, TNA_LISTED_NONE, ep_view_none());
	return verdict(job, false, ep_view_none());
}

static enum ep_tna_cause read_answer(const struct tna_job *job,
		enum tna_job_hss was, const struct tna_cx_read *saa,
		struct ep_arena *arena)
{
	if(saa->result == TNA_CX_SUCCESS)
		return success(job, was, saa, arena);
	LM_INFO("the HSS answers %u about %.*s\n", saa->code, EP_FMT(job->impi));
	return saa->result == TNA_CX_REFUSED ? EP_TNA_NOT_ALLOWED : EP_TNA_HSS;
}

/* Asks again, so that the HSS has to tell us its list: by a registration. */
static bool register_for_list(struct tna_job *job)
{
	AAAMessage *sar = tna_cx_sar(job->impi, job->impu, TNA_SAR_REGISTRATION);
	uint32_t id;

	if(sar == NULL)
		return false;
	id = sar->endtoendId;
	lock_get(&tna_jobs->lock);
	tna_job_rename(job, id, HSS_REGISTERING);
	job->fresh = true;
	lock_release(&tna_jobs->lock);
	if(tna_cx_send(sar, tna_hss_answered, id))
		return true;
	lock_get(&tna_jobs->lock);
	job->fresh = false;
	lock_release(&tna_jobs->lock);
	return false;
}

/* What the answer makes of the job; false when another question was sent. */
static bool answer_take(enum ep_tna_cause *cause, struct tna_job *job,
		enum tna_job_hss was, const struct tna_cx_read *saa,
		struct ep_arena *arena)
{
	*cause = EP_TNA_HSS;
	if(was == HSS_ASKED && saa->result == TNA_CX_NOT_ASSIGNED) {
		if(job->sip == SIP_WAITS && register_for_list(job))
			return false;
	} else if(was == HSS_ASKED || was == HSS_REGISTERING)
		*cause = read_answer(job, was, saa, arena);
	return true;
}

/* The job stays, because its hss is not quiet. */
static void answer(struct tna_job *job, enum tna_job_hss was, AAAMessage *saa)
{
	enum ep_tna_cause cause;
	struct tna_cx_read read;
	struct ep_arena arena;
	char first[4096];
	bool done;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(tna_cx_read(&read, saa, &arena) != EP_OK)
		read = (struct tna_cx_read){.result = TNA_CX_FAILED};
	done = answer_take(&cause, job, was, &read, &arena);
	ep_arena_fini(&arena);
	if(!done)
		return;
	lock_get(&tna_jobs->lock);
	job->hss = HSS_QUIET;
	/* It said no, so there is nothing to undo; or it is undone. */
	if(was == HSS_UNDOING || read.result == TNA_CX_REFUSED
			|| read.result == TNA_CX_NOT_ASSIGNED)
		job->fresh = false;
	tna_job_decide(job, cause);
	tna_job_settle(job);
}

/* Under cdp's lock: nothing may be sent or pushed. The own process sees what
 * is left to do. */
static void timed_out(uint32_t id)
{
	struct tna_job *job;

	lock_get(&tna_jobs->lock);
	job = *tna_job_find(id);
	if(job != NULL) {
		job->hss = job->hss == HSS_REGISTERING ? HSS_LATE : HSS_QUIET;
		job->undo_ms = ep_clock_ms() + UNDO_IN_DOUBT_MS;
		tna_job_decide(job, EP_TNA_HSS);
	}
	lock_release(&tna_jobs->lock);
}

void tna_hss_answered(
		int is_timeout, void *param, AAAMessage *saa, long elapsed_ms)
{
	uint32_t id = (uint32_t)(uintptr_t)param;
	enum tna_job_hss was = HSS_QUIET;
	struct tna_job *job;

	if(is_timeout || saa == NULL) {
		timed_out(id);
		return;
	}
	lock_get(&tna_jobs->lock);
	job = *tna_job_find(id);
	if(job != NULL)
		was = job->hss;
	lock_release(&tna_jobs->lock);
	if(job != NULL && was != HSS_QUIET)
		answer(job, was, saa);
	tna_cx_free(saa);
}

/* --- every answer and request of the HSS --- */

/* Ours? And if it is late: what it did can be undone now. */
static bool is_ours(uint32_t id)
{
	struct tna_job *job;

	lock_get(&tna_jobs->lock);
	job = *tna_job_find(id);
	if(job != NULL && job->hss == HSS_LATE) {
		job->hss = HSS_QUIET;
		job->undo_ms = 0;
		tna_job_settle(job);
		return true;
	}
	lock_release(&tna_jobs->lock);
	return job != NULL;
}

/* The registrar's SAA: what it says about the user. */
static void registrar_answered(const struct tna_cx_read *saa)
{
	struct tna_allowed known = {.listed = TNA_LISTED_UNKNOWN};
	struct ep_arena arena;

	/* A de-registration counts, too: rather nothing is undone than a user that
	 * is there. */
	tna_users_registered(saa->impi);
	if(saa->list.p != NULL) {
		if(tna_users_put(saa->impi, TNA_LISTED_LIST, saa->list) != EP_OK)
			tna_users_stale(saa->impi);
		return;
	}
	/* A de-registration, perhaps: the HSS tells us no changes any more. */
	ep_arena_init(&arena, NULL, 0, &ep_pkg_alloc, TNA_LIST_MAX * 2);
	tna_users_get(&known, saa->impi, &arena);
	ep_arena_fini(&arena);
	if(!saa->profile || known.listed != TNA_LISTED_NONE)
		tna_users_stale(saa->impi);
}

void tna_hss_answer(AAAMessage *m, void *param)
{
	struct tna_cx_read read;
	struct ep_arena arena;
	char first[4096];

	if(!tna_cx_is(m, IMS_SAR) || is_ours(m->endtoendId))
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(tna_cx_read(&read, m, &arena) == EP_OK && read.result == TNA_CX_SUCCESS
			&& read.impi.len > 0)
		registrar_answered(&read);
	ep_arena_fini(&arena);
}

/* May a contact that came through these stay? */
static bool may_stay(const struct tna_reg *reg, void *ctx)
{
	const struct ep_scscf_claim claim = {
			.kind = EP_SCSCF_AUTH_DONE, .entity = reg->waf, .wwsf = reg->wwsf};

	return ep_scscf_decide(&tna_scscf_set.policy, &claim, false, ctx)
		   == EP_TNA_OK;
}

static void pushed(const struct tna_cx_read *ppr)
{
	struct ep_scscf_list list;
	unsigned n;

	if(tna_ask_list(&list, true, ppr->list) != EP_TNA_OK) {
		LM_ERR("the HSS pushes a list of %.*s that cannot be read\n",
				EP_FMT(ppr->impi));
		tna_users_stale(ppr->impi);
		return;
	}
	if(tna_users_put(ppr->impi, TNA_LISTED_LIST, ppr->list) != EP_OK)
		tna_users_stale(ppr->impi);
	tna_count(TNA_N_SCSCF_PUSHED);
	n = tna_regs_end_unless(ppr->impi, may_stay, &list);
	if(n > 0)
		LM_INFO("%u contacts of %.*s end: no longer allowed\n", n,
				EP_FMT(ppr->impi));
}

enum ep_tna_cause tna_ask_again(
		const struct ep_scscf_claim *c, struct ep_arena *arena)
{
	struct tna_allowed known;
	struct ep_scscf_list list;
	enum ep_tna_cause cause;

	if(!ep_scscf_needs_list(&tna_scscf_set.policy, c))
		return EP_TNA_OK;
	if(tna_users_get(&known, c->impi, arena) != EP_OK)
		return EP_TNA_INTERNAL;
	if(known.listed != TNA_LISTED_LIST || known.stale
			|| tna_ask_list(&list, true, known.list) != EP_TNA_OK)
		return EP_TNA_OK;
	cause = ep_scscf_decide(&tna_scscf_set.policy, c, false, &list);
	if(cause != EP_TNA_OK)
		tna_regs_end_unless(c->impi, may_stay, &list);
	return cause;
}

/* cdp asks every module; who answers returns a message. */
AAAMessage *tna_hss_request(AAAMessage *m, void *param)
{
	AAAMessage *answer = NULL;
	struct tna_cx_read read;
	struct ep_arena arena;
	char first[4096];

	if(!tna_cx_is(m, IMS_PPR) && !tna_cx_is(m, IMS_RTR))
		return NULL;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(tna_cx_read(&read, m, &arena) != EP_OK)
		read = (struct tna_cx_read){.result = TNA_CX_FAILED};
	if(m->commandCode == IMS_PPR) {
		/* Without a list it pushes what this module does not keep. */
		if(read.impi.len > 0 && read.list.p != NULL)
			pushed(&read);
		answer = tna_cx_answer(m, AAA_SUCCESS);
	} else if(read.impi.len > 0)
		tna_users_stale(read.impi);
	ep_arena_fini(&arena);
	return answer;
}
