/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Bad tokens by the source they come from (token/flood.h), in shared memory.
 *
 * A connection whose REGISTER had a good token is never asked: its neighbours'
 * failures do not hurt it. Limits are the configuration's
 * source_failures_per_minute and source_cost_ms, and modparam
 * signature_budget for all sources together.
 */
#ifndef EP_WEBRTC_AUTH_FLOOD_H
#define EP_WEBRTC_AUTH_FLOOD_H

#include "core/ip_addr.h"
#include "token/budget.h"
#include "token/flood.h"

/* EP_OK, EP_ENOMEM, or EP_ECRYPTO: no random octets. Before fork. */
enum ep_err ep_floods_init(unsigned sources_n);
void ep_floods_fini(void);

/* Seconds until this source is served again; 0: now. */
unsigned ep_source_wait_s(const struct receive_info *rcv);
/* A request of it was refused; counts what is to be counted. */
void ep_source_failed(
		const struct receive_info *rcv, enum ep_token_cause cause);

/* Pays for the signatures of one check. Limits are taken when it begins: the
 * policy that is in use then must not be fetched anew meanwhile. */
struct ep_bill
{
	struct ep_token_budget budget; /* for ep_token_verify() */
	const struct receive_info *rcv;
	struct ep_flood_limits limits;
	bool has_limits;
	unsigned paid_us;  /* by the source */
	unsigned total_us; /* of what there is for all */
};
void ep_bill_init(struct ep_bill *bill, const struct receive_info *rcv);
/* The token was good: gives back what was paid. */
void ep_bill_good(struct ep_bill *bill);

/* The worst `n` sources, worst first; returns how many there are. */
size_t ep_floods_worst(struct ep_flood_row *rows, size_t n);

#endif
