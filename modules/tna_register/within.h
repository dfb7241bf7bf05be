/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Requests of a page within a dialog: a To tag is only the page's word for it,
 * and its Route, Request-URI and From are held against what is known of the
 * call or subscription. Otherwise a page would go round its originating S-CSCF,
 * or use it as a relay to any host and under any name.
 */
#ifndef EP_TNA_WITHIN_H
#define EP_TNA_WITHIN_H

#include "dialog.h"

/* *hop: where it goes next; absent: by the Request-URI. Causes: OK, NO_DIALOG
 * (none of this binding, or not one for this method), FLOW_TAMPERED (Route or
 * Request-URI), FROM_FOREIGN, MALFORMED, INTERNAL. */
enum ep_tna_cause tna_within_check(struct ep_view *hop, struct tna_work *w,
		const struct ep_binding *b, const struct tna_dialog *d);

#endif
