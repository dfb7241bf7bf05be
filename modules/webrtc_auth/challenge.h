/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The answer to a request that the check refused (RFC 8898 2.2, RFC 6750 3). */
#ifndef EP_WEBRTC_AUTH_CHALLENGE_H
#define EP_WEBRTC_AUTH_CHALLENGE_H

#include "core/parser/msg_parser.h"
#include "token/cause.h"

/* Before fork: finds sl. 0 or -1. */
int ep_challenge_init(void);

/* Sends the cause's status (identity and scope violations: the configured
 * identity_status), with WWW-Authenticate or Retry-After where it has
 * one. EP_RET_OK or EP_RET_INTERNAL (nothing was sent). */
int ep_challenge_send(sip_msg_t *msg, enum ep_token_cause cause);

#endif
