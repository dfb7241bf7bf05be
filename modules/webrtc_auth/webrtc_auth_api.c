/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Script and KEMI functions, and the C API. */
#include "core/dprint.h"
#include "core/ip_addr.h"
#include "core/mod_fix.h"
#include "core/route.h"
#include "core/script_cb.h"
#include "core/timer.h"

#include "base/hdredit.h"
#include "common/ending.h"
#include "common/mem.h"
#include "common/msg.h"
#include "common/ret.h"
#include "common/view.h"
#include "webrtc_auth/challenge.h"
#include "webrtc_auth/check.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/limits.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/logout.h"
#include "webrtc_auth/result.h"
#include "webrtc_auth/revoke.h"
#include "webrtc_auth/script.h"

/* The Origin header, exactly one (RFC 6455 4.2.2). */
static struct ep_view origin_find(const struct ep_msg *m)
{
	size_t i = ep_msg_find(m, EP_LIT("Origin"), 0);

	if(i == SIZE_MAX || ep_msg_find(m, EP_LIT("Origin"), i + 1) != SIZE_MAX)
		return ep_view_none();
	return m->hdrs[i].value;
}

static int origin_remember(sip_msg_t *msg, struct ep_arena *arena)
{
	const struct ep_token_policy *policy = ep_policy_get();
	const struct ep_wwsf *wwsf;
	struct ep_view origin;
	struct ep_msg m;

	if(policy == NULL || ep_msg_view(&m, msg, arena) != EP_OK)
		return EP_RET_INTERNAL;
	origin = origin_find(&m);
	wwsf = origin.p != NULL ? ep_policy_origin_find(policy, origin) : NULL;
	if(wwsf == NULL)
		return ep_token_cause_get(EP_TOKEN_ORIGIN_UNKNOWN)->script;
	switch(ep_conn_add(msg->rcv.proto_reserved1, wwsf->id)) {
		case EP_OK:
			return EP_RET_OK;
		case EP_ENOSPC:
			LM_WARN("max_connections reached\n");
			return EP_RET_TABLE_FULL;
		case EP_ENOENT:
			return EP_RET_NO_CONNECTION;
		default:
			return EP_RET_INTERNAL;
	}
}

static int ki_origin(sip_msg_t *msg)
{
	struct ep_arena arena;
	char first[4096];
	int ret;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	ret = origin_remember(msg, &arena);
	ep_arena_fini(&arena);
	counter_inc(ret == EP_RET_OK ? ep_counters.origin_ok
								 : ep_counters.origin_refused);
	return ret;
}

/* May this process write one more line about a refused token this second? */
static bool log_allowed(unsigned *suppressed)
{
	static ticks_t second;
	static int lines;
	static unsigned lost;
	ticks_t now = get_ticks();

	if(now != second) {
		second = now;
		lines = 0;
	}
	if(lines >= ep_params()->log_rate) {
		lost++;
		return false;
	}
	lines++;
	*suppressed = lost;
	lost = 0;
	return true;
}

/* Names and numbers only: nothing of the token but its fingerprint. */
static void log_refused(sip_msg_t *msg, const struct ep_check *c)
{
	unsigned suppressed;

	if(c->cause == EP_TOKEN_OK || c->cause == EP_TOKEN_ABSENT)
		return;
	if(!log_allowed(&suppressed))
		return;
	LM_WARN("refused: %s, connection %d, from %s, token %s (%u lines "
			"suppressed)\n",
			ep_token_cause_get(c->cause)->name, msg->rcv.proto_reserved1,
			ip_addr2a(&msg->rcv.src_ip), c->has_token ? c->fingerprint : "-",
			suppressed);
}

/* Leaves the request to its WAF. EP_TOKEN_OK: it is suspended, or was before
 * and this is its retransmission. */
static enum ep_token_cause ask_waf(int *ret, sip_msg_t *msg,
		const struct ep_check *c, const struct ep_resume *resume)
{
	const struct ep_pending_ask ask = {
			.issuer = c->ask->name,
			.token = c->ask_token,
			.hash = c->ask_hash,
			.timeout_ms = c->ask->http_timeout_ms,
			.max = c->max_pending,
			.issuers_n = c->ask_issuers_n,
			.conn_id = c->conn.id,
	};

	switch(ep_pending_suspend(msg, &ask, resume)) {
		case EP_PENDING_SUSPENDED:
		case EP_PENDING_RETRANSMISSION:
			return EP_TOKEN_OK;
		case EP_PENDING_BUSY:
			counter_inc(ep_counters.introspect_busy);
			return EP_TOKEN_INTROSPECT_BUSY;
		case EP_PENDING_TWICE:
			*ret = EP_RET_SUSPENDED_TWICE;
			return EP_TOKEN_INTROSPECT_FAILED;
		default:
			return EP_TOKEN_INTROSPECT_FAILED;
	}
}

/* With `resume`, a REGISTER whose WAF has to be asked is suspended. */
static int check(sip_msg_t *msg, const struct ep_resume *resume)
{
	struct ep_arena arena;
	struct ep_check c;
	char first[8192];
	int ret = 0;

	if(msg->first_line.type != SIP_REQUEST)
		return EP_RET_INTERNAL;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(resume != NULL && ep_pending_is_foreign()) {
		c = (struct ep_check){.cause = EP_TOKEN_INTROSPECT_FAILED};
		ret = EP_RET_SUSPENDED_TWICE;
	} else {
		ep_check_request(&c, msg, &arena);
	}
	if(c.cause == EP_TOKEN_PENDING && resume != NULL) {
		c.cause = ask_waf(&ret, msg, &c, resume);
		if(c.cause == EP_TOKEN_OK) {
			ep_arena_fini(&arena);
			return EP_RET_SUSPENDED;
		}
	}
	if(ret == 0)
		ret = ep_token_cause_get(c.cause)->script;
	if(ep_result_store(&c) != EP_OK)
		ret = EP_RET_INTERNAL;
	ep_arena_fini(&arena);
	counter_inc(ep_counters.cause[c.cause]);
	log_refused(msg, &c);
	return ret;
}

static int ki_check(sip_msg_t *msg)
{
	return check(msg, NULL);
}

static int ki_check_async(sip_msg_t *msg, str *function)
{
	const struct ep_resume resume = {-1, ep_view_str(function)};

	if(resume.function.len == 0 || sr_kemi_eng_get() == NULL)
		return EP_RET_INTERNAL;
	return check(msg, &resume);
}

static int close_ret(enum ep_err err)
{
	switch(err) {
		case EP_OK:
			return EP_RET_OK;
		case EP_ERANGE:
			return EP_RET_BAD_CODE;
		default:
			return EP_RET_NO_CONNECTION;
	}
}

static int ki_close(sip_msg_t *msg, int code, str *reason)
{
	return close_ret(ep_close_start(
			msg->rcv.proto_reserved1, code, ep_view_str(reason)));
}

static int ki_close_conid(sip_msg_t *msg, int conid, int code, str *reason)
{
	return close_ret(ep_close_start(conid, code, ep_view_str(reason)));
}

/* The mark, if the cause costs the connection. Also for one that never went
 * through webrtc_auth_origin(), which has no entry to be marked yet. True: it
 * is to be ended behind the answer. */
static bool mark_refused(sip_msg_t *msg, const struct ep_token_cause_info *info)
{
	int conid = msg->rcv.proto_reserved1;
	struct ep_view reason = ep_view_z(info->text);
	bool mine = false;

	if(info->close == EP_CLOSE_NONE
			|| (msg->rcv.proto != PROTO_WS && msg->rcv.proto != PROTO_WSS))
		return false;
	if(ep_close_hold(&mine, conid, info->close, reason) == EP_ENOENT
			&& ep_conn_add(conid, EP_LIT("")) == EP_OK)
		ep_close_hold(&mine, conid, info->close, reason);
	return mine;
}

/* The mark comes before the answer, so that nothing of this connection gets
 * in between; the close frame comes behind it, from another process. */
static int ki_challenge(sip_msg_t *msg)
{
	const struct ep_token_cause_info *info;
	enum ep_token_cause cause;
	bool to_end;
	int ret;

	if(ep_result_cause(&cause) != EP_OK)
		return EP_RET_NOT_CHECKED;
	info = ep_token_cause_get(cause);
	if(cause == EP_TOKEN_OK || msg->REQ_METHOD == METHOD_ACK)
		return EP_RET_NOT_CHECKED;
	to_end = mark_refused(msg, info);
	ret = ep_challenge_send(msg, cause);
	if(to_end)
		ep_close_go(msg->rcv.proto_reserved1);
	return ret;
}

static int w_origin(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_origin(msg);
}

static int w_check(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_check(msg);
}

static int w_check_async(sip_msg_t *msg, char *route, char *p2)
{
	const struct ep_resume resume = {(int)(intptr_t)route, ep_view_none()};

	return check(msg, &resume);
}

static int w_challenge(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_challenge(msg);
}

static int w_close(sip_msg_t *msg, char *code_p, char *reason_p)
{
	str reason;
	int code;

	if(fixup_get_ivalue(msg, (gparam_t *)code_p, &code) != 0
			|| fixup_get_svalue(msg, (gparam_t *)reason_p, &reason) != 0)
		return EP_RET_INTERNAL;
	return ki_close(msg, code, &reason);
}

static int w_close_conid(
		sip_msg_t *msg, char *conid_p, char *code_p, char *reason_p)
{
	int conid, code;
	str reason;

	if(fixup_get_ivalue(msg, (gparam_t *)conid_p, &conid) != 0
			|| fixup_get_ivalue(msg, (gparam_t *)code_p, &code) != 0
			|| fixup_get_svalue(msg, (gparam_t *)reason_p, &reason) != 0)
		return EP_RET_INTERNAL;
	return ki_close_conid(msg, conid, code, &reason);
}

/* The name of a route becomes its number. */
static int fixup_check_async(void **param, int n)
{
	int route = route_lookup(&main_rt, *param);

	if(route < 0 || main_rt.rlist[route] == NULL) {
		LM_ERR("webrtc_auth_check_async: no route %s\n", (char *)*param);
		return -1;
	}
	if(!async_task_workers_active()) {
		LM_ERR("webrtc_auth_check_async: needs async_workers\n");
		return -1;
	}
	*param = (void *)(intptr_t)route;
	return 0;
}

static int w_logout(sip_msg_t *msg, char *p1, char *p2)
{
	return ep_logout_request(msg);
}

static int fixup_close(void **param, int n)
{
	return n == 1 ? fixup_igp_null(param, 1) : fixup_spve_null(param, 1);
}

static int fixup_close_conid(void **param, int n)
{
	return n <= 2 ? fixup_igp_null(param, 1) : fixup_spve_null(param, 1);
}

/* Nothing of a revoked connection reaches a script, tm or another module. */
static int drop_revoked(struct sip_msg *msg, unsigned int flags, void *param)
{
	if(msg->rcv.proto != PROTO_WS && msg->rcv.proto != PROTO_WSS)
		return 1;
	if(!ep_conn_is_revoked(msg->rcv.proto_reserved1))
		return 1;
	counter_inc(ep_counters.dropped);
	return 0;
}

int ep_script_init(void)
{
	if(register_script_cb(
			   drop_revoked, PRE_SCRIPT_CB | REQUEST_CB | ONREPLY_CB, NULL)
			< 0) {
		LM_ERR("no place for a pre-script callback\n");
		return -1;
	}
	return 0;
}

static enum ep_err api_result(struct webrtc_auth_result *out, sip_msg_t *msg)
{
	return ep_result_load(out);
}

static enum ep_err api_conn_wwsf(struct ep_buf *out, int conid)
{
	struct ep_conn conn;

	if(ep_conn_get(&conn, conid) != EP_OK)
		return EP_ENOENT;
	ep_buf_put_z(out, conn.wwsf);
	return out->overflow ? EP_ENOSPC : EP_OK;
}

static enum ep_err api_conn_binding(
		unsigned char id[WEBRTC_AUTH_BINDING_LEN], int conid)
{
	struct ep_conn conn;

	if(ep_conn_get(&conn, conid) != EP_OK || !conn.bound)
		return EP_ENOENT;
	memcpy(id, conn.binding, WEBRTC_AUTH_BINDING_LEN);
	return EP_OK;
}

static bool api_conn_revoked(int conid)
{
	struct ep_conn conn;

	return ep_conn_get(&conn, conid) != EP_OK || conn.revoked;
}

int bind_webrtc_auth(webrtc_auth_api_t *api)
{
	if(api == NULL)
		return -1;
	*api = (webrtc_auth_api_t){
			.result = api_result,
			.conn_wwsf = api_conn_wwsf,
			.conn_bind = ep_conn_bind,
			.conn_binding = api_conn_binding,
			.conn_revoked = api_conn_revoked,
			.conn_close = ep_close_start,
			.wwsf_limits = ep_limits_get,
			.wwsf_permits = ep_limits_permits,
			.wwsf_pool = ep_limits_pool,
			.on_register = ep_limits_on_register,
			.is_revoked = ep_revoke_covers,
			.on_revoked = ep_revoke_listen,
			.on_closing = ep_close_listen,
	};
	return 0;
}

/* Functions of other shapes go into the table by way of the type that stands
 * for any function. */
#define ANY(f) ((cmd_function)(void (*)(void))(f))

// clang-format off
cmd_export_t ep_cmds[] = {
	{"webrtc_auth_origin", w_origin, 0, 0, 0, EVENT_ROUTE},
	{"webrtc_auth_check", w_check, 0, 0, 0, REQUEST_ROUTE},
	{"webrtc_auth_check_async", w_check_async, 1, fixup_check_async, 0,
		REQUEST_ROUTE},
	{"webrtc_auth_challenge", w_challenge, 0, 0, 0,
		REQUEST_ROUTE},
	{"webrtc_auth_close", w_close, 2, fixup_close, 0,
		ANY_ROUTE},
	{"webrtc_auth_close_conid", ANY(w_close_conid), 3,
		fixup_close_conid, 0, ANY_ROUTE},
	{"webrtc_auth_logout", w_logout, 0, 0, 0, EVENT_ROUTE},
	{"bind_webrtc_auth", ANY(bind_webrtc_auth), 0, 0, 0, 0},
	EP_ENDING_EXPORT,
	{0, 0, 0, 0, 0, 0}
};

#define NONE SR_KEMIP_NONE
sr_kemi_t ep_kemi[] = {
	{str_init("webrtc_auth"), str_init("origin"), SR_KEMIP_INT, ki_origin,
		{NONE, NONE, NONE, NONE, NONE, NONE}},
	{str_init("webrtc_auth"), str_init("check"), SR_KEMIP_INT, ki_check,
		{NONE, NONE, NONE, NONE, NONE, NONE}},
	{str_init("webrtc_auth"), str_init("check_async"), SR_KEMIP_INT,
		ki_check_async, {SR_KEMIP_STR, NONE, NONE, NONE, NONE, NONE}},
	{str_init("webrtc_auth"), str_init("challenge"), SR_KEMIP_INT,
		ki_challenge, {NONE, NONE, NONE, NONE, NONE, NONE}},
	{str_init("webrtc_auth"), str_init("close"), SR_KEMIP_INT, ki_close,
		{SR_KEMIP_INT, SR_KEMIP_STR, NONE, NONE, NONE, NONE}},
	{str_init("webrtc_auth"), str_init("close_conid"), SR_KEMIP_INT,
		ki_close_conid,
		{SR_KEMIP_INT, SR_KEMIP_INT, SR_KEMIP_STR, NONE, NONE, NONE}},
	{str_init("webrtc_auth"), str_init("logout"), SR_KEMIP_INT,
		ep_logout_request, {NONE, NONE, NONE, NONE, NONE, NONE}},
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
// clang-format on
