/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/sig.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "mint.h"
#include "support.h"
#include "token/jws.h"

#define ROOM 65536

/* A key object from the JWK's text, its list entry in *jwk. */
static enum ep_err key_of(struct ep_sig_key **key, const char *jwk_text,
		const char *alg, struct ep_arena *arena)
{
	char *set = mint_cat(mint_cat("{\"keys\":[", jwk_text), "]}");
	struct ep_jwks list;
	const struct ep_sig_alg *row = ep_sig_alg_find(ep_view_z(alg));

	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(
			ep_jwks_parse(&list, ep_view_z(set), &ep_jwk_limits_default, arena),
			EP_TOKEN_OK);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_int_eq(list.v[0].state, EP_JWK_USABLE);
	ck_assert(ep_sig_alg_fits(row, &list.v[0]));
	return ep_sig_key_init(key, row, &list.v[0], arena);
}

static struct ep_view decoded(const char *text, struct ep_arena *arena)
{
	unsigned char *octets = ep_arena_get(arena, strlen(text));
	size_t n;

	ck_assert_int_eq(
			ep_b64url_decode(octets, strlen(text), &n, ep_view_z(text)), EP_OK);
	return ep_view_of((char *)octets, n);
}

/* --- OpenSSL out of memory; has to run before anything else uses OpenSSL ---
 */

static size_t mallocs_left = SIZE_MAX;

static void *count_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if(mallocs_left == 0)
		return NULL;
	mallocs_left--;
	return malloc(n);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if(mallocs_left == 0)
		return NULL;
	mallocs_left--;
	return realloc(p, n);
}

static void count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* Verifies with 0, 1, 2, ... allocations until `want` comes out. */
static void verify_starved(struct ep_sig_key *key, const char *input,
		struct ep_view sig, enum ep_token_cause want)
{
	enum ep_token_cause cause = EP_TOKEN_CAUSE_N;

	for(size_t n = 0; n < 1000 && cause != want; n++) {
		mallocs_left = n;
		cause = ep_sig_verify(key, ep_view_z(input), sig);
		mallocs_left = SIZE_MAX;
		ck_assert_msg(cause == want || cause == EP_TOKEN_NO_MEMORY
							  || cause == EP_TOKEN_CRYPTO_FAILED,
				"%s with %zu allocations: %s",
				ep_sig_alg_name(ep_sig_key_alg(key)), n,
				ep_token_cause_get(cause)->name);
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
	ck_assert_int_eq(cause, want);
}

static void starve(const char *pem, const char *alg, bool warm)
{
	char *room = mint_get(ROOM);
	struct ep_arena arena;
	struct ep_sig_key *key;
	EVP_PKEY *pkey = mint_key(pem);
	unsigned char sig[1024];
	size_t n = mint_signature_salt(
			sig, pkey, "input", strcmp(alg, "PS256") == 0 ? 32 : -1);
	struct ep_view good = ep_view_of((char *)sig, n);

	ep_arena_init(&arena, room, ROOM, NULL, 0);
	ck_assert_int_eq(key_of(&key, mint_jwk(pkey, ""), alg, &arena), EP_OK);
	if(warm)
		ck_assert_int_eq(
				ep_sig_verify(key, EP_LIT("input"), good), EP_TOKEN_OK);
	verify_starved(key, "input", good, EP_TOKEN_OK);
	verify_starved(key, "other", good, EP_TOKEN_SIGNATURE_WRONG);
	ep_sig_key_fini(key);
	EVP_PKEY_free(pkey);
}

static void key_starved(const char *pem, const char *alg)
{
	EVP_PKEY *pkey = mint_key(pem);
	char *jwk = mint_jwk(pkey, "");
	enum ep_err err = EP_ENOMEM;

	for(size_t n = 0; n < 5000 && err != EP_OK; n++) {
		char *room = malloc(ROOM);
		struct ep_arena arena;
		struct ep_sig_key *key;

		ep_arena_init(&arena, room, ROOM, NULL, 0);
		mallocs_left = n;
		err = key_of(&key, jwk, alg, &arena);
		mallocs_left = SIZE_MAX;
		ck_assert_msg(err == EP_OK || err == EP_ENOMEM || err == EP_ECRYPTO,
				"with %zu allocations: %s", n, ep_err_text(err));
		ck_assert_uint_eq(ERR_peek_error(), 0);
		if(err == EP_OK)
			ep_sig_key_fini(key);
		free(room);
	}
	ck_assert_int_eq(err, EP_OK);
	EVP_PKEY_free(pkey);
}

START_TEST(sig_never_blames_the_token_for_a_failed_allocation)
{
	ck_assert(
			CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free));
	for(int warm = 0; warm < 2; warm++) {
		starve(mint_pem_ec, "ES256", warm);
		starve(mint_pem_rsa, "RS256", warm);
		starve(mint_pem_p384, "ES384", warm);
		starve(mint_pem_rsa, "PS256", warm);
		starve(mint_pem_ed, "EdDSA", warm);
	}
	key_starved(mint_pem_ec, "ES256");
	key_starved(mint_pem_rsa, "RS256");
	key_starved(mint_pem_p384, "ES384");
	key_starved(mint_pem_rsa, "PS256");
	key_starved(mint_pem_ed, "EdDSA");
}
END_TEST

/* --- verification --- */

/* RFC 7515 A.2 and A.3 */
static const char rs_jwk[] =
		"{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0"
		"l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_"
		"YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"
		"LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
		"IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW"
		"yuXpoQ\",\"e\":\"AQAB\"}";
static const char rs_input[] =
		"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
		"dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char rs_sig[] =
		"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4B"
		"h-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZ"
		"LgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
		"O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6"
		"LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char es_jwk[] =
		"{\"kty\":\"EC\",\"crv\":\"P-256\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";
static const char es_input[] =
		"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
		"dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char es_sig[] =
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKT"
		"UJqPP3-Kg6NU1Q";

static void vector(const char *jwk, const char *alg, const char *input,
		const char *sig_text)
{
	struct ep_arena arena;
	struct ep_sig_key *key;
	struct ep_view sig;

	plain_arena_init(&arena);
	ck_assert_int_eq(key_of(&key, jwk, alg, &arena), EP_OK);
	ck_assert_str_eq(ep_sig_alg_name(ep_sig_key_alg(key)), alg);
	sig = decoded(sig_text, &arena);
	for(int i = 0; i < 3; i++) { /* one after the other on the same key */
		ck_assert_int_eq(
				ep_sig_verify(key, ep_view_z(input), sig), EP_TOKEN_OK);
		ck_assert_int_eq(
				ep_sig_verify(key, EP_LIT("x"), sig), EP_TOKEN_SIGNATURE_WRONG);
	}
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ep_sig_key_fini(key);
	ep_sig_key_fini(key);
	ep_sig_key_fini(NULL);
	ep_arena_fini(&arena);
}

START_TEST(sig_rfc7515_a2_rs256)
{
	vector(rs_jwk, "RS256", rs_input, rs_sig);
}
END_TEST

START_TEST(sig_rfc7515_a3_es256)
{
	vector(es_jwk, "ES256", es_input, es_sig);
}
END_TEST

static const unsigned char p256_order[32] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
		0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* r or s of 0, 1, n-1, n, n+1, 2^256-1 in a signature that was good. */
START_TEST(sig_es256_r_and_s_are_in_range)
{
	struct ep_arena arena;
	struct ep_sig_key *key;
	unsigned char good[64];

	plain_arena_init(&arena);
	ck_assert_int_eq(key_of(&key, es_jwk, "ES256", &arena), EP_OK);
	memcpy(good, decoded(es_sig, &arena).p, 64);
	for(int half = 0; half < 2; half++) {
		for(int what = 0; what < 6; what++) {
			unsigned char bad[64];
			unsigned char *part = bad + 32 * half;
			bool form = what == 0 || what > 2;

			memcpy(bad, good, 64);
			memcpy(part, p256_order, 32);
			if(what < 2)
				memset(part, 0, 32);
			if(what == 5)
				memset(part, 0xff, 32);
			part[31] = (unsigned char)(part[31] + (what == 1) - (what == 2)
									   + (what == 4));
			ck_assert_int_eq(ep_sig_verify(key, ep_view_z(es_input),
									 ep_view_of((char *)bad, 64)),
					form ? EP_TOKEN_SIGNATURE_FORM : EP_TOKEN_SIGNATURE_WRONG);
			ck_assert_uint_eq(ERR_peek_error(), 0);
		}
	}
	ep_sig_key_fini(key);
	ep_arena_fini(&arena);
}
END_TEST

/* Small r and s: the shortest DER integers. OpenSSL has to read them as such,
 * not refuse the encoding. */
START_TEST(sig_es256_short_integers)
{
	struct ep_arena arena;
	struct ep_sig_key *key;

	plain_arena_init(&arena);
	ck_assert_int_eq(key_of(&key, es_jwk, "ES256", &arena), EP_OK);
	for(int lead = 0; lead < 32; lead++) {
		for(int high = 0; high < 2; high++) {
			unsigned char sig[64] = {0};

			sig[lead] = high ? 0x80 : 0x01;
			sig[32 + 31 - lead] = high ? 0x01 : 0x80;
			ck_assert_int_eq(ep_sig_verify(key, EP_LIT("x"),
									 ep_view_of((char *)sig, 64)),
					EP_TOKEN_SIGNATURE_WRONG);
		}
	}
	ep_sig_key_fini(key);
	ep_arena_fini(&arena);
}
END_TEST

struct cut
{
	struct ep_sig_key *key;
	const char *input;
	size_t whole;
};

static void cut_is_no_signature(struct ep_view cut, void *ctx)
{
	struct cut *c = ctx;

	ck_assert_int_eq(ep_sig_verify(c->key, ep_view_z(c->input), cut),
			cut.len == c->whole ? EP_TOKEN_OK : EP_TOKEN_SIGNATURE_FORM);
}

START_TEST(sig_every_cut)
{
	struct ep_arena arena;
	struct cut c = {.input = es_input, .whole = 64};

	plain_arena_init(&arena);
	ck_assert_int_eq(key_of(&c.key, es_jwk, "ES256", &arena), EP_OK);
	every_cut(decoded(es_sig, &arena), cut_is_no_signature, &c);
	ep_sig_key_fini(c.key);
	c.input = rs_input;
	c.whole = 256;
	ck_assert_int_eq(key_of(&c.key, rs_jwk, "RS256", &arena), EP_OK);
	every_cut(decoded(rs_sig, &arena), cut_is_no_signature, &c);
	ep_sig_key_fini(c.key);
	ep_arena_fini(&arena);
}
END_TEST

/* RSA signatures that are no number below the modulus, 0, 1. */
START_TEST(sig_rs256_odd_numbers)
{
	static const int fills[] = {0xff, 0, 1};
	struct ep_arena arena;
	struct ep_sig_key *key;

	plain_arena_init(&arena);
	ck_assert_int_eq(key_of(&key, rs_jwk, "RS256", &arena), EP_OK);
	for(size_t i = 0; i < 3; i++) {
		unsigned char sig[256];

		memset(sig, fills[i] == 1 ? 0 : fills[i], sizeof(sig));
		sig[255] |= fills[i] == 1;
		ck_assert_int_eq(ep_sig_verify(key, ep_view_z(rs_input),
								 ep_view_of((char *)sig, sizeof(sig))),
				EP_TOKEN_SIGNATURE_WRONG);
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
	ep_sig_key_fini(key);
	ep_arena_fini(&arena);
}
END_TEST

/* --- keys --- */

static enum ep_err init_err(const char *jwk, const char *alg)
{
	struct ep_arena arena;
	struct ep_sig_key *key;
	enum ep_err err;

	plain_arena_init(&arena);
	err = key_of(&key, jwk, alg, &arena);
	if(err == EP_OK)
		ep_sig_key_fini(key);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ep_arena_fini(&arena);
	return err;
}

START_TEST(sig_refuses_points_off_the_curve)
{
	ck_assert_int_eq(
			init_err("{\"kty\":\"EC\",\"crv\":\"P-256\","
					 "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
					 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}",
					"ES256"),
			EP_ESYNTAX);
	ck_assert_int_eq(
			init_err("{\"kty\":\"EC\",\"crv\":\"P-256\","
					 "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
					 "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
					"ES256"),
			EP_ESYNTAX);
	ck_assert_int_eq(init_err("{\"kty\":\"EC\",\"crv\":\"P-256\","
							  "\"x\":\"AAAA\",\"y\":\"AAAA\"}",
							 "ES256"),
			EP_ESYNTAX);
}
END_TEST

/* A modulus of `n` octets, the first and last given, the rest 0xaa. */
static char *rsa_jwk(int first, int last, size_t n, const char *e)
{
	unsigned char *octets = (unsigned char *)mint_get(n);
	char *jwk;

	memset(octets, 0xaa, n);
	octets[0] = (unsigned char)first;
	octets[n - 1] = (unsigned char)last;
	jwk = mint_cat("{\"kty\":\"RSA\",\"n\":\"", mint_b64url(octets, n));
	return mint_cat(mint_cat(mint_cat(jwk, "\",\"e\":\""), e), "\"}");
}

START_TEST(sig_limits_rsa_keys)
{
	ck_assert_int_eq(init_err(rsa_jwk(0x80, 1, 256, "AQAB"), "RS256"), EP_OK);
	ck_assert_int_eq(
			init_err(rsa_jwk(0x7f, 1, 256, "AQAB"), "RS256"), EP_ERANGE);
	ck_assert_int_eq(
			init_err(rsa_jwk(0x80, 1, 128, "AQAB"), "RS256"), EP_ERANGE);
	ck_assert_int_eq(
			init_err(rsa_jwk(0x80, 2, 256, "AQAB"), "RS256"), EP_ERANGE);
	ck_assert_int_eq(init_err(rsa_jwk(0x80, 1, 1024, "AQAB"), "RS256"), EP_OK);
	ck_assert_int_eq(
			init_err(rsa_jwk(0x80, 1, 1025, "AQAB"), "RS256"), EP_ERANGE);
	ck_assert_int_eq(init_err(rsa_jwk(0x80, 1, 256, "AQ"), "RS256"), EP_ERANGE);
	ck_assert_int_eq(init_err(rsa_jwk(0x80, 1, 256, "Aw"), "RS256"), EP_OK);
	ck_assert_int_eq(init_err(rsa_jwk(0x80, 1, 256, "Ag"), "RS256"), EP_ERANGE);
	ck_assert_int_eq(
			init_err(rsa_jwk(0x80, 1, 256, "AQAAAAE"), "RS256"), EP_ERANGE);
}
END_TEST

START_TEST(sig_alg_is_exact_and_fits_one_kind_of_key)
{
	const struct ep_sig_alg *es = ep_sig_alg_find(EP_LIT("ES256"));
	const struct ep_sig_alg *rs = ep_sig_alg_find(EP_LIT("RS256"));
	struct ep_jwk ec = {.kty = EP_JWK_EC, .crv = EP_LIT("P-256")};
	struct ep_jwk rsa = {.kty = EP_JWK_RSA};

	ck_assert(es && rs && es != rs);
	ck_assert_ptr_null(ep_sig_alg_find(EP_LIT("es256")));
	ck_assert_ptr_null(ep_sig_alg_find(EP_LIT("none")));
	ck_assert_ptr_null(ep_sig_alg_find(EP_LIT("HS256")));
	ck_assert_ptr_null(ep_sig_alg_find(EP_LIT("")));
	ck_assert_ptr_null(ep_sig_alg_find(ep_view_none()));
	ck_assert(ep_sig_alg_fits(es, &ec) && ep_sig_alg_fits(rs, &rsa));
	ck_assert(!ep_sig_alg_fits(es, &rsa) && !ep_sig_alg_fits(rs, &ec));
	ec.alg = EP_LIT("ES384");
	ck_assert(!ep_sig_alg_fits(es, &ec));
	ec.alg = EP_LIT("ES256");
	ck_assert(ep_sig_alg_fits(es, &ec));
	ec.crv = EP_LIT("P-384");
	ck_assert(!ep_sig_alg_fits(es, &ec));
	rsa.alg = EP_LIT("PS256");
	ck_assert(!ep_sig_alg_fits(rs, &rsa));
}
END_TEST

/* The first test has to stay the first: see there. */
UNIT_MAIN("token/sig", sig_never_blames_the_token_for_a_failed_allocation,
		sig_rfc7515_a2_rs256, sig_rfc7515_a3_es256,
		sig_es256_r_and_s_are_in_range, sig_es256_short_integers, sig_every_cut,
		sig_rs256_odd_numbers, sig_refuses_points_off_the_curve,
		sig_limits_rsa_keys, sig_alg_is_exact_and_fits_one_kind_of_key)
