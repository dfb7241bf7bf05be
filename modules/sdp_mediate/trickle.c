/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/parser/parse_to.h"
#include "core/route.h"

#include "common/msg.h"
#include "common/view.h"
#include "sdp_mediate/agw.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/exchange.h"
#include "sdp_mediate/message.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/request.h"
#include "sdp_mediate/trickle.h"

/* What the call's gateway can do. Before it has one: in asynchronous mode not
 * known, otherwise what the profile says. */
static struct ep_mediate_caps caps_get(
		sip_msg_t *msg, const struct ep_mediate_profile *profile)
{
	if(!ep_exchange_enabled())
		return profile->caps;
	return ep_exchange_caps(
			ep_view_trim(ep_view_str(&msg->callid->body)), ep_leg_get(msg));
}

static bool fragment_send(
		sip_msg_t *msg, struct ep_view fragment, struct ep_arena *arena)
{
	if(!ep_exchange_enabled())
		return ep_agw_fragment(msg, fragment, arena);
	return ep_exchange_fragment(ep_view_trim(ep_view_str(&msg->callid->body)),
			ep_leg_get(msg), fragment);
}

/* Candidates belong to a dialog, early or not (RFC 8840 4.3). */
static bool in_call(sip_msg_t *msg)
{
	return msg->to != NULL && parse_to_header(msg) >= 0
		   && get_to(msg)->tag_value.len > 0 && ep_dialog_known(msg);
}

static enum ep_mediate_cause take(sip_msg_t *msg, const struct ep_msg *m,
		const struct ep_mediate_profile *profile, struct ep_arena *arena)
{
	struct ep_mediate_caps caps = caps_get(msg, profile);
	struct ep_view fragment;
	enum ep_mediate_cause cause = ep_mediate_trickle_plan(
			&fragment, m, ep_message_from(msg), &caps, arena);

	if(cause != EP_MEDIATE_OK)
		return cause;
	if(!in_call(msg))
		return EP_MEDIATE_ENOCALL;
	counter_inc(ep_counters.fragments);
	/* A gateway that missed them finds the browser by its checks. */
	if(fragment.p != NULL && !fragment_send(msg, fragment, arena))
		counter_inc(ep_counters.fragments_failed);
	return EP_MEDIATE_OK;
}

bool ep_trickle_info(enum ep_mediate_cause *cause, sip_msg_t *msg,
		const struct ep_mediate_profile *profile, struct ep_arena *arena)
{
	struct ep_msg m;

	if(msg->first_line.type != SIP_REQUEST || msg->REQ_METHOD != METHOD_INFO
			|| ep_msg_view(&m, msg, arena) != EP_OK
			|| !ep_mediate_trickle_is(&m))
		return false;
	*cause = take(msg, &m, profile, arena);
	counter_inc(ep_counters.cause[*cause]);
	return true;
}

enum ep_err ep_trickle_headers(sip_msg_t *msg, enum ep_mediate_from from,
		const struct ep_mediate_profile *profile, struct ep_arena *arena)
{
	struct ep_hdredits edits;
	struct ep_msg m;
	enum ep_err err;

	/* tm resumes a main route as if it were a failure route. */
	if(!(get_route_type() & (REQUEST_ROUTE | ONREPLY_ROUTE))
			&& ep_request_current() == NULL)
		return EP_OK;
	if(msg->callid == NULL)
		return EP_ESYNTAX;
	err = ep_msg_view(&m, msg, arena);
	if(err != EP_OK)
		return err;
	ep_hdredits_init(&edits, arena);
	err = ep_mediate_trickle_headers(
			&edits, &m, from, caps_get(msg, profile).fragment);
	return err != EP_OK ? err : ep_msg_edit(msg, &m, &edits);
}
