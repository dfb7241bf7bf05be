/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * How many tokens a second: ep_token_verify() with claims and policy, beside
 * the bare signature check in OpenSSL (parsed key, new context per operation)
 * and beside libjwt (jwt_decode with the PEM key).
 *
 * The rivals take turns in short slices of one run, so that a busy machine
 * slows all of them; a figure is the median over the slices.
 */
#include <jwt.h>
#include <time.h>
#include "../unit/token/mint.h"
#include "token/verify.h"

#define SLICE_S 0.1
#define SLICES 31
#define NOW_S INT64_C(1800000000)

struct bench
{
	const char *alg;
	char *pem;      /* public key */
	EVP_PKEY *pkey; /* the same, parsed */
	char *token;
	char *input;             /* its first two parts */
	unsigned char sig[1024]; /* as OpenSSL wants it: DER for ECDSA */
	size_t sig_n;
	const struct ep_token_policy *policy;
	struct ep_keyring ring;
	const struct ep_keyset *sets[1];
	struct ep_keyset set;
};

static void need(int ok, const char *what)
{
	if(!ok) {
		fprintf(stderr, "bench: %s failed\n", what);
		exit(1);
	}
}

static void *get(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void put(void *ctx, void *p)
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

/* --- the rivals: each true when the token was accepted --- */

static bool run_ours(struct bench *b)
{
	char first[8192];
	struct ep_arena arena;
	struct ep_token_result result;
	enum ep_token_cause cause;

	ep_arena_init(&arena, first, sizeof(first), &heap, 1 << 20);
	cause = ep_token_verify(&result, b->policy, &b->ring, ep_view_z(b->token),
			EP_LIT("shop"), NOW_S, &arena);
	ep_arena_fini(&arena);
	return cause == EP_TOKEN_OK && result.impus_n == 2;
}

static bool run_evp(struct bench *b)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, b->pkey) == 1
			  && EVP_DigestVerify(ctx, b->sig, b->sig_n,
						 (const unsigned char *)b->input, strlen(b->input))
						 == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool run_libjwt(struct bench *b)
{
	jwt_t *jwt = NULL;
	bool ok = jwt_decode(&jwt, b->token, (const unsigned char *)b->pem,
					  (int)strlen(b->pem))
			  == 0;

	jwt_free(jwt);
	return ok;
}

/* Ours without the signature, by leaving out what is measured alone. */
static bool run_sig(struct bench *b)
{
	struct ep_sig_key *key = b->set.v[0].key;
	struct ep_view sig = ep_view_z(strrchr(b->token, '.') + 1);
	unsigned char raw[1024];
	size_t n;

	return ep_b64url_decode(raw, sizeof(raw), &n, sig) == EP_OK
		   && ep_sig_verify(key, ep_view_z(b->input),
					  ep_view_of((const char *)raw, n))
					  == EP_TOKEN_OK;
}

enum
{
	OURS,
	EVP,
	LIBJWT,
	SIG,
	RIVALS
};

static bool (*const rivals[RIVALS])(struct bench *) = {
		run_ours, run_evp, run_libjwt, run_sig};

/* --- measuring --- */

static double clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double slice(struct bench *b, bool (*run)(struct bench *))
{
	double from = clock_s();
	double to;
	unsigned n = 0;

	do {
		for(int i = 0; i < 20; i++, n++)
			need(run(b), "a verification");
		to = clock_s();
	} while(to - from < SLICE_S);
	return n / (to - from);
}

static int by_size(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

/* --- setting up --- */

static char *public_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;
	char *copy;

	need(PEM_write_bio_PUBKEY(bio, key), "PEM");
	n = BIO_get_mem_data(bio, &text);
	copy = calloc(1, (size_t)n + 1);
	memcpy(copy, text, (size_t)n);
	BIO_free(bio);
	return copy;
}

static EVP_PKEY *public_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

	BIO_free(bio);
	need(key != NULL, "public key");
	return key;
}

/* OpenSSL's own form of the token's signature. */
static void sig_load(struct bench *b)
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

static void bench_init(struct bench *b, const char *alg, const char *pem)
{
	static struct ep_arena arena;
	struct ep_config_error error;
	EVP_PKEY *key = mint_key(pem);
	char header[128];
	char *jwks = mint_cat(NULL, "{\"keys\":[");

	/* typ: libjwt takes no other than JWT. */
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 20);
	snprintf(header, sizeof(header),
			"{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k-2026-11\"}", alg);
	b->alg = alg;
	b->pem = public_pem(key);
	b->pkey = public_key(b->pem);
	b->token = mint_token(key, header, payload);
	b->input = mint_input(header, payload);
	sig_load(b);
	need(ep_token_config_parse(&b->policy, ep_view_z(config), &arena, &error)
					== EP_OK,
			error.text);
	jwks = mint_cat(jwks, mint_jwk(key, ",\"kid\":\"k-2026-11\""));
	jwks = mint_cat(jwks, "]}");
	need(ep_keyset_load(&b->set, ep_view_z(jwks), &b->policy->issuers[0],
				 &ep_jwk_limits_default, &arena)
					== EP_TOKEN_OK,
			"key set");
	b->sets[0] = &b->set;
	b->ring = (struct ep_keyring){b->sets, 1};
}

struct figure
{
	const char *name;
	double value;
	const char *unit;
	const char *against;
	double goal; /* 0: none */
};

static size_t bench_run(struct bench *b, const char *alg, struct figure *out,
		const double *goal)
{
	static char names[16][32];
	static size_t used;
	double rate[RIVALS][SLICES];
	double m[RIVALS];

	for(int s = 0; s < SLICES; s++)
		for(int r = 0; r < RIVALS; r++)
			rate[r][s] = slice(b, rivals[r]);
	for(int r = 0; r < RIVALS; r++)
		m[r] = median(rate[r], SLICES);
	printf("%-6s %10.0f %10.0f %10.0f %12.2f %12.2f %12.1f\n", b->alg, m[OURS],
			m[EVP], m[LIBJWT], m[OURS] / m[EVP], m[OURS] / m[LIBJWT],
			1e6 / m[OURS] - 1e6 / m[SIG]);
	snprintf(names[used], sizeof(names[0]), "%s_vs_evp", alg);
	out[0] = (struct figure){names[used++], m[OURS] / m[EVP], "ratio",
			"OpenSSL EVP_DigestVerify", goal[0]};
	snprintf(names[used], sizeof(names[0]), "%s_vs_libjwt", alg);
	out[1] = (struct figure){names[used++], m[OURS] / m[LIBJWT], "ratio",
			"libjwt jwt_decode", goal[1]};
	snprintf(names[used], sizeof(names[0]), "%s_verify", alg);
	out[2] = (struct figure){names[used++], m[OURS], "per second", "", 0};
	snprintf(names[used], sizeof(names[0]), "%s_besides_signature", alg);
	out[3] = (struct figure){
			names[used++], 1e6 / m[OURS] - 1e6 / m[SIG], "microseconds", "", 0};
	return 4;
}

static void json_write(const char *path, const struct figure *v, size_t n)
{
	FILE *f = fopen(path, "w");

	need(f != NULL, path);
	fprintf(f, "[\n");
	for(size_t i = 0; i < n; i++) {
		fprintf(f,
				"  {\"name\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", "
				"\"against\": \"%s\", \"goal\": ",
				v[i].name, v[i].value, v[i].unit, v[i].against);
		if(v[i].goal > 0)
			fprintf(f, "%g}%s\n", v[i].goal, i + 1 < n ? "," : "");
		else
			fprintf(f, "null}%s\n", i + 1 < n ? "," : "");
	}
	fprintf(f, "]\n");
	need(fclose(f) == 0, path);
}

int main(int argc, char **argv)
{
	static struct bench es;
	static struct bench rs;
	static const double es_goals[] = {0.8, 4};
	static const double rs_goals[] = {0.65, 9};
	struct figure figures[8];
	size_t n;

	bench_init(&es, "ES256", mint_pem_ec);
	bench_init(&rs, "RS256", mint_pem_rsa);
	printf("%-6s %10s %10s %10s %12s %12s %12s\n", "alg", "verify/s", "EVP/s",
			"libjwt/s", "vs EVP", "vs libjwt", "rest in us");
	n = bench_run(&es, "es256", figures, es_goals);
	n += bench_run(&rs, "rs256", figures + n, rs_goals);
	if(argc > 1)
		json_write(argv[1], figures, n);
	return 0;
}
