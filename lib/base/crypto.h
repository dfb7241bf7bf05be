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

/* The digests of HTTP Digest (RFC 7616). */
enum ep_hash
{
	EP_HASH_MD5,
	EP_HASH_SHA256
};
#define EP_HASH_LEN_MAX EP_SHA256_LEN
#define EP_MD5_LEN 16

/* 16 or 32. */
size_t ep_hash_len(enum ep_hash hash);
/* Of the parts one after the other, without joining them anywhere. EP_OK or
 * EP_ECRYPTO (an OpenSSL without MD5). */
enum ep_err ep_hash_parts(unsigned char *out, enum ep_hash hash,
		const struct ep_view *parts, size_t n);

/* Overwrites what was secret; the compiler does not leave it out. */
void ep_cleanse(void *p, size_t n);

/* Octets equal, in time that depends on the lengths only. */
bool ep_memeq_const(struct ep_view a, struct ep_view b);

#endif
