/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What scripts and other modules call: tables and wrappers. */
#include "core/dprint.h"
#include "core/mod_fix.h"
#include "core/route.h"

#include "common/ending.h"
#include "common/ret.h"
#include "common/view.h"
#include "answer.h"
#include "api.h"
#include "calls.h"
#include "id.h"
#include "life.h"
#include "regevent.h"
#include "scscf.h"
#include "script.h"
#include "store.h"

static int w_register(sip_msg_t *msg, char *p1, char *p2)
{
	return tna_ki_register(msg);
}

static int w_answer(sip_msg_t *msg, char *p1, char *p2)
{
	return tna_ki_answer(msg);
}

static int w_reply(sip_msg_t *msg, char *p1, char *p2)
{
	return tna_ki_reply(msg);
}

static int w_check(sip_msg_t *msg, char *p1, char *p2)
{
	return tna_ki_check(msg);
}

static int w_locate(sip_msg_t *msg, char *p1, char *p2)
{
	return tna_ki_locate(msg);
}

static int w_record_route(sip_msg_t *msg, char *p1, char *p2)
{
	return tna_ki_record_route(msg);
}

static int w_notify(sip_msg_t *msg, char *p1, char *p2)
{
	return tna_ki_notify(msg);
}

/* Ends the call(s) with this Call-ID; the cause by its name. With a binding
 * (as $tna(binding) says it), that one's; with an empty one, nobody's: a leg
 * that is not known must not become everybody's. */
static int end_call(const str *callid, const str *cause, const str *binding)
{
	enum tna_end_cause c = tna_end_parse(ep_view_str(cause));
	unsigned char id[EP_FLOW_ID_LEN];

	if(c == TNA_END_N || callid->len <= 0
			|| (binding != NULL && !tna_id_parse(id, ep_view_str(binding))))
		return EP_RET_INTERNAL;
	return tna_life_queue_call(binding != NULL ? id : NULL, ep_view_str(callid),
				   c) == EP_OK
				   ? EP_RET_OK
				   : EP_RET_INTERNAL;
}

static int ki_end_call(sip_msg_t *msg, str *callid, str *cause)
{
	return end_call(callid, cause, NULL);
}

static int ki_end_call_of(sip_msg_t *msg, str *callid, str *cause, str *binding)
{
	return end_call(callid, cause, binding);
}

static int w_end_call(sip_msg_t *msg, char *p1, char *p2)
{
	str callid, cause;

	if(fixup_get_svalue(msg, (gparam_t *)p1, &callid) != 0
			|| fixup_get_svalue(msg, (gparam_t *)p2, &cause) != 0)
		return EP_RET_INTERNAL;
	return end_call(&callid, &cause, NULL);
}

static int w_end_call_of(sip_msg_t *msg, char *p1, char *p2, char *p3)
{
	str callid, cause, binding;

	if(fixup_get_svalue(msg, (gparam_t *)p1, &callid) != 0
			|| fixup_get_svalue(msg, (gparam_t *)p2, &cause) != 0
			|| fixup_get_svalue(msg, (gparam_t *)p3, &binding) != 0)
		return EP_RET_INTERNAL;
	return end_call(&callid, &cause, &binding);
}

/* --- other modules --- */

static enum ep_err api_by_conn(unsigned char *id, int conid)
{
	return tna_store_by_conn(id, conid, 0) ? EP_OK : EP_ENOENT;
}

static enum ep_err api_by_impu(
		unsigned char *id, struct ep_view impu, size_t nth)
{
	return tna_store_by_impu(id, impu, nth) ? EP_OK : EP_ENOENT;
}

static enum ep_err api_end_calls(
		const unsigned char *id, enum tna_end_cause cause)
{
	return tna_life_queue(
			id, TNA_EVENT_NONE, EP_BINDING_DO_END_CALLS, 0, cause);
}

int bind_tna_register(tna_register_api_t *api)
{
	if(api == NULL)
		return -1;
	*api = (tna_register_api_t){.by_conn = api_by_conn,
			.by_impu = api_by_impu,
			.end_calls = api_end_calls,
			.end_call = tna_life_queue_call,
			.end_binding = tna_life_end};
	return 0;
}

/* clang-format off */
cmd_export_t tna_cmds[] = {
	{"tna_register", (cmd_function)w_register, 0, 0, 0, REQUEST_ROUTE | FAILURE_ROUTE},
	{"tna_reply", (cmd_function)w_reply, 0, 0, 0, ONREPLY_ROUTE},
	{"tna_check", (cmd_function)w_check, 0, 0, 0, REQUEST_ROUTE | FAILURE_ROUTE},
	{"tna_locate", (cmd_function)w_locate, 0, 0, 0, REQUEST_ROUTE | FAILURE_ROUTE},
	{"tna_record_route", (cmd_function)w_record_route, 0, 0, 0,
		REQUEST_ROUTE | FAILURE_ROUTE | BRANCH_ROUTE},
	{"tna_end_call", (cmd_function)w_end_call, 2, fixup_spve_spve,
		fixup_free_spve_spve, ANY_ROUTE},
	{"tna_end_call", (cmd_function)(void (*)(void))w_end_call_of, 3, fixup_spve_all,
		fixup_free_spve_all, ANY_ROUTE},
	{"tna_answer", (cmd_function)w_answer, 0, 0, 0, FAILURE_ROUTE},
	/* regevent.h */
	{"tna_notify", (cmd_function)w_notify, 0, 0, 0, REQUEST_ROUTE},
	/* scscf.h */
	{"tna_scscf_check", (cmd_function)tna_w_scscf_check, 1,
		tna_scscf_check_fixup, 0, REQUEST_ROUTE | FAILURE_ROUTE},
	{"bind_tna_register", (cmd_function)(void (*)(void))bind_tna_register, 0, 0, 0, 0},
	EP_ENDING_EXPORT,
	{0, 0, 0, 0, 0, 0}
};

#define NO_PARAMS {SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, \
		SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}

sr_kemi_t tna_kemi[] = {
	{str_init("tna_register"), str_init("tna_register"), SR_KEMIP_INT,
		tna_ki_register, NO_PARAMS},
	{str_init("tna_register"), str_init("tna_reply"), SR_KEMIP_INT,
		tna_ki_reply, NO_PARAMS},
	{str_init("tna_register"), str_init("tna_check"), SR_KEMIP_INT,
		tna_ki_check, NO_PARAMS},
	{str_init("tna_register"), str_init("tna_locate"), SR_KEMIP_INT,
		tna_ki_locate, NO_PARAMS},
	{str_init("tna_register"), str_init("tna_record_route"), SR_KEMIP_INT,
		tna_ki_record_route, NO_PARAMS},
	{str_init("tna_register"), str_init("tna_end_call"), SR_KEMIP_INT,
		ki_end_call, {SR_KEMIP_STR, SR_KEMIP_STR, SR_KEMIP_NONE,
		SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}},
	{str_init("tna_register"), str_init("tna_end_call_of"), SR_KEMIP_INT,
		ki_end_call_of, {SR_KEMIP_STR, SR_KEMIP_STR, SR_KEMIP_STR,
		SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}},
	{str_init("tna_register"), str_init("tna_answer"), SR_KEMIP_INT,
		tna_ki_answer, NO_PARAMS},
	/* regevent.h */
	{str_init("tna_register"), str_init("tna_notify"), SR_KEMIP_INT,
		tna_ki_notify, NO_PARAMS},
	/* scscf.h */
	{str_init("tna_register"), str_init("tna_scscf_check"), SR_KEMIP_INT,
		tna_ki_scscf_check, {SR_KEMIP_STR, SR_KEMIP_NONE, SR_KEMIP_NONE,
		SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}},
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
/* clang-format on */
