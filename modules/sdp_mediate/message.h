/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What a SIP message wants of mediation: which operation, from which side,
 * and where its SDP stands.
 */
#ifndef EP_SDPM_MESSAGE_H
#define EP_SDPM_MESSAGE_H

#include "core/parser/msg_parser.h"
#include "mediate/plan.h"

enum ep_op
{
	EP_OP_NONE, /* nothing to mediate here */
	EP_OP_OFFER,
	EP_OP_ANSWER,
	EP_OP_DELETE /* the call is over */
};

struct ep_job
{
	enum ep_op op;
	enum ep_mediate_from from; /* over WS or WSS: the WIC */
	bool initial;              /* outside a dialog: no To tag */
	struct ep_view sdp;        /* in msg->buf */
	struct ep_view offer;      /* in the transaction's request; absent unless an
								  answer's offer was found there */
};

/* mod_init. 0 or -1. */
int ep_message_init(void);

/* EP_OK, EP_ENOMEM, or EP_ESYNTAX when Kamailio's parser refuses it.
 *
 *   INVITE, UPDATE, PRACK with SDP              offer
 *   ACK with SDP                                answer
 *   1xx, 2xx to an INVITE that had SDP          answer
 *   1xx, 2xx to an INVITE that had none         offer
 *   2xx to UPDATE, PRACK                        answer
 *   BYE, CANCEL                                 delete
 *   an INVITE's failure route, outside a dialog delete
 *   dialog's event routes                       delete
 *
 * (RFC 3264 with RFC 3261 13.2.1, RFC 3311, RFC 3262. SDP in a PRACK is taken
 * as an offer: only the dialog knows that it may be the answer to one in a
 * reliable 1xx of an INVITE without SDP.) */
enum ep_err ep_message_read(struct ep_job *out, sip_msg_t *msg);

/* The SDP of a message whose headers are parsed: its body, or a part of a
 * multipart one. Absent without. */
struct ep_view ep_message_sdp(sip_msg_t *msg);
/* Is there SDP that `sdp`, what ep_message_sdp() found, is not: under another
 * type, or in another part? */
bool ep_message_sdp_hides(sip_msg_t *msg, struct ep_view sdp);
/* All of the body; absent without. */
struct ep_view ep_message_body(sip_msg_t *msg);
/* Over WS or WSS: the WIC. */
enum ep_mediate_from ep_message_from(const sip_msg_t *msg);

/* Did a lump replace the body already? */
bool ep_message_body_replaced(sip_msg_t *msg);

/* Puts `text` in the place of job->sdp, as a lump with its own pkg block; an
 * absent text leaves nothing there. Towards the WIC the option tags of what
 * mediation took out go too (mediate/option.h). EP_OK or EP_ENOMEM. */
enum ep_err ep_message_sdp_set(
		sip_msg_t *msg, const struct ep_job *job, struct ep_view text);

#endif
