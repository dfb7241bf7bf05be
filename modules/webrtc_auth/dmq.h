/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Revocations to and from the other nodes, over Kamailio's dmq
 * (common/replica.h): lines as ep_revoke_entry_print() writes them.
 */
#ifndef EP_WEBRTC_AUTH_DMQ_H
#define EP_WEBRTC_AUTH_DMQ_H

#include "token/revoke.h"

/* mod_init, with modparam dmq: 0, or -1 with the reason in the log. */
int ep_dmq_init(void);
void ep_dmq_fini(void);

/* From any process: tells the others. Without memory they hear of it by the
 * next sum. Nothing without modparam dmq. */
void ep_dmq_send(const struct ep_revoke_entry *entry);

/* Only in the keeper process. */
void ep_dmq_step(void);

#endif
