/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What an operator wants to be told of a configuration: what is different from
 * the one before, and what is legal but worth a thought.
 */
#ifndef EP_TOKEN_POLICYDIFF_H
#define EP_TOKEN_POLICYDIFF_H

#include "base/buf.h"
#include "token/config.h"

/* "issuers: +third ~home; wwsfs: -shop; maps: ~staff; global": sections by
 * name, + added, - removed, ~ changed (a key's value, or a table's content);
 * the order of sections, comments and spelling do not count. "nothing" when
 * there is no difference. Beyond out->cap - 4 octets "..." stands for the rest:
 * no overflow for a buffer of 16 octets or more. */
void ep_policy_diff_print(struct ep_buf *out, const struct ep_token_policy *old,
		const struct ep_token_policy *now);

/* The pairs of WWSFs whose `impi` patterns have identities in common, as
 * "portal and shop, ...". Cut in the same way. False, and nothing is written,
 * when there are none. That is legal: two shops may serve the same users. */
bool ep_policy_shared_print(
		struct ep_buf *out, const struct ep_token_policy *policy);

#endif
