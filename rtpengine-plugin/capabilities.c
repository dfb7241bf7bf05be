/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "capabilities.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "calls.h"
#include "events.h"
#include "log.h"
#include "ng/probe.h"
#include "service.h"
#include "south.h"

/* One that was not answered is sent again, ever less often. */
#define AGAIN_MIN_ms 1000
#define AGAIN_MAX_ms 60000

struct ep_capabilities
{
	struct ep_ng_probe probe;
	bool probed;
	/* Number of the last probe; answers of earlier ones pass by. */
	unsigned run;
	struct ep_loop_timer again;
	unsigned again_ms;
};

static struct ep_view call_id_put(
		char out[96], const struct ep_iq *iq, unsigned run)
{
	int n = snprintf(
			out, 96, EP_CAPABILITIES_PROBE "%" PRIx64 "-%u", iq->epoch, run);

	return ep_view_of(out, (size_t)n);
}

static void end_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	(void)iq, (void)ctx, (void)end, (void)answer;
}

static void end_send(struct ep_iq *iq, unsigned run)
{
	char id[96], text[256];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_probe_put_end(&b, call_id_put(id, iq, run));
	ep_south_ask(iq, NULL, ep_buf_view(&b), end_done, NULL);
}

/* Without a configured version, what was found out stands for one: bundles
 * came with 14.0, tls-id with 11.3; the rest is taken for the oldest. */
static void version_set(struct ep_iq *iq)
{
	if(iq->conf->rtpengine_version[0])
		return;
	iq->version = (struct ep_ng_version){0};
	if(iq->capabilities->probe.bundle)
		iq->version = (struct ep_ng_version){.known = true, .major = 14};
	else if(iq->capabilities->probe.tls_id)
		iq->version =
				(struct ep_ng_version){.known = true, .major = 11, .minor = 3};
}

static struct ep_view version_text(const struct ep_iq *iq)
{
	if(iq->conf->rtpengine_version[0])
		return ep_view_z(iq->conf->rtpengine_version);
	if(!iq->version.known)
		return EP_LIT("unknown");
	return iq->version.major == 14 ? EP_LIT("14.0+") : EP_LIT("11.3+");
}

static void probe_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	struct ep_capabilities *c = iq->capabilities;
	unsigned run = (unsigned)(uintptr_t)ctx;

	if(end == EP_SOUTH_ENDING || !c)
		return;
	/* Also when its answer was lost: the call may be there. */
	end_send(iq, run);
	if(run != c->run)
		return;
	if(end != EP_SOUTH_ANSWERED) {
		/* Out of service: it is asked when it is back. */
		if(!ep_service_up(iq))
			return;
		ep_loop_timer_set(iq->loop, &c->again, c->again_ms);
		c->again_ms =
				c->again_ms < AGAIN_MAX_ms / 2 ? 2 * c->again_ms : AGAIN_MAX_ms;
		return;
	}
	if(ep_ng_probe_decode(&c->probe, answer->dict)) {
		ep_log(EP_LOG_WARNING,
				"what rtpengine can do is not known: it "
				"refused an offer that asks");
		return;
	}
	c->probed = true;
	version_set(iq);
	ep_log(EP_LOG_NOTICE, "rtpengine: version %.*s, bundle %s, %zu codecs",
			EP_FMT(version_text(iq)), c->probe.bundle ? "yes" : "no",
			c->probe.codec_n);
}

static void probe_send(void *ctx)
{
	struct ep_iq *iq = ctx;
	struct ep_capabilities *c = iq->capabilities;
	char id[96], text[2048];
	struct ep_buf b;

	c->run++;
	ep_buf_init(&b, text, sizeof text);
	ep_ng_probe_put(&b, call_id_put(id, iq, c->run));
	ep_south_ask(
			iq, NULL, ep_buf_view(&b), probe_done, (void *)(uintptr_t)c->run);
}

void ep_capabilities_renew(struct ep_iq *iq)
{
	struct ep_capabilities *c = iq->capabilities;

	if(!c)
		return;
	ep_loop_timer_stop(iq->loop, &c->again);
	c->again_ms = AGAIN_MIN_ms;
	/* What is known is another's, perhaps. */
	c->probed = false;
	probe_send(iq);
}

int ep_capabilities_init(struct ep_iq *iq)
{
	iq->capabilities = calloc(1, sizeof *iq->capabilities);
	if(!iq->capabilities)
		return -1;
	ep_loop_timer_init(&iq->capabilities->again, probe_send, iq);
	ep_ng_version_parse(&iq->version, ep_view_z(iq->conf->rtpengine_version));
	return 0;
}

void ep_capabilities_fini(struct ep_iq *iq)
{
	if(iq->capabilities)
		ep_loop_timer_stop(iq->loop, &iq->capabilities->again);
	free(iq->capabilities);
	iq->capabilities = NULL;
}

/* What this gateway can tell: keys only where rtpengine sends them to us. */
static void events_put(const struct ep_iq *iq, struct ep_buf *out)
{
	ep_ng_put_key(out, "events");
	ep_ng_list_open(out);
	for(int i = 0; i < EP_EVENT_N; i++)
		if(i != EP_EVENT_DTMF || iq->conf->dtmf_listen.len)
			ep_ng_put_str(out, ep_view_z(ep_event_name((enum ep_event_kind)i)));
	ep_ng_close(out);
}

static void transcode_put(const struct ep_iq *iq, struct ep_buf *out)
{
	const struct ep_ng_probe *p = &iq->capabilities->probe;

	ep_ng_put_key(out, "transcode");
	ep_ng_list_open(out);
	for(size_t i = 0; i < p->codec_n; i++)
		ep_ng_put_str(out, ep_view_z(p->codec[i]));
	ep_ng_close(out);
}

void ep_capabilities_answer(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out)
{
	char epoch[24];

	(void)req;
	snprintf(epoch, sizeof epoch, "%" PRIu64, iq->epoch);
	ep_ng_put_pair_int(out, "bundle", ep_ng_version_bundle(&iq->version));
	ep_ng_put_pair_int(out, "calls", (int64_t)ep_calls_n(iq));
	ep_ng_put_pair(out, "epoch", ep_view_z(epoch));
	events_put(iq, out);
	ep_ng_put_pair_int(out, "fragment", ep_ng_version_fragment(&iq->version));
	ep_ng_put_pair(out, "gateway", EP_LIT("rtpengine"));
	ep_ng_put_pair_int(out, "in-service", ep_service_up(iq));
	ep_ng_put_pair_int(out, "iq", 1);
	ep_ng_put_pair_int(out, "probed", iq->capabilities->probed);
	ep_ng_put_pair(out, "result", EP_LIT("ok"));
	transcode_put(iq, out);
	ep_ng_put_pair(out, "version", version_text(iq));
}

struct ep_view ep_capabilities_version(const struct ep_iq *iq)
{
	return version_text(iq);
}
