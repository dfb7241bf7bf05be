/* SPDX-License-Identifier: BSD-2-Clause */
/* For SHA256_Init() and its like, see ep_sha256(). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "base/crypto.h"

/* Every request's token goes through here. EVP_Digest() looks its digest up
 * and allocates three times, which in a Kamailio with tls.so means a lock that
 * all processes share: several times the cost of the digest itself. The
 * functions below allocate nothing and run the same code; OpenSSL 3 calls them
 * deprecated, a later one may not have them. */
enum ep_err ep_sha256(unsigned char out[EP_SHA256_LEN], struct ep_view v)
{
#if OPENSSL_VERSION_MAJOR < 4 && !defined(OPENSSL_NO_DEPRECATED_3_0)
	SHA256_CTX ctx;

	if(SHA256_Init(&ctx) == 1
			&& (v.len == 0 || SHA256_Update(&ctx, v.p, v.len) == 1)
			&& SHA256_Final(out, &ctx) == 1)
		return EP_OK;
#else
	if(EVP_Digest(v.len ? v.p : "", v.len, out, NULL, EVP_sha256(), NULL) == 1)
		return EP_OK;
#endif
	ERR_clear_error();
	return EP_ECRYPTO;
}

#if OPENSSL_VERSION_MAJOR < 4 && !defined(OPENSSL_NO_DEPRECATED_3_0)
#define BLOCK_LEN 64

/* Half of RFC 2104: SHA-256 over the key, padded, and the parts. */
static bool keyed(unsigned char *out, const unsigned char *key,
		unsigned char pad, const struct ep_view *parts, size_t n)
{
	unsigned char block[BLOCK_LEN];
	SHA256_CTX ctx;
	bool ok;

	for(size_t i = 0; i < BLOCK_LEN; i++)
		block[i] = key[i] ^ pad;
	ok = SHA256_Init(&ctx) == 1 && SHA256_Update(&ctx, block, BLOCK_LEN) == 1;
	for(size_t i = 0; ok && i < n; i++)
		ok = parts[i].len == 0
			 || SHA256_Update(&ctx, parts[i].p, parts[i].len) == 1;
	ok = ok && SHA256_Final(out, &ctx) == 1;
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&ctx, sizeof(ctx));
	return ok;
}

/* Every request within a dialog shows a flow token or two, and EVP_MAC would
 * allocate a dozen times for each. */
static bool hmac_run(unsigned char *out, struct ep_view key,
		const struct ep_view *parts, size_t n)
{
	unsigned char block[BLOCK_LEN] = {0};
	unsigned char inner[EP_SHA256_LEN];
	struct ep_view again = ep_view_of((const char *)inner, sizeof(inner));
	bool ok = true;

	if(key.len > BLOCK_LEN)
		ok = ep_sha256(block, key) == EP_OK;
	else
		memcpy(block, key.p, key.len);
	ok = ok && keyed(inner, block, 0x36, parts, n)
		 && keyed(out, block, 0x5c, &again, 1);
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(inner, sizeof(inner));
	return ok;
}
#else
static bool mac_run(EVP_MAC_CTX *ctx, unsigned char *out, struct ep_view key,
		const struct ep_view *parts, size_t n)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
			OSSL_PARAM_construct_end(),
	};
	size_t len = 0;

	if(!EVP_MAC_init(ctx, (const unsigned char *)key.p, key.len, params))
		return false;
	for(size_t i = 0; i < n; i++)
		if(parts[i].len > 0
				&& !EVP_MAC_update(
						ctx, (const unsigned char *)parts[i].p, parts[i].len))
			return false;
	return EVP_MAC_final(ctx, out, &len, EP_SHA256_LEN) && len == EP_SHA256_LEN;
}

static bool hmac_run(unsigned char *out, struct ep_view key,
		const struct ep_view *parts, size_t n)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	bool ok = ctx && mac_run(ctx, out, key, parts, n);

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return ok;
}
#endif

enum ep_err ep_hmac_sha256(unsigned char out[EP_SHA256_LEN], struct ep_view key,
		const struct ep_view *parts, size_t n)
{
	if(key.p == NULL || key.len == 0)
		return EP_ERANGE;
	if(hmac_run(out, key, parts, n))
		return EP_OK;
	ERR_clear_error();
	return EP_ECRYPTO;
}

size_t ep_hash_len(enum ep_hash hash)
{
	return hash == EP_HASH_MD5 ? EP_MD5_LEN : EP_SHA256_LEN;
}

static bool hash_run(EVP_MD_CTX *ctx, const EVP_MD *md, unsigned char *out,
		const struct ep_view *parts, size_t n)
{
	if(EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		return false;
	for(size_t i = 0; i < n; i++)
		if(parts[i].len > 0
				&& EVP_DigestUpdate(ctx, parts[i].p, parts[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

enum ep_err ep_hash_parts(unsigned char *out, enum ep_hash hash,
		const struct ep_view *parts, size_t n)
{
	EVP_MD *md =
			EVP_MD_fetch(NULL, hash == EP_HASH_MD5 ? "MD5" : "SHA256", NULL);
	EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
	bool ok = ctx && hash_run(ctx, md, out, parts, n);

	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	if(ok)
		return EP_OK;
	ERR_clear_error();
	return EP_ECRYPTO;
}

void ep_cleanse(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

bool ep_memeq_const(struct ep_view a, struct ep_view b)
{
	if(a.p == NULL || b.p == NULL || a.len != b.len)
		return false;
	return CRYPTO_memcmp(a.p, b.p, a.len) == 0;
}
