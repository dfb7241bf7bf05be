/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Where a request that begins something wants to go: what a WWSF's list of
 * allowed destinations is asked about.
 */
#ifndef EP_TNA_TARGET_H
#define EP_TNA_TARGET_H

#include "base/hdredit.h"
#include "tna/binding.h"
#include "tna/cause.h"

enum
{
	EP_TNA_TARGETS_MAX = 2
};

/* URIs without brackets, in any spelling. */
struct ep_tna_targets
{
	struct ep_view v[EP_TNA_TARGETS_MAX];
	size_t n;
};

/* Of an initial or standalone request from the WIC of `binding`: the
 * Request-URI; of REFER also Refer-To (RFC 3515 2.1), in which the page names
 * somebody else's next call (without the Replaces of an attended transfer). Its
 * own identities are left out (reg event, its own presence, its own other
 * devices), and so is an OPTIONS to no user: it is meant for us. Causes: OK,
 * MALFORMED (REFER without exactly one Refer-To). */
enum ep_tna_cause ep_tna_targets_get(struct ep_tna_targets *out,
		const struct ep_msg *m, const struct ep_binding *binding);
/* Contacts of a page's 3xx answer that stay: each is a destination that its
 * caller is sent to. Deletes those that `permits` does not take; *left is how
 * many stay. A Contact that does not parse goes, too, and one with an `alias`.
 * May follow ep_tna_answer_plan() in `l`. EP_OK, EP_ENOMEM. */
enum ep_err ep_tna_redirect_plan(struct ep_hdredits *l, const struct ep_msg *m,
		bool (*permits)(void *ctx, struct ep_view uri), void *ctx, size_t *left,
		size_t *gone);

/* Of a REFER within a dialog: Refer-To alone. Causes as above. */
enum ep_tna_cause ep_tna_refer_get(struct ep_tna_targets *out,
		const struct ep_msg *m, const struct ep_binding *binding);

#endif
