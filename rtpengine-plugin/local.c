/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "local.h"

#include "capabilities.h"
#include "events.h"
#include "service.h"

static void ping_answer(
		struct ep_iq *iq, const struct ep_request *req, struct ep_buf *out)
{
	(void)req;
	if(ep_service_up(iq)) {
		ep_ng_put_pair(out, "result", EP_LIT("pong"));
		return;
	}
	ep_ng_put_pair(out, "error-reason", EP_LIT("rtpengine is out of service"));
	ep_ng_put_pair(out, "result", EP_LIT("error"));
}

static const struct
{
	const char *command;
	ep_local_f fn;
} table[] = {
		{"ping", ping_answer},
		{"capabilities", ep_capabilities_answer},
		{"subscribe-events", ep_events_subscribe},
		{"unsubscribe-events", ep_events_unsubscribe},
};

ep_local_f ep_local_find(struct ep_view command)
{
	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(ep_view_eq(command, ep_view_z(table[i].command)))
			return table[i].fn;
	return NULL;
}
