/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Gets the issuers' JWKS, by HTTPS or from files, into keystore.h. Only in the
 * worker process.
 *
 * When a good set is fetched again: as its Cache-Control, Age and Expires say
 * (RFC 9111 4.2), else after jwks_refresh_s; never sooner than EP_JWKS_MIN_S
 * (jwks_refresh_s, if that is less) and never later than EP_JWKS_MAX_S, or half
 * of modparam keys_max_age. A failed fetch is repeated after key_miss_window;
 * what was fetched before is used until it is older than keys_max_age.
 */
#ifndef EP_WEBRTC_AUTH_JWKS_H
#define EP_WEBRTC_AUTH_JWKS_H

#include "webrtc_auth/source.h"

#define EP_JWKS_MIN_S 60
#define EP_JWKS_MAX_S 86400

/* When is this issuer to be asked, by what the store knows? */
time_t ep_jwks_due(const struct ep_issuer *issuer);
/* Starts a fetch that is due, or reads a file that changed. */
void ep_jwks_step(struct ep_source *s, time_t now_s);

#endif
