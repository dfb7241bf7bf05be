/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The result of a check as $xavp(wauth): tm carries it to later routes, and
 * scripts read it as $wauth(name) or $xavp(wauth=>name).
 */
#ifndef EP_WEBRTC_AUTH_RESULT_H
#define EP_WEBRTC_AUTH_RESULT_H

#include "core/xavp.h"
#include "webrtc_auth/check.h"

/* Replaces an earlier one. EP_OK or EP_ENOMEM (then there is none). */
enum ep_err ep_result_store(const struct ep_check *check);
/* As in api.h. */
enum ep_err ep_result_load(struct webrtc_auth_result *out);
/* The cause of the stored result; EP_ENOENT. */
enum ep_err ep_result_cause(enum ep_token_cause *out);

#endif
