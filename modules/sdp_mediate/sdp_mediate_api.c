/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* sdp_mediate("profile"), sdp_mediate_async("profile", "route"), and their KEMI
 * twins. */
#include "core/dprint.h"
#include "core/async_task.h"
#include "core/mod_fix.h"
#include "core/route.h"

#include "common/ending.h"
#include "common/mem.h"
#include "common/ret.h"
#include "common/view.h"
#include "mediate/answer.h"
#include "mediate/offer.h"
#include "sdp_mediate/agw.h"
#include "sdp_mediate/answers.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/exchange.h"
#include "sdp_mediate/hold.h"
#include "sdp_mediate/message.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/request.h"
#include "sdp_mediate/result.h"
#include "sdp_mediate/script.h"
#include "sdp_mediate/trickle.h"

static enum ep_mediate_cause plan_get(struct ep_mediate_plan *plan,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		struct ep_arena *arena)
{
	/* rtpengine.so does not say which gateway it will be: the profile does. */
	if(job->op == EP_OP_OFFER)
		return ep_mediate_offer_plan(
				plan, job->from, job->sdp, profile, &profile->caps, arena);
	return ep_mediate_answer_plan(plan, job->from, job->sdp, job->offer,
			profile, &profile->caps, arena);
}

/* The offer once more, for another answer to it: what the gateway says to
 * that has been sent on already. */
static enum ep_mediate_cause offer_again(sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		struct ep_arena *arena)
{
	enum ep_mediate_from from = job->from == EP_MEDIATE_FROM_WIC
										? EP_MEDIATE_FROM_CORE
										: EP_MEDIATE_FROM_WIC;
	struct ep_view later = ep_answers_later(msg, arena);
	struct ep_mediate_plan plan;
	struct ep_view gw;
	enum ep_mediate_cause cause = ep_mediate_offer_plan(&plan, from,
			ep_mediate_offer_follows(later, job->offer, arena) ? later
															   : job->offer,
			profile, &profile->caps, arena);

	if(cause != EP_MEDIATE_OK)
		return cause;
	return ep_agw_mediate(&gw, msg, true, &plan);
}

/* *out: what `job->sdp` becomes. */
static enum ep_mediate_cause result_get(struct ep_view *out, sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		struct ep_arena *arena)
{
	bool is_offer = job->op == EP_OP_OFFER;
	struct ep_mediate_plan plan;
	struct ep_view gw;
	enum ep_mediate_cause cause = plan_get(&plan, job, profile, arena);

	if(cause != EP_MEDIATE_OK)
		return cause;
	gw = plan.sdp;
	if(!plan.gateway_idle)
		cause = ep_agw_mediate(&gw, msg, is_offer, &plan);
	if(cause == EP_MEDIATE_OK)
		cause = ep_mediate_finish(out, &plan, gw);
	if(cause == EP_MEDIATE_OK)
		ep_result_warn(msg, plan.warnings);
	return cause;
}

static enum ep_mediate_cause answer_get(struct ep_view *out, sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		struct ep_arena *arena)
{
	enum ep_mediate_cause cause = EP_MEDIATE_OK;

	switch(ep_answers_look(out, msg, job, arena)) {
		case EP_MEDIATE_ANSWER_LOST:
			return EP_MEDIATE_OK;
		case EP_MEDIATE_ANSWER_OTHER:
			if(job->offer.p != NULL)
				cause = offer_again(msg, job, profile, arena);
			break;
		default:
			break;
	}
	if(cause == EP_MEDIATE_OK)
		cause = result_get(out, msg, job, profile, arena);
	ep_answers_note(msg, job, cause == EP_MEDIATE_OK, *out);
	return cause;
}

/* Plan, gateway, result, and only then the one change to the message. */
static enum ep_mediate_cause sdp_mediate(sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		struct ep_arena *arena)
{
	bool is_offer = job->op == EP_OP_OFFER;
	struct ep_view out;
	enum ep_mediate_cause cause = (is_offer ? result_get : answer_get)(
			&out, msg, job, profile, arena);

	if(cause == EP_MEDIATE_OK && ep_message_sdp_set(msg, job, out) != EP_OK)
		cause = EP_MEDIATE_EINTERNAL;
	/* A call that will not be is forgotten now, not at a time-out. */
	if(cause != EP_MEDIATE_OK && is_offer && job->initial)
		ep_agw_delete(msg, arena);
	return cause;
}

/* What no script can answer with an error any more goes on without its SDP,
 * rather than with the other side's. */
static void unmediated_withhold(sip_msg_t *msg, const struct ep_job *job)
{
	if(msg->first_line.type == SIP_REQUEST && msg->REQ_METHOD != METHOD_ACK)
		return;
	if(!ep_message_body_replaced(msg)
			&& ep_message_sdp_set(msg, job, ep_view_none()) != EP_OK)
		LM_ERR("out of memory\n");
}

/* In asynchronous mode nobody waits for it. The call is this message's or, in
 * an event route of dialog's, that dialog's. */
static bool delete_start(sip_msg_t *msg, struct ep_arena *arena)
{
	struct ep_view callid = ep_view_trim(ep_view_str(&msg->callid->body));

	if(get_route_type() == LOCAL_ROUTE
			&& ep_dialog_callid(&callid, msg, arena) == EP_ENOMEM)
		return false;
	return ep_exchange_delete(callid, ep_leg_get(msg));
}

static void call_end(sip_msg_t *msg, struct ep_arena *arena)
{
	bool done = ep_exchange_enabled() ? delete_start(msg, arena)
									  : ep_agw_delete(msg, arena);

	counter_inc(ep_counters.deletes);
	if(!done)
		counter_inc(ep_counters.deletes_failed);
}

/* What the gateway said, in the route that was resumed for it. Any other
 * message with SDP was not given to a gateway. */
static enum ep_mediate_cause result_apply(
		sip_msg_t *msg, const struct ep_job *job)
{
	const struct ep_request_result *r = ep_request_current();

	if(r == NULL) {
		/* Strangers bring it about, too. */
		if(ep_log_may())
			LM_ERR("not asked: sdp_mediate_async() comes first for requests, "
				   "and this module is loaded last\n");
		return EP_MEDIATE_EINTERNAL;
	}
	if(r->cause != EP_MEDIATE_OK)
		return r->cause;
	if(ep_message_sdp_set(msg, job, r->sdp) != EP_OK)
		return EP_MEDIATE_EINTERNAL;
	ep_result_warn(msg, r->warnings);
	return EP_MEDIATE_OK;
}

/* What a refusal says of sessions (RFC 3261 13.3.1.3) is of the network that
 * it comes from. */
static enum ep_mediate_cause none_apply(
		sip_msg_t *msg, const struct ep_job *job)
{
	if(msg->first_line.type != SIP_REPLY || job->sdp.p == NULL
			|| msg->first_line.u.reply.statuscode < 300
			|| ep_message_body_replaced(msg))
		return EP_MEDIATE_OK;
	return ep_message_sdp_set(msg, job, ep_view_none()) == EP_OK
				   ? EP_MEDIATE_OK
				   : EP_MEDIATE_EINTERNAL;
}

/* *taken: the request ends here. */
static enum ep_mediate_cause dispatch(bool *taken, sip_msg_t *msg,
		struct ep_view name, struct ep_arena *arena)
{
	const struct ep_mediate_profile *profile = ep_profile_find(name);
	struct ep_job job;
	enum ep_mediate_cause cause;

	if(profile == NULL)
		return EP_MEDIATE_EPROFILE;
	*taken = ep_trickle_info(&cause, msg, profile, arena);
	if(*taken)
		return cause;
	if(ep_trickle_headers(msg, ep_message_from(msg), profile, arena) != EP_OK)
		return EP_MEDIATE_EINTERNAL;
	/* Nobody but the script can still end a call whose ACK lost its SDP. */
	if(ep_hold_is_through(&cause, msg)
			&& (msg->first_line.type == SIP_REPLY
					|| msg->REQ_METHOD == METHOD_ACK))
		return msg->first_line.type == SIP_REQUEST ? cause : EP_MEDIATE_OK;
	if(ep_message_read(&job, msg) != EP_OK)
		return EP_MEDIATE_EINTERNAL;
	if(job.op == EP_OP_NONE)
		return none_apply(msg, &job);
	if(job.op == EP_OP_DELETE) {
		call_end(msg, arena);
		return EP_MEDIATE_OK;
	}
	/* The main route did it, and this is one of the branches. */
	if(ep_message_body_replaced(msg))
		return EP_MEDIATE_OK;
	cause = ep_exchange_enabled() ? result_apply(msg, &job)
								  : sdp_mediate(msg, &job, profile, arena);
	if(cause != EP_MEDIATE_OK)
		unmediated_withhold(msg, &job);
	counter_inc(ep_counters.cause[cause]);
	if(cause == EP_MEDIATE_OK)
		counter_inc(job.op == EP_OP_OFFER ? ep_counters.offers
										  : ep_counters.answers);
	return cause;
}

static int refuse(sip_msg_t *msg, enum ep_mediate_cause cause)
{
	ep_result_set(msg, cause);
	if(cause == EP_MEDIATE_OK)
		return EP_RET_OK;
	if(ep_log_may())
		LM_NOTICE("not mediated (%s, call %.*s)\n",
				ep_mediate_cause_get(cause)->name,
				msg->callid != NULL ? msg->callid->body.len : 0,
				msg->callid != NULL ? msg->callid->body.s : "");
	return -(int)cause;
}

static int ki_mediate(sip_msg_t *msg, str *profile)
{
	struct ep_arena arena;
	char first[16384];
	enum ep_mediate_cause cause;
	bool taken = false;
	int ret;

	ep_result_begin(msg);
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	cause = dispatch(&taken, msg, ep_view_str(profile), &arena);
	ep_arena_fini(&arena);
	ret = refuse(msg, cause);
	return ret == EP_RET_OK && taken ? EP_TRICKLE_TAKEN : ret;
}

static int w_mediate(sip_msg_t *msg, char *profile, char *unused)
{
	str name;

	if(fixup_get_svalue(msg, (gparam_t *)profile, &name) != 0)
		return EP_RET_INTERNAL;
	return ki_mediate(msg, &name);
}

static int mediate_async(
		sip_msg_t *msg, struct ep_view name, const struct ep_resume *resume)
{
	const struct ep_mediate_profile *profile = ep_profile_find(name);
	enum ep_mediate_cause cause = EP_MEDIATE_OK;
	struct ep_job job;

	if(msg->first_line.type != SIP_REQUEST)
		return EP_RET_INTERNAL;
	if(profile == NULL)
		return refuse(msg, EP_MEDIATE_EPROFILE);
	if(!ep_exchange_enabled()) {
		ep_result_set(msg, EP_MEDIATE_EINTERNAL);
		return EP_RET_NOT_ASYNC;
	}
	if(ep_message_read(&job, msg) != EP_OK)
		return refuse(msg, EP_MEDIATE_EINTERNAL);
	switch(ep_request_suspend(&cause, msg, &job, profile, resume)) {
		case EP_REQUEST_SUSPENDED:
			counter_inc(ep_counters.suspended);
			return EP_RET_SUSPENDED;
		case EP_REQUEST_RETRANSMISSION:
			return EP_RET_SUSPENDED;
		case EP_REQUEST_PASSES:
			ep_result_set(msg, EP_MEDIATE_OK);
			return EP_RET_OK;
		case EP_REQUEST_TWICE:
			ep_result_set(msg, EP_MEDIATE_EINTERNAL);
			return EP_RET_SUSPENDED_TWICE;
		default:
			counter_inc(ep_counters.cause[cause]);
			return refuse(msg, cause);
	}
}

static int ki_mediate_async(sip_msg_t *msg, str *profile, str *function)
{
	const struct ep_resume resume = {-1, ep_view_str(function)};

	if(resume.function.len == 0 || sr_kemi_eng_get() == NULL)
		return EP_RET_INTERNAL;
	return mediate_async(msg, ep_view_str(profile), &resume);
}

static int w_mediate_async(sip_msg_t *msg, char *profile, char *route)
{
	const struct ep_resume resume = {(int)(intptr_t)route, ep_view_none()};
	str name;

	if(fixup_get_svalue(msg, (gparam_t *)profile, &name) != 0)
		return EP_RET_INTERNAL;
	return mediate_async(msg, ep_view_str(&name), &resume);
}

/* The name of a route becomes its number. */
static int fixup_async(void **param, int n)
{
	int route;

	if(n == 1)
		return fixup_spve_null(param, 1);
	route = route_lookup(&main_rt, *param);
	if(route < 0 || main_rt.rlist[route] == NULL) {
		LM_ERR("sdp_mediate_async: no route %s\n", (char *)*param);
		return -1;
	}
	if(!ep_exchange_enabled() || !async_task_workers_active()) {
		LM_ERR("sdp_mediate_async: needs modparam agw and "
			   "async_workers_group\n");
		return -1;
	}
	*param = (void *)(intptr_t)route;
	return 0;
}

// clang-format off
cmd_export_t ep_cmds[] = {
	{"sdp_mediate", (cmd_function)w_mediate, 1, fixup_spve_null,
		fixup_free_spve_null,
		REQUEST_ROUTE | BRANCH_ROUTE | FAILURE_ROUTE | ONREPLY_ROUTE
				| LOCAL_ROUTE},
	{"sdp_mediate_async", (cmd_function)w_mediate_async, 2, fixup_async, 0,
		REQUEST_ROUTE},
	EP_ENDING_EXPORT,
	{0, 0, 0, 0, 0, 0}
};

sr_kemi_t ep_kemi[] = {
	{str_init("sdp_mediate"), str_init("mediate"), SR_KEMIP_INT, ki_mediate,
		{SR_KEMIP_STR, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE}},
	{str_init("sdp_mediate"), str_init("mediate_async"), SR_KEMIP_INT,
		ki_mediate_async,
		{SR_KEMIP_STR, SR_KEMIP_STR, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE}},
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
// clang-format on

_Static_assert(EP_RET_INTERNAL == -(int)EP_MEDIATE_EINTERNAL,
		"script values are the causes, negated");
