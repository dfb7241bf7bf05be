/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Whole tokens of every algorithm, which key may be used for which, and who
 * is asked before a signature is computed.
 */
#include "token/signed.h"
#include <openssl/err.h>
#include "fixture.h"

#define P384 "{\"alg\":\"ES384\",\"kid\":\"p384\"}"
#define PS "{\"alg\":\"PS256\",\"kid\":\"rsa\"}"
#define RS "{\"alg\":\"RS256\",\"kid\":\"rs\"}"
#define ED "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"

static EVP_PKEY *key_for(const struct fixture *f, const char *header)
{
	if(strstr(header, "ES384") != NULL)
		return f->p384;
	if(strstr(header, "EdDSA") != NULL)
		return f->ed;
	return strstr(header, "S256\"") && !strstr(header, "ES256") ? f->rsa
																: f->ec;
}

static enum ep_token_cause slow_in(
		struct fixture *f, const char *header, const char *payload)
{
	char *token = mint_token(key_for(f, header), header, payload);
	enum ep_token_cause cause = verify_text(f, ep_view_z(token), "shop");

	ck_assert_uint_eq(ERR_peek_error(), 0);
	return cause;
}

static enum ep_token_cause slow(const char *header)
{
	struct fixture f;
	enum ep_token_cause cause;

	fixture_init(&f);
	cause = slow_in(&f, header, payload_of(slow_claims, NULL, NULL));
	fixture_fini(&f);
	return cause;
}

static enum ep_token_cause home(const char *header)
{
	struct fixture f;
	enum ep_token_cause cause;

	fixture_init(&f);
	cause = slow_in(&f, header, payload_of(home_claims, NULL, NULL));
	fixture_fini(&f);
	return cause;
}

#define ROW(name, want, got)                                                   \
	START_TEST(signed_##name)                                                  \
	{                                                                          \
		ck_assert_cause(got, want);                                            \
	}                                                                          \
	END_TEST

ROW(accepts_es384, EP_TOKEN_OK, slow(P384))
ROW(accepts_ps256, EP_TOKEN_OK, slow(PS))
ROW(accepts_rs256_beside_ps256, EP_TOKEN_OK, slow(RS))
ROW(accepts_eddsa, EP_TOKEN_OK, slow(ED))

/* Only where the issuer lists them, whatever keys there are. */
ROW(refuses_es384_not_listed, EP_TOKEN_ALG_REFUSED, home(P384))
ROW(refuses_ps256_not_listed, EP_TOKEN_ALG_REFUSED,
		home("{\"alg\":\"PS256\",\"kid\":\"rs\"}"))
ROW(refuses_eddsa_not_listed, EP_TOKEN_ALG_REFUSED, home(ED))
ROW(refuses_es256_not_listed, EP_TOKEN_ALG_REFUSED,
		slow("{\"alg\":\"ES256\",\"kid\":\"p384\"}"))
ROW(refuses_es512, EP_TOKEN_ALG_UNKNOWN,
		slow("{\"alg\":\"ES512\",\"kid\":\"p384\"}"))
ROW(refuses_ps384, EP_TOKEN_ALG_UNKNOWN,
		slow("{\"alg\":\"PS384\",\"kid\":\"rsa\"}"))
ROW(refuses_eddsa_other_case, EP_TOKEN_ALG_UNKNOWN,
		slow("{\"alg\":\"EDDSA\",\"kid\":\"ed\"}"))

/* One key, one algorithm (RFC 8725 3.1), also inside a family. */
ROW(refuses_rs256_with_a_ps256_key, EP_TOKEN_KEY_ALG,
		slow("{\"alg\":\"RS256\",\"kid\":\"rsa\"}"))
ROW(refuses_ps256_with_an_rs256_key, EP_TOKEN_KEY_ALG,
		slow("{\"alg\":\"PS256\",\"kid\":\"rs\"}"))
ROW(refuses_eddsa_with_an_ec_key, EP_TOKEN_KEY_ALG,
		slow("{\"alg\":\"EdDSA\",\"kid\":\"p384\"}"))
ROW(refuses_es384_with_an_okp_key, EP_TOKEN_KEY_ALG,
		slow("{\"alg\":\"ES384\",\"kid\":\"ed\"}"))
ROW(refuses_an_okp_encryption_key, EP_TOKEN_KEY_USE,
		slow("{\"alg\":\"EdDSA\",\"kid\":\"ed-enc\"}"))
ROW(refuses_a_key_of_another_curve, EP_TOKEN_KEY_ALG,
		slow("{\"alg\":\"EdDSA\",\"kid\":\"x25519\"}"))

/* The PS256 key under its own name, and a signature of the older kind. */
START_TEST(signed_refuses_pkcs1_under_ps256)
{
	struct fixture f;
	char *input;
	unsigned char sig[1024];
	size_t n;

	fixture_init(&f);
	input = mint_input(PS, payload_of(slow_claims, NULL, NULL));
	n = mint_signature(sig, f.rsa, input);
	ck_assert_cause(verify_text(&f,
							ep_view_z(mint_cat(
									mint_cat(input, "."), mint_b64url(sig, n))),
							"shop"),
			EP_TOKEN_SIGNATURE_WRONG);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	fixture_fini(&f);
}
END_TEST

START_TEST(signed_refuses_every_changed_character)
{
	static const char *const headers[] = {P384, PS, ED};

	for(size_t h = 0; h < 3; h++) {
		struct fixture f;
		char *token;

		fixture_init(&f);
		token = mint_token(key_for(&f, headers[h]), headers[h],
				payload_of(slow_claims, NULL, NULL));
		for(size_t i = 0; i < strlen(token); i++) {
			char old = token[i];

			token[i] = old == 'A' ? 'B' : 'A';
			ck_assert_msg(
					verify_text(&f, ep_view_z(token), "shop") != EP_TOKEN_OK,
					"at %zu", i);
			token[i] = old;
		}
		ck_assert_cause(verify_text(&f, ep_view_z(token), "shop"), EP_TOKEN_OK);
		ck_assert_uint_eq(ERR_peek_error(), 0);
		fixture_fini(&f);
	}
}
END_TEST

/* --- the budget --- */

struct purse
{
	unsigned asked_n;
	unsigned cost_us;
	bool pays;
};

static bool pay(void *ctx, unsigned cost_us)
{
	struct purse *purse = ctx;

	purse->asked_n++;
	purse->cost_us = cost_us;
	return purse->pays;
}

static enum ep_token_cause paid(
		struct purse *purse, const char *header, const char *name)
{
	struct ep_token_budget budget = {pay, purse};
	struct fixture f;
	enum ep_token_cause cause;

	fixture_init(&f);
	f.budget = &budget;
	cause = slow_in(&f, header, payload_of(slow_claims, name, NULL));
	fixture_fini(&f);
	return cause;
}

START_TEST(signed_asks_once_and_says_the_cost)
{
	static const char *const headers[] = {RS, ED, P384};
	unsigned last = 0;

	for(size_t i = 0; i < 3; i++) {
		struct purse purse = {.pays = true};

		ck_assert_cause(paid(&purse, headers[i], NULL), EP_TOKEN_OK);
		ck_assert_uint_eq(purse.asked_n, 1);
		ck_assert_uint_gt(purse.cost_us, last); /* they cost ever more */
		last = purse.cost_us;
	}
}
END_TEST

START_TEST(signed_computes_nothing_that_is_not_paid)
{
	struct purse purse = {.pays = false};

	ck_assert_cause(paid(&purse, ED, NULL), EP_TOKEN_COST_EXCEEDED);
	ck_assert_uint_eq(purse.asked_n, 1);
}
END_TEST

/* What is refused without a signature costs nobody anything. */
START_TEST(signed_asks_for_nothing_that_is_cheap)
{
	static const char *const headers[] = {"{\"alg\":\"ES256\",\"kid\":\"ed\"}",
			"{\"alg\":\"EdDSA\",\"kid\":\"no\"}",
			"{\"alg\":\"EdDSA\",\"kid\":\"p384\"}",
			"{\"alg\":\"EdDSA\",\"kid\":\"ed-enc\"}",
			"{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"x\"}",
			"{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[]}"};
	struct purse purse = {.pays = true};

	for(size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		ck_assert(paid(&purse, headers[i], NULL) != EP_TOKEN_OK);
	ck_assert_cause(paid(&purse, ED, "iss"), EP_TOKEN_ISSUER_MISSING);
	ck_assert_uint_eq(purse.asked_n, 0);
}
END_TEST

/* --- JOSE or opaque --- */

START_TEST(signed_tells_jose_from_opaque)
{
	static const char *const jose[] = {"eyJhbGciOiJFUzI1NiJ9.e30.AA", "ey..",
			"eyJ.a.b.c.d", "ewogImEiOjF9.e30.AA"};
	static const char *const opaque[] = {"", "e", "ey", "x",
			"2YotnFZFEjr1zCsicMWpAA", "ory_at_abc.def", "eyJ", "eyJ.a",
			"eyJ.a.b.c", "eyJ.a.b.c.d.e", "a.b.c", "v4.public.abc", "fyJ.a.b",
			"ea.b.c"};

	for(size_t i = 0; i < sizeof(jose) / sizeof(jose[0]); i++)
		ck_assert_msg(ep_token_is_jose(ep_view_z(jose[i])), "%s", jose[i]);
	for(size_t i = 0; i < sizeof(opaque) / sizeof(opaque[0]); i++)
		ck_assert_msg(!ep_token_is_jose(ep_view_z(opaque[i])), "%s", opaque[i]);
	ck_assert(!ep_token_is_jose(ep_view_none()));
}
END_TEST

UNIT_MAIN("token/signed", signed_accepts_es384, signed_accepts_ps256,
		signed_accepts_rs256_beside_ps256, signed_accepts_eddsa,
		signed_refuses_es384_not_listed, signed_refuses_ps256_not_listed,
		signed_refuses_eddsa_not_listed, signed_refuses_es256_not_listed,
		signed_refuses_es512, signed_refuses_ps384,
		signed_refuses_eddsa_other_case, signed_refuses_rs256_with_a_ps256_key,
		signed_refuses_ps256_with_an_rs256_key,
		signed_refuses_eddsa_with_an_ec_key,
		signed_refuses_es384_with_an_okp_key,
		signed_refuses_an_okp_encryption_key,
		signed_refuses_a_key_of_another_curve, signed_refuses_pkcs1_under_ps256,
		signed_refuses_every_changed_character,
		signed_asks_once_and_says_the_cost,
		signed_computes_nothing_that_is_not_paid,
		signed_asks_for_nothing_that_is_cheap, signed_tells_jose_from_opaque)
