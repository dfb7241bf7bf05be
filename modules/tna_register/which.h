/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * A connection may carry several bindings, one for each public identity (with
 * its implicit set) that the page registered: which of them a message is of.
 */
#ifndef EP_TNA_WHICH_H
#define EP_TNA_WHICH_H

#include "message.h"
#include "store.h"

/* A request from the page. Within a dialog the one our token in its Route
 * names; else the one that has an identity of P-Preferred-Identity; else the
 * one that has From; else the oldest. Only one that is bound to this very
 * connection. Causes: OK, NOT_BOUND, INTERNAL. */
enum ep_tna_cause tna_which_asked(
		struct tna_copy *out, struct tna_work *w, int conid);

/* An answer of the page: the binding its request came for, by the note that
 * this left with it; without one, the oldest of the connection. */
enum ep_err tna_which_note(const unsigned char *id);
bool tna_which_answered(struct tna_copy *out, struct tna_work *w, int conid);

#endif
