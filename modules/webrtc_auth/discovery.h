/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Asks an issuer where its keys and its introspection endpoint are (RFC 8414,
 * OpenID Connect Discovery 1.0). Only in the worker process.
 *
 * What stands in the configuration is never replaced by what is discovered.
 * The document is asked for again as its Cache-Control says, at the soonest
 * after EP_DISCOVERY_MIN_S and at the latest after EP_DISCOVERY_MAX_S; after a
 * failure, or when its keys' URL fails, after EP_DISCOVERY_RETRY_S; while
 * nothing was found yet, after key_miss_window. When it names another keys'
 * URL, the keys from the old one serve until a good set came from the new one
 * (rotation without a gap), or until they are older than keys_max_age.
 */
#ifndef EP_WEBRTC_AUTH_DISCOVERY_H
#define EP_WEBRTC_AUTH_DISCOVERY_H

#include "webrtc_auth/source.h"

#define EP_DISCOVERY_USUAL_S 3600
#define EP_DISCOVERY_MIN_S 600
#define EP_DISCOVERY_MAX_S 86400
#define EP_DISCOVERY_RETRY_S 60

void ep_discovery_step(struct ep_source *s, time_t now_s);
/* What was discovered does not answer. */
void ep_discovery_doubt(struct ep_source *s);

#endif
