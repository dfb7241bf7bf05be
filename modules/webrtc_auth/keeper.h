/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The process that writes the list of revocations to disk and to other nodes.
 * It exists only with modparam revoked_file or dmq; no other process waits
 * for it but one that answers an operator's RPC.
 */
#ifndef EP_WEBRTC_AUTH_KEEPER_H
#define EP_WEBRTC_AUTH_KEEPER_H

#include <stdbool.h>

/* Before fork: 0 or -1. */
int ep_keeper_init(void);
void ep_keeper_fini(void);
bool ep_keeper_exists(void);

/* From any process: something is to be written or sent. */
void ep_keeper_wake(void);

/* The process. Does not return. */
void ep_keeper_run(void);

#endif
