/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The same token to us and to libjwt, 4 times 25,000 of them: there must be
 * none that we accept and libjwt refuses, when it is told the key and the
 * algorithm that the token's kid stands for. libjwt looks at form, JSON, alg
 * and signature; it is asked whenever we accept, and for a sample of what we
 * refuse (where it may accept what it likes: it knows no audience, and takes a
 * lot of base64). What both accept, both have to read alike.
 *
 * A token they differ about is printed whole (the keys are the tests').
 * EP_DIFF_N (tokens of each test) and EP_DIFF_SEED, in the environment, ask for
 * another run.
 */
#include <jwt.h>
#include "spoil.h"

/* In each of the four tests; the sanitizers get a quarter of it. */
#ifdef __SANITIZE_ADDRESS__
#define TOKENS_N 6250
#else
#define TOKENS_N 25000
#endif
#define SEED UINT64_C(0x657063736366)
/* Of what we refuse, one in so many goes to libjwt too. */
#define SAMPLE 16

static const char config[] =
		"[issuer:home]\n"
		"iss = https://waf.home1.net\n"
		"jwks = /etc/waf.jwks\n"
		"alg = ES256, RS256, ES384\n"
		"aud = epcscf.home1.net\n"
		"waf = waf@home1.net\n"
		"domain = operator\n"
		"[wwsf:shop]\n"
		"origin = https://shop.example\n"
		"issuer = home\n"
		"client_id = shop\n"
		"impi = *@home1.net\n"
		"impu = sip:*@home1.net, tel:+44*\n";

/* --- keys --- */

enum key_index
{
	ES256,
	RS256,
	ES384,
	KEYS_N
};

/* Good ones mostly of the fast algorithm: RSA signs slowly, P-384 both. */
static enum key_index key_choose(void)
{
	size_t r = below(100);

	return r < 93 ? ES256 : r < 98 ? RS256 : ES384;
}

struct diff
{
	struct ep_arena arena;
	const struct ep_token_policy *policy;
	struct ep_keyset set;
	const struct ep_keyset *sets[1];
	struct ep_keyring ring;
	struct key keys[KEYS_N];
	char *last; /* the token before this one, to mix with */
	unsigned long both, none, theirs, tokens;
	unsigned long by_alg[KEYS_N];
};

static char *public_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long n;
	char *pem;

	mint_need(PEM_write_bio_PUBKEY(bio, key));
	n = BIO_get_mem_data(bio, &data);
	pem = mint_get((size_t)n + 1);
	memcpy(pem, data, (size_t)n);
	pem[n] = '\0';
	BIO_free(bio);
	return pem;
}

static void diff_init(struct diff *d)
{
	struct ep_config_error error;
	char *jwks = mint_cat(NULL, "{\"keys\":[");

	*d = (struct diff){.last = mint_cat(NULL, "a.b.c")};
	d->keys[ES256] = (struct key){
			"ES256", mint_key(mint_pem_ec), mint_key(mint_pem_ec_other), NULL};
	d->keys[RS256] = (struct key){"RS256", mint_key(mint_pem_rsa),
			mint_key(mint_pem_rsa_other), NULL};
	d->keys[ES384] = (struct key){
			"ES384", mint_key(mint_pem_p384), EVP_EC_gen("P-384"), NULL};
	for(size_t i = 0; i < KEYS_N; i++) {
		char members[64];

		d->keys[i].pem = public_pem(d->keys[i].pkey);
		snprintf(members, sizeof(members), ",\"kid\":\"%s\"", d->keys[i].alg);
		jwks = mint_cat(jwks, i ? "," : "");
		jwks = mint_cat(jwks, mint_jwk(d->keys[i].pkey, members));
	}
	plain_arena_init(&d->arena);
	ck_assert_int_eq(ep_token_config_parse(
							 &d->policy, ep_view_z(config), &d->arena, &error),
			EP_OK);
	ck_assert_int_eq(
			ep_keyset_load(&d->set, ep_view_z(mint_cat(jwks, "]}")),
					&d->policy->issuers[0], &ep_jwk_limits_default, &d->arena),
			EP_TOKEN_OK);
	ck_assert_uint_eq(d->set.usable_n, KEYS_N);
	d->sets[0] = &d->set;
	d->ring = (struct ep_keyring){d->sets, 1};
	d->last = mint_get(TEXT_MAX);
	strcpy(d->last, "a.b.c");
}

static void diff_fini(struct diff *d)
{
	ep_keyset_fini(&d->set);
	ep_arena_fini(&d->arena);
	for(size_t i = 0; i < KEYS_N; i++) {
		EVP_PKEY_free(d->keys[i].pkey);
		EVP_PKEY_free(d->keys[i].other);
	}
}

/* --- the two judges --- */

/* What we read in a token that we accept. */
struct reading
{
	enum key_index key;
	char sub[64];
	char impi[64];
	int64_t exp_s;
};

static void note(char out[64], struct ep_view v)
{
	ck_assert_uint_lt(v.len, 64);
	memcpy(out, v.p, v.len);
	out[v.len] = '\0';
}

static enum ep_token_cause our_verdict(
		struct diff *d, const struct text *t, struct reading *reading)
{
	struct ep_arena arena;
	struct ep_token_result result;
	enum ep_token_cause cause;
	struct ep_view block = block_of(ep_view_of(t->p, t->n));

	plain_arena_init(&arena);
	cause = ep_token_verify(&result, d->policy, &d->ring, block, EP_LIT("shop"),
			NOW_S, NULL, &arena);
	ck_assert(cause != EP_TOKEN_NO_MEMORY && cause != EP_TOKEN_CRYPTO_FAILED);
	for(size_t i = 0; i < KEYS_N && cause == EP_TOKEN_OK; i++)
		if(ep_view_eq(result.kid, ep_view_z(d->keys[i].alg)))
			reading->key = (enum key_index)i;
	if(cause == EP_TOKEN_OK) {
		note(reading->sub, result.sub);
		note(reading->impi, result.impi);
		reading->exp_s = result.exp_s;
	}
	ep_arena_fini(&arena);
	block_free(block);
	return cause;
}

static void same_reading(const struct reading *ours, jwt_t *theirs)
{
	ck_assert_str_eq(ours->sub, jwt_get_grant(theirs, "sub"));
	ck_assert_str_eq(ours->impi, jwt_get_grant(theirs, "impi"));
	ck_assert_int_eq(ours->exp_s, jwt_get_grant_int(theirs, "exp"));
}

/* Told the key, and asked which algorithm it took; and what it reads in a
 * token that we accept (`ours`; NULL: we do not). */
static bool their_verdict(
		const struct key *key, const struct text *t, const struct reading *ours)
{
	jwt_t *jwt = NULL;
	bool ok = jwt_decode(&jwt, t->p, (const unsigned char *)key->pem,
					  (int)strlen(key->pem))
			  == 0;

	ok = ok && strcmp(jwt_alg_str(jwt_get_alg(jwt)), key->alg) == 0;
	if(ok && ours != NULL)
		same_reading(ours, jwt);
	jwt_free(jwt);
	return ok;
}

static void token_compare(
		struct diff *d, const struct text *t, enum key_index made_with)
{
	struct reading reading = {.key = made_with};
	bool ours = our_verdict(d, t, &reading) == EP_TOKEN_OK;
	bool theirs;

	d->tokens++;
	if(!ours && !one_in(SAMPLE))
		return;
	theirs = their_verdict(&d->keys[reading.key], t, ours ? &reading : NULL);
	if(ours && theirs) {
		d->both++;
		d->by_alg[reading.key]++;
	} else if(theirs) {
		d->theirs++;
	} else if(!ours) {
		d->none++;
	} else {
		ck_abort_msg(
				"token %lu: we accept, libjwt refuses: %s", d->tokens, t->p);
	}
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void compare_all(uint64_t quarter)
{
	static struct diff d;
	static struct text t;
	uint64_t n = from_env("EP_DIFF_N", TOKENS_N);

	state = from_env("EP_DIFF_SEED", SEED) + quarter;
	printf("# seed 0x%llx, %llu tokens\n", (unsigned long long)state,
			(unsigned long long)n);
	diff_init(&d);
	for(uint64_t i = 0; i < n; i++) {
		enum key_index key = key_choose();

		token_make(&t, &d.keys[key], d.last);
		token_compare(&d, &t, key);
	}
	printf("# accepted by both: %lu (ES256 %lu, RS256 %lu, ES384 %lu)\n",
			d.both, d.by_alg[ES256], d.by_alg[RS256], d.by_alg[ES384]);
	printf("# refused by us: %lu; asked about %lu of them, libjwt refuses %lu "
		   "too and accepts %lu\n",
			d.tokens - d.both, d.none + d.theirs, d.none, d.theirs);
	fflush(stdout);
	ck_assert_uint_eq(d.tokens, n);
	ck_assert_uint_ge(d.both, n / 10);
	ck_assert_uint_ge(d.by_alg[RS256], n / 300);
	ck_assert_uint_ge(d.by_alg[ES384], n / 1000);
	ck_assert_uint_ge(d.none, n / 100);
	diff_fini(&d);
}

#define QUARTER(n)                                                             \
	START_TEST(differential_we_accept_nothing_that_libjwt_refuses_##n)         \
	{                                                                          \
		compare_all(n);                                                        \
	}                                                                          \
	END_TEST

QUARTER(1)
QUARTER(2)
QUARTER(3)
QUARTER(4)

UNIT_MAIN("token/differential",
		differential_we_accept_nothing_that_libjwt_refuses_1,
		differential_we_accept_nothing_that_libjwt_refuses_2,
		differential_we_accept_nothing_that_libjwt_refuses_3,
		differential_we_accept_nothing_that_libjwt_refuses_4)
