/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Revocations to and from the other nodes, over Kamailio's dmq.
 *
 * KDMQ authenticates nobody, so every payload is sealed (base/seal.h) with a
 * key the nodes share. A payload is one of
 *   entries LF <entry LF>...   as ep_revoke_entry_print() writes them
 *   want LF                    "send me all you have"
 *   sum <until> <n> <sum> LF   what I have that counts after <until>
 * A node that joins asks for everything and tells everything; whoever hears a
 * sum that is not his own asks its sender.
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
