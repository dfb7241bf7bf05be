/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * An exchange's block in shared memory, and what the Iq process does with it.
 * At each moment some one process owns it.
 */
#ifndef EP_SDPM_EXCHANGE_IQ_H
#define EP_SDPM_EXCHANGE_IQ_H

#include "sdp_mediate/ask.h"
#include "mediate/caps.h"
#include "sdp_mediate/exchange.h"
#include "sdp_mediate/iq.h"

struct ep_exchange
{
	struct ep_iq_job job; /* first */
	struct ep_iq_task *task;
	struct ep_exchange_spec spec; /* its texts are below; without leg */
	struct ep_view name;          /* of the call at the gateway */
	ep_exchange_done_f done;
	void *ctx;
	int64_t end_ms; /* CLOCK_MONOTONIC */

	/* For the Iq process. */
	bool is_query; /* which node has the call? */
	bool is_again; /* the offer once more, before the answer */
	bool had_again;
	bool is_idle;   /* there is nothing for a gateway to do */
	int node;       /* out, of a query: the one that has it, or NONE … */
	bool is_unsure; /* … of those that answered: not all did */
	unsigned share_ms;
	char *body; /* a block of its own */
	size_t body_len;

	/* From the Iq process. */
	enum ep_asked how;
	char *reply; /* a block of its own; NULL: no memory */
	size_t reply_len;

	struct ep_mediate_caps caps; /* that the plan was made for */
	uint64_t tried;              /* bits of nodes */
	bool was_refused;            /* by one, who did not say whose fault it is */
	bool is_known;               /* it stands in the table of calls */
	char text[];
};

/* In the Iq process. */
void ep_exchange_send(struct ep_iq_job *job);
/* In an async worker. */
void ep_exchange_step(void *exchange);

#endif
