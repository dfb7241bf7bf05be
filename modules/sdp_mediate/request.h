/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Requests with SDP that wait for the media gateway: one t_suspend each, no
 * worker waits. The route that a script named goes on in an async worker; the
 * sdp_mediate() there finds the result by ep_request_current().
 */
#ifndef EP_SDPM_REQUEST_H
#define EP_SDPM_REQUEST_H

#include "core/parser/msg_parser.h"
#include "sdp_mediate/message.h"

/* Where the route goes on: */
struct ep_resume
{
	int route;               /* in main_rt; -1: the function */
	struct ep_view function; /* of a KEMI script */
};

enum ep_request
{
	EP_REQUEST_SUSPENDED,
	EP_REQUEST_RETRANSMISSION, /* absorbed by tm: the script ends here too */
	EP_REQUEST_PASSES,         /* nothing to wait for */
	EP_REQUEST_TWICE,          /* this transaction was suspended before */
	EP_REQUEST_FAILED          /* *cause says why */
};

/* mod_init. 0 or -1. */
int ep_request_init(void);

/* Of a request in a request route, *job as ep_message_read() gave it. An
 * INVITE without SDP is not suspended; its replies are mediated all the same.
 * With SUSPENDED nothing of `msg` may be touched any more. */
enum ep_request ep_request_suspend(enum ep_mediate_cause *cause, sip_msg_t *msg,
		const struct ep_job *job, const struct ep_mediate_profile *profile,
		const struct ep_resume *resume);

struct ep_request_result
{
	enum ep_mediate_cause cause;
	struct ep_view sdp; /* with EP_MEDIATE_OK */
	unsigned warnings;  /* bits of mediate/warning.h */
};
/* In the route that was resumed for this message just now; else NULL. */
const struct ep_request_result *ep_request_current(void);

#endif
