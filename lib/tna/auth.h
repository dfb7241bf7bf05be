/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Authorization and Proxy-Authorization: the one we make (TS 24.371 A.3.2),
 * and what may be left of those a WIC sends (TS 24.229 7.2A.2: only a trusted
 * node says integrity-protected and authorization-entity).
 */
#ifndef EP_TNA_AUTH_H
#define EP_TNA_AUTH_H

#include "base/hdredit.h"
#include "base/sipuri.h"
#include "tna/cause.h"
#include "tna/cfg.h"
#include "tna/identity.h"

/* More than any Digest has. */
#define EP_DIGEST_PARAMS_MAX 32

/* Deletes every Authorization and Proxy-Authorization, whatever it says. */
enum ep_err ep_auth_strip(struct ep_hdredits *l, const struct ep_msg *m);

/* Keeps of every Authorization and Proxy-Authorization only well-formed
 * Digest credentials, without the two parameters; deletes the others: Bearer
 * (the token ends here), other schemes, and what does not parse. */
enum ep_err ep_auth_clean(struct ep_hdredits *l, const struct ep_msg *m);

/* What a WIC tries with. A Bearer, well-formed or not and in either header,
 * counts before a Digest, which counts in Authorization alone; every other
 * scheme is none. */
enum ep_auth_kind
{
	EP_AUTH_NONE,
	EP_AUTH_BEARER,
	EP_AUTH_DIGEST
};
enum ep_auth_kind ep_auth_kind(const struct ep_msg *m);

/* The value of the TNA header; absent without memory. With cfg->core_digest
 * that of a UE's first REGISTER (TS 24.229 5.1.1.2.2): it names the user and
 * claims nothing. The WWSF is named, where
 * cfg has a name for the parameter, together with the WAF: both are of
 * interest where the core cannot take the eP-CSCF's word for them
 * (TS 33.203 X.3.2.3 step 5.2). */
struct ep_view ep_auth_tna(const struct ep_tna_cfg *cfg,
		const struct ep_tna_identity *id, struct ep_arena *arena);

/* Credentials and challenges, one by one. Cuts the scheme off `value` if it is
 * `name`; what is left are its parameters. */
bool ep_auth_scheme_is(struct ep_view *value, struct ep_view name);
/* The next parameter, its value with its quotes. EP_OK; EP_ENOENT at the end;
 * EP_ESYNTAX for what is not `token = token / quoted-string`. */
enum ep_err ep_auth_param_next(struct ep_param *p, struct ep_view *rest);

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

/* The Digest credentials of a REGISTER: *index is their header, SIZE_MAX
 * without any. Several are one when all name the same user and only one of
 * them answers a challenge: a page that names its IMPI in a header of its own
 * (TS 24.229 5.1.1.2) keeps doing so beside the answer that its SIP stack
 * makes. Proxy-Authorization is not looked at: no proxy asked. `clean` has no
 * cfg->wwsf_param either.
 * EP_TNA_OK, INTERNAL, CREDENTIALS. */
enum ep_tna_cause ep_auth_digest_find(struct ep_digest *out, size_t *index,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		struct ep_arena *arena);
/* The parameters of Digest credentials, in their order, values as written
 * (quotes included). EP_ENOENT: another scheme; EP_ESYNTAX as above;
 * EP_ERANGE: more than `cap`. */
enum ep_err ep_digest_params(
		struct ep_param *out, size_t cap, size_t *n, struct ep_view value);
/* Is this header one that carries credentials? */
bool ep_auth_is_credentials(const struct ep_hdr *h);

/* Takes `ik` and `ck` out of every WWW-Authenticate: keys of an AKA challenge
 * end here (TS 24.229 7.2A.1). A Digest challenge that cannot be read goes
 * altogether. */
enum ep_err ep_auth_challenge_clean(
		struct ep_hdredits *l, const struct ep_msg *m);

#endif
