/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Cores that cannot do Trusted Node Authentication: the eP-CSCF answers the
 * S-CSCF's SIP Digest challenge for a user whose token it has checked
 * (RFC 3261 22, RFC 7616, RFC 8760; TS 24.229 5.1.1.5).
 *
 * Digest with MD5, MD5-sess, SHA-256 or SHA-256-sess, and qop "auth" or none;
 * never AKA, never another realm than ours.
 */
#ifndef EP_TNA_ANSWER_H
#define EP_TNA_ANSWER_H

#include "base/hdredit.h"
#include "tna/cause.h"
#include "tna/cfg.h"
#include "tna/credentials.h"

struct ep_answer_ask
{
	struct ep_view impi;
	const struct ep_secret *secret;
	struct ep_view cnonce; /* fresh and random; characters of a token */
	bool again; /* an answer went out already: only one that was stale is
				   answered once more */
};

struct ep_answer
{
	struct ep_view name;  /* Authorization or Proxy-Authorization */
	struct ep_view value; /* in the arena */
	enum ep_hash hash;
};

/* `m` is a 401 or 407 to a REGISTER for cfg->home_uri. Of its challenges the
 * first one counts that can be answered (RFC 8760 2.4: the registrar wrote them
 * in the order it likes). Causes: CORE_CHALLENGED (none of them is for us: of
 * another realm, AKA, unreadable, or our answer was wrong), NO_CREDENTIALS
 * (ours, but no HA1 for its algorithm), METHOD (no such answer), INTERNAL. */
enum ep_tna_cause ep_answer_plan(struct ep_answer *out, const struct ep_msg *m,
		const struct ep_tna_cfg *cfg, const struct ep_answer_ask *ask,
		struct ep_arena *arena);

#endif
