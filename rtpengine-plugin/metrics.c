/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "metrics.h"

#include "base/buf.h"
#include "calls.h"
#include "capabilities.h"
#include "events.h"
#include "service.h"
#include "south.h"

#define PREFIX "rtpengine_iq_"

static void head_put(struct ep_buf *out, const char *name, const char *tail,
		const char *help, const char *type)
{
	ep_buf_put_z(out, "# HELP " PREFIX);
	ep_buf_put_z(out, name);
	ep_buf_put_z(out, tail);
	ep_buf_put_chr(out, ' ');
	ep_buf_put_z(out, help);
	ep_buf_put_z(out, "\n# TYPE " PREFIX);
	ep_buf_put_z(out, name);
	ep_buf_put_z(out, tail);
	ep_buf_put_chr(out, ' ');
	ep_buf_put_z(out, type);
	ep_buf_put_chr(out, '\n');
}

static void value_put(
		struct ep_buf *out, const char *name, const char *tail, uint64_t n)
{
	ep_buf_put_z(out, PREFIX);
	ep_buf_put_z(out, name);
	ep_buf_put_z(out, tail);
	ep_buf_put_chr(out, ' ');
	ep_buf_put_u64(out, n);
	ep_buf_put_chr(out, '\n');
}

static void gauge_put(
		struct ep_buf *out, const char *name, const char *help, uint64_t n)
{
	head_put(out, name, "", help, "gauge");
	value_put(out, name, "", n);
}

static void by_name_put(struct ep_iq *iq, struct ep_buf *out)
{
	head_put(out, "happened", "_total", "events, by name", "counter");
	for(int i = 0; i < EP_EVENT_N; i++) {
		enum ep_event_kind kind = (enum ep_event_kind)i;
		ep_buf_put_z(out, PREFIX "happened_total{event=\"");
		ep_buf_put_z(out, ep_event_name(kind));
		ep_buf_put_z(out, "\"} ");
		ep_buf_put_u64(out, ep_events_happened_n(iq, kind));
		ep_buf_put_chr(out, '\n');
	}
}

void ep_metrics_put(struct ep_iq *iq, struct ep_buf *out)
{
	for(int i = 0; i < EP_STAT_N; i++) {
		const char *name = ep_stat_name((enum ep_stat)i);
		head_put(out, name, "_total", ep_stat_help((enum ep_stat)i), "counter");
		value_put(out, name, "_total", iq->stats.n[i]);
	}
	by_name_put(iq, out);
	gauge_put(out, "in_service", "1: rtpengine answers", ep_service_up(iq));
	gauge_put(out, "calls", "calls in the table", ep_calls_n(iq));
	gauge_put(out, "inflight", "commands that rtpengine has not answered yet",
			ep_south_inflight_n(iq));
	gauge_put(out, "subscribers", "subscribers of events",
			ep_events_subscribers_n(iq));
	gauge_put(out, "events_waiting",
			"events not acknowledged yet, over all "
			"subscribers",
			ep_events_waiting_n(iq));
	gauge_put(out, "start_time_seconds", "when it started, since 1970",
			iq->epoch / 1000);
	head_put(out, "info", "", "of rtpengine", "gauge");
	ep_buf_put_z(out, PREFIX "info{gateway=\"rtpengine\",version=\"");
	ep_buf_put(out, ep_capabilities_version(iq));
	ep_buf_put_z(out, "\"} 1\n");
}

bool ep_health_put(struct ep_iq *iq, struct ep_buf *out)
{
	bool up = ep_service_up(iq);

	ep_buf_put_z(out, up ? "in service\n" : "rtpengine is out of service\n");
	return up;
}
