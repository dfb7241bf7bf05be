/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "sdp_mediate/result.h"

/* This process works on one message at a time. */
static struct
{
	unsigned int msg_id;
	int valid;
	enum ep_mediate_cause cause;
} last;

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
