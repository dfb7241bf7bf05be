/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A policy, key sets and a good token, and ways to spoil one thing of it: for
 * the tests of whole tokens.
 */
#ifndef EP_UNIT_TOKEN_FIXTURE_H
#define EP_UNIT_TOKEN_FIXTURE_H

#include "support.h"
#include "token/mint.h"
#include "token/jws.h"
#include "token/signed.h"
#include "token/verify.h"

#define NOW_S INT64_C(1800000000)

static const char fixture_config[] =
		"[issuer:home]\n"
		"iss = https://waf.home1.net\n"
		"jwks = /etc/waf.jwks\n"
		"aud = epcscf.home1.net\n"
		"waf = waf@home1.net\n"
		"domain = operator\n"
		"max_lifetime_s = 7200\n"
		"introspect = https://waf.home1.net/introspect\n"
		"introspect_client = epcscf\n"
		"introspect_secret_file = /etc/waf.secret\n"
		"logout_aud = epcscf, epcscf-test\n"
		"[issuer:partner]\n"
		"iss = https://waf.partner.example/\n"
		"jwks = https://waf.partner.example/jwks\n"
		"alg = ES256\n"
		"typ = at+jwt\n"
		"aud = epcscf.home1.net\n"
		"waf = waf@partner.example\n"
		"domain = third-party\n"
		"require = nbf\n"
		"claim_wwsf = wwsf\n"
		"claim_waf = waf\n"
		"map = partner\n"
		"[issuer:slow]\n"
		"iss = https://slow.home1.net\n"
		"jwks = /etc/slow.jwks\n"
		"alg = ES384, PS256, EdDSA, RS256\n"
		"aud = epcscf.home1.net\n"
		"aud_rule = optional\n"
		"waf = slow@home1.net\n"
		"domain = operator\n"
		"[map:partner]\n"
		"impi = {preferred_username}@partner.example\n"
		"impu = sip:{preferred_username}@partner.example\n"
		"[wwsf:shop]\n"
		"origin = https://shop.example\n"
		"issuer = home, slow\n"
		"client_id = shop\n"
		"impi = *@home1.net\n"
		"impu = sip:*@home1.net, tel:+44*\n"
		"[wwsf:bank]\n"
		"origin = https://bank.example\n"
		"issuer = home, partner\n"
		"client_id = bank\n"
		"impi = *@bank.home1.net, *@partner.example\n"
		"impu = sip:*@bank.home1.net, sip:*@partner.example\n"
		"[wwsf:mall]\n"
		"origin = https://mall.example\n"
		"issuer = home\n"
		"client_id = mall\n"
		"impi = *@mall.home1.net\n"
		"impu = sip:*@mall.home1.net\n";

struct fixture
{
	struct ep_arena arena;
	const struct ep_token_policy *policy;
	struct ep_keyset home;
	struct ep_keyset partner;
	struct ep_keyset slow;
	const struct ep_keyset *sets[3];
	struct ep_keyring ring;
	EVP_PKEY *ec;
	EVP_PKEY *ec_other;
	EVP_PKEY *rsa;
	EVP_PKEY *p384;
	EVP_PKEY *ed;
	const struct ep_token_budget *budget;
	struct ep_token_result result;
};

/* Keys: es, rs for signatures; enc, ops, oct, p384, es-as-rs, short: not. */
static inline char *fixture_jwks(struct fixture *f)
{
	char *jwks = mint_cat(NULL, "{\"keys\":[");

	jwks = mint_cat(jwks, mint_jwk(f->ec, ",\"kid\":\"es\",\"use\":\"sig\""));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(jwks, mint_jwk(f->rsa,
								  ",\"kid\":\"rs\",\"alg\":\"RS256\","
								  "\"key_ops\":[\"verify\"]"));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(jwks, mint_jwk(f->ec, ",\"kid\":\"enc\",\"use\":\"enc\""));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(jwks,
			mint_jwk(f->ec, ",\"kid\":\"ops\",\"key_ops\":[\"encrypt\"]"));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(
			jwks, mint_jwk(f->ec, ",\"kid\":\"other-alg\",\"alg\":\"ES384\""));
	return mint_cat(jwks,
			",{\"kty\":\"oct\",\"kid\":\"oct\",\"k\":\"AAAA\"},"
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"bad\","
			"\"x\":\"AAAA\",\"y\":\"AAAA\"}]}");
}

/* A key each of the algorithms that have to be asked for. Keys without `alg`
 * get the first of the issuer's that fits: rsa is one for PS256. */
static inline char *fixture_slow_jwks(struct fixture *f)
{
	char *jwks = mint_cat(NULL, "{\"keys\":[");

	jwks = mint_cat(jwks, mint_jwk(f->p384, ",\"kid\":\"p384\""));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(jwks, mint_jwk(f->rsa, ",\"kid\":\"rsa\""));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(
			jwks, mint_jwk(f->rsa, ",\"kid\":\"rs\",\"alg\":\"RS256\""));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(jwks, mint_jwk(f->ed,
								  ",\"kid\":\"ed\",\"alg\":\"EdDSA\","
								  "\"use\":\"sig\",\"key_ops\":[\"verify\"]"));
	jwks = mint_cat(jwks, ",");
	jwks = mint_cat(
			jwks, mint_jwk(f->ed, ",\"kid\":\"ed-enc\",\"use\":\"enc\""));
	return mint_cat(jwks,
			",{\"kty\":\"OKP\",\"crv\":\"X25519\","
			"\"kid\":\"x25519\",\"x\":"
			"\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\"}]}");
}

static inline void fixture_load(struct fixture *f, struct ep_keyset *set,
		size_t issuer, const char *jwks)
{
	ck_assert_int_eq(
			ep_keyset_load(set, ep_view_z(jwks), &f->policy->issuers[issuer],
					&ep_jwk_limits_default, &f->arena),
			EP_TOKEN_OK);
	f->sets[issuer] = set;
}

static inline void fixture_init(struct fixture *f)
{
	struct ep_config_error error;
	char *jwks;

	*f = (struct fixture){.ec = mint_key(mint_pem_ec),
			.ec_other = mint_key(mint_pem_ec_other),
			.rsa = mint_key(mint_pem_rsa),
			.p384 = mint_key(mint_pem_p384),
			.ed = mint_key(mint_pem_ed)};
	plain_arena_init(&f->arena);
	ck_assert_msg(ep_token_config_parse(&f->policy, ep_view_z(fixture_config),
						  &f->arena, &error)
						  == EP_OK,
			"line %u: %s", error.line, error.text);
	jwks = fixture_jwks(f);
	fixture_load(f, &f->home, 0, jwks);
	fixture_load(f, &f->partner, 1, jwks);
	fixture_load(f, &f->slow, 2, fixture_slow_jwks(f));
	f->ring = (struct ep_keyring){f->sets, 3};
}

static inline void fixture_fini(struct fixture *f)
{
	ep_keyset_fini(&f->home);
	ep_keyset_fini(&f->partner);
	ep_keyset_fini(&f->slow);
	ep_arena_fini(&f->arena);
	EVP_PKEY_free(f->ec);
	EVP_PKEY_free(f->ec_other);
	EVP_PKEY_free(f->rsa);
	EVP_PKEY_free(f->p384);
	EVP_PKEY_free(f->ed);
}

/* An array of n elements: [0,0,...] */
static inline const char *fixture_array(size_t n)
{
	static char text[4096];

	ck_assert_uint_lt(2 * n + 1, sizeof(text));
	for(size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, i ? ",0" : "[0", 2);
	strcpy(text + 2 * n, "]");
	return text;
}

/* name, JSON value */
typedef const char *fixture_claim[2];

static const fixture_claim home_claims[] = {
		{"iss", "\"https://waf.home1.net\""},
		{"sub", "\"248289761001\""},
		{"aud", "[\"account\",\"epcscf.home1.net\"]"},
		{"exp", "1800003600"},
		{"iat", "1799999990"},
		{"client_id", "\"shop\""},
		{"scope", "\"openid webrtc-ims-client-access-to-ims\""},
		{"impi", "\"alice@home1.net\""},
		{"impu", "[\"sip:alice@home1.net\",\"tel:+441632960083\"]"},
		{NULL, NULL},
};

static const fixture_claim slow_claims[] = {
		{"iss", "\"https://slow.home1.net\""},
		{"sub", "\"248289761001\""},
		{"aud", "\"epcscf.home1.net\""},
		{"exp", "1800003600"},
		{"iat", "1799999990"},
		{"client_id", "\"shop\""},
		{"scope", "\"webrtc-ims-client-access-to-ims\""},
		{"impi", "\"alice@home1.net\""},
		{"impu", "\"sip:alice@home1.net\""},
		{NULL, NULL},
};

static const fixture_claim partner_claims[] = {
		{"iss", "\"https://waf.partner.example/\""},
		{"sub", "\"bob\""},
		{"aud", "\"epcscf.home1.net\""},
		{"exp", "1800003600"},
		{"iat", "1799999990"},
		{"nbf", "1799999990"},
		{"jti", "\"5f0c2b1e\""},
		{"client_id", "\"bank\""},
		{"scp", "[\"a\",\"webrtc-ims-client-access-to-ims\"]"},
		{"wwsf", "\"bank\""},
		{"waf", "\"waf@partner.example\""},
		{"preferred_username", "\"bob\""},
		{NULL, NULL},
};

/* RFC 7662 2.2 with what the issuer's section asks for besides. */
static const fixture_claim answer_claims[] = {
		{"active", "true"},
		{"scope", "\"openid webrtc-ims-client-access-to-ims\""},
		{"client_id", "\"shop\""},
		{"username", "\"alice\""},
		{"token_type", "\"Bearer\""},
		{"exp", "1800003600"},
		{"iat", "1799999990"},
		{"nbf", "1799999990"},
		{"sub", "\"248289761001\""},
		{"aud", "\"epcscf.home1.net\""},
		{"iss", "\"https://waf.home1.net\""},
		{"impi", "\"alice@home1.net\""},
		{"impu", "[\"sip:alice@home1.net\",\"tel:+441632960083\"]"},
		{NULL, NULL},
};

/* The claims as JSON; `name` has `value` instead: NULL leaves it out, and a
 * name that is not in the table is added. */
static inline char *payload_of(
		const fixture_claim *claims, const char *name, const char *value)
{
	char *json = mint_cat(NULL, "{");
	const char *sep = "";
	bool done = false;

	for(; (*claims)[0] != NULL || (name != NULL && !done); claims++) {
		bool end = (*claims)[0] == NULL;
		bool this = end || (name && strcmp((*claims)[0], name) == 0);
		const char *text = this ? value : (*claims)[1];

		done = done || this;
		if(text == NULL) {
			if(end)
				break;
			continue;
		}
		json = mint_cat(mint_cat(json, sep), "\"");
		json = mint_cat(json, end ? name : (*claims)[0]);
		json = mint_cat(mint_cat(json, "\":"), text);
		sep = ",";
		if(end)
			break;
	}
	return mint_cat(json, "}");
}

static const char es_header[] = "{\"alg\":\"ES256\",\"kid\":\"es\"}";
static const char rs_header[] = "{\"alg\":\"RS256\",\"kid\":\"rs\"}";
static const char at_header[] =
		"{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}";

static inline enum ep_token_cause verify_text(
		struct fixture *f, struct ep_view token, const char *wwsf)
{
	return ep_token_verify(&f->result, f->policy, &f->ring, token,
			ep_view_z(wwsf), NOW_S, f->budget, &f->arena);
}

#define ck_assert_cause(got, want)                                             \
	do {                                                                       \
		enum ep_token_cause got_ = (got);                                      \
		ck_assert_msg(got_ == (want), "%s, not %s",                            \
				ep_token_cause_get(got_)->name,                                \
				ep_token_cause_get(want)->name);                               \
	} while(0)

#endif
