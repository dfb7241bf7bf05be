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
	return 0;
error:
	LM_ERR("counters cannot be registered\n");
	return -1;
}
