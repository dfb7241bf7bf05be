/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/route.h"
#include "core/timer_ticks.h"
#include "modules/tm/tm_load.h"

#include "common/mem.h"
#include "common/view.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/exchange.h"
#include "sdp_mediate/hold.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/request.h"

/* How much later than the exchange's own end tm answers a transaction by
 * itself, should the exchange get lost. */
#define LOST_MS 750

/* In shared memory, from the suspension to the end of the resumed route. */
struct waiting
{
	unsigned tm_index, tm_label;
	int route; /* in main_rt; -1: `function` */
	bool is_new_call;
	struct ep_view function;
	struct ep_view callid, leg;
	char text[];
};

static tm_api_t tm;

/* In an async worker, while a route runs. */
static const struct waiting *current;
static struct ep_request_result result;

int ep_request_init(void)
{
	if(tm_load_api(&tm) != 0) {
		LM_ERR("tm.so must be loaded\n");
		return -1;
	}
	return 0;
}

const struct ep_request_result *ep_request_current(void)
{
	const tm_cell_t *t;

	if(current == NULL)
		return NULL;
	t = tm.t_gett();
	if(t == NULL || t == T_UNDEFINED || t->hash_index != current->tm_index
			|| t->label != current->tm_label)
		return NULL;
	return &result;
}

/* --- async worker --- */

/* t_continue() does not run the route when the transaction was answered
 * meanwhile: by a CANCEL, or by its timer. Nobody would ever end the call
 * that the gateway has now. */
static void done(void *ctx, enum ep_mediate_cause cause, struct ep_view sdp)
{
	struct waiting *w = ctx;
	str function = ep_str_view(w->function);
	int ret;

	result = (struct ep_request_result){cause, sdp, ep_exchange_warnings()};
	current = w;
	if(w->route >= 0)
		ret = tm.t_continue(w->tm_index, w->tm_label, main_rt.rlist[w->route]);
	else
		ret = tm.t_continue_cb(w->tm_index, w->tm_label, &function, NULL);
	current = NULL;
	if(ret != 0) {
		counter_inc(ep_counters.late);
		if(w->is_new_call && cause == EP_MEDIATE_OK)
			ep_exchange_delete(w->callid, w->leg);
	}
	shm_free(w);
}

/* --- SIP worker --- */

static struct waiting *waiting_new(
		const struct ep_exchange_spec *s, const struct ep_resume *resume)
{
	struct waiting *w = shm_malloc(sizeof(*w) + resume->function.len + 1
								   + s->callid.len + s->leg.len + 1);
	char *at;

	if(w == NULL)
		return NULL;
	*w = (struct waiting){
			.route = resume->route, .is_new_call = s->initial && s->is_offer};
	at = w->text;
	/* KEMI engines look for a text that ends in NUL. */
	w->function = ep_view_place(&at, resume->function);
	*at++ = '\0';
	w->callid = ep_view_place(&at, s->callid);
	w->leg = ep_view_place(&at, s->leg);
	return w;
}

/* Header edits between two suspensions would be lost. */
static bool is_resumed(const tm_cell_t *t)
{
	return (t->flags & (T_ASYNC_SUSPENDED | T_ASYNC_CONTINUE)) != 0;
}

/* The transaction of this message, made if need be. */
static enum ep_request transaction_need(tm_cell_t **t, sip_msg_t *msg)
{
	int ret;

	*t = tm.t_gett();
	if(*t == NULL || *t == T_UNDEFINED) {
		ret = tm.t_newtran(msg);
		if(ret == 0)
			return EP_REQUEST_RETRANSMISSION;
		*t = ret > 0 ? tm.t_gett() : NULL;
	}
	if(*t == NULL || *t == T_UNDEFINED)
		return EP_REQUEST_FAILED;
	return is_resumed(*t) ? EP_REQUEST_TWICE : EP_REQUEST_SUSPENDED;
}

static void spec_get(struct ep_exchange_spec *out, sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile)
{
	*out = (struct ep_exchange_spec){
			.is_offer = true,
			.initial = job->initial,
			.known = ep_dialog_known(msg),
			.from = job->from,
			.profile = profile,
			.sdp = job->sdp,
			.callid = ep_view_trim(ep_view_str(&msg->callid->body)),
			.leg = ep_leg_get(msg),
	};
}

static enum ep_mediate_cause expect(
		const tm_cell_t *t, const struct ep_exchange_spec *s)
{
	const struct ep_hold_call call = {
			.tm_index = t->hash_index,
			.tm_label = t->label,
			.request_from = s->from,
			.known = s->known,
			.had_offer = s->sdp.p != NULL,
			.profile = s->profile,
			.offer = s->sdp,
			.callid = s->callid,
			.leg = s->leg,
	};

	return ep_hold_expect(&call);
}

/* A PRACK may answer the offer of a reliable 1xx. */
static enum ep_mediate_cause prepare(struct ep_exchange **x, sip_msg_t *msg,
		const struct ep_exchange_spec *spec, struct waiting *w)
{
	struct ep_exchange_spec s = *spec;
	enum ep_mediate_cause cause;
	struct ep_arena arena;

	ep_arena_init(&arena, NULL, 0, &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	s.is_offer = !ep_hold_prack(&s.offer, msg, &arena);
	cause = ep_exchange_prepare(x, &s, done, w);
	ep_arena_fini(&arena);
	return cause;
}

/* All that can fail comes before t_suspend(), all that cannot behind it. */
static enum ep_mediate_cause suspend(sip_msg_t *msg, tm_cell_t *t,
		const struct ep_exchange_spec *spec, const struct ep_resume *resume)
{
	enum ep_mediate_cause cause;
	struct ep_exchange *x;
	struct waiting *w = waiting_new(spec, resume);
	ticks_t fr;
	int ret;

	if(w == NULL)
		return EP_MEDIATE_EINTERNAL;
	cause = prepare(&x, msg, spec, w);
	if(cause != EP_MEDIATE_OK) {
		shm_free(w);
		return cause;
	}
	cause = expect(t, spec);
	if(cause == EP_MEDIATE_OK) {
		fr = t->fr_timeout;
		t->fr_timeout =
				MS_TO_TICKS((ticks_t)ep_exchange_timeout_ms() + LOST_MS);
		ret = tm.t_suspend(msg, &w->tm_index, &w->tm_label);
		t->fr_timeout = fr;
		if(ret == 0) {
			ep_exchange_go(x);
			return EP_MEDIATE_OK;
		}
		cause = EP_MEDIATE_EINTERNAL;
	}
	ep_exchange_drop(x);
	shm_free(w);
	return cause;
}

enum ep_request ep_request_suspend(enum ep_mediate_cause *cause, sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		const struct ep_resume *resume)
{
	struct ep_exchange_spec spec;
	enum ep_request done_so;
	tm_cell_t *t;

	*cause = EP_MEDIATE_EINTERNAL;
	if(job->op != EP_OP_OFFER
			&& (msg->REQ_METHOD != METHOD_INVITE || job->sdp.p != NULL))
		return EP_REQUEST_PASSES;
	done_so = transaction_need(&t, msg);
	if(done_so == EP_REQUEST_TWICE && job->op != EP_OP_OFFER)
		done_so = EP_REQUEST_SUSPENDED; /* there is nothing to wait for */
	if(done_so != EP_REQUEST_SUSPENDED)
		return done_so;
	spec_get(&spec, msg, job, profile);
	/* Its reply brings the offer. */
	if(job->op != EP_OP_OFFER) {
		*cause = expect(t, &spec);
		return *cause == EP_MEDIATE_OK ? EP_REQUEST_PASSES : EP_REQUEST_FAILED;
	}
	*cause = suspend(msg, t, &spec, resume);
	return *cause == EP_MEDIATE_OK ? EP_REQUEST_SUSPENDED : EP_REQUEST_FAILED;
}
