/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What a binding's WWSF allows beyond its token: destinations, calls, call
 * time, the name of who has a lent identity. Bindings without a WWSF have no
 * limits; a WWSF that the configuration has no more lets nothing new begin.
 * A Digest's WWSF is that of the page that opened its connection.
 */
#ifndef EP_TNA_LIMITS_H
#define EP_TNA_LIMITS_H

#include "calls.h"
#include "message.h"
#include "tna/from.h"

/* Which rule From is under. Causes: OK, WWSF_GONE. */
enum ep_tna_cause tna_limits_from(
		enum ep_tna_from_rule *out, const struct ep_binding *b);
/* May the page of `b` begin something there? Causes: OK, DESTINATION,
 * MALFORMED. */
enum ep_tna_cause tna_limits_destination(
		const struct ep_msg *m, const struct ep_binding *b);
/* May it send somebody there, by a REFER within a dialog? Causes as above. */
enum ep_tna_cause tna_limits_refer(
		const struct ep_msg *m, const struct ep_binding *b);
/* Takes out of a page's 3xx answer where its caller may not be sent: what the
 * WWSF does not allow, and emergency services. *none: nothing is left. Causes:
 * OK, INTERNAL. */
enum ep_tna_cause tna_limits_redirect(struct ep_hdredits *edits,
		const struct ep_msg *m, const struct ep_binding *b, bool *none);
/* A place for the call that INVITE `msg` begins, from the page or to it.
 * *out: for tna_calls_mark(); NULL when nothing is counted (no WWSF, no dialog
 * module, a retransmission, a second branch). Causes: OK, BINDING_CALLS, CALLS_FULL,
 * CALL_TIME, WWSF_GONE, MERGED, INTERNAL. */
enum ep_tna_cause tna_limits_call(struct tna_usage **out, sip_msg_t *msg,
		const struct ep_binding *b, bool from_wic);

/* webrtc_auth asks with every good REGISTER of a WWSF that has a limit. */
bool tna_limits_admit(
		sip_msg_t *msg, struct ep_view wwsf, struct ep_view impi, unsigned max);

/* Once a second, in the module's own process. */
void tna_limits_sweep(void);

#endif
