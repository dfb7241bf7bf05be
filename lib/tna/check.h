/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Plans for everything but REGISTER between a bound WIC and the core.
 * TS 24.229 5.2.6.3 (from the WIC), 5.2.6.4 (towards it), TS 24.371 7.2.1
 * (the token comes with every request and ends here); RFC 3325, RFC 7315.
 */
#ifndef EP_TNA_CHECK_H
#define EP_TNA_CHECK_H

#include "base/hdredit.h"
#include "tna/binding.h"
#include "tna/cause.h"
#include "tna/cfg.h"

struct ep_tna_request
{
	struct ep_hdredits edits;
	bool in_dialog;          /* has a To tag: the WIC's word, see below */
	struct ep_view asserted; /* P-Asserted-Identity set; absent in a dialog */
};

/* A request from the WIC of `binding`. Adds P-Asserted-Identity, Route from
 * Service-Route (all Route of the WIC go) and P-Charging-Vector to initial and
 * standalone requests; in a dialog takes our own topmost Route elements off
 * (a proxy that has done its loose routing already has none left) and puts
 * `icid` (the dialog's; absent: no P-Charging-Vector). ACK and CANCEL are
 * only cleaned. `alias` goes from every Contact.
 * A To tag is the WIC's word for "in a dialog", and then its Route counts: the
 * caller must hold that Route against what it knows (our token in it, the
 * next hop), or a WIC could go round its S-CSCF. Causes: INTERNAL MALFORMED
 * FROM_FOREIGN METHOD EMERGENCY (in a dialog only by Refer-To). */
enum ep_tna_cause ep_tna_request_plan(struct ep_tna_request *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_binding *binding, struct ep_view icid,
		struct ep_arena *arena);

/* The charging id (icid-value) that a request of the core brings: requests of
 * the page within the dialog repeat it (RFC 7315 5.6). Absent: none. */
struct ep_view ep_tna_icid_of(const struct ep_msg *m);

/* Value of our Record-Route, `<sip:FLOW@own_host;lr[;own_params]>`; absent
 * without memory. */
struct ep_view ep_tna_record_route(const struct ep_tna_cfg *cfg,
		struct ep_view flow, struct ep_arena *arena);

/* An answer of the WIC to a request that came for `binding`: cleaned, with
 * P-Asserted-Identity (by P-Preferred-Identity as in a request) in 1xx and
 * 2xx other than 100. Causes: INTERNAL MALFORMED (a Contact) METHOD. */
enum ep_tna_cause ep_tna_answer_plan(struct ep_hdredits *out,
		const struct ep_msg *m, const struct ep_binding *binding,
		struct ep_arena *arena);

/* A request or an answer towards the WIC: headers of the trust domain go,
 * P-Asserted-Identity when Privacy asks for "id" (RFC 3325 7), History-Info
 * when it asks for "history" (RFC 7044 10.1.2). */
enum ep_tna_cause ep_tna_towards_plan(struct ep_hdredits *out,
		const struct ep_msg *m, struct ep_arena *arena);

#endif
