/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Authorization and Proxy-Authorization: the one we make (TS 24.371 A.3.2),
 * and what may be left of those a WIC sends (TS 24.229 7.2A.2: only a trusted
 * node says integrity-protected and authorization-entity).
 */
#ifndef EP_TNA_AUTH_H
#define EP_TNA_AUTH_H

#include "base/hdredit.h"
#include "tna/cfg.h"
#include "tna/identity.h"

/* Deletes every Authorization and Proxy-Authorization, whatever it says. */
enum ep_err ep_auth_strip(struct ep_hdredits *l, const struct ep_msg *m);

/* Keeps of every Authorization and Proxy-Authorization only well-formed
 * Digest credentials, without the two parameters; deletes the others: Bearer
 * (the token ends here), other schemes, and what does not parse. */
enum ep_err ep_auth_clean(struct ep_hdredits *l, const struct ep_msg *m);

/* The value of the TNA header; absent without memory. */
struct ep_view ep_auth_tna(const struct ep_tna_cfg *cfg,
		const struct ep_tna_identity *id, struct ep_arena *arena);

struct ep_digest
{
	struct ep_view username; /* these three without their quotes, or absent */
	struct ep_view response;
	struct ep_view algorithm;
	struct ep_view clean; /* the whole value without the two parameters */
};

/* EP_ENOENT: another scheme. EP_ESYNTAX: Digest, but a parameter that is not
 * `token = token / quoted-string`, one that comes twice, or none.
 * EP_ENOMEM. */
enum ep_err ep_digest_parse(
		struct ep_digest *out, struct ep_view value, struct ep_arena *arena);

/* Takes `ik` and `ck` out of every WWW-Authenticate: keys of an AKA challenge
 * end here (TS 24.229 7.2A.1). A Digest challenge that cannot be read goes
 * altogether. */
enum ep_err ep_auth_challenge_clean(
		struct ep_hdredits *l, const struct ep_msg *m);

#endif
