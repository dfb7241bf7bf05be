/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * OpenID Connect Back-Channel Logout 1.0: a WAF says that a session, or a
 * user's every session, has ended.
 */
#ifndef EP_WEBRTC_AUTH_LOGOUT_H
#define EP_WEBRTC_AUTH_LOGOUT_H

#include "core/parser/msg_parser.h"

/* Before fork: 0 or -1. xhttp may be missing; then nothing can be answered. */
int ep_logout_init(void);
void ep_logout_fini(void);

/* webrtc_auth_logout(), in event_route[xhttp:request]: takes the request and
 * answers it. 1: a session or a user was revoked; else one of script.h. */
int ep_logout_request(sip_msg_t *msg);

/* The worker process's: obeys or drops what waited for its key. May replace the
 * policy: before anything of this step looks at it. */
void ep_logout_step(void);

#endif
