/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Names that one end of a dialog knows otherwise than the other end: a page
 * with a lent identity (lib/tna/from.h), and telephone numbers, which a page
 * gets as sip URIs (lib/tna/tel.h).
 *
 * From and To of whatever passes, requests and answers, in a dialog or not,
 * read as their receiver knows them. In a dialog that is remembered with the
 * call or the subscription (struct tna_names), for the answer with the
 * transaction.
 */
#ifndef EP_TNA_NAME_H
#define EP_TNA_NAME_H

#include "dialog.h"
#include "tna/from.h"

/* From of a request that begins something. `identity`: the one the page is
 * left with (ep_tna_from_narrow). Fills mark->names when it was replaced.
 * Causes: OK, FROM_REFUSED, MALFORMED, INTERNAL. */
enum ep_tna_cause tna_name_initial(struct ep_hdredits *edits,
		struct tna_work *w, enum ep_tna_from_rule rule, struct ep_view identity,
		struct tna_mark *mark);
/* From and To of a request towards a page that begins something. Fills
 * mark->names. Causes: OK, MALFORMED, INTERNAL. */
enum ep_tna_cause tna_name_arriving(
		struct ep_hdredits *edits, struct tna_work *w, struct tna_mark *mark);
/* From and To of the page's request within a dialog. Causes as above. */
enum ep_tna_cause tna_name_within(struct ep_hdredits *edits, struct tna_work *w,
		const struct ep_binding *b, const struct tna_dialog *d);
/* From and To of a request towards the page within a dialog. */
enum ep_tna_cause tna_name_towards(struct ep_hdredits *edits,
		struct tna_work *w, const struct tna_dialog *d);
/* From and To of an answer, by the notes that its request left. */
enum ep_tna_cause tna_name_back(
		struct ep_hdredits *edits, const struct ep_msg *m);

#endif
