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
#include "base/buf.h"
#include "mediate/option.h"
#include "sdp_mediate/message.h"
#include "sdp_mediate/request.h"

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

/* Does a part of `body` outside of `sdp` begin as a session description? Who
 * gets two may take the one that was not mediated. */
static bool sdp_elsewhere(struct ep_view body, struct ep_view sdp)
{
	static const char *const starts[] = {
			"\n\r\nv=0\r", "\n\r\nv=0\n", "\n\nv=0\n", "\n\nv=0\r"};
	struct ep_view sides[2];
	int i, k;

	sides[0] = ep_view_head(body, sdp.p - body.p);
	sides[1] = ep_view_from(body, sdp.p + sdp.len - body.p);
	for(i = 0; i < 2; i++)
		for(k = 0; k < 4; k++)
			if(ep_view_find(sides[i], ep_view_z(starts[k])) != SIZE_MAX)
				return true;
	return false;
}

/* The SDP of a multipart body. Where several parts are SDP that is all of the
 * body, which is none. */
static struct ep_view part_find(sip_msg_t *msg, struct ep_view body)
{
	struct ep_view sdp;
	int len;
	char *p = get_body_part(msg, TYPE_APPLICATION, SUBTYPE_SDP, &len);

	if(p == NULL || len <= 0)
		return ep_view_none();
	sdp = ep_view_of(p, len);
	return sdp_elsewhere(body, sdp) ? body : sdp;
}

struct ep_view ep_message_sdp(sip_msg_t *msg)
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
		/* "None", and one behind it: Kamailio would send it on. */
		if(msg->content_length != NULL && get_content_length(msg) > 0
				&& get_content_length(msg) < len)
			len = get_content_length(msg);
		return len > 0 ? ep_view_of(body, len) : none;
	}
	if(type >> 16 != TYPE_MULTIPART)
		return none;
	return part_find(msg, ep_view_of(body, msg->buf + msg->len - body));
}

struct ep_view ep_message_body(sip_msg_t *msg)
{
	char *body = get_body(msg);

	if(body == NULL || body >= msg->buf + msg->len)
		return ep_view_none();
	return ep_view_of(body, msg->buf + msg->len - body);
}

/* Lines that begin a session description. */
static size_t starts_count(struct ep_view text)
{
	static const char line[] = "v=0";
	size_t n = 0, at = 0;

	while((at = ep_view_find(text, ep_view_z(line))) != SIZE_MAX) {
		bool begins = at == 0 || text.p[at - 1] == '\n';

		text = ep_view_from(text, at + sizeof(line) - 1);
		n += begins && text.len > 0 && (*text.p == '\r' || *text.p == '\n');
	}
	return n;
}

bool ep_message_sdp_hides(sip_msg_t *msg, struct ep_view sdp)
{
	struct ep_view body = ep_message_body(msg);

	return body.p != NULL && starts_count(body) > (sdp.p != NULL ? 1 : 0);
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
	/* A route that was resumed has that type, too. */
	if(get_route_type() == FAILURE_ROUTE && ep_request_current() == NULL)
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

enum ep_mediate_from ep_message_from(const sip_msg_t *msg)
{
	return msg->rcv.proto == PROTO_WS || msg->rcv.proto == PROTO_WSS
				   ? EP_MEDIATE_FROM_WIC
				   : EP_MEDIATE_FROM_CORE;
}

enum ep_err ep_message_read(struct ep_job *out, sip_msg_t *msg)
{
	*out = (struct ep_job){0};
	if(parse_headers(msg, HDR_EOH_F, 0) != 0 || msg->callid == NULL
			|| msg->cseq == NULL || msg->cseq->parsed == NULL || msg->to == NULL
			|| parse_to_header(msg) < 0)
		return EP_ESYNTAX;
	out->from = ep_message_from(msg);
	out->initial = get_to(msg)->tag_value.len == 0;
	out->sdp = ep_message_sdp(msg);
	/* Who is sent it may look where we do not: all of it, or nothing. */
	if(ep_message_sdp_hides(msg, out->sdp))
		out->sdp = ep_message_body(msg);
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

/* One header's value becomes `value`; without one it goes. */
static enum ep_err header_set(
		sip_msg_t *msg, struct hdr_field *hdr, struct ep_view value)
{
	bool whole = value.len == 0;
	struct lump *anchor =
			whole ? del_lump(msg, hdr->name.s - msg->buf, hdr->len, HDR_OTHER_T)
				  : del_lump(msg, hdr->body.s - msg->buf, hdr->body.len,
						  HDR_OTHER_T);
	char *copy;

	if(anchor == NULL)
		return EP_ENOMEM;
	if(whole)
		return EP_OK;
	copy = pkg_malloc(value.len);
	if(copy == NULL)
		return EP_ENOMEM;
	memcpy(copy, value.p, value.len);
	if(insert_new_lump_after(anchor, copy, value.len, HDR_OTHER_T) == NULL) {
		pkg_free(copy);
		return EP_ENOMEM;
	}
	return EP_OK;
}

/* Towards a browser: option tags of what its SDP has no more. */
static enum ep_err options_strip(sip_msg_t *msg)
{
	struct hdr_field *hdr;
	char text[512];
	struct ep_buf b;

	for(hdr = msg->headers; hdr != NULL; hdr = hdr->next) {
		if(hdr->type != HDR_SUPPORTED_T && hdr->type != HDR_REQUIRE_T)
			continue;
		ep_buf_init(&b, text, sizeof(text));
		if(!ep_mediate_options_strip(&b, ep_view_str(&hdr->body)))
			continue;
		/* A list that long is nobody's: it goes. */
		if(header_set(
				   msg, hdr, b.overflow ? ep_view_of(text, 0) : ep_buf_view(&b))
				!= EP_OK)
			return EP_ENOMEM;
	}
	return EP_OK;
}

/* Kamailio sends on what stands behind Content-Length, and counts it: where
 * the SDP is the body, all of it goes. */
static size_t goes_len(sip_msg_t *msg, struct ep_view sdp)
{
	return sdp.p == get_body(msg) ? (size_t)(msg->buf + msg->len - sdp.p)
								  : sdp.len;
}

enum ep_err ep_message_sdp_set(
		sip_msg_t *msg, const struct ep_job *job, struct ep_view text)
{
	struct lump *anchor =
			del_lump(msg, job->sdp.p - msg->buf, goes_len(msg, job->sdp), 0);
	char *copy;

	if(anchor == NULL)
		return EP_ENOMEM;
	if(ep_message_from(msg) == EP_MEDIATE_FROM_CORE
			&& options_strip(msg) != EP_OK)
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
