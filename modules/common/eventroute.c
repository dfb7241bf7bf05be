/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/action.h"
#include "core/fmsg.h"
#include "core/kemi.h"
#include "core/receive.h"
#include "core/route.h"

#include "common/eventroute.h"
#include "common/view.h"

void ep_event_route_run(const char *name, struct ep_view callback)
{
	sr_kemi_eng_t *engine = sr_kemi_eng_get();
	str event = {(char *)name, strlen(name)}, function = ep_str_view(callback);
	int route = route_lookup(&event_rt, event.s), backup;
	run_act_ctx_t ctx;
	sip_msg_t *msg;

	if(route >= 0 && event_rt.rlist[route] == NULL)
		route = -1;
	if(route < 0 && (engine == NULL || function.len == 0))
		return;
	msg = faked_msg_next();
	backup = get_route_type();
	set_route_type(EVENT_ROUTE);
	init_run_actions_ctx(&ctx);
	if(route >= 0)
		run_top_route(event_rt.rlist[route], msg, &ctx);
	else
		sr_kemi_route(engine, msg, EVENT_ROUTE, &function, &event);
	set_route_type(backup);
	ksr_msg_env_reset();
}
