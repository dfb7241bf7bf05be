/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/recheck.h"

enum ep_token_cause ep_token_recheck(const struct ep_token_result *result,
		const struct ep_token_policy *policy, struct ep_view conn_wwsf,
		int64_t now_s)
{
	int64_t skew;

	if(result->issuer_index >= policy->issuers_n)
		return EP_TOKEN_ISSUER_UNKNOWN;
	skew = policy->issuers[result->issuer_index].skew_s;
	/* As ep_policy_time_check() has it. */
	if(now_s - skew >= result->exp_s)
		return EP_TOKEN_EXPIRED;
	if(result->iat_s > now_s + skew)
		return EP_TOKEN_ISSUED_IN_FUTURE;
	if(conn_wwsf.p == NULL)
		return EP_TOKEN_ORIGIN_UNKNOWN;
	return ep_view_eq(result->wwsf, conn_wwsf) ? EP_TOKEN_OK
											   : EP_TOKEN_WWSF_WRONG;
}

int64_t ep_token_keep_until(const struct ep_token_result *result,
		const struct ep_token_policy *policy, int64_t now_s)
{
	int64_t end_s;

	if(result->issuer_index >= policy->issuers_n)
		return now_s;
	end_s = result->exp_s + policy->issuers[result->issuer_index].skew_s;
	return end_s < now_s + policy->cache_s ? end_s : now_s + policy->cache_s;
}
