// Aims at ep_ng_query_decode and ep_ng_watch_step. Input: an answer to a query.
// Whatever it says, polled again and again: each thing happens in its order,
// a failure never before its time, and nothing twice without its opposite.
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "ng/watch.h"

static const struct ep_ng_limits limits[] = {
		{.ice_ms = 1000, .dtls_ms = 1000, .idle_ms = 1000},
		{.ice_ms = 1000,
				.dtls_ms = 1000,
				.idle_ms = 1000,
				.confirmed_is_ice = true}};

/* The same answer for ever: what happens, happens once. */
static void frozen(const struct ep_ng_media *m, const struct ep_ng_limits *l)
{
	struct ep_ng_watched w = {0};
	struct ep_ng_news news;
	unsigned all = 0;

	for(uint64_t now = 1; now < 20000; now += 250) {
		ep_ng_watch_step(&news, &w, m, l, now, 1, false);
		need(!(all & news.happened));
		all |= news.happened;
		if(now < 1000)
			need(!(news.happened
					& (EP_NG_ICE_FAILED | EP_NG_DTLS_FAILED
							| EP_NG_MEDIA_LOST)));
		if(news.happened & EP_NG_MEDIA_LOST)
			need((all & EP_NG_MEDIA_STARTED) && news.idle_ms >= l->idle_ms);
	}
	need(!(all & EP_NG_ICE_FAILED) || !(all & EP_NG_ICE_CONNECTED));
	need(!(all & EP_NG_DTLS_FAILED) || !(all & EP_NG_DTLS_ESTABLISHED));
	need(!(all & EP_NG_DTLS_ESTABLISHED) || (all & EP_NG_ICE_CONNECTED));
	need(m->packets || !(all & EP_NG_MEDIA_STARTED));
	need(m->transport == m->index
			|| !(all & ~(EP_NG_MEDIA_STARTED | EP_NG_MEDIA_LOST)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view text = ep_view_of((const char *)data, size);
	struct ep_ng_val *val;
	struct ep_ng_query q;
	struct ep_arena arena;

	ep_arena_init(&arena, NULL, 0, &heap, 8 << 20);
	if(ep_ng_decode(&val, text, &arena) == EP_OK
			&& ep_ng_query_decode(&q, val, &arena) == EP_OK) {
		need(q.media_n <= EP_NG_MEDIAS_MAX);
		for(size_t i = 0; i < q.media_n; i++) {
			need(q.media[i].index >= 1 && q.media[i].transport >= 1);
			need(q.media[i].tag.p >= text.p
					&& q.media[i].tag.p + q.media[i].tag.len
							   <= text.p + text.len);
			frozen(q.media + i, limits);
			frozen(q.media + i, limits + 1);
		}
	}
	ep_arena_fini(&arena);
	return 0;
}
