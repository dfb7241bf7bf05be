/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Published examples of every algorithm, and what keys and costs they have.
 */
#include "sigkeys.h"

/* --- published examples --- */

static void vector(const char *jwk, const char *alg, const char *input,
		const char *sig_text)
{
	struct keys k = {0};
	unsigned char sig[1024];
	size_t n;

	ck_assert_int_eq(
			ep_b64url_decode(sig, sizeof(sig), &n, ep_view_z(sig_text)), EP_OK);
	ck_assert_int_eq(key_init(&k, jwk, alg), EP_OK);
	for(int i = 0; i < 3; i++) { /* one after the other on the same key */
		ck_assert_int_eq(verify(&k, input, sig, n), EP_TOKEN_OK);
		ck_assert_int_eq(verify(&k, "x", sig, n), EP_TOKEN_SIGNATURE_WRONG);
	}
	keys_fini(&k);
}

START_TEST(sigvector_rfc7520_4_1_rs256)
{
	vector("{\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\","
		   "\"use\":\"sig\",\"n\":\""
		   "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJW"
		   "TDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dAp"
		   "r5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFH"
		   "pPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLq"
		   "KnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"
		   "\",\"e\":\"AQAB\"}",
			"RS256",
			"eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZS"
			"J9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXI"
			"gZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwI"
			"HlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN"
			"3ZXB0IG9mZiB0by4",
			"MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O"
			"2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-Xt"
			"L0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8"
			"Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-"
			"ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg");
}
END_TEST

START_TEST(sigvector_rfc8037_a4_eddsa)
{
	vector("{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
		   "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
			"EdDSA", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
			"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
			"hVsPt9g7sVvpAr_MuM0KAg");
}
END_TEST

START_TEST(sigvector_rfc8032_7_1_test_2_eddsa)
{
	vector("{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
		   "\"x\":\"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw\"}",
			"EdDSA", "\x72",
			"kqAJqfDUyrhyDoILX2QlQKKye1QWUD-Ps3YiI-vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurr"
			"QwKu6wDSkWErsMAA");
}
END_TEST

START_TEST(sigvector_rfc6979_a2_6_es384)
{
	vector("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":"
		   "\"7DpOQVtOGaRWhhgCn0J_pdqai8SukuAuBqrlKGswDGTe-PDqkFWGYGSiVFFUgLwT\",\"y\":"
		   "\"gBXZty19VyROqO-awMYhiWcIpZNn-d-59UyoSz8cnbEoiyMcOuDU_nNE_SUzJkcg\"}",
			"ES384", "sample",
			"lO27kqXsuKrUc25WxpGRaz-IFAZmzp-nPWTE6pWtEzyBpkgVLkSs-W423R6A-r5Gme9K6x"
			"XxeM6h_kDbJgMTjxMOdAoZYkUmIDtjUdCjqU-jKcFFeG5nnnuCxxo4YorI");
}
END_TEST

/* Made with whole numbers and SHA-256 alone (RFC 8017 8.1.1, 9.1.1); the salt
 * is 0, 1, ... 31. No RFC has an example of PS256. */
START_TEST(sigvector_ps256_of_another_program)
{
	struct keys k = keys_of(mint_pem_rsa, "PS256");
	char *jwk = mint_jwk(k.pkey, "");

	keys_fini(&k);
	vector(jwk, "PS256", "eyJhbGciOiJQUzI1NiJ9.RXhhbXBsZSBvZiBQU1Mgc2lnbmluZw",
			"JP-6b8B0yMlJH3zL-XQzyNQa_YnvEcSUfFGNOYmEf2CFbWGWVLjiQTmiZsI1bpZIhRwueX"
			"pP99ewfyXs_MkXzqglrGnqzM4IA-8IAB9g_IdH75sqZ4iR9cJFh1jW_vR_SosMvHgZlmy9"
			"kkJEJhlG6SyXhLf8DJI72cO9dlhNiyo_fgV16R55ToNlOQgDsCmPq-CYJ5Gc--egFcBeCa"
			"NMWF2OubjUweNLqeYFV9K_1OD7PoN8KmJ-haJ1jd_XzidqiSIUG0Vv5yDRzUS7408pS5wC"
			"Fbt9UormLDInZgyUJK__rBVLuBilXwXSz2ffeug4a5hnCBgHdcfSXy-IL-CfXA");
}
END_TEST

/* --- the table --- */

START_TEST(sigvector_each_alg_fits_its_own_keys)
{
	static const char *const names[] = {
			"ES256", "RS256", "ES384", "PS256", "EdDSA"};
	const struct ep_jwk jwks[] = {{.kty = EP_JWK_EC, .crv = EP_LIT("P-256")},
			{.kty = EP_JWK_RSA}, {.kty = EP_JWK_EC, .crv = EP_LIT("P-384")},
			{.kty = EP_JWK_OKP, .crv = EP_LIT("Ed25519")},
			{.kty = EP_JWK_OKP, .crv = EP_LIT("X25519")},
			{.kty = EP_JWK_OKP, .crv = EP_LIT("Ed448")},
			{.kty = EP_JWK_EC, .crv = EP_LIT("P-521")},
			{.kty = EP_JWK_EC, .crv = EP_LIT("secp256k1")}, {.kty = EP_JWK_EC},
			{.kty = EP_JWK_OKP}, {.kty = EP_JWK_OTHER}};
	static const int fits[] = {0, 1, 2, 1, 3};

	for(size_t a = 0; a < 5; a++)
		for(size_t j = 0; j < sizeof(jwks) / sizeof(jwks[0]); j++)
			ck_assert_msg(ep_sig_alg_fits(ep_sig_alg_find(ep_view_z(names[a])),
								  &jwks[j])
								  == (fits[a] == (int)j),
					"%s, %zu", names[a], j);
}
END_TEST

/* A modulus twice as long is four times the work. */
START_TEST(sigvector_cost_grows_with_the_modulus)
{
	static const size_t lens[] = {256, 512, 1024};
	unsigned cost[3];

	for(size_t i = 0; i < 3; i++) {
		struct keys k = {0};
		char *n = mint_get(lens[i]);
		char *jwk;

		memset(n, 0xaa, lens[i]);
		n[lens[i] - 1] = 1;
		jwk = mint_cat("{\"kty\":\"RSA\",\"n\":\"", mint_b64url(n, lens[i]));
		ck_assert_int_eq(
				key_init(&k, mint_cat(jwk, "\",\"e\":\"AQAB\"}"), "RS256"),
				EP_OK);
		cost[i] = ep_sig_key_cost_us(k.key);
		keys_fini(&k);
	}
	ck_assert_uint_gt(cost[0], 0);
	ck_assert_uint_eq(cost[1], 4 * cost[0]);
	ck_assert_uint_eq(cost[2], 16 * cost[0]);
}
END_TEST

UNIT_MAIN("token/sigvector", sigvector_rfc7520_4_1_rs256,
		sigvector_rfc8037_a4_eddsa, sigvector_rfc8032_7_1_test_2_eddsa,
		sigvector_rfc6979_a2_6_es384, sigvector_ps256_of_another_program,
		sigvector_each_alg_fits_its_own_keys,
		sigvector_cost_grows_with_the_modulus)
