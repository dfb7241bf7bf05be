/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A token that was found good before -> is it so here and now?
 *
 * Between two uses of one token under one configuration and one set of keys
 * its octets, and so its signature and claims, are the same. The time is not,
 * nor is the connection it comes over.
 */
#ifndef EP_TOKEN_RECHECK_H
#define EP_TOKEN_RECHECK_H

#include "token/verify.h"

/* `result` is what ep_token_verify() said with EP_TOKEN_OK under this very
 * policy. EP_TOKEN_OK, EP_TOKEN_EXPIRED, EP_TOKEN_ISSUED_IN_FUTURE (the clock
 * was set back), EP_TOKEN_ORIGIN_UNKNOWN, EP_TOKEN_WWSF_WRONG: as
 * ep_token_verify() would say, and in its order. */
enum ep_token_cause ep_token_recheck(const struct ep_token_result *result,
		const struct ep_token_policy *policy, struct ep_view conn_wwsf,
		int64_t now_s);

/* The second from which on a result is not to be kept: the token's end with
 * the issuer's skew, or the policy's cache_s from now. At or before now_s:
 * not at all. */
int64_t ep_token_keep_until(const struct ep_token_result *result,
		const struct ep_token_policy *policy, int64_t now_s);

#endif
