/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Subscriptions as a proxy between both ends sees them (RFC 6665, RFC 3515):
 * which dialog a message is in, what it says about a subscription, and the
 * few subscriptions that share one dialog (RFC 5057). Nothing is refused
 * here; it is only known how long there is something that a dialog lives for.
 */
#ifndef EP_TNA_SUBSCRIPTION_H
#define EP_TNA_SUBSCRIPTION_H

#include "base/hdredit.h"
#include "tna/cause.h"

/* --- the dialog of a message --- */

struct ep_dialog_key
{
	struct ep_view callid;
	struct ep_view from_tag; /* absent or empty: none (RFC 2543) */
	struct ep_view to_tag;   /* absent: none yet */
};
/* Causes: OK, MALFORMED (not one Call-ID, From and To). */
enum ep_tna_cause ep_dialog_key_get(
		struct ep_dialog_key *out, const struct ep_msg *m);

/* --- what a message says --- */

/* Seconds that an end may take to say more (RFC 6665 4.1.2.4: timer N, 32 s,
 * and some for the way); and what still comes when a subscription is over. */
#define EP_SUB_ASKED_S 40
#define EP_SUB_LINGER_S 32

enum ep_sub_kind
{
	EP_SUB_NOTHING,
	EP_SUB_ASKED, /* a request that may become a subscription */
	EP_SUB_NOTIFIED,
	EP_SUB_ANSWERED
};

struct ep_sub_news
{
	enum ep_sub_kind kind;
	bool by_wic;    /* the subscriber is the page */
	uint64_t event; /* package; a hash. Not in answers. */
	uint64_t id;    /* 0: none */
	uint32_t cseq;  /* of the request */
	bool notify;    /* ANSWERED: the request was a NOTIFY */
	unsigned status;
	bool has_s; /* a length was said */
	uint32_t s;
	bool over; /* Subscription-State: terminated; Refer-Sub: false */
};
/* `from_wic`: the page sent the message. Of a message that says nothing about
 * a subscription, or nothing that can be read, the kind is NOTHING. */
void ep_sub_news_get(
		struct ep_sub_news *out, const struct ep_msg *m, bool from_wic);

/* --- the subscriptions of a dialog --- */

#define EP_SUBS_MAX 8

struct ep_sub
{
	uint64_t event, id;
	uint64_t end_s;
	uint32_t cseq;     /* of the last SUBSCRIBE or REFER */
	uint32_t notified; /* CSeq of the last NOTIFY */
	uint32_t asked_s;  /* Expires of the last SUBSCRIBE */
	bool by_wic;
	bool stands; /* was accepted or notified */
};
/* All zero at first. */
struct ep_subs
{
	unsigned n;
	struct ep_sub v[EP_SUBS_MAX];
};
/* Where there is no room for another one, the one that ends first goes. */
void ep_subs_step(
		struct ep_subs *l, const struct ep_sub_news *news, uint64_t now_s);
/* When the last one ends; 0: there is none. */
uint64_t ep_subs_end_s(const struct ep_subs *l);

#endif
