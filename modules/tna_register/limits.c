/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/route.h"

#include "common/view.h"
#include "limits.h"
#include "route.h"
#include "script.h"
#include "tna/target.h"
#include "usage.h"

static enum ep_tna_from_rule rule_of(enum webrtc_auth_from from)
{
	switch(from) {
		case WEBRTC_AUTH_FROM_KEEP:
			return EP_TNA_FROM_KEEP;
		case WEBRTC_AUTH_FROM_REPLACE:
			return EP_TNA_FROM_REPLACE;
		default:
			return EP_TNA_FROM_REFUSE;
	}
}

enum ep_tna_cause tna_limits_from(
		enum ep_tna_from_rule *out, const struct ep_binding *b)
{
	struct webrtc_auth_limits limits;

	*out = EP_TNA_FROM_KEEP;
	if(b->wwsf.len == 0)
		return EP_TNA_OK;
	if(tna_auth.wwsf_limits(&limits, b->wwsf) != EP_OK)
		return EP_TNA_WWSF_GONE;
	if(limits.from != WEBRTC_AUTH_FROM_KEEP
			&& tna_auth.wwsf_pool(b->wwsf, b->impi))
		*out = rule_of(limits.from);
	return EP_TNA_OK;
}

enum ep_tna_cause tna_limits_destination(
		const struct ep_msg *m, const struct ep_binding *b)
{
	struct ep_tna_targets targets;
	enum ep_tna_cause cause;
	size_t i;

	if(b->wwsf.len == 0)
		return EP_TNA_OK;
	cause = ep_tna_targets_get(&targets, m, b);
	for(i = 0; cause == EP_TNA_OK && i < targets.n; i++)
		if(!tna_auth.wwsf_permits(b->wwsf, targets.v[i]))
			cause = EP_TNA_DESTINATION;
	return cause;
}

enum ep_tna_cause tna_limits_call(struct tna_usage **out, sip_msg_t *msg,
		const struct ep_binding *b, bool from_wic)
{
	struct webrtc_auth_limits limits;
	enum tna_calls_there there = tna_calls_there(msg, b->id);
	enum ep_tna_cause cause;

	*out = NULL;
	/* A script that sends the INVITE to somebody else, in a failure_route. */
	if(get_route_type() == FAILURE_ROUTE)
		return EP_TNA_OK;
	/* RFC 3261 8.2.2.2. A page needs no retransmission, and a second INVITE
	 * that is taken for part of a call would be a call that nobody counts and
	 * nobody ends. */
	if(from_wic && there != TNA_CALL_NONE)
		return EP_TNA_MERGED;
	if(b->wwsf.len == 0 || !tna_has_dlg || there == TNA_CALL_OWN)
		return EP_TNA_OK;
	if(tna_auth.wwsf_limits(&limits, b->wwsf) != EP_OK)
		return EP_TNA_WWSF_GONE;
	*out = tna_usage_of(b->wwsf);
	if(*out == NULL)
		return EP_TNA_INTERNAL;
	cause = tna_usage_call(*out, &limits);
	if(cause != EP_TNA_OK)
		*out = NULL;
	return cause;
}

bool tna_limits_admit(
		sip_msg_t *msg, struct ep_view wwsf, struct ep_view impi, unsigned max)
{
	struct tna_usage *u;
	int conid = tna_route_conid(msg);

	if(conid == 0 || tna_registers_again(msg, conid, impi))
		return true;
	u = tna_usage_of(wwsf);
	return u != NULL && tna_usage_reserve(u, conid, max);
}

void tna_limits_sweep(void)
{
	struct tna_calls_which over_long = {.over_long_s = tna_now_s()};
	struct tna_calls_which used_up = {.used_up = true};

	unsigned found = tna_usage_refresh();

	if(found & TNA_USAGE_USED_UP)
		tna_calls_end(&used_up, TNA_END_USED_UP);
	if(tna_set.max_call_s > 0 || (found & TNA_USAGE_TIMED))
		tna_calls_end(&over_long, TNA_END_DURATION);
}
