/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include "token/sig.h"

/* Octets of the longest field element and group order (P-521). */
#define COORD_MAX 66
/* SEQUENCE of two INTEGERs of COORD_MAX octets and a sign octet. */
#define DER_MAX (3 + 2 * (2 + 1 + COORD_MAX))

/* One algorithm of RFC 7518 3.1 or RFC 8037 3.1. cost_us: measured on a core of
 * 2020; for RSA with a modulus of 2048 bits. */
struct ep_sig_alg
{
	const char *name;
	enum ep_jwk_kty kty;
	unsigned cost_us;
	const char *crv;    /* EC, OKP: the curve's name in a JWK */
	const char *type;   /* of the key, in OpenSSL */
	const char *digest; /* NULL: the algorithm does its own */
	int rsa_padding;
	size_t coord_len;               /* octets of x, y, r, s */
	unsigned char order[COORD_MAX]; /* EC: order of the base point */
};

static const struct ep_sig_alg algs[] = {
		{
				.name = "ES256",
				.kty = EP_JWK_EC,
				.cost_us = 80,
				.crv = "P-256", /* OpenSSL's name of the group too */
				.type = "EC",
				.digest = "SHA2-256",
				.coord_len = 32,
				/* FIPS 186-4 D.1.2.3 */
				.order = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff,
						0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
						0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca,
						0xc2, 0xfc, 0x63, 0x25, 0x51},
		},
		{
				.name = "RS256",
				.kty = EP_JWK_RSA,
				.cost_us = 25,
				.type = "RSA",
				.digest = "SHA2-256",
				.rsa_padding = RSA_PKCS1_PADDING,
		},
		{
				.name = "ES384",
				.kty = EP_JWK_EC,
				.cost_us = 900,
				.crv = "P-384",
				.type = "EC",
				.digest = "SHA2-384",
				.coord_len = 48,
				/* FIPS 186-4 D.1.2.4 */
				.order = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
						0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
						0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d,
						0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
						0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc,
						0xc5, 0x29, 0x73},
		},
		{
				/* RFC 7518 3.5: MGF1 with the same digest, and a salt as long
				 * as it is. */
				.name = "PS256",
				.kty = EP_JWK_RSA,
				.cost_us = 25,
				.type = "RSA",
				.digest = "SHA2-256",
				.rsa_padding = RSA_PKCS1_PSS_PADDING,
		},
		{
				/* RFC 8037 3.1; of its two curves the one everybody has. */
				.name = "EdDSA",
				.kty = EP_JWK_OKP,
				.cost_us = 150,
				.crv = "Ed25519",
				.type = "ED25519",
				.coord_len = 32,
		},
};

struct ep_sig_key
{
	const struct ep_sig_alg *alg;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *verify; /* prepared: EVP_PKEY_verify() may follow */
	EVP_MD *md;
	EVP_MD_CTX *md_ctx;
	size_t rsa_len; /* RSA: octets of the modulus */
};

const struct ep_sig_alg *ep_sig_alg_find(struct ep_view name)
{
	for(size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if(ep_view_eq(name, ep_view_z(algs[i].name)))
			return &algs[i];
	return NULL;
}

const char *ep_sig_alg_name(const struct ep_sig_alg *alg)
{
	return alg->name;
}

bool ep_sig_alg_fits(const struct ep_sig_alg *alg, const struct ep_jwk *jwk)
{
	if(alg->kty != jwk->kty)
		return false;
	if(alg->crv != NULL && !ep_view_eq(jwk->crv, ep_view_z(alg->crv)))
		return false;
	return jwk->alg.p == NULL || ep_view_eq(jwk->alg, ep_view_z(alg->name));
}

/* What OpenSSL's error queue held. */
struct complaints
{
	bool any;
	bool specific; /* one at least was about the input */
	bool evp;      /* one was of the EVP layer: it could not start a digest */
};

/* Empties the queue: nothing but judgements on the input, or nothing at all
 * (EP_OK), a failed allocation, or another fault of the library. */
static enum ep_err queue_drain(struct complaints *c)
{
	enum ep_err err = EP_OK;
	unsigned long e;

	*c = (struct complaints){0};
	while((e = ERR_get_error()) != 0) {
		c->any = true;
		if(ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			err = EP_ENOMEM;
		else if(ERR_FATAL_ERROR(e) && err == EP_OK)
			err = EP_ECRYPTO;
		if(ERR_GET_LIB(e) == ERR_LIB_EVP)
			c->evp = true;
		else if(!ERR_COMMON_ERROR(e))
			c->specific = true;
	}
	return err;
}

/* Why a key could not be built. */
static enum ep_err key_error(void)
{
	struct complaints c;
	enum ep_err err = queue_drain(&c);

	if(err != EP_OK)
		return err;
	return c.specific ? EP_ESYNTAX : EP_ECRYPTO;
}

static EVP_PKEY *pkey_from(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if(ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* RFC 7518 6.2.1: x and y as long as the field element, on the curve (which
 * EVP_PKEY_fromdata checks). */
static enum ep_err ec_load(struct ep_sig_key *key, const struct ep_jwk *jwk)
{
	unsigned char point[1 + 2 * COORD_MAX];
	char group[16];
	size_t len = key->alg->coord_len;
	OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(
					OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
			OSSL_PARAM_construct_octet_string(
					OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * len),
			OSSL_PARAM_construct_end(),
	};

	if(jwk->x.len != len || jwk->y.len != len)
		return EP_ESYNTAX;
	memcpy(group, key->alg->crv, strlen(key->alg->crv) + 1);
	params[0].data_size = strlen(group);
	point[0] = 0x04; /* SEC 1 2.3.3: uncompressed */
	memcpy(point + 1, jwk->x.p, len);
	memcpy(point + 1 + len, jwk->y.p, len);
	key->pkey = pkey_from(key->alg->type, params);
	return key->pkey != NULL ? EP_OK : key_error();
}

/* y of the eight points whose order divides the cofactor 8, as encoded, without
 * the sign of x: with such a key a signature says nothing about the message. */
static const unsigned char ed25519_small[][32] = {
		{0},
		{1},
		{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89,
				0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
				0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
		{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76,
				0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
				0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

/* RFC 8032 5.1.3: y below 2^255 - 19; and not one of those points. */
static bool ed25519_ok(struct ep_view x)
{
	unsigned char y[32];
	bool top = true;

	memcpy(y, x.p, sizeof(y));
	y[31] &= 0x7f;
	for(size_t i = 0; i < sizeof(ed25519_small) / sizeof(y); i++)
		if(memcmp(y, ed25519_small[i], sizeof(y)) == 0)
			return false;
	for(size_t i = 1; i < 31; i++)
		top = top && y[i] == 0xff;
	return !(top && y[31] == 0x7f && y[0] >= 0xed);
}

/* RFC 8037 2: x holds the public key. */
static enum ep_err okp_load(struct ep_sig_key *key, const struct ep_jwk *jwk)
{
	unsigned char x[COORD_MAX];
	OSSL_PARAM params[] = {
			OSSL_PARAM_construct_octet_string(
					OSSL_PKEY_PARAM_PUB_KEY, x, key->alg->coord_len),
			OSSL_PARAM_construct_end(),
	};

	if(jwk->x.len != key->alg->coord_len || !ed25519_ok(jwk->x))
		return EP_ESYNTAX;
	memcpy(x, jwk->x.p, jwk->x.len);
	key->pkey = pkey_from(key->alg->type, params);
	return key->pkey != NULL ? EP_OK : key_error();
}

/* Is it an odd number of more than one bit, of at most four octets? */
static bool rsa_exponent_ok(struct ep_view e)
{
	if(e.len == 0 || e.len > 4 || (e.p[e.len - 1] & 1) == 0)
		return false;
	return e.len > 1 || e.p[0] != 1;
}

static bool rsa_modulus_ok(struct ep_view n)
{
	size_t bits = n.len * 8;

	for(unsigned top = 0x80; n.len > 0 && !((unsigned char)n.p[0] & top);
			top >>= 1)
		bits--;
	return bits >= EP_RSA_BITS_MIN && bits <= EP_RSA_BITS_MAX
		   && (n.p[n.len - 1] & 1) != 0;
}

static EVP_PKEY *rsa_build(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if(build != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n)
			&& OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(build);
	if(params != NULL)
		pkey = pkey_from("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

static enum ep_err rsa_load(struct ep_sig_key *key, const struct ep_jwk *jwk)
{
	BIGNUM *n;
	BIGNUM *e;

	if(!rsa_modulus_ok(jwk->n) || !rsa_exponent_ok(jwk->e))
		return EP_ERANGE;
	n = BN_bin2bn((const unsigned char *)jwk->n.p, (int)jwk->n.len, NULL);
	e = BN_bin2bn((const unsigned char *)jwk->e.p, (int)jwk->e.len, NULL);
	if(n != NULL && e != NULL)
		key->pkey = rsa_build(n, e);
	BN_free(n);
	BN_free(e);
	key->rsa_len = jwk->n.len;
	return key->pkey != NULL ? EP_OK : key_error();
}

/* RFC 7518 3.5 leaves nothing to choose. */
static bool pss_fix(struct ep_sig_key *key)
{
	return key->alg->rsa_padding != RSA_PKCS1_PSS_PADDING
		   || (EVP_PKEY_CTX_set_rsa_mgf1_md(key->verify, key->md) == 1
				   && EVP_PKEY_CTX_set_rsa_pss_saltlen(
							  key->verify, RSA_PSS_SALTLEN_DIGEST)
							  == 1);
}

static bool verify_prepare(struct ep_sig_key *key)
{
	int padding = key->alg->rsa_padding;

	key->md = EVP_MD_fetch(NULL, key->alg->digest, NULL);
	key->verify = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	return key->md != NULL && key->verify != NULL
		   && EVP_PKEY_verify_init(key->verify) == 1
		   && (padding == 0
				   || EVP_PKEY_CTX_set_rsa_padding(key->verify, padding) == 1)
		   && EVP_PKEY_CTX_set_signature_md(key->verify, key->md) == 1
		   && pss_fix(key);
}

/* Everything a verification needs, so that none looks anything up. */
static enum ep_err key_prepare(struct ep_sig_key *key)
{
	struct complaints c;
	enum ep_err err;

	key->md_ctx = EVP_MD_CTX_new();
	if(key->md_ctx != NULL && (key->alg->digest == NULL || verify_prepare(key)))
		return EP_OK;
	err = queue_drain(&c);
	return err != EP_OK ? err : EP_ECRYPTO;
}

static enum ep_err key_load(struct ep_sig_key *key, const struct ep_jwk *jwk)
{
	switch(key->alg->kty) {
		case EP_JWK_EC:
			return ec_load(key, jwk);
		case EP_JWK_RSA:
			return rsa_load(key, jwk);
		default:
			return okp_load(key, jwk);
	}
}

enum ep_err ep_sig_key_init(struct ep_sig_key **out,
		const struct ep_sig_alg *alg, const struct ep_jwk *jwk,
		struct ep_arena *arena)
{
	struct ep_sig_key *key = ep_arena_get(arena, sizeof(*key));
	enum ep_err err;

	if(key == NULL)
		return EP_ENOMEM;
	key->alg = alg;
	err = key_load(key, jwk);
	if(err == EP_OK)
		err = key_prepare(key);
	ERR_clear_error(); /* OpenSSL gets over some failed allocations */
	if(err != EP_OK) {
		ep_sig_key_fini(key);
		return err;
	}
	*out = key;
	return EP_OK;
}

void ep_sig_key_fini(struct ep_sig_key *key)
{
	if(key == NULL)
		return;
	EVP_PKEY_CTX_free(key->verify);
	EVP_MD_CTX_free(key->md_ctx);
	EVP_MD_free(key->md);
	EVP_PKEY_free(key->pkey);
	*key = (struct ep_sig_key){.alg = key->alg};
}

const struct ep_sig_alg *ep_sig_key_alg(const struct ep_sig_key *key)
{
	return key->alg;
}

unsigned ep_sig_key_cost_us(const struct ep_sig_key *key)
{
	size_t blocks = key->rsa_len / 256; /* 2048 bits each; squared below */

	if(key->rsa_len == 0)
		return key->alg->cost_us;
	blocks += key->rsa_len % 256 != 0;
	return key->alg->cost_us * (unsigned)(blocks * blocks);
}

/* Is the big-endian number in 1..order-1? (FIPS 186-4 6.4.2) */
static bool in_order(const struct ep_sig_alg *alg, const char *number)
{
	static const char zeros[COORD_MAX];

	return memcmp(number, zeros, alg->coord_len) != 0
		   && memcmp(number, alg->order, alg->coord_len) < 0;
}

/* DER INTEGER of a positive big-endian number, shortest form. */
static size_t der_integer(
		unsigned char *out, const unsigned char *number, size_t len)
{
	size_t n = 0;

	while(*number == 0) {
		number++;
		len--;
	}
	out[n++] = 0x02;
	out[n++] = (unsigned char)(len + (*number >> 7));
	if(*number >> 7)
		out[n++] = 0;
	memcpy(out + n, number, len);
	return n + len;
}

/* RFC 7518 3.4: r and s, each as long as the order, one after the other; to
 * the Ecdsa-Sig-Value of RFC 3279 2.2.3. 0: not of that form. */
static size_t ecdsa_der(unsigned char out[DER_MAX],
		const struct ep_sig_alg *alg, struct ep_view raw)
{
	size_t len = alg->coord_len;
	unsigned char body[DER_MAX];
	size_t body_n;
	size_t n = 0;

	if(raw.len != 2 * len || !in_order(alg, raw.p)
			|| !in_order(alg, raw.p + len))
		return 0;
	body_n = der_integer(body, (const unsigned char *)raw.p, len);
	body_n +=
			der_integer(body + body_n, (const unsigned char *)raw.p + len, len);
	out[n++] = 0x30;
	if(body_n > 0x7f)
		out[n++] = 0x81;
	out[n++] = (unsigned char)body_n;
	memcpy(out + n, body, body_n);
	return n + body_n;
}

/* OpenSSL 3.0 also says nothing when it gets no memory for a digest of its own
 * (PSS, Ed25519). Whether there is memory for one now is the best that can be
 * asked. */
static bool memory_left(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA2-512", NULL);
	bool ok = ctx && md && EVP_DigestInit_ex2(ctx, md, NULL) == 1;

	EVP_MD_free(md);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* Does an answer below 1 mean "wrong"? For ECDSA, where the DER is ours, 0 does
 * and below 0 is a fault. For RSA both are 0, with a reason or not; for EdDSA
 * without. */
static bool is_judgement(
		const struct ep_sig_key *key, int ret, const struct complaints *c)
{
	switch(key->alg->kty) {
		case EP_JWK_EC:
			return ret == 0;
		case EP_JWK_RSA:
			return !c->evp;
		default:
			return ret == 0 && !c->any;
	}
}

static enum ep_token_cause verdict(const struct ep_sig_key *key, int ret)
{
	struct complaints c;
	enum ep_err err = queue_drain(&c);

	if(err == EP_ENOMEM)
		return EP_TOKEN_NO_MEMORY;
	if(err != EP_OK || !is_judgement(key, ret, &c))
		return EP_TOKEN_CRYPTO_FAILED;
	if(key->alg->kty != EP_JWK_EC && !c.specific && !memory_left())
		return EP_TOKEN_NO_MEMORY;
	return EP_TOKEN_SIGNATURE_WRONG;
}

static bool digest_of(struct ep_sig_key *key, struct ep_view input,
		unsigned char out[EVP_MAX_MD_SIZE], unsigned *n)
{
	return EVP_DigestInit_ex2(key->md_ctx, key->md, NULL) == 1
		   && EVP_DigestUpdate(key->md_ctx, input.p, input.len) == 1
		   && EVP_DigestFinal_ex(key->md_ctx, out, n) == 1;
}

/* A fault in the library before there was anything to judge. */
static enum ep_token_cause fault(void)
{
	struct complaints c;

	return queue_drain(&c) == EP_ENOMEM ? EP_TOKEN_NO_MEMORY
										: EP_TOKEN_CRYPTO_FAILED;
}

static enum ep_token_cause digest_verify(struct ep_sig_key *key,
		struct ep_view input, const unsigned char *sig, size_t sig_n)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_n;
	int ret;

	if(!digest_of(key, input, digest, &digest_n))
		return fault();
	ret = EVP_PKEY_verify(key->verify, sig, sig_n, digest, digest_n);
	return ret == 1 ? EP_TOKEN_OK : verdict(key, ret);
}

/* RFC 8032 5.1.7; the message is hashed inside. */
static enum ep_token_cause pure_verify(struct ep_sig_key *key,
		struct ep_view input, const unsigned char *sig, size_t sig_n)
{
	int ret;

	EVP_MD_CTX_reset(key->md_ctx);
	if(EVP_DigestVerifyInit_ex(
			   key->md_ctx, NULL, NULL, NULL, NULL, key->pkey, NULL)
			!= 1)
		return fault();
	ret = EVP_DigestVerify(
			key->md_ctx, sig, sig_n, (const unsigned char *)input.p, input.len);
	return ret == 1 ? EP_TOKEN_OK : verdict(key, ret);
}

enum ep_token_cause ep_sig_verify(struct ep_sig_key *key,
		struct ep_view signing_input, struct ep_view signature)
{
	const unsigned char *sig = (const unsigned char *)signature.p;
	unsigned char der[DER_MAX];
	size_t der_n;

	switch(key->alg->kty) {
		case EP_JWK_EC:
			der_n = ecdsa_der(der, key->alg, signature);
			if(der_n == 0)
				return EP_TOKEN_SIGNATURE_FORM;
			return digest_verify(key, signing_input, der, der_n);
		case EP_JWK_RSA: /* RFC 8017 8.1.2, 8.2.2 step 1 */
			if(signature.len != key->rsa_len)
				return EP_TOKEN_SIGNATURE_FORM;
			return digest_verify(key, signing_input, sig, signature.len);
		default:
			if(signature.len != 2 * key->alg->coord_len)
				return EP_TOKEN_SIGNATURE_FORM;
			return pure_verify(key, signing_input, sig, signature.len);
	}
}
