/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Asks issuers about tokens (RFC 7662), for the jobs of pending.h. Only in the
 * worker process. One request at a time per token and issuer: jobs that come
 * meanwhile get the same answer.
 */
#ifndef EP_WEBRTC_AUTH_INTROSPECT_H
#define EP_WEBRTC_AUTH_INTROSPECT_H

#include "webrtc_auth/source.h"

/* Reads the client's secret of this issuer; a failure is logged. */
void ep_introspect_secret_read(struct ep_source *s);
/* The sources were made anew: what is asked at an endpoint that is another
 * now, is answered as a failure. */
void ep_introspect_reloaded(void);
/* Takes the jobs that came in, and asks. */
void ep_introspect_step(void);

#endif
