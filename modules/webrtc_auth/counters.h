/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Counters of the group webrtc_auth: one per cause, and what else happens. */
#ifndef EP_WEBRTC_AUTH_COUNTERS_H
#define EP_WEBRTC_AUTH_COUNTERS_H

#include "core/counters.h"
#include "token/cause.h"

struct ep_counters
{
	counter_handle_t cause[EP_TOKEN_CAUSE_N]; /* results of the check */
	counter_handle_t origin_ok;
	counter_handle_t origin_refused;
	counter_handle_t dropped; /* messages of revoked connections */
	counter_handle_t closed;  /* connections we ended */
	counter_handle_t frames_malformed;
	counter_handle_t revoked_connections; /* ended by a revocation */
	counter_handle_t revoked_file_failed;
	counter_handle_t logout_ok;
	counter_handle_t logout_refused;
	counter_handle_t node_taken; /* payloads of other nodes */
	counter_handle_t node_refused;
	counter_handle_t node_replayed;
	counter_handle_t node_undelivered;
	counter_handle_t fetch_ok;
	counter_handle_t fetch_failed;
	counter_handle_t introspect_asked;    /* requests to WAFs */
	counter_handle_t introspect_answered; /* with HTTP status 200 */
	counter_handle_t introspect_failed;   /* or never sent */
	counter_handle_t introspect_inactive; /* SIP requests: the WAF said no */
	counter_handle_t introspect_busy;     /* beyond max_pending */
	counter_handle_t introspect_cache;    /* its answer was still known */
	counter_handle_t cache_hit;
	counter_handle_t cache_miss;
	counter_handle_t cache_stale; /* hits of other keys or configuration */
	counter_handle_t cache_evicted;
};

extern struct ep_counters ep_counters;

/* Before fork. 0 or -1. */
int ep_counters_init(void);

#endif
