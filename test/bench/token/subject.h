/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the measurements of tokens share: a configuration, a typical token, and
 * two ways to check it: ep_token_verify() with claims and policy, and the bare
 * signature check in OpenSSL (parsed key, new context per operation).
 */
#ifndef EP_BENCH_TOKEN_SUBJECT_H
#define EP_BENCH_TOKEN_SUBJECT_H

#include <openssl/err.h>
#include <time.h>
#include <unistd.h>
#include "../../unit/token/mint.h"
#include "token/verify.h"

#define NOW_S INT64_C(1800000000)

struct bench
{
	const char *alg;
	char *pem; /* public key, for those who want it */
	EVP_PKEY *pkey;
	char *token;
	char *input;             /* its first two parts */
	unsigned char sig[1024]; /* as OpenSSL wants it: DER for ECDSA */
	size_t sig_n;
	const struct ep_token_policy *policy;
	struct ep_keyring ring;
	const struct ep_keyset *sets[1];
	char *jwks;
	struct ep_keyset set;
};

static inline void need(int ok, const char *what)
{
	if(!ok) {
		fprintf(stderr, "bench: %s failed\n", what);
		ERR_print_errors_fp(stderr);
		fflush(NULL);
		_exit(1);
	}
}

static inline void *get(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static inline void put(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static const struct ep_alloc heap = {get, put, NULL};

static const char config[] =
		"[issuer:home]\n"
		"iss = https://waf.home1.net\n"
		"jwks = /etc/kamailio/waf.jwks\n"
		"aud = epcscf.home1.net\n"
		"waf = waf@home1.net\n"
		"domain = operator\n"
		"max_lifetime_s = 86400\n"
		"[wwsf:shop]\n"
		"origin = https://shop.example\n"
		"issuer = home\n"
		"client_id = shop\n"
		"impi = *@home1.net\n"
		"impu = sip:*@home1.net, tel:+44*\n";

static const char payload[] =
		"{\"iss\":\"https://waf.home1.net\",\"sub\":\"248289761001\","
		"\"aud\":[\"epcscf.home1.net\",\"account\"],\"exp\":1800003600,"
		"\"iat\":1799999990,\"nbf\":1799999990,"
		"\"jti\":\"5f0c2b1e-3b1c-4a7e-9a51-0b8b6d9d1b0a\","
		"\"client_id\":\"shop\","
		"\"scope\":\"openid profile webrtc-ims-client-access-to-ims\","
		"\"impi\":\"alice@home1.net\","
		"\"impu\":[\"sip:alice@home1.net\",\"tel:+441632960083\"]}";

/* --- two ways: true when the token was accepted --- */

static inline bool run_ours(struct bench *b)
{
	char first[8192];
	struct ep_arena arena;
	struct ep_token_result result;
	enum ep_token_cause cause;

	ep_arena_init(&arena, first, sizeof(first), &heap, 1 << 20);
	cause = ep_token_verify(&result, b->policy, &b->ring, ep_view_z(b->token),
			EP_LIT("shop"), NOW_S, NULL, &arena);
	ep_arena_fini(&arena);
	return cause == EP_TOKEN_OK && result.impus_n == 2;
}

static inline bool run_evp(struct bench *b)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, b->pkey) == 1
			  && EVP_DigestVerify(ctx, b->sig, b->sig_n,
						 (const unsigned char *)b->input, strlen(b->input))
						 == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

/* --- setting up --- */

/* OpenSSL's own form of the token's signature. */
static inline void sig_load(struct bench *b)
{
	unsigned char raw[1024];
	size_t n;
	ECDSA_SIG *sig;
	unsigned char *p = b->sig;

	need(ep_b64url_decode(
				 raw, sizeof(raw), &n, ep_view_z(strrchr(b->token, '.') + 1))
					== EP_OK,
			"signature");
	if(strcmp(b->alg, "RS256") == 0) {
		memcpy(b->sig, raw, n);
		b->sig_n = n;
		return;
	}
	sig = ECDSA_SIG_new();
	ECDSA_SIG_set0(
			sig, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	b->sig_n = (size_t)i2d_ECDSA_SIG(sig, &p);
	ECDSA_SIG_free(sig);
}

/* token: NULL to make one. */
static inline void subject_make(
		struct bench *b, const char *alg, const char *pem, char *token)
{
	EVP_PKEY *key = mint_key(pem);
	char header[128];

	/* typ: libjwt takes no other than JWT. */
	snprintf(header, sizeof(header),
			"{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k-2026-11\"}", alg);
	b->alg = alg;
	b->pkey = key;
	b->token = token ? token : mint_token(key, header, payload);
	b->input = mint_cat(NULL, b->token);
	*strrchr(b->input, '.') = '\0';
	sig_load(b);
	b->jwks = mint_cat(NULL, "{\"keys\":[");
	b->jwks = mint_cat(b->jwks, mint_jwk(key, ",\"kid\":\"k-2026-11\""));
	b->jwks = mint_cat(b->jwks, "]}");
}

/* What ours needs besides. Arenas are never given back. */
static inline void subject_load(struct bench *b)
{
	struct ep_config_error error;
	struct ep_arena arena;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 20);
	need(ep_token_config_parse(&b->policy, ep_view_z(config), &arena, &error)
					== EP_OK,
			error.text);
	need(ep_keyset_load(&b->set, ep_view_z(b->jwks), &b->policy->issuers[0],
				 &ep_jwk_limits_default, &arena)
					== EP_TOKEN_OK,
			"key set");
	b->sets[0] = &b->set;
	b->ring = (struct ep_keyring){b->sets, 1};
}

/* --- slices that several processes begin and end at the same moment --- */

static inline int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* How many from from_ns to until_ns, by CLOCK_MONOTONIC; -1: late; -2: one did
 * not come out as it should. */
static inline long slice_between(struct bench *b, bool (*run)(struct bench *),
		int64_t from_ns, int64_t until_ns)
{
	struct timespec from = {from_ns / 1000000000, from_ns % 1000000000};
	long n = 0;

	if(monotonic_ns() > from_ns)
		return -1;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &from, NULL);
	for(; monotonic_ns() < until_ns; n++)
		if(!run(b))
			return -2;
	return n;
}

#endif
