/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Sets of public identities, and which of them a request is asserted with
 * (TS 24.229 5.2.6.3.1, RFC 3325 9.2).
 */
#ifndef EP_TNA_IDENTITY_H
#define EP_TNA_IDENTITY_H

#include "base/err.h"
#include "base/hdredit.h"
#include "base/view.h"

/* URIs without brackets, in order. */
struct ep_impus
{
	const struct ep_view *v;
	size_t n;
};

/* What a checked access token says (lib/token), or a pool. */
struct ep_tna_identity
{
	struct ep_view impi;
	struct ep_impus impus;
	struct ep_view waf;   /* authorization-entity: user@domain or a host */
	struct ep_view wwsf;  /* absent: not known */
	bool add_entity;      /* WAF of a third party, or by setting */
	uint64_t token_end_s; /* `exp`, Unix time; UINT64_MAX: no end */
};

/* The member that equals `impu` (ep_impu_eq), as the set spells it; absent if
 * there is none. */
struct ep_view ep_impus_find(struct ep_impus set, struct ep_view impu);
/* The default public identity: the first of P-Associated-URI that is a SIP
 * URI, else the first; absent for an empty set. */
struct ep_view ep_impus_default(struct ep_impus set);

/* A wildcarded public identity (TS 23.003 13.4A): `sip:list!.*!@home1.net`.
 * Is `uri` one (two '!' or more)? */
bool ep_impu_is_wildcard(struct ep_view uri);
/* Does `impu` match it? Between the '!' stands an extended regular
 * expression; of it characters, '.', '\x', [...] and the repetitions * + ?
 * are known. A pattern with anything else, or longer than 64 elements,
 * matches nothing. Scheme and host compare as in ep_impu_eq. */
bool ep_impu_wildcard_match(struct ep_view wildcard, struct ep_view impu);

/* The identity to assert for message `m`: the first P-Preferred-Identity that
 * is in `set` (spelt as there) or matches a wildcard (in canonical spelling,
 * from `arena`); else the default. *out is absent for an empty set.
 * EP_OK or EP_ENOMEM; a P-Preferred-Identity that does not parse counts as
 * none. */
enum ep_err ep_identity_choose(struct ep_view *out, struct ep_impus set,
		struct ep_impus wildcards, const struct ep_msg *m,
		struct ep_arena *arena);

#endif
