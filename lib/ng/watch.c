/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/watch.h"

enum
{
	WAITING, /* of media: none yet */
	UP,      /* running */
	FAILED   /* lost */
};

/* A section that a bundle carries on another's transport has none. */
static bool own_transport(const struct ep_ng_media *m)
{
	return m->ice && m->transport == m->index;
}

/* DTLS runs over a pair that works, and packets that could be decrypted came
 * behind DTLS: both prove ICE. */
static bool ice_up(const struct ep_ng_media *m, const struct ep_ng_limits *l)
{
	return m->moved || m->verified || (m->dtls && m->packets)
		   || (l->confirmed_is_ice && m->confirmed);
}

/* Would it show if no pair worked? */
static bool ice_visible(
		const struct ep_ng_media *m, const struct ep_ng_limits *l)
{
	return m->blank || l->confirmed_is_ice;
}

static uint64_t span(uint64_t now, uint64_t from)
{
	return from && now > from ? now - from : 0;
}

static void ice_step(struct ep_ng_news *out, struct ep_ng_watched *w,
		const struct ep_ng_media *m, const struct ep_ng_limits *l, uint64_t now)
{
	if(w->ice == UP)
		return;
	if(ice_up(m, l)) {
		w->ice = UP;
		w->ice_ms = now;
		out->happened |= EP_NG_ICE_CONNECTED;
		return;
	}
	uint64_t waited = span(now, w->since_ms);
	if(w->ice == WAITING && waited >= l->ice_ms && ice_visible(m, l)) {
		w->ice = FAILED;
		out->waited_ms = waited;
		out->happened |= EP_NG_ICE_FAILED;
	}
}

static void dtls_step(struct ep_ng_news *out, struct ep_ng_watched *w,
		const struct ep_ng_media *m, const struct ep_ng_limits *l, uint64_t now)
{
	if(m->verified) {
		if(w->dtls != UP)
			out->happened |= EP_NG_DTLS_ESTABLISHED;
		w->dtls = UP;
		return;
	}
	if(w->dtls == UP) {
		/* Begun anew by an offer: another certificate, another role. */
		w->dtls = WAITING;
		w->since_ms = w->ice_ms = now;
	}
	if(w->dtls == FAILED || w->ice == FAILED || !w->since_ms)
		return;
	/* Without a sign of ICE its time is allowed for as well. */
	uint64_t from =
			w->ice == UP && w->ice_ms > w->since_ms ? w->ice_ms : w->since_ms;
	uint64_t waited = span(now, from);
	uint64_t limit = (uint64_t)l->dtls_ms + (w->ice == UP ? 0 : l->ice_ms);
	if(waited >= limit) {
		w->dtls = FAILED;
		out->waited_ms = waited;
		out->ice_known = w->ice == UP;
		out->happened |= EP_NG_DTLS_FAILED;
	}
}

static void media_step(struct ep_ng_news *out, struct ep_ng_watched *w,
		const struct ep_ng_media *m, const struct ep_ng_limits *l, uint64_t now)
{
	if(m->packets > w->packets) {
		if(w->media != UP)
			out->happened |= EP_NG_MEDIA_STARTED;
		w->media = UP;
		w->active_ms = now;
	} else if(!m->recv) {
		/* On hold: silence is what was agreed on. */
		w->active_ms = now;
	} else if(w->media == UP && span(now, w->active_ms) >= l->idle_ms) {
		w->media = FAILED;
		out->idle_ms = span(now, w->active_ms);
		out->happened |= EP_NG_MEDIA_LOST;
	}
	/* A counter that went back is another stream's. */
	w->packets = m->packets;
}

void ep_ng_watch_step(struct ep_ng_news *out, struct ep_ng_watched *w,
		const struct ep_ng_media *m, const struct ep_ng_limits *limits,
		uint64_t now_ms, uint64_t answered_ms, bool quiet)
{
	bool first = !w->seen;

	*out = (struct ep_ng_news){0};
	w->seen = true;
	if(first)
		w->active_ms = now_ms;
	if(answered_ms && !w->since_ms)
		w->since_ms = first && quiet ? now_ms : answered_ms;
	if(own_transport(m)) {
		ice_step(out, w, m, limits, now_ms);
		if(m->dtls)
			dtls_step(out, w, m, limits, now_ms);
	}
	media_step(out, w, m, limits, now_ms);
	if(first && quiet)
		out->happened = 0;
}

bool ep_ng_watch_settled(
		const struct ep_ng_watched *w, const struct ep_ng_media *m)
{
	if(own_transport(m) && w->ice == WAITING && w->dtls != FAILED)
		return false;
	if(own_transport(m) && m->dtls && w->dtls == WAITING && w->ice != FAILED)
		return false;
	return w->media != WAITING || !m->recv;
}
