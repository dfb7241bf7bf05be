/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Under which name a page with a lent identity is known (lib/tna/from.h), and
 * how both ends of a dialog keep the name they know: From of the page's
 * requests becomes the identity and, in their answers, what the page wrote
 * again; To of requests towards the page becomes what the page wrote and, in
 * its answers, what the other end wrote.
 *
 * Dialogs are those of the dialog module (calls). In a subscription's dialog
 * the page gets NOTIFY requests with the identity in To; it knows the dialog
 * by its tags (RFC 3261 12.2.2).
 */
#ifndef EP_TNA_NAME_H
#define EP_TNA_NAME_H

#include "calls.h"
#include "message.h"
#include "tna/from.h"

/* From of a request that begins something. `identity`: the one the page is
 * left with (ep_tna_from_narrow). Fills mark->from and mark->named when it was
 * replaced. Causes: OK, FROM_REFUSED, MALFORMED, INTERNAL. */
enum ep_tna_cause tna_name_initial(struct ep_hdredits *edits,
		struct tna_work *w, enum ep_tna_from_rule rule, struct ep_view identity,
		struct tna_mark *mark);
/* From of the page's request within a dialog. Causes: OK, MALFORMED,
 * INTERNAL. */
enum ep_tna_cause tna_name_within(struct ep_hdredits *edits, struct tna_work *w,
		const struct ep_binding *b);
/* To of a request towards the page `id` within a dialog. Causes as above. */
enum ep_tna_cause tna_name_towards(
		struct ep_hdredits *edits, struct tna_work *w, const unsigned char *id);
/* From or To of an answer, by the note that its request left. */
enum ep_tna_cause tna_name_back(struct ep_hdredits *edits,
		const struct ep_msg *m, struct ep_view header, const char *note);

#endif
