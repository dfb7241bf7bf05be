/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>

#include "core/data_lump_rpl.h"
#include "core/dprint.h"
#include "core/error.h"
#include "core/pt.h"
#include "core/xavp.h"

#include "base/buf.h"
#include "common/ret.h"
#include "common/view.h"
#include "message.h"
#include "tna/build.h"
#include "tna/emergency.h"

#define PENDING "tna_pending"

struct tna_current tna_current;

struct tna_current *tna_current_of(sip_msg_t *msg)
{
	if(tna_current.msg_id != msg->id || tna_current.pid != my_pid()) {
		memset(&tna_current, 0, sizeof(tna_current));
		tna_current.msg_id = msg->id;
		tna_current.pid = my_pid();
	}
	return &tna_current;
}

enum ep_tna_cause tna_work_begin(struct tna_work *w, sip_msg_t *msg)
{
	w->msg = msg;
	w->m = (struct ep_msg){.hdrs_n = 0};
	ep_arena_init(&w->arena, w->first, sizeof(w->first), &ep_pkg_alloc,
			EP_MSG_ARENA_MAX);
	return ep_tna_cause_of(ep_msg_view(&w->m, msg, &w->arena));
}

static void count_refusal(enum ep_tna_cause cause)
{
	switch(cause) {
		case EP_TNA_FLOW_FAILED:
			tna_count(TNA_N_FLOW_FAILED);
			break;
		case EP_TNA_FLOW_TAMPERED:
			tna_count(TNA_N_TAMPERED);
			break;
		case EP_TNA_CORE_CHALLENGED:
			tna_count(TNA_N_CHALLENGED);
			break;
		case EP_TNA_NO_CREDENTIALS:
			tna_count(TNA_N_NO_CREDENTIALS);
			break;
		case EP_TNA_DESTINATION:
			tna_count(TNA_N_DESTINATION);
			break;
		case EP_TNA_CALLS_FULL:
			tna_count(TNA_N_CALLS_FULL);
			break;
		case EP_TNA_BINDING_CALLS:
			tna_count(TNA_N_BINDING_CALLS);
			break;
		case EP_TNA_CALL_TIME:
			tna_count(TNA_N_CALL_TIME);
			break;
		case EP_TNA_EMERGENCY:
			tna_count(TNA_N_EMERGENCY);
			break;
		case EP_TNA_SUBS_FULL:
			tna_count(TNA_N_SUBS_FULL);
			break;
		case EP_TNA_BARRED:
			tna_count(TNA_N_BARRED);
			break;
		case EP_TNA_FROM_REFUSED:
			tna_count(TNA_N_FROM_REFUSED);
			break;
		default:
			tna_count(TNA_N_REFUSED);
	}
}

/* What the page can show its user, in whatever answer the script sends. */
static void warn(sip_msg_t *msg, const struct ep_tna_cause_info *info)
{
	char text[512];
	struct ep_buf b;

	if(msg->first_line.type != SIP_REQUEST || msg->REQ_METHOD == METHOD_ACK)
		return;
	ep_buf_init(&b, text, sizeof(text));
	ep_buf_put_z(&b, "Warning: 399 ");
	ep_buf_put(&b, tna_set.cfg.own_host);
	ep_buf_put_chr(&b, ' ');
	ep_buf_put_quoted(&b, ep_view_z(info->text));
	ep_buf_put_z(&b, "\r\n");
	if(b.overflow || add_lump_rpl(msg, b.p, (int)b.len, LUMP_RPL_HDR) == NULL)
		LM_ERR("no Warning in the answer\n");
}

unsigned tna_answer_status(enum ep_tna_cause cause)
{
	return cause == EP_TNA_EMERGENCY ? tna_set.emergency
									 : ep_tna_cause_info(cause)->status;
}

const char *tna_answer_reason(enum ep_tna_cause cause)
{
	return cause == EP_TNA_EMERGENCY ? error_text(tna_set.emergency)
									 : ep_tna_cause_info(cause)->reason;
}

/* TS 24.229 5.2.10.4: what lets a device call the ordinary way. */
static void alternative_service(struct tna_work *w)
{
	char text[512];
	struct ep_buf b;
	struct ep_view body;
	sip_msg_t *msg = w->msg;

	if(msg->first_line.type != SIP_REQUEST || msg->REQ_METHOD == METHOD_ACK
			|| tna_set.emergency != 380)
		return;
	body = ep_emergency_body(tna_set.emergency_reason, &w->arena);
	ep_buf_init(&b, text, sizeof(text));
	ep_buf_put_z(&b, "P-Asserted-Identity: <sip:");
	ep_buf_put(&b, tna_set.cfg.own_host);
	ep_buf_put_z(&b, ">\r\nContent-Type: " EP_EMERGENCY_TYPE "\r\n");
	if(b.overflow || body.p == NULL
			|| add_lump_rpl(msg, b.p, (int)b.len, LUMP_RPL_HDR) == NULL
			|| add_lump_rpl(
					   msg, (char *)body.p, (int)body.len, LUMP_RPL_BODY)
					   == NULL)
		LM_ERR("no alternative service in the answer\n");
}

int tna_work_end(struct tna_work *w, enum ep_tna_cause cause)
{
	const struct ep_tna_cause_info *info = ep_tna_cause_info(cause);

	if(cause == EP_TNA_EMERGENCY)
		alternative_service(w);
	ep_arena_fini(&w->arena);
	tna_current_of(w->msg)->cause = cause;
	if(cause == EP_TNA_OK)
		return EP_RET_OK;
	count_refusal(cause);
	if(info->tell)
		warn(w->msg, info);
	if(cause == EP_TNA_INTERNAL || cause == EP_TNA_CORE_CHALLENGED)
		LM_ERR("%s\n", info->text);
	else
		LM_INFO("%.*s from %s:%d: %s\n", EP_FMT(w->m.method),
				ip_addr2a(&w->msg->rcv.src_ip), w->msg->rcv.src_port,
				info->text);
	return info->script;
}

enum ep_tna_cause tna_work_edit(
		struct tna_work *w, const struct ep_hdredits *edits)
{
	return ep_msg_edit(w->msg, &w->m, edits) == EP_OK ? EP_TNA_OK
													  : EP_TNA_INTERNAL;
}

bool tna_id_new(unsigned char *id)
{
	return getrandom(id, EP_FLOW_ID_LEN, 0) == EP_FLOW_ID_LEN;
}

struct ep_view tna_icid_new(struct ep_arena *arena)
{
	unsigned char id[EP_FLOW_ID_LEN];
	char *p = ep_arena_get(arena, 2 * sizeof(id));
	struct ep_buf text;

	if(p == NULL || !tna_id_new(id))
		return ep_view_none();
	ep_buf_init(&text, p, 2 * sizeof(id));
	ep_buf_put_hex(&text, ep_view_of((char *)id, sizeof(id)));
	return ep_buf_view(&text);
}

enum ep_err tna_note_set(const char *name, struct ep_view value)
{
	str key = {(char *)name, strlen(name)};
	sr_xval_t val = {.type = SR_XTYPE_STR, .v.s = ep_str_view(value)};

	xavp_rm_by_name(&key, 1, NULL);
	return xavp_add_value(&key, &val, NULL) != NULL ? EP_OK : EP_ENOMEM;
}

struct ep_view tna_note_get(const char *name)
{
	str key = {(char *)name, strlen(name)};
	sr_xavp_t *x = xavp_get(&key, NULL);

	if(x == NULL || x->val.type != SR_XTYPE_STR)
		return ep_view_none();
	return ep_view_str(&x->val.v.s);
}

/* Before the packed binding. */
struct pending_head
{
	int conid;
	int fetch;
	uint32_t expires_s;
};

enum ep_err tna_pending_set(struct tna_work *w, const struct tna_pending *p)
{
	struct pending_head head = {p->conid, p->fetch, p->expires_s};
	size_t n = ep_binding_size(&p->b);
	char *block = ep_arena_get(&w->arena, sizeof(head) + n);

	if(n == 0 || block == NULL)
		return EP_ENOMEM;
	memcpy(block, &head, sizeof(head));
	if(ep_binding_pack(block + sizeof(head), n, &p->b) != EP_OK)
		return EP_ENOMEM;
	return tna_note_set(PENDING, ep_view_of(block, sizeof(head) + n));
}

enum ep_err tna_pending_get(struct tna_pending *out, struct ep_arena *arena)
{
	struct ep_view v = tna_note_get(PENDING);
	struct pending_head head;

	if(v.len < sizeof(head))
		return EP_ENOENT;
	memcpy(&head, v.p, sizeof(head));
	out->conid = head.conid;
	out->fetch = head.fetch != 0;
	out->expires_s = head.expires_s;
	v = ep_view_from(v, sizeof(head));
	switch(ep_binding_unpack(&out->b, v.p, v.len, arena)) {
		case EP_OK:
			return EP_OK;
		case EP_ENOMEM:
			return EP_ENOMEM;
		default:
			return EP_ENOENT;
	}
}
