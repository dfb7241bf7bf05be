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
	counter_handle_t fetch_ok;
	counter_handle_t fetch_failed;
};

extern struct ep_counters ep_counters;

/* Before fork. 0 or -1. */
int ep_counters_init(void);

#endif
