/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the S-CSCF makes of a REGISTER that claims to be authenticated, and
 * through whom its user may come (TS 24.229 5.4.1.2.2E and 7.2A.2, TS 33.203
 * X.3.2.3 and X.4.2.3 step 6, TS 29.229 6.3.64).
 */
#ifndef EP_TNA_SCSCF_H
#define EP_TNA_SCSCF_H

#include "base/hdredit.h"
#include "tna/cause.h"

/* Octets of an IMPI, a WAF or a WWSF that are taken. */
#define EP_SCSCF_NAME_MAX 255

enum ep_scscf_kind
{
	EP_SCSCF_NO_CLAIM,    /* nobody vouches: authenticate the user */
	EP_SCSCF_OTHER_CLAIM, /* integrity-protected, but not auth-done: the same */
	EP_SCSCF_AUTH_DONE,   /* a trusted node must have said so */
	EP_SCSCF_AMBIGUOUS    /* refuse: two readers could read two things */
};

/* Views into the message. */
struct ep_scscf_claim
{
	enum ep_scscf_kind kind;
	struct ep_view impi;   /* Digest username; absent when ambiguous, or when
							  there are no Digest credentials */
	struct ep_view entity; /* authorization-entity, with AUTH_DONE; or absent */
	struct ep_view wwsf;   /* with AUTH_DONE; or absent */
};

/* Reads every Authorization and Proxy-Authorization of a REGISTER.
 * `wwsf_param` names the Digest parameter that holds the WWSF; absent: none.
 *
 * AUTH_DONE is one single Authorization header, no Proxy-Authorization, Digest
 * with username (with a '@'), realm, uri, nonce="", response="" and
 * integrity-protected=auth-done (TS 24.371 table A.3.2-2), nothing of a
 * challenge's answer (algorithm, qop, cnonce, nc, opaque, auts), no parameter
 * twice and no quoted pair anywhere. Whatever else speaks of auth-done, of
 * integrity-protected or of the entity in more than one header, or so that it
 * cannot be read, is AMBIGUOUS, as are two Digest headers without a claim: the
 * private identity could be that of either. */
void ep_scscf_claim_read(struct ep_scscf_claim *out, const struct ep_msg *m,
		struct ep_view wwsf_param);

/* Every name of a list. */
struct ep_scscf_names
{
	const struct ep_view *v;
	size_t n;
};

/* Names in a list of AVP 656; more is EP_ERANGE. */
#define EP_SCSCF_LIST_MAX 64

/* Allowed-WAF-WWSF-Identities of a subscription. */
struct ep_scscf_list
{
	bool there; /* the HSS has a list, perhaps an empty one */
	struct ep_view waf[EP_SCSCF_LIST_MAX];
	struct ep_view wwsf[EP_SCSCF_LIST_MAX];
	size_t waf_n;
	size_t wwsf_n;
};

/* Reads the data of a grouped AVP 656: AVPs 657 and 658 of vendor 10415;
 * others do not count. Views into `group`. EP_ESYNTAX (nothing of it is to be
 * used), EP_ERANGE. */
enum ep_err ep_scscf_list_decode(
		struct ep_scscf_list *out, struct ep_view group);

struct ep_scscf_policy
{
	struct ep_scscf_names home_waf; /* our own: in no list of foreign ones */
	bool no_list_allow;             /* a user without a list may come through
									   any WAF; else through ours alone */
};

/* One name of a WAF or WWSF, `user@host` or `host`: the host in any case. */
bool ep_scscf_name_eq(struct ep_view a, struct ep_view b);
/* Does this claim depend on the user's list? Not without an entity, and not
 * with one of ours. */
bool ep_scscf_needs_list(
		const struct ep_scscf_policy *policy, const struct ep_scscf_claim *c);
/* The verdict on an AUTH_DONE of a trusted node. `list` may be NULL where
 * ep_scscf_needs_list says no. The entity must be among the list's WAFs, and a
 * WWSF that is named among its WWSFs. OK, BARRED, NOT_ALLOWED, NO_LIST. */
enum ep_tna_cause ep_scscf_decide(const struct ep_scscf_policy *policy,
		const struct ep_scscf_claim *c, bool barred,
		const struct ep_scscf_list *list);

#endif
