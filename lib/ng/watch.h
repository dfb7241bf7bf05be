/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * From what `query` says now and then to what happened: a state machine per
 * side and m= section. It sees polls only: times are those of the polls.
 *
 *   ice    waiting -> up | failed; failed -> up
 *   dtls   waiting -> up | failed; failed -> up; up -> waiting (renegotiated)
 *   media  none -> running <-> lost
 */
#ifndef EP_NG_WATCH_H
#define EP_NG_WATCH_H

#include "ng/query.h"

enum ep_ng_happened
{
	EP_NG_ICE_CONNECTED = 1 << 0,
	EP_NG_ICE_FAILED = 1 << 1,
	EP_NG_DTLS_ESTABLISHED = 1 << 2,
	EP_NG_DTLS_FAILED = 1 << 3,
	EP_NG_MEDIA_STARTED = 1 << 4,
	EP_NG_MEDIA_LOST = 1 << 5
};

struct ep_ng_limits
{
	uint32_t ice_ms;       /* from the answer to a pair that works */
	uint32_t dtls_ms;      /* from there to the end of the handshake */
	uint32_t idle_ms;      /* without a packet where packets are expected */
	bool confirmed_is_ice; /* rtpengine from 14 on: see query.h */
};

/* What is remembered of a section between polls. Zeroed: new. */
struct ep_ng_watched
{
	uint8_t ice, dtls, media; /* 0 waiting/none, 1 up/running, 2 failed/lost */
	bool seen;
	uint64_t packets;
	uint64_t since_ms;  /* the attempt that is waited for began */
	uint64_t ice_ms;    /* a pair worked since */
	uint64_t active_ms; /* the poll that last saw packets, or the end of a hold
						 */
};

struct ep_ng_news
{
	unsigned happened;  /* of ep_ng_happened; in the order of its values */
	uint64_t waited_ms; /* of the *_FAILED */
	uint64_t idle_ms;   /* of MEDIA_LOST */
	bool ice_known;     /* of DTLS_FAILED: a pair did work */
};

/* One poll's answer. `answered_ms`: when the call's last answer passed, so
 * that the browser can have what it needs; 0: not yet, nothing fails. `quiet`:
 * what was before (a call found after a start) is taken in, not told; limits
 * run from now on. Clocks are one, of any origin but 0. */
void ep_ng_watch_step(struct ep_ng_news *out, struct ep_ng_watched *w,
		const struct ep_ng_media *m, const struct ep_ng_limits *limits,
		uint64_t now_ms, uint64_t answered_ms, bool quiet);

/* Nothing is pending: a poll now and then will do. */
bool ep_ng_watch_settled(
		const struct ep_ng_watched *w, const struct ep_ng_media *m);

#endif
