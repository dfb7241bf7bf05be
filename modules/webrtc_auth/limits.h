/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What a WWSF's section of the configuration allows beyond its tokens, as
 * other modules ask for it (api.h), and the one limit that is asked for from
 * here: registrations, which tna_register counts.
 */
#ifndef EP_WEBRTC_AUTH_LIMITS_H
#define EP_WEBRTC_AUTH_LIMITS_H

#include "webrtc_auth/api.h"

/* See api.h. */
enum ep_err ep_limits_get(struct webrtc_auth_limits *out, struct ep_view wwsf);
bool ep_limits_permits(struct ep_view wwsf, struct ep_view target);
bool ep_limits_pool(struct ep_view wwsf, struct ep_view impi);
void ep_limits_on_register(webrtc_auth_admit_f admit);

/* Is there room for the registration that REGISTER `msg` asks for? Its token
 * is good, of the user `impi` of `wwsf`. */
bool ep_limits_admit(sip_msg_t *msg, struct ep_view wwsf, struct ep_view impi);

#endif
