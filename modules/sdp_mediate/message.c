/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/mem/mem.h"
#include "core/parser/parse_content.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_body.h"
#include "core/route.h"
#include "modules/tm/tm_load.h"

#include "common/view.h"
#include "sdp_mediate/message.h"

#define SDP ((TYPE_APPLICATION << 16) | SUBTYPE_SDP)

static struct tm_binds tmb;

int ep_message_init(void)
{
	if(load_tm_api(&tmb) != 0) {
		LM_ERR("tm.so must be loaded\n");
		return -1;
	}
	return 0;
}

/* The SDP of a message: its body, or a part of a multipart body. */
static struct ep_view sdp_find(sip_msg_t *msg)
{
	struct ep_view none = ep_view_none();
	char *body = get_body(msg);
	int type, len;

	if(body == NULL || body >= msg->buf + msg->len || msg->content_type == NULL)
		return none;
	type = parse_content_type_hdr(msg);
	if(type < 0)
		return none;
	if(type == SDP) {
		len = msg->buf + msg->len - body;
		if(msg->content_length != NULL && get_content_length(msg) >= 0
				&& get_content_length(msg) < len)
			len = get_content_length(msg);
		return len > 0 ? ep_view_of(body, len) : none;
	}
	if(type >> 16 != TYPE_MULTIPART)
		return none;
	body = get_body_part(msg, TYPE_APPLICATION, SUBTYPE_SDP, &len);
	return body != NULL && len > 0 ? ep_view_of(body, len) : none;
}

/* The request of this reply's transaction, as it came in. It lies in shared
 * memory: look, do not parse (a parser would hang pkg memory into it). */
static struct ep_view request_text(void)
{
	tm_cell_t *t = tmb.t_gett();

	if(t == NULL || t == T_UNDEFINED || t->uas.request == NULL
			|| t->uas.request->buf == NULL)
		return ep_view_none();
	return ep_view_of(t->uas.request->buf, t->uas.request->len);
}

/* The SDP in a request's text: the body, or what begins with v=0 in it. */
static struct ep_view request_sdp(struct ep_view text)
{
	size_t eoh = ep_view_find(text, EP_LIT("\r\n\r\n"));
	size_t at;
	struct ep_view body;

	if(eoh == SIZE_MAX)
		return ep_view_none();
	body = ep_view_from(text, eoh + 4);
	if(ep_view_starts(body, EP_LIT("v=0")))
		return body;
	at = ep_view_find(body, EP_LIT("\r\n\r\nv=0"));
	if(at == SIZE_MAX)
		return ep_view_none();
	body = ep_view_from(body, at + 4);
	at = ep_view_find(body, EP_LIT("\r\n--"));
	return at == SIZE_MAX ? body : ep_view_head(body, at + 2);
}

static enum ep_op request_op(const struct ep_job *job, int method)
{
	if(get_route_type() == FAILURE_ROUTE)
		return method == METHOD_INVITE && job->initial ? EP_OP_DELETE
													   : EP_OP_NONE;
	switch(method) {
		case METHOD_BYE:
		case METHOD_CANCEL:
			return EP_OP_DELETE;
		case METHOD_INVITE:
		case METHOD_UPDATE:
		case METHOD_PRACK:
			return job->sdp.p != NULL ? EP_OP_OFFER : EP_OP_NONE;
		case METHOD_ACK:
			return job->sdp.p != NULL ? EP_OP_ANSWER : EP_OP_NONE;
		default:
			return EP_OP_NONE;
	}
}

static enum ep_op reply_op(struct ep_job *job, sip_msg_t *msg)
{
	struct ep_view request;
	int method = get_cseq(msg)->method_id;

	if(job->sdp.p == NULL || msg->first_line.u.reply.statuscode >= 300)
		return EP_OP_NONE;
	if(method != METHOD_INVITE && method != METHOD_UPDATE
			&& method != METHOD_PRACK)
		return EP_OP_NONE;
	request = request_text();
	job->offer = request_sdp(request);
	if(method == METHOD_INVITE && request.p != NULL && job->offer.p == NULL)
		return EP_OP_OFFER;
	return EP_OP_ANSWER;
}

enum ep_err ep_message_read(struct ep_job *out, sip_msg_t *msg)
{
	*out = (struct ep_job){0};
	if(parse_headers(msg, HDR_EOH_F, 0) != 0 || msg->callid == NULL
			|| msg->cseq == NULL || msg->cseq->parsed == NULL || msg->to == NULL
			|| parse_to_header(msg) < 0)
		return EP_ESYNTAX;
	out->from = msg->rcv.proto == PROTO_WS || msg->rcv.proto == PROTO_WSS
						? EP_MEDIATE_FROM_WIC
						: EP_MEDIATE_FROM_CORE;
	out->initial = get_to(msg)->tag_value.len == 0;
	out->sdp = sdp_find(msg);
	if(get_route_type() == LOCAL_ROUTE)
		out->op = EP_OP_DELETE;
	else if(msg->first_line.type == SIP_REQUEST)
		out->op = request_op(out, msg->REQ_METHOD);
	else
		out->op = reply_op(out, msg);
	return EP_OK;
}

bool ep_message_body_replaced(sip_msg_t *msg)
{
	struct lump *l;

	for(l = msg->body_lumps; l != NULL; l = l->next)
		if(l->op == LUMP_DEL)
			return true;
	return false;
}

enum ep_err ep_message_sdp_set(
		sip_msg_t *msg, const struct ep_job *job, struct ep_view text)
{
	struct lump *anchor = del_lump(msg, job->sdp.p - msg->buf, job->sdp.len, 0);
	char *copy;

	if(anchor == NULL)
		return EP_ENOMEM;
	if(text.len == 0)
		return EP_OK;
	copy = pkg_malloc(text.len);
	if(copy == NULL)
		return EP_ENOMEM;
	memcpy(copy, text.p, text.len);
	if(insert_new_lump_after(anchor, copy, text.len, 0) == NULL) {
		pkg_free(copy);
		return EP_ENOMEM;
	}
	return EP_OK;
}
