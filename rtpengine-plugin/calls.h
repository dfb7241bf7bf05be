/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The calls that passed: their tags and how they stand. A table with a cap;
 * calls over it are served, and not watched.
 */
#ifndef EP_IQ_CALLS_H
#define EP_IQ_CALLS_H

#include "iq.h"

#define EP_CALL_TAGS_MAX 8

enum ep_call_state
{
	EP_CALL_FOUND,   /* in rtpengine before we were there */
	EP_CALL_OFFERED, /* an offer was answered by rtpengine */
	EP_CALL_ANSWERED,
	EP_CALL_ORPHAN, /* a first offer that was given up: rtpengine may have it */
	EP_CALL_ENDING  /* a delete that may have left something of it */
};

struct ep_call_tag
{
	struct ep_view text;
	bool web; /* its SDP had DTLS and ICE: the side of a browser */
};

struct ep_call
{
	struct ep_view id;
	enum ep_call_state state;
	/* Its first offer was from a browser and named the gateway DTLS server. */
	bool dtls_reverse;
	struct ep_call_tag tags[EP_CALL_TAGS_MAX];
	size_t tags_n;
	uint64_t since_ms;   /* loop's clock: in the table */
	uint64_t changed_ms; /* its last command that was answered with ok */
	uint64_t seen_ms;    /* used by resync */
	void *watch;         /* watch's own */
	uint64_t keys_ms;    /* used by dtmf: a second began, … */
	unsigned keys_n;     /* … with so many keys since */
	/* The table's. */
	struct ep_call *next_hash, *next, *prev;
};

int ep_calls_init(struct ep_iq *iq);
void ep_calls_fini(struct ep_iq *iq);
size_t ep_calls_n(const struct ep_iq *iq);

struct ep_call *ep_calls_get(const struct ep_iq *iq, struct ep_view id);
/* There already, or made. NULL: the table is full, or no memory (counted). */
struct ep_call *ep_calls_add(struct ep_iq *iq, struct ep_view id);
/* rtpengine does not have it any more: watch hears of it, memory is free. */
void ep_calls_drop(struct ep_iq *iq, struct ep_call *call);
/* In the order of coming, oldest first: next = call->next. */
struct ep_call *ep_calls_first(const struct ep_iq *iq);

/* There already, or added; over the limit or without memory: NULL. */
struct ep_call_tag *ep_call_tag_add(struct ep_call *call, struct ep_view text);

#endif
