/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Counters of group sdp_mediate: what was done, and one per cause. */
#ifndef EP_SDPM_COUNTERS_H
#define EP_SDPM_COUNTERS_H

#include "core/counters.h"
#include "mediate/cause.h"
#include "mediate/warning.h"

struct ep_counters
{
	counter_handle_t offers;  /* mediated */
	counter_handle_t answers; /* mediated */
	counter_handle_t deletes; /* the gateway was told to forget a call */
	counter_handle_t deletes_failed;
	/* hold.h */
	counter_handle_t held;     /* messages that waited for the gateway */
	counter_handle_t absorbed; /* the same once more, while it waited */
	counter_handle_t served;   /* the same once more, behind it */
	counter_handle_t queued;   /* without SDP, kept behind one that waited */
	counter_handle_t forged;   /* no branch of ours, or from the wrong side */
	counter_handle_t hold_full; /* dropped: too many, or no memory */
	counter_handle_t hung_up;  /* callees whose answer could not go on */
	counter_handle_t fragments; /* INFO with candidates of a WIC, taken */
	counter_handle_t fragments_failed;
	counter_handle_t suspended; /* requests that waited for a gateway */
	counter_handle_t late;      /* of those: over before the gateway answered */
	counter_handle_t cause[EP_MEDIATE_CAUSE_N]; /* results of SDP mediation */
	counter_handle_t
			warning[EP_MEDIATE_WARNING_N]; /* of those that went well */
};

extern struct ep_counters ep_counters;

/* mod_init only: counters cannot be added after the fork. 0 or -1. */
int ep_counters_init(void);

#endif
