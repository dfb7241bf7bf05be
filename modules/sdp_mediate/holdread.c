/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"

#include "common/view.h"
#include "sdp_mediate/holdread.h"
#include "sdp_mediate/message.h"

static struct ep_view header(const sip_msg_t *msg, struct ep_view name)
{
	const hdr_field_t *h;

	for(h = msg->headers; h != NULL; h = h->next)
		if(ep_view_ieq(ep_view_str(&h->name), name))
			return ep_view_trim(ep_view_str(&h->body));
	return ep_view_none();
}

bool ep_hold_read(struct ep_hold_read *out, sip_msg_t *msg)
{
	*out = (struct ep_hold_read){0};
	if(parse_headers(msg, HDR_EOH_F, 0) != 0 || msg->callid == NULL
			|| msg->cseq == NULL || msg->cseq->parsed == NULL
			|| msg->from == NULL || parse_from_header(msg) < 0
			|| msg->to == NULL || parse_to_header(msg) < 0)
		return false;
	if(msg->first_line.type == SIP_REPLY)
		out->status = msg->first_line.u.reply.statuscode;
	out->method = ep_view_str(&get_cseq(msg)->method);
	out->cseq = ep_view_str(&get_cseq(msg)->number);
	out->callid = ep_view_trim(ep_view_str(&msg->callid->body));
	out->from_tag = ep_view_str(&get_from(msg)->tag_value);
	out->to_tag = ep_view_str(&get_to(msg)->tag_value);
	out->rseq = header(msg, EP_LIT("RSeq"));
	out->sdp = ep_message_sdp(msg);
	out->from_page = msg->rcv.proto == PROTO_WS || msg->rcv.proto == PROTO_WSS;
	out->smuggles = ep_message_sdp_hides(msg, out->sdp);
	return true;
}

enum ep_hold_class ep_hold_class_of(const struct ep_hold_read *r)
{
	if(r->status == 0)
		return EP_HOLD_ACK;
	if(r->status >= 200)
		return EP_HOLD_2XX;
	return r->rseq.p != NULL ? EP_HOLD_1XX_RELIABLE : EP_HOLD_1XX;
}

/* Without SDP, reliable 1xx are told apart by their number. */
uint64_t ep_hold_reply_key(const struct ep_hold_read *r, uint32_t branch)
{
	unsigned of[2] = {branch, ep_hold_class_of(r)};
	struct ep_view parts[] = {ep_view_of((const char *)of, sizeof(of)),
			r->to_tag, r->cseq, r->sdp,
			r->sdp.p == NULL ? r->rseq : ep_view_none()};

	return ep_holdtab_key(EP_HOLD_REPLIES, parts, 5);
}

/* A PRACK has a number of its own. */
uint64_t ep_hold_dialog_key(
		enum ep_hold_kind kind, const struct ep_hold_read *r)
{
	struct ep_view parts[] = {r->callid, r->from_tag, r->to_tag,
			kind == EP_HOLD_ACKS ? r->cseq : ep_view_none()};

	return ep_holdtab_key(kind, parts, 4);
}
