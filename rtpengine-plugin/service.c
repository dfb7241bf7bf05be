/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "service.h"

#include <stdlib.h>
#include "capabilities.h"
#include "events.h"
#include "log.h"
#include "resync.h"
#include "south.h"
#include "watch.h"

enum state
{
	UNKNOWN,
	UP,
	DOWN
};

struct ep_service
{
	struct ep_loop_timer timer;
	struct ep_loop_timer refused;
	enum state state;
	unsigned lost;     /* pings in a row without an answer */
	bool pinging[2];   /* a regular one, one on suspicion */
	uint64_t heard_ms; /* when something came last */
	int64_t since_ms;
};

static void state_set(struct ep_iq *iq, enum state state, const char *why)
{
	struct ep_service *s = iq->service;
	bool was_known = s->state != UNKNOWN;

	if(s->state == state)
		return;
	s->state = state;
	s->since_ms = ep_loop_wall_ms();
	if(state == UP)
		ep_log(EP_LOG_NOTICE, "rtpengine is in service");
	else
		ep_log(EP_LOG_WARNING, "rtpengine is out of service: %s", why);
	/* Up at our own start is no news, nobody can have heard otherwise. */
	if(was_known || state == DOWN) {
		struct ep_event e = {.kind = state == UP
											 ? EP_EVENT_GATEWAY_IN_SERVICE
											 : EP_EVENT_GATEWAY_OUT_OF_SERVICE};
		ep_events_emit(iq, &e);
	}
	ep_watch_service_changed(iq, state == UP);
	if(state == UP) {
		ep_capabilities_renew(iq);
		ep_resync_start(iq);
	} else {
		ep_stat_inc(iq, service_lost);
		ep_south_drop(iq);
	}
}

enum ping
{
	REGULAR,
	ON_SUSPICION
};

static void ping_send(struct ep_iq *iq, enum ping which, unsigned wait_ms,
		ep_south_done_f done)
{
	struct ep_service *s = iq->service;

	if(s->pinging[which])
		return;
	s->pinging[which] = ep_south_ask_once(
			iq, EP_LIT("d7:command4:pinge"), wait_ms, done, NULL);
}

static void ping_done(struct ep_iq *iq, enum ping which, unsigned wait_ms,
		enum ep_south_end end, const struct ep_ng_message *answer)
{
	struct ep_service *s = iq->service;

	s->pinging[which] = false;
	if(end == EP_SOUTH_ENDING || end == EP_SOUTH_GONE)
		return;
	if(end == EP_SOUTH_ANSWERED && ep_view_eq(answer->result, EP_LIT("pong"))) {
		s->lost = 0;
		state_set(iq, UP, NULL);
		return;
	}
	/* It talks, if not about this: busy, then. */
	if(s->state == UP && s->heard_ms + wait_ms > ep_loop_now_ms(iq->loop))
		return;
	if(++s->lost >= iq->conf->ping_lost)
		state_set(iq, DOWN, "pings are not answered");
}

static void regular_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	(void)ctx;
	ping_done(iq, REGULAR, iq->conf->ping_interval_ms, end, answer);
}

static void suspicion_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	(void)ctx;
	ping_done(iq, ON_SUSPICION, iq->conf->rtpengine_timeout_ms, end, answer);
	/* One more before the command that it is about is given up. */
	if(end == EP_SOUTH_TIMEOUT && iq->service->state == UP && iq->service->lost)
		ping_send(iq, ON_SUSPICION, iq->conf->rtpengine_timeout_ms,
				suspicion_done);
}

static void ping_due(void *ctx)
{
	struct ep_iq *iq = ctx;
	unsigned every_ms = iq->conf->ping_interval_ms;

	/* Every call waits for the first pong. */
	if(iq->service->state == DOWN && every_ms > iq->conf->rtpengine_timeout_ms)
		every_ms = iq->conf->rtpengine_timeout_ms;
	ep_loop_timer_set(iq->loop, &iq->service->timer, every_ms);
	ping_send(iq, REGULAR, every_ms, regular_done);
}

void ep_service_suspect(struct ep_iq *iq, uint64_t since_ms)
{
	if(iq->service->state == UP && iq->service->heard_ms < since_ms)
		ping_send(iq, ON_SUSPICION, iq->conf->rtpengine_timeout_ms,
				suspicion_done);
}

static void refused_due(void *ctx)
{
	state_set(ctx, DOWN, "nobody listens at its address");
}

int ep_service_init(struct ep_iq *iq)
{
	iq->service = calloc(1, sizeof *iq->service);
	if(!iq->service)
		return -1;
	ep_loop_timer_init(&iq->service->timer, ping_due, iq);
	ep_loop_timer_init(&iq->service->refused, refused_due, iq);
	ep_loop_timer_set(iq->loop, &iq->service->timer, 0);
	return 0;
}

void ep_service_fini(struct ep_iq *iq)
{
	if(iq->service) {
		ep_loop_timer_stop(iq->loop, &iq->service->timer);
		ep_loop_timer_stop(iq->loop, &iq->service->refused);
	}
	free(iq->service);
	iq->service = NULL;
}

bool ep_service_up(const struct ep_iq *iq)
{
	return iq->service->state != DOWN;
}

int64_t ep_service_since_ms(const struct ep_iq *iq)
{
	return iq->service->since_ms;
}

void ep_service_heard(struct ep_iq *iq)
{
	/* A late answer: it is there after all? */
	if(iq->service->state == DOWN && !iq->service->pinging[REGULAR])
		ep_loop_timer_set(iq->loop, &iq->service->timer, 0);
	iq->service->heard_ms = ep_loop_now_ms(iq->loop);
}

/* Behind whoever is sending just now: everything under way ends with it. */
void ep_service_refused(struct ep_iq *iq)
{
	if(iq->service->state != DOWN)
		ep_loop_timer_set(iq->loop, &iq->service->refused, 0);
}
