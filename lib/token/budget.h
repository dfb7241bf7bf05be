/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Who pays for a signature: asked when all that is cheap has been looked at,
 * right before a signature is computed.
 */
#ifndef EP_TOKEN_BUDGET_H
#define EP_TOKEN_BUDGET_H

#include <stdbool.h>

struct ep_token_budget
{
	/* May `cost_us` microseconds be spent? False: EP_TOKEN_COST_EXCEEDED. The
	 * figure is ep_sig_key_cost_us(): a rough one, of a 2020s server core. */
	bool (*pay)(void *ctx, unsigned cost_us);
	void *ctx;
};

#endif
