/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "dtmf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "calls.h"
#include "events.h"
#include "log.h"
#include "ng/notice.h"
#include "watch.h"

#define DATAGRAM_MAX 4096
#define ROUND_N 64
/* RFC 4733 wants 40 ms of tone and 40 of silence; who presses faster is no
 * finger, and would fill the ring that all calls' events share. */
#define KEYS_PER_s 20

struct ep_dtmf
{
	int fd;
};

bool ep_notice_allows(const struct ep_conf *conf, const struct ep_addr *from)
{
	struct ep_view ip = ep_addr_ip(from);

	return ep_view_eq(ip, ep_addr_ip(&conf->rtpengine))
		   || ep_conf_allows(conf, from);
}

static void notice_refuse(struct ep_iq *iq, const char *what, enum ep_err err)
{
	static struct ep_log_limit limit;

	ep_stat_inc(iq, refused_notice);
	ep_log_limited(&limit, ep_loop_now_ms(iq->loop), EP_LOG_WARNING,
			"a notice of %s cannot be read: %s", what, ep_err_text(err));
}

static bool key_may(struct ep_iq *iq, struct ep_view call_id)
{
	struct ep_call *call = ep_calls_get(iq, call_id);
	uint64_t now = ep_loop_now_ms(iq->loop);

	if(!call)
		return true;
	if(now - call->keys_ms >= 1000) {
		call->keys_ms = now;
		call->keys_n = 0;
	}
	return call->keys_n++ < KEYS_PER_s;
}

static void key_take(struct ep_iq *iq, struct ep_view text)
{
	char mem[4 * DATAGRAM_MAX];
	struct ep_ng_key key;
	struct ep_arena arena;

	ep_arena_init(&arena, mem, sizeof mem, NULL, 0);
	enum ep_err err = ep_ng_key_decode(&key, text, &arena);
	if(err) {
		notice_refuse(iq, "a key", err);
		return;
	}
	ep_stat_inc(iq, dtmf_told);
	if(!key_may(iq, key.call_id)) {
		ep_stat_inc(iq, dtmf_flooded);
		return;
	}
	struct ep_event e = {.kind = EP_EVENT_DTMF,
			.call_id = key.call_id,
			.tag = key.tag,
			.detail = {{.key = "digit", .str = ep_view_of(&key.digit, 1)},
					{.key = "duration-ms", .num = key.duration_ms}},
			.detail_n = 2};
	ep_events_emit(iq, &e);
}

static void ready(void *ctx, int fd, uint32_t events)
{
	struct ep_iq *iq = ctx;
	char text[DATAGRAM_MAX];

	(void)events;
	for(int i = 0; i < ROUND_N; i++) {
		struct ep_addr from = {.len = sizeof from.in6};
		ssize_t n =
				recvfrom(fd, text, sizeof text, MSG_TRUNC, &from.sa, &from.len);
		if(n < 0)
			return;
		if(!ep_notice_allows(iq->conf, &from))
			ep_stat_inc(iq, refused_source);
		else if((size_t)n > sizeof text)
			ep_stat_inc(iq, refused_size);
		else
			key_take(iq, ep_view_of(text, (size_t)n));
	}
}

void ep_notice_silence(struct ep_iq *iq, struct ep_view body)
{
	char mem[16384];
	struct ep_ng_silence silence;
	struct ep_arena arena;

	ep_arena_init(&arena, mem, sizeof mem, NULL, 0);
	enum ep_err err = ep_ng_silence_decode(&silence, body, &arena);
	if(err) {
		notice_refuse(iq, "a silent call", err);
		return;
	}
	ep_stat_inc(iq, timeouts_told);
	ep_watch_call_ended(iq, silence.call_id);
}

int ep_dtmf_init(struct ep_iq *iq)
{
	char text[EP_ADDR_TEXT_MAX];
	int room = 1 << 20; /* many calls' keys come at once, and none twice */

	if(!iq->conf->dtmf_listen.len)
		return 0;
	iq->dtmf = calloc(1, sizeof *iq->dtmf);
	if(!iq->dtmf)
		return -1;
	iq->dtmf->fd = ep_addr_udp(&iq->conf->dtmf_listen);
	if(iq->dtmf->fd < 0
			|| ep_loop_fd_add(iq->loop, iq->dtmf->fd, EPOLLIN, ready, iq)) {
		ep_log(EP_LOG_ERROR, "dtmf_listen %s: %s",
				ep_addr_print(text, &iq->conf->dtmf_listen), strerror(errno));
		return -1;
	}
	setsockopt(iq->dtmf->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	return 0;
}

void ep_dtmf_fini(struct ep_iq *iq)
{
	if(iq->dtmf && iq->dtmf->fd >= 0) {
		ep_loop_fd_del(iq->loop, iq->dtmf->fd);
		close(iq->dtmf->fd);
	}
	free(iq->dtmf);
	iq->dtmf = NULL;
}
