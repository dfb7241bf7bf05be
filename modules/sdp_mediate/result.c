/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "sdp_mediate/counters.h"
#include "sdp_mediate/result.h"

/* This process works on one message at a time. */
static struct
{
	unsigned int msg_id;
	int valid;
	enum ep_mediate_cause cause;
	unsigned warnings;
} last;

void ep_result_begin(const sip_msg_t *msg)
{
	last.msg_id = msg->id;
	last.valid = 0;
	last.warnings = 0;
}

void ep_result_warn(const sip_msg_t *msg, unsigned warnings)
{
	int i;

	last.msg_id = msg->id;
	last.warnings = warnings;
	for(i = 0; i < EP_MEDIATE_WARNING_N; i++)
		if(warnings & ep_mediate_warning_bit((enum ep_mediate_warning)i))
			counter_inc(ep_counters.warning[i]);
}

void ep_result_set(const sip_msg_t *msg, enum ep_mediate_cause cause)
{
	last.msg_id = msg->id;
	last.valid = 1;
	last.cause = cause;
}

const struct ep_mediate_cause_info *ep_result_get(const sip_msg_t *msg)
{
	if(!last.valid || msg == NULL || last.msg_id != msg->id)
		return NULL;
	return ep_mediate_cause_get(last.cause);
}

unsigned ep_result_warnings(const sip_msg_t *msg)
{
	return ep_result_get(msg) != NULL ? last.warnings : 0;
}
