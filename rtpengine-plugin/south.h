/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The side of rtpengine: commands go out, are repeated, and are answered or
 * given up in time. One socket, one rtpengine.
 */
#ifndef EP_IQ_SOUTH_H
#define EP_IQ_SOUTH_H

#include "iq.h"
#include "ng/message.h"

enum ep_south_end
{
	EP_SOUTH_ANSWERED,
	EP_SOUTH_TIMEOUT, /* all tries unanswered */
	EP_SOUTH_GONE,    /* nobody listens there, or it went out of service */
	EP_SOUTH_BROKEN,  /* its answer cannot be read */
	EP_SOUTH_ENDING   /* rtpengine-iq ends */
};

/* Once for every ask that returned true. `answer` is there when ANSWERED and
 * dies with the call; of a command that is passed on, and of what is asked
 * quietly, its top alone is read (ep_ng_decode_top). May ask anew. */
typedef void (*ep_south_done_f)(struct ep_iq *iq, void *ctx,
		enum ep_south_end end, const struct ep_ng_message *answer);

#define EP_SOUTH_COOKIE_LEN 34

/* 0, or -1 with a line in the log. */
int ep_south_init(struct ep_iq *iq);
void ep_south_fini(struct ep_iq *iq);

/* `dict` (a dictionary in bencode) is copied. `cookie`: of a command that is
 * passed on (cookies.h), or NULL for one of our own. False: no memory, or too
 * many under way; done() will not be called. */
bool ep_south_ask(struct ep_iq *iq, const char *cookie, struct ep_view dict,
		ep_south_done_f done, void *ctx);
/* The same of our own, and its answer is read together with others, up to 10 ms
 * after it came: for what nobody waits for. */
bool ep_south_ask_quietly(
		struct ep_iq *iq, struct ep_view dict, ep_south_done_f done, void *ctx);
/* One of our own with a single try of that many ms: for pings. */
bool ep_south_ask_once(struct ep_iq *iq, struct ep_view dict, unsigned wait_ms,
		ep_south_done_f done, void *ctx);
/* Everything under way ends as EP_SOUTH_GONE. */
void ep_south_drop(struct ep_iq *iq);
size_t ep_south_inflight_n(const struct ep_iq *iq);

#endif
