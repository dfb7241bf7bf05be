/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Counters of group sdp_mediate: what was done, and one per cause. */
#ifndef EP_SDPM_COUNTERS_H
#define EP_SDPM_COUNTERS_H

#include "core/counters.h"
#include "mediate/cause.h"

struct ep_counters
{
	counter_handle_t offers;  /* mediated */
	counter_handle_t answers; /* mediated */
	counter_handle_t deletes; /* the gateway was told to forget a call */
	counter_handle_t deletes_failed;
	counter_handle_t cause[EP_MEDIATE_CAUSE_N]; /* results of SDP mediation */
};

extern struct ep_counters ep_counters;

/* mod_init only: counters cannot be added after the fork. 0 or -1. */
int ep_counters_init(void);

#endif
