/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The REGISTER that ends a registration at the core when its page cannot, or
 * must not any more. */
#ifndef EP_TNA_DEREG_H
#define EP_TNA_DEREG_H

#include "tna/flow.h"

/* Sends it for the binding `id`, which still stands in the table, to modparam
 * icscf_uri; nothing without one, or for a registration by SIP Digest, whose
 * password only the page has. Does not wait for the answer; one that is a
 * challenge is answered in whatever process gets it (answer.h). */
void tna_deregister(const unsigned char *id);

#endif
