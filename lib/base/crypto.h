/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Digests, MACs and comparison, over OpenSSL's libcrypto.
 *
 * Nothing is kept between calls: no object is made before a fork, and none is
 * shared after it. OpenSSL's error queue is left empty.
 */
#ifndef EP_BASE_CRYPTO_H
#define EP_BASE_CRYPTO_H

#include "base/err.h"
#include "base/view.h"

#define EP_SHA256_LEN 32

/* EP_OK or EP_ECRYPTO. */
enum ep_err ep_sha256(unsigned char out[EP_SHA256_LEN], struct ep_view v);

/* HMAC-SHA-256 (RFC 2104) over the parts one after the other. The caller
 * separates the parts: ("a","bc") and ("ab","c") give the same MAC. An empty
 * key is refused as EP_ERANGE. Otherwise EP_OK or EP_ECRYPTO. */
enum ep_err ep_hmac_sha256(unsigned char out[EP_SHA256_LEN], struct ep_view key,
		const struct ep_view *parts, size_t n);

/* Octets equal, in time that depends on the lengths only. */
bool ep_memeq_const(struct ep_view a, struct ep_view b);

#endif
