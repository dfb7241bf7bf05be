/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>

#include "core/dprint.h"

#include "sdp_mediate/counters.h"

#define GROUP "sdp_mediate"

struct ep_counters ep_counters;

// clang-format off
static counter_def_t others[] = {
	{&ep_counters.offers, "offers", 0, 0, 0, "offers mediated"},
	{&ep_counters.answers, "answers", 0, 0, 0, "answers mediated"},
	{&ep_counters.deletes, "deletes", 0, 0, 0,
		"calls that the media gateway was told to forget"},
	{&ep_counters.deletes_failed, "deletes_failed", 0, 0, 0,
		"of those: the gateway did not do it"},
	{&ep_counters.held, "held", 0, 0, 0,
		"replies and ACKs that waited for the media gateway"},
	{&ep_counters.absorbed, "held_absorbed", 0, 0, 0,
		"retransmissions of those while they waited"},
	{&ep_counters.served, "held_served", 0, 0, 0,
		"retransmissions of those with the SDP of the first"},
	{&ep_counters.queued, "held_queued", 0, 0, 0,
		"replies without SDP that waited for one with SDP before them"},
	{&ep_counters.forged, "held_forged", 0, 0, 0,
		"replies dropped: a branch tm did not write, or the wrong side"},
	{&ep_counters.hold_full, "held_full", 0, 0, 0,
		"replies and ACKs dropped: too many, or out of memory"},
	{&ep_counters.hung_up, "held_hung_up", 0, 0, 0,
		"callees that got a BYE because their answer could not go on"},
	{&ep_counters.fragments, "fragments", 0, 0, 0,
		"INFO with trickled candidates taken from WICs"},
	{&ep_counters.fragments_failed, "fragments_failed", 0, 0, 0,
		"of those: the gateway was told and did not take them"},
	{&ep_counters.suspended, "suspended", 0, 0, 0,
		"requests that waited for a media gateway, no worker with them"},
	{&ep_counters.late, "late", 0, 0, 0,
		"of those: cancelled or answered before the gateway did"},
	{0, 0, 0, 0, 0, 0}
};
// clang-format on

int ep_counters_init(void)
{
	char name[64];
	int i;

	if(counter_register_array(GROUP, others) < 0)
		goto error;
	for(i = 0; i < EP_MEDIATE_CAUSE_N; i++) {
		const struct ep_mediate_cause_info *info =
				ep_mediate_cause_get((enum ep_mediate_cause)i);
		snprintf(name, sizeof(name), "result_%s", info->name);
		if(counter_register(
				   &ep_counters.cause[i], GROUP, name, 0, 0, 0, info->text, 0)
				< 0)
			goto error;
	}
	for(i = 0; i < EP_MEDIATE_WARNING_N; i++) {
		const struct ep_mediate_warning_info *info =
				ep_mediate_warning_get((enum ep_mediate_warning)i);
		snprintf(name, sizeof(name), "warning_%s", info->name);
		if(counter_register(
				   &ep_counters.warning[i], GROUP, name, 0, 0, 0, info->text, 0)
				< 0)
			goto error;
	}
	return 0;
error:
	LM_ERR("counters cannot be registered\n");
	return -1;
}
