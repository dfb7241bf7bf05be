/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/route.h"

#include "common/view.h"
#include "limits.h"
#include "route.h"
#include "script.h"
#include "subs.h"
#include "tna/emergency.h"
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

static enum ep_tna_cause permits(
		const struct ep_tna_targets *targets, const struct ep_binding *b)
{
	size_t i;

	for(i = 0; i < targets->n; i++)
		if(!tna_auth.wwsf_permits(b->wwsf, targets->v[i]))
			return EP_TNA_DESTINATION;
	return EP_TNA_OK;
}

enum ep_tna_cause tna_limits_destination(
		const struct ep_msg *m, const struct ep_binding *b)
{
	struct ep_tna_targets targets;
	enum ep_tna_cause cause;

	if(b->wwsf.len == 0)
		return EP_TNA_OK;
	cause = ep_tna_targets_get(&targets, m, b);
	return cause == EP_TNA_OK ? permits(&targets, b) : cause;
}

enum ep_tna_cause tna_limits_refer(
		const struct ep_msg *m, const struct ep_binding *b)
{
	struct ep_tna_targets targets;
	enum ep_tna_cause cause;

	if(b->wwsf.len == 0 || !ep_view_eq(m->method, EP_LIT("REFER")))
		return EP_TNA_OK;
	cause = ep_tna_refer_get(&targets, m, b);
	return cause == EP_TNA_OK ? permits(&targets, b) : cause;
}

static bool may_redirect(void *ctx, struct ep_view uri)
{
	const struct ep_binding *b = ctx;

	if(ep_emergency_uri(uri, &tna_set.cfg))
		return false;
	return b->wwsf.len == 0 || ep_impus_find(b->impus, uri).p != NULL
		   || tna_auth.wwsf_permits(b->wwsf, uri);
}

enum ep_tna_cause tna_limits_redirect(struct ep_hdredits *edits,
		const struct ep_msg *m, const struct ep_binding *b, bool *none)
{
	size_t left, gone;

	*none = false;
	if(m->status < 300 || m->status > 399)
		return EP_TNA_OK;
	if(ep_tna_redirect_plan(edits, m, may_redirect, (void *)b, &left, &gone)
			!= EP_OK)
		return EP_TNA_INTERNAL;
	if(gone > 0)
		tna_count(TNA_N_REDIRECTS);
	*none = gone > 0 && left == 0;
	return EP_TNA_OK;
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
	if(!tna_has_dlg || there == TNA_CALL_OWN)
		return EP_TNA_OK;
	if(tna_set.max_calls_each > 0
			&& tna_calls_count(b->id) >= tna_set.max_calls_each)
		return EP_TNA_BINDING_CALLS;
	if(b->wwsf.len == 0)
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
	struct ep_view impu;
	int conid = tna_route_conid(msg);

	if(conid == 0 || tna_registers_again(&impu, msg, conid, impi))
		return true;
	u = tna_usage_of(wwsf);
	return u != NULL && tna_usage_reserve(u, conid, impu, max);
}

void tna_limits_sweep(void)
{
	struct tna_calls_which over_long = {.over_long_s = tna_now_s()};
	struct tna_calls_which used_up = {.used_up = true};

	unsigned found = tna_usage_refresh();

	tna_subs_sweep(tna_now_s());

	if(found & TNA_USAGE_USED_UP)
		tna_calls_end(&used_up, TNA_END_USED_UP);
	if(tna_set.max_call_s > 0 || (found & TNA_USAGE_TIMED))
		tna_calls_end(&over_long, TNA_END_DURATION);
}
