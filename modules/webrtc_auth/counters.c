/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>

#include "core/dprint.h"

#include "webrtc_auth/counters.h"

#define GROUP "webrtc_auth"

struct ep_counters ep_counters;

// clang-format off
static const counter_def_t others[] = {
	{&ep_counters.origin_ok, "origin_ok", 0, 0, 0,
		"HTTP upgrades with an allowed Origin"},
	{&ep_counters.origin_refused, "origin_refused", 0, 0, 0,
		"HTTP upgrades without one"},
	{&ep_counters.dropped, "dropped", 0, 0, 0,
		"messages dropped because their connection is revoked"},
	{&ep_counters.closed, "closed", 0, 0, 0,
		"connections whose end was asked for"},
	{&ep_counters.fetch_ok, "fetch_ok", 0, 0, 0, "good key sets fetched"},
	{&ep_counters.fetch_failed, "fetch_failed", 0, 0, 0,
		"fetches without a good key set"},
};
// clang-format on

static int add(const counter_def_t *d)
{
	if(counter_register(d->handle, GROUP, d->name, d->flags, d->get_cbk,
			   d->get_cbk_param, d->descr, 0)
			< 0) {
		LM_ERR("counter %s cannot be registered\n", d->name);
		return -1;
	}
	return 0;
}

int ep_counters_init(void)
{
	const struct ep_token_cause_info *info;
	char name[64];
	size_t i;

	for(i = 0; i < sizeof(others) / sizeof(*others); i++)
		if(add(&others[i]) != 0)
			return -1;
	for(i = 0; i < EP_TOKEN_CAUSE_N; i++) {
		info = ep_token_cause_get((enum ep_token_cause)i);
		snprintf(name, sizeof(name), "check_%s", info->name);
		if(add(&(counter_def_t){
				   &ep_counters.cause[i], name, 0, 0, 0, info->text})
				!= 0)
			return -1;
	}
	return 0;
}
