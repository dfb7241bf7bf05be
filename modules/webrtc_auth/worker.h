/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The module's own process: it fetches keys (jwks.h) and asks about tokens
 * (introspect.h), ends connections (close.h) and sweeps the connection table.
 * No SIP worker ever waits for it; they leave their wish in shared memory and
 * wake it.
 */
#ifndef EP_WEBRTC_AUTH_WORKER_H
#define EP_WEBRTC_AUTH_WORKER_H

/* Before fork: 0 or -1. */
int ep_worker_init(void);
void ep_worker_fini(void);

/* From any process: a connection is to be ended. */
void ep_worker_wake_close(int conid);
/* From any process: look at what is to be fetched or asked. */
void ep_worker_wake_fetch(void);

/* The process. Does not return. */
void ep_worker_run(void);

#endif
