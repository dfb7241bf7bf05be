/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What a reply or an ACK says that its holding depends on. */
#ifndef EP_SDPM_HOLDREAD_H
#define EP_SDPM_HOLDREAD_H

#include "core/parser/msg_parser.h"
#include "sdp_mediate/holdtab.h"

/* Views into msg->buf. */
struct ep_hold_read
{
	unsigned status; /* of a reply; 0: a request */
	struct ep_view method, callid, from_tag, to_tag, cseq, rseq;
	struct ep_view sdp;
	bool from_page;
	/* SDP that mediation would not find: under another type, or in a second
	 * part. It must not go on. */
	bool smuggles;
};

/* False: the message cannot be read; nothing of it must go on. */
bool ep_hold_read(struct ep_hold_read *out, sip_msg_t *msg);

/* Of a reply of a transaction: what it is, and its key in its record. */
enum ep_hold_class ep_hold_class_of(const struct ep_hold_read *r);
uint64_t ep_hold_reply_key(const struct ep_hold_read *r, uint32_t branch);
/* Of the dialog a reply makes, and of its ACK or PRACK: the same. */
uint64_t ep_hold_dialog_key(
		enum ep_hold_kind kind, const struct ep_hold_read *r);

#endif
