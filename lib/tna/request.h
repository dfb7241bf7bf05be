/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Plans for a REGISTER on its way from the WIC to the core.
 *
 * TS 33.203 X.3.2.3 and X.4.2.3 step 5, TS 24.371 A.3.2, TS 24.229 5.2.2.1
 * and 7.2A.2; RFC 3327, RFC 5626, RFC 7315.
 *
 * A plan is edits (base/hdredit.h) and what the glue must remember. Views
 * point into the message, the arguments, or the arena.
 */
#ifndef EP_TNA_REQUEST_H
#define EP_TNA_REQUEST_H

#include "base/hdredit.h"
#include "tna/cause.h"
#include "tna/cfg.h"
#include "tna/contact.h"
#include "tna/identity.h"

struct ep_tna_register
{
	struct ep_hdredits edits;
	struct ep_view impu; /* To, as the token's identities spell it (Digest: as
							written) */
	struct ep_view impi; /* token's, or the Digest username; without one the
							connection's, or made of the IMPU; or absent */
	struct ep_tna_contacts contacts; /* with the expiry asked of the core */
	uint32_t expires_s; /* the longest of the contacts; 0: deregistration */
	bool deregister;    /* every contact 0, or '*' */
	bool fetch;         /* no Contact at all: a question (RFC 3261 10.2.3) */
};

/* Scenarios 2 and 3: the token was checked, `id` is what it says. All
 * credentials go, one TNA Authorization comes. `flow` is the text of an
 * EP_FLOW_PATH token, `icid` a fresh charging id (token characters or '@').
 * Causes: INTERNAL MALFORMED FOREIGN_HOME TO_FOREIGN FROM_NOT_TO
 * TOKEN_ENDING CONTACTS METHOD SOS_REGISTER. */
enum ep_tna_cause ep_tna_register_plan(struct ep_tna_register *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_identity *id, struct ep_view flow,
		struct ep_view icid, uint64_t now_s, struct ep_arena *arena);

/* Scenario 1: SIP Digest or AKA between WIC and S-CSCF. */
struct ep_tna_session
{
	bool tls;            /* arrived over TLS (WSS) */
	struct ep_view impi; /* bound to the connection by an earlier 200 OK;
							absent: none yet */
};

/* The WIC's Digest goes on, cleaned, with our integrity-protected
 * (TS 24.229 7.2A.2):
 *                      not bound                  bound
 *   no response        (none)                     tls-yes / ip-assoc-yes
 *   response           tls- / ip-assoc-pending    tls-yes / ip-assoc-yes
 *   AKAv2-SHA-256      tls-connected              tls-connected (TLS only)
 * Bearer and every other scheme is removed. Expiry is limited by
 * cfg->expires_max_s alone. Causes as above without TO_FOREIGN and
 * TOKEN_ENDING, and CREDENTIALS, IMPI_FOREIGN. */
enum ep_tna_cause ep_tna_register_digest_plan(struct ep_tna_register *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_session *session, struct ep_view flow,
		struct ep_view icid, struct ep_arena *arena);

/* The REGISTER that ends a registration on the WIC's behalf (revocation, a
 * connection lost for too long): the headers that carry its meaning, as
 * edits on an empty message: To, From (the caller adds the tag), Contact with
 * expires=0, Expires, Authorization (auth-done), Path, Require, Supported,
 * P-Visited-Network-ID, P-Charging-Vector. `contact` is the URI that was
 * registered, `instance` and `reg_id` its parameters or absent. */
enum ep_tna_cause ep_tna_deregister_plan(struct ep_hdredits *out,
		const struct ep_tna_cfg *cfg, const struct ep_tna_identity *id,
		struct ep_view impu, struct ep_view contact, struct ep_view instance,
		struct ep_view reg_id, struct ep_view flow, struct ep_view icid,
		struct ep_arena *arena);

#endif
