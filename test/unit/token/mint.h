/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Makes keys, key sets and tokens for tests and benchmarks, with OpenSSL.
 * Texts are kept until the process ends, and the leak checker is told so.
 */
#ifndef EP_UNIT_TOKEN_MINT_H
#define EP_UNIT_TOKEN_MINT_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"

/* Keys of nobody: made for these tests, published with them. */
static const char *const mint_pem_ec =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgemd2zyb1QrsbCruD\n"
		"02COCnxg5q04WVdn3HnsaUstq7ehRANCAASxp7K9TU1F/0Ek2IjaEqhAUy+pf5Rb\n"
		"pDdFziY5kXkXKffjwEjDuXVaFz13Cz71jfn38V8PN9JwHM1w9Xu5MJaQ\n"
		"-----END PRIVATE KEY-----\n";
static const char *const mint_pem_ec_other =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrtzYopgKKlk+DFLR\n"
		"dmx1AfXked5iuQHwKQ+BSTI4HaKhRANCAAToPCbU8sOz0GqujW4ql9tJMl9HHJOb\n"
		"zKSDRTEH0qBvLPPmJry0olXFOoy2kDBTX4Vu99SaWl5PPG3AfHUv+YHc\n"
		"-----END PRIVATE KEY-----\n";
static const char *const mint_pem_p384 =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDWsTrL8jhjLKkju6cc\n"
		"oCCwvqxtksl1BYuCzA+NEPZvYzr5YnoKSV3DaNHT6LuN67ShZANiAASRFU9P8hxv\n"
		"PQyD46SEV/NQ0a85v3I+TZo+TW1Il6qUwvAvMuE8ri4I+ggyKiCgAqt9V7NoIsJv\n"
		"Gv4KYrZFo796ymegDL+9RgMuNNr+WP/ysYv2D/vblQhrgkp/yXLP0lI=\n"
		"-----END PRIVATE KEY-----\n";
static const char *const mint_pem_ed =
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIAMnPHhxueRIXZ0tNTMeq2ssKOcnv26sYTj+Cvvb4cB9\n"
		"-----END PRIVATE KEY-----\n";
static const char *const mint_pem_rsa =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDAV08cAtw5GcDO\n"
		"9dDTCqiTJfqC+6aLFG/rq26WaXATu2/Rva6Gq+Y4Bc/G/zJ+cM64VUmI6oeXVGkk\n"
		"/uQgIKEavSEbTV8mpSZkWaN/VOagILEpiRK0ws9zpVOSbdifL0nmvfqN6t46ivVt\n"
		"jKxRdfcqGLiGKtbFs6bhR04UPTWPDltNg9XA3n+d4EWDYG66HFnWq/VyQyOngZwX\n"
		"qgefiuplDKG3vbflN8Tm9LDwf/q0F4Npqw4sBodoHrFIuQl/LJil0IWqZj23e0lB\n"
		"7BAqWngsd7aLJ/joDrHO62uewiXndb32e65agU3GmXa7QxinATxMHl9ku9xlZ1Y0\n"
		"0p7fE6mzAgMBAAECggEABDCR2F8zXiHKHI+TswiJ4JFt9Jit4shtSjjq0T7mGDO7\n"
		"JAmiI9F8CbHYZd+es9pkKb9Yl4/Cmq1IdXls+Tzr4Gv38DqgtNJgWCMLuzhvs4l1\n"
		"S78q9E3l11+v1D7VyIVGjVwtNeCBVXxJajthYwW4SJZ3lUPBoDuXRs0x/LzFOeYr\n"
		"a0gJBTBs7frgdz+DIrl1nOElBXnhlHD+1l6PPOcalXuABeVKWOU8KRIqG47vrBN7\n"
		"db+lU3u65K9dp12tE7hh5xWZ9MIe2mfkc2vDOOEie3lgKMmz07ES+hvfvun/Zyr8\n"
		"w822y9bgAWE9l6zYM4nGHFK/O7SYjmQ//3cY+z9Y4QKBgQDtL7vuKHKeItqr7ApW\n"
		"1jMRprtJALfMldC2SQ9HiJyDDG6msOFQ4lVpoG3FLFZpDrJNEtNNKdMRG2DGFnZA\n"
		"/7OnpCWa4v5ZlaM/Qksrm1wz+kRwCLemGT3OjBkQnIK/vGb96mfzTrcm2DCztSFQ\n"
		"67LAasPD352aFUR+R4+1fUSwfQKBgQDPmPO4Emema2On7wBrrWczpU8hHqXSq3LF\n"
		"6COUUUrDUcmnkeUBEKAjU/ceKLLv+mCAOgwEtD3LnyDJ3Jt1whu0IbukxyC4xf2L\n"
		"KO3jFZexpRGqd8K9gsWS/p7BRW/Ch0YR2OSj2gi8YrpXMIGeSUeLNZO7K3yOQ5Ip\n"
		"mU+Xh4CJ7wKBgQCtjhcyzpAIHLLryD1Mi1I1IU67vXXAkwN0zwMKMfFshyVUfetx\n"
		"NxyOvOB1vdrA5wsbEKJjPS5/vwvSBs+jAjggfCE0M9MwFCmu+UBt+TG/qup3HDnd\n"
		"pWyvfZ49pHib+i1WsTY9OCUWnG0OooRtZPqYh8cVxcPZ4qQKzyxd/frMNQKBgDt+\n"
		"nCpeq/HXyQGxzy8MzQzSDXFydReBJy1sr/Wrrn93ixFJEJZTi3FUePfdthpsaQeW\n"
		"mycl+KfIfP8dCDihXosrN7mrj8ckhttA6Zww7f5tTjjKhbcGKVVNP3YoTjUzy3MF\n"
		"89C5hdNnf/vI3PzeB3Dv89yqQ9IJr3PYiiTlIoNlAoGBAMXrSxlC7JtuT9/OSkgJ\n"
		"dUf5/7vVXa9Xey+VGQwA2chJ3wkxElJcGwCXG/x1mcGEbdNF+fS4ejpkvJFvHcC1\n"
		"8BqnKMwspO4kKLWm9MMdp9P3FQyBn26Jwg1mqZUAfsfszHn3kpEh3sZuTa7GRnYg\n"
		"1JEoHGjeG7MJTY34u7QNSQyN\n"
		"-----END PRIVATE KEY-----\n";
static const char *const mint_pem_rsa_other =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDL3tlRNDCMTHhZ\n"
		"iwNxArqW1u8/LlYvODFnmJ5adrWfgjQ0dS8oAdafwrKr1xNWaI6DtHCgvB1FCx0h\n"
		"bRUSeM+vkauwpLyf/Um2ZNU0wYEoSB8BYsg8gUMR+Z4kJZyEsuDWYo2YlmDlVIuw\n"
		"ZwqsdIY+RnFUEftT6eUxON2BQaSElJyfgHq7CqpjaLMiK8BxDoj15+f0jfhGpCZh\n"
		"mPVuEnbcGlwh1/XlZ9JMCNVtRMfcxUxvvxGRo9sWGR4cam5qCXhioseFX/NqNk/l\n"
		"QWDT9NxiGGIuQRQ6Lltf3oLfkiI7Ea7CM1WmXiE54j70qESPoFBaoZfa2oJdlGk4\n"
		"zrkA3irpAgMBAAECggEAEBdbDkSBB3XasvCcuS0GtrSoxhMddNUp2xwp9Yh0ne4s\n"
		"Oi68pdr9SndW3GbZrSKMCxuxHxKx+brelf6S4PYdqGUmSMc75yHaEVYkmOkkDV6h\n"
		"6d1W4iWuukq6P26ji7rFsc4uEGrgI4G4k9gSONnqpZwwQjs4G9+0eh3bp+HbPyaK\n"
		"ow7DKT3i8LDrCgXBmvFA53kdBOJzv17sK8a1I4V+dbp0bc4yI0PbUi5S/89+x9sz\n"
		"knVtsMgCjvV14XWJprBeFpl79HgjkmJAhzaO2pjAO/AFFCOwOBXiRIbJ85Op4sOc\n"
		"sIVmGNIVRTyZZhk9GD/r9EhLq2WqyXJVk/ymlJ0t/QKBgQDpFfbm0PmD5IRQxqAx\n"
		"6c8XQ31b+frYgcJzhf6HS1OWDYZw5LWsz/wDQsUIEBqfQIdHOIrjap7Z8TY8NFuW\n"
		"xbyj5yRGkAKc4uP76YjsLdtTo9ASf0lOm04xq3IuZr5jBMtIO4MY8Y7X0/Iy7N1S\n"
		"FTrECw3rps56ykIszXI+UJ2vlQKBgQDf6aChHZiiCBLIPGa3qDpEg3x/7ZXAvpNa\n"
		"jsBIMLH8pYFXBxv6ciD2ijEZMECvOxTo9hMmjsQB03yITwBfl6E1lWk4ZVf9tICe\n"
		"OF3Mf52xid9K3Ngnn0qMlyjKF4YcdHjIojmtfuse0iRTm6y/pv+zIDCoXuOGczu3\n"
		"f2431seJBQKBgHbn/pnHd9KiDCINAgIUjdIHWvdF8oLqx2EZtTwd4FlHMxN6iXfM\n"
		"bnrXYB554KrnR1u865WSedEi7ZEPAL5Mx6wxqV7Z7otMcBO+ElyyFBZ6FhapmqMg\n"
		"NWa/WLN1NKDc/DswKPPbnwxZklAKZ+mM7Pq/zO0vnlwjvFiQwjwp8hd1AoGBALg1\n"
		"X+ysiJFkyu7ooiidwbHz6kzkjLrRDjEGF7JMPWF4V3vdYWsc0XmCHvp19AE1PfKZ\n"
		"3w9tjFtkPaN2OvxppjqK/NFkrosOIHIKNUC0DGuu3YCdR0bxiUc4ZFo+GBr4xxVo\n"
		"QMM3Ev98Kl6OSAQzw1D+PomF5vEJhCtmLqrJi8ZxAoGACBr78pddUEvpzMkKGZh6\n"
		"kDpxAh36I6mgIwS0z0/V/eMqiiEPbN+Wf5SxqiTm/e12i+zykWARe7MVuyv0Vm/+\n"
		"e8qQZRGblkTDabMnrzXPiot4umBzGiz9yzS2+Rucjq1JgewWpvB0R4mygB5FC794\n"
		"O0fnhlA7t5iBws7JM0KNcK4=\n"
		"-----END PRIVATE KEY-----\n";

static inline void mint_need(int ok)
{
	if(!ok) {
		fprintf(stderr, "mint: OpenSSL or malloc failed\n");
		abort();
	}
}

/* n octets that stay reachable. */
static inline char *mint_get(size_t n)
{
	struct kept
	{
		struct kept *next;
		char text[];
	};
	static struct kept *all;
	struct kept *new = malloc(sizeof(*new) + n);

	mint_need(new != NULL);
	new->next = all;
	all = new;
	return new->text;
}

static inline EVP_PKEY *mint_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	mint_need(key != NULL);
	return key;
}

/* Both texts, the first of which may be NULL, as a new one. */
static inline char *mint_cat(const char *text, const char *more)
{
	size_t n = text ? strlen(text) : 0;
	char *both = mint_get(n + strlen(more) + 1);

	if(n > 0)
		memcpy(both, text, n);
	strcpy(both + n, more);
	return both;
}

static inline char *mint_b64url(const void *octets, size_t n)
{
	char *text = mint_get(n / 3 * 4 + 5);
	struct ep_buf out;

	ep_buf_init(&out, text, n / 3 * 4 + 4);
	ep_buf_put_b64url(&out, ep_view_of(octets, n));
	mint_need(!out.overflow);
	text[out.len] = '\0';
	return text;
}

/* A number of the key (n, e, x or y) as base64url, `len` octets long; 0: as
 * long as it is. */
static inline char *mint_number(EVP_PKEY *key, const char *name, int len)
{
	BIGNUM *number = NULL;
	unsigned char octets[1024];

	mint_need(EVP_PKEY_get_bn_param(key, name, &number));
	if(len == 0)
		len = BN_num_bytes(number);
	mint_need(BN_bn2binpad(number, octets, len) == len);
	BN_free(number);
	return mint_b64url(octets, (size_t)len);
}

/* Octets of a coordinate of the EC key. */
static inline int mint_coord_len(EVP_PKEY *key)
{
	return (EVP_PKEY_get_bits(key) + 7) / 8;
}

static inline char *mint_jwk_okp(EVP_PKEY *key)
{
	unsigned char x[64];
	size_t n = sizeof(x);
	char *jwk = mint_cat("{\"kty\":\"OKP\",\"crv\":\"",
			EVP_PKEY_is_a(key, "ED25519") ? "Ed25519" : "Ed448");

	mint_need(EVP_PKEY_get_raw_public_key(key, x, &n) == 1);
	return mint_cat(mint_cat(jwk, "\",\"x\":\""), mint_b64url(x, n));
}

static inline char *mint_jwk_ec(EVP_PKEY *key)
{
	int len = mint_coord_len(key);
	char *jwk = mint_cat(
			"{\"kty\":\"EC\",\"crv\":\"", len == 48 ? "P-384" : "P-256");

	jwk = mint_cat(jwk, "\",\"x\":\"");
	jwk = mint_cat(jwk, mint_number(key, OSSL_PKEY_PARAM_EC_PUB_X, len));
	jwk = mint_cat(jwk, "\",\"y\":\"");
	return mint_cat(jwk, mint_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, len));
}

static inline char *mint_jwk_rsa(EVP_PKEY *key)
{
	char *jwk = mint_cat("{\"kty\":\"RSA\",\"n\":\"",
			mint_number(key, OSSL_PKEY_PARAM_RSA_N, 0));

	jwk = mint_cat(jwk, "\",\"e\":\"");
	return mint_cat(jwk, mint_number(key, OSSL_PKEY_PARAM_RSA_E, 0));
}

/* The public key as a JWK; `members` such as ,"kid":"a","use":"sig" */
static inline char *mint_jwk(EVP_PKEY *key, const char *members)
{
	char *jwk = EVP_PKEY_is_a(key, "RSA")  ? mint_jwk_rsa(key)
				: EVP_PKEY_is_a(key, "EC") ? mint_jwk_ec(key)
										   : mint_jwk_okp(key);

	return mint_cat(mint_cat(mint_cat(jwk, "\""), members), "}");
}

/* ECDSA from DER to raw, each number `len` octets. */
static inline void mint_raw(
		unsigned char *out, int len, const unsigned char *der, size_t n)
{
	ECDSA_SIG *ecdsa = d2i_ECDSA_SIG(NULL, &der, (long)n);

	mint_need(ecdsa != NULL
			  && BN_bn2binpad(ECDSA_SIG_get0_r(ecdsa), out, len) == len
			  && BN_bn2binpad(ECDSA_SIG_get0_s(ecdsa), out + len, len) == len);
	ECDSA_SIG_free(ecdsa);
}

/* The signature as a JWS has it: ECDSA raw, the others as they are. RSA with
 * a salt of salt_len octets, or below 0 with PKCS #1 1.5. */
static inline size_t mint_signature_salt(
		unsigned char out[1024], EVP_PKEY *key, const char *input, int salt_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx;
	unsigned char sig[1024];
	size_t n = sizeof(sig);
	bool ec = EVP_PKEY_is_a(key, "EC");
	const EVP_MD *md = !ec && !EVP_PKEY_is_a(key, "RSA") ? NULL
					   : ec && mint_coord_len(key) == 48 ? EVP_sha384()
														 : EVP_sha256();

	mint_need(EVP_DigestSignInit(ctx, &pkey_ctx, md, NULL, key) == 1);
	if(salt_len >= 0)
		mint_need(EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING)
						  == 1
				  && EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, salt_len) == 1);
	mint_need(EVP_DigestSign(
					  ctx, sig, &n, (const unsigned char *)input, strlen(input))
			  == 1);
	EVP_MD_CTX_free(ctx);
	if(!ec) {
		memcpy(out, sig, n);
		return n;
	}
	mint_raw(out, mint_coord_len(key), sig, n);
	return 2 * (size_t)mint_coord_len(key);
}

/* RSA with PKCS #1 1.5 */
static inline size_t mint_signature(
		unsigned char out[1024], EVP_PKEY *key, const char *input)
{
	return mint_signature_salt(out, key, input, -1);
}

/* header.payload, both encoded */
static inline char *mint_input(const char *header, const char *payload)
{
	char *input = mint_b64url(header, strlen(header));

	input = mint_cat(input, ".");
	return mint_cat(input, mint_b64url(payload, strlen(payload)));
}

/* Signed as the key can; an RSA key with PSS if the header says PS256. */
static inline char *mint_token(
		EVP_PKEY *key, const char *header, const char *payload)
{
	unsigned char sig[1024];
	char *input = mint_input(header, payload);
	size_t n = mint_signature_salt(
			sig, key, input, strstr(header, "PS256") ? 32 : -1);

	input = mint_cat(input, ".");
	return mint_cat(input, mint_b64url(sig, n));
}

#endif
