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
	{&ep_counters.frames_malformed, "frames_malformed", 0, 0, 0,
		"WebSocket messages dropped because they are not well-formed"},
	{&ep_counters.revoked_connections, "revoked_connections", 0, 0, 0,
		"connections that a revocation ended"},
	{&ep_counters.revoked_file_failed, "revoked_file_failed", 0, 0, 0,
		"times the list of revocations could not be written"},
	{&ep_counters.logout_ok, "logout_ok", 0, 0, 0, "log-out tokens obeyed"},
	{&ep_counters.logout_refused, "logout_refused", 0, 0, 0,
		"log-out requests refused"},
	{&ep_counters.node_taken, "node_taken", 0, 0, 0,
		"payloads taken from other nodes"},
	{&ep_counters.node_refused, "node_refused", 0, 0, 0,
		"payloads that no node of ours sent as they came"},
	{&ep_counters.node_replayed, "node_replayed", 0, 0, 0,
		"payloads of other nodes that were old or came twice"},
	{&ep_counters.node_undelivered, "node_undelivered", 0, 0, 0,
		"payloads that another node did not take"},
	{&ep_counters.fetch_ok, "fetch_ok", 0, 0, 0, "good key sets fetched"},
	{&ep_counters.fetch_failed, "fetch_failed", 0, 0, 0,
		"fetches without a good key set"},
	{&ep_counters.introspect_asked, "introspect_asked", 0, 0, 0,
		"questions about tokens sent to WAFs"},
	{&ep_counters.introspect_answered, "introspect_answered", 0, 0, 0,
		"questions that were answered"},
	{&ep_counters.introspect_failed, "introspect_failed", 0, 0, 0,
		"questions that were not, or could not be sent"},
	{&ep_counters.introspect_inactive, "introspect_inactive", 0, 0, 0,
		"requests with a token that its WAF calls inactive"},
	{&ep_counters.introspect_busy, "introspect_busy", 0, 0, 0,
		"REGISTERs beyond max_pending"},
	{&ep_counters.introspect_cache, "introspect_cache", 0, 0, 0,
		"requests decided by an answer that was still known"},
	{&ep_counters.cache_hit, "cache_hit", 0, 0, 0,
		"tokens that were found in the cache"},
	{&ep_counters.cache_miss, "cache_miss", 0, 0, 0,
		"tokens that were not"},
	{&ep_counters.cache_stale, "cache_stale", 0, 0, 0,
		"those found that were of older keys or configuration"},
	{&ep_counters.cache_evicted, "cache_evicted", 0, 0, 0,
		"tokens that left the cache early, for want of room"},
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
