/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* sdp_mediate("profile"), and its KEMI twin. */
#include "core/dprint.h"
#include "core/mod_fix.h"

#include "common/mem.h"
#include "common/ret.h"
#include "common/view.h"
#include "mediate/answer.h"
#include "mediate/offer.h"
#include "sdp_mediate/agw.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/message.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/result.h"
#include "sdp_mediate/script.h"

static enum ep_mediate_cause plan_get(struct ep_mediate_plan *plan,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		struct ep_arena *arena)
{
	if(job->op == EP_OP_OFFER)
		return ep_mediate_offer_plan(plan, job->from, job->sdp, profile, arena);
	return ep_mediate_answer_plan(
			plan, job->from, job->sdp, job->offer, profile, arena);
}

/* Plan, gateway, result, and only then the one change to the message. */
static enum ep_mediate_cause sdp_mediate(sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		struct ep_arena *arena)
{
	bool is_offer = job->op == EP_OP_OFFER;
	struct ep_mediate_plan plan;
	struct ep_view gw, out;
	enum ep_mediate_cause cause = plan_get(&plan, job, profile, arena);

	if(cause != EP_MEDIATE_OK)
		return cause;
	cause = ep_agw_mediate(&gw, msg, is_offer, &plan);
	if(cause != EP_MEDIATE_OK)
		return cause;
	cause = ep_mediate_finish(&out, &plan, gw);
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

static void call_end(sip_msg_t *msg, struct ep_arena *arena)
{
	counter_inc(ep_counters.deletes);
	if(!ep_agw_delete(msg, arena))
		counter_inc(ep_counters.deletes_failed);
}

static enum ep_mediate_cause dispatch(
		sip_msg_t *msg, struct ep_view name, struct ep_arena *arena)
{
	const struct ep_mediate_profile *profile = ep_profile_find(name);
	struct ep_job job;
	enum ep_mediate_cause cause;

	if(profile == NULL)
		return EP_MEDIATE_EPROFILE;
	if(ep_message_read(&job, msg) != EP_OK)
		return EP_MEDIATE_EINTERNAL;
	if(job.op == EP_OP_NONE)
		return EP_MEDIATE_OK;
	if(job.op == EP_OP_DELETE) {
		call_end(msg, arena);
		return EP_MEDIATE_OK;
	}
	/* The main route did it, and this is one of the branches. */
	if(ep_message_body_replaced(msg))
		return EP_MEDIATE_OK;
	cause = sdp_mediate(msg, &job, profile, arena);
	if(cause != EP_MEDIATE_OK)
		unmediated_withhold(msg, &job);
	counter_inc(ep_counters.cause[cause]);
	if(cause == EP_MEDIATE_OK)
		counter_inc(job.op == EP_OP_OFFER ? ep_counters.offers
										  : ep_counters.answers);
	return cause;
}

static int ki_mediate(sip_msg_t *msg, str *profile)
{
	struct ep_arena arena;
	char first[16384];
	enum ep_mediate_cause cause;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	cause = dispatch(msg, ep_view_str(profile), &arena);
	ep_arena_fini(&arena);
	ep_result_set(msg, cause);
	if(cause == EP_MEDIATE_OK)
		return EP_RET_OK;
	LM_NOTICE("not mediated (%s, call %.*s)\n",
			ep_mediate_cause_get(cause)->name,
			msg->callid != NULL ? msg->callid->body.len : 0,
			msg->callid != NULL ? msg->callid->body.s : "");
	return -(int)cause;
}

static int w_mediate(sip_msg_t *msg, char *profile, char *unused)
{
	str name;

	if(fixup_get_svalue(msg, (gparam_t *)profile, &name) != 0)
		return EP_RET_INTERNAL;
	return ki_mediate(msg, &name);
}

// clang-format off
cmd_export_t ep_cmds[] = {
	{"sdp_mediate", (cmd_function)w_mediate, 1, fixup_spve_null,
		fixup_free_spve_null,
		REQUEST_ROUTE | BRANCH_ROUTE | FAILURE_ROUTE | ONREPLY_ROUTE
				| LOCAL_ROUTE},
	{0, 0, 0, 0, 0, 0}
};

sr_kemi_t ep_kemi[] = {
	{str_init("sdp_mediate"), str_init("mediate"), SR_KEMIP_INT, ki_mediate,
		{SR_KEMIP_STR, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE}},
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
// clang-format on

_Static_assert(EP_RET_INTERNAL == -(int)EP_MEDIATE_EINTERNAL,
		"script values are the causes, negated");
