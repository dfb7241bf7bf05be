/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Good tokens that somebody without the key has worked on: one test a row,
 * each with its own cause. attacks_test.c has those that the key signed.
 */
#include <openssl/err.h>
#include "fixture.h"

static enum ep_token_cause shop(struct fixture *f, const char *token)
{
	enum ep_token_cause cause = verify_text(f, ep_view_z(token), "shop");

	ck_assert_uint_eq(ERR_peek_error(), 0);
	return cause;
}

static char *good(const struct fixture *f, const char *header)
{
	return mint_token(strstr(header, "RS256") ? f->rsa : f->ec, header,
			payload_of(home_claims, NULL, NULL));
}

/* --- the MAC of somebody who knows the public key --- */

static char *mac_token(const char *header, const void *secret, size_t n)
{
	char *input = mint_input(header, payload_of(home_claims, NULL, NULL));
	unsigned char mac[64];
	size_t mac_n = 0;

	mint_need(EVP_Q_mac(NULL, "HMAC", NULL, "SHA2-256", NULL, secret, n,
					  (const unsigned char *)input, strlen(input), mac,
					  sizeof(mac), &mac_n)
			  != NULL);
	return mint_cat(mint_cat(input, "."), mint_b64url(mac, mac_n));
}

/* As PEM, as DER, as the text of the JWK. */
static void mac_refused(const char *header, bool rsa)
{
	struct fixture f;
	EVP_PKEY *key;
	BIO *pem = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	char *text;
	char *jwk;
	int n;

	fixture_init(&f);
	key = rsa ? f.rsa : f.ec;
	mint_need(PEM_write_bio_PUBKEY(pem, key));
	n = (int)BIO_get_mem_data(pem, &text);
	ck_assert_cause(
			shop(&f, mac_token(header, text, (size_t)n)), EP_TOKEN_ALG_MAC);
	BIO_free(pem);
	n = i2d_PUBKEY(key, &der);
	mint_need(n > 0);
	ck_assert_cause(
			shop(&f, mac_token(header, der, (size_t)n)), EP_TOKEN_ALG_MAC);
	OPENSSL_free(der);
	jwk = mint_jwk(key, "");
	ck_assert_cause(
			shop(&f, mac_token(header, jwk, strlen(jwk))), EP_TOKEN_ALG_MAC);
	/* and under the name of the key's own algorithm */
	ck_assert_cause(
			shop(&f, mac_token(rsa ? rs_header : es_header, jwk, strlen(jwk))),
			EP_TOKEN_SIGNATURE_FORM);
	fixture_fini(&f);
}

START_TEST(forged_mac_with_the_rsa_key)
{
	mac_refused("{\"alg\":\"HS256\",\"kid\":\"rs\"}", true);
}
END_TEST

START_TEST(forged_mac_with_the_ec_key)
{
	mac_refused("{\"alg\":\"HS256\",\"kid\":\"es\"}", false);
}
END_TEST

/* The secret is an oct key of the set. */
START_TEST(forged_mac_with_the_oct_key)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(shop(&f, mac_token("{\"alg\":\"HS256\",\"kid\":\"oct\"}",
									 "\0\0\0", 3)),
			EP_TOKEN_ALG_MAC);
	fixture_fini(&f);
}
END_TEST

/* --- header and signature apart --- */

/* The header says something else than what was signed. */
static enum ep_token_cause header_instead(const char *header)
{
	struct fixture f;
	char *token;
	char *other;
	enum ep_token_cause cause;

	fixture_init(&f);
	token = good(&f, es_header);
	other = mint_cat(mint_b64url(header, strlen(header)), strchr(token, '.'));
	cause = shop(&f, other);
	fixture_fini(&f);
	return cause;
}

/* The signature is this text. */
static enum ep_token_cause signature_instead(
		const char *header, const char *signature)
{
	struct fixture f;
	char *token;
	enum ep_token_cause cause;

	fixture_init(&f);
	token = good(&f, header);
	*(strrchr(token, '.') + 1) = '\0';
	cause = shop(&f, mint_cat(token, signature));
	fixture_fini(&f);
	return cause;
}

/* 32 octets (P-256): zero, the order, the order and one. */
#define ZERO "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ONE "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define ORDER                                                                  \
	"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad" \
	"\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"
#define OVER                                                                   \
	"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad" \
	"\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x52"

#define RAW(octets)                                                            \
	signature_instead(es_header, mint_b64url((octets), sizeof(octets) - 1))

#define ROW(name, want, got)                                                   \
	START_TEST(forged_##name)                                                  \
	{                                                                          \
		ck_assert_cause(got, want);                                            \
	}                                                                          \
	END_TEST

ROW(alg_none_over_a_signature, EP_TOKEN_ALG_NONE,
		header_instead("{\"alg\":\"none\",\"kid\":\"es\"}"))
ROW(header_in_another_order, EP_TOKEN_SIGNATURE_WRONG,
		header_instead("{\"kid\":\"es\",\"alg\":\"ES256\"}"))
ROW(header_empty, EP_TOKEN_ALG_MISSING, header_instead("{}"))
ROW(header_with_the_key_of_the_forger, EP_TOKEN_HEADER_KEY,
		header_instead("{\"alg\":\"ES256\",\"kid\":\"es\",\"jwk\":{}}"))
ROW(header_too_deep, EP_TOKEN_JSON_LIMIT,
		header_instead("{\"alg\":\"ES256\",\"kid\":\"es\",\"x\":[[[]]]}"))
ROW(header_with_too_many_members, EP_TOKEN_JSON_LIMIT,
		header_instead("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,"
					   "\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,"
					   "\"m\":1,\"n\":1,\"o\":1,\"alg\":\"ES256\","
					   "\"kid\":\"es\"}"))
ROW(header_not_utf8, EP_TOKEN_JSON_TEXT,
		header_instead("{\"alg\":\"ES256\",\"kid\":\"es\",\"x\":\"\xff\"}"))

ROW(signature_empty, EP_TOKEN_SIGNATURE_FORM, signature_instead(es_header, ""))
ROW(signature_of_zeros, EP_TOKEN_SIGNATURE_FORM, RAW(ZERO ZERO))
ROW(signature_with_r_zero, EP_TOKEN_SIGNATURE_FORM, RAW(ZERO ONE))
ROW(signature_with_s_zero, EP_TOKEN_SIGNATURE_FORM, RAW(ONE ZERO))
ROW(signature_with_r_the_order, EP_TOKEN_SIGNATURE_FORM, RAW(ORDER ONE))
ROW(signature_with_s_the_order, EP_TOKEN_SIGNATURE_FORM, RAW(ONE ORDER))
ROW(signature_with_r_over_the_order, EP_TOKEN_SIGNATURE_FORM, RAW(OVER ONE))
ROW(signature_with_s_over_the_order, EP_TOKEN_SIGNATURE_FORM, RAW(ONE OVER))
ROW(signature_of_ones, EP_TOKEN_SIGNATURE_WRONG, RAW(ONE ONE))
ROW(signature_too_short, EP_TOKEN_SIGNATURE_FORM, RAW(ONE))
ROW(signature_too_long, EP_TOKEN_SIGNATURE_FORM, RAW(ONE ONE ONE))
ROW(signature_rsa_too_short, EP_TOKEN_SIGNATURE_FORM,
		signature_instead(rs_header, mint_b64url(ONE ONE, 64)))
ROW(signature_padded, EP_TOKEN_BASE64,
		signature_instead(es_header, mint_cat(mint_b64url(ONE ONE, 64), "==")))

/* --- base64url that is not the only one (RFC 7515 2, RFC 4648 3.5) --- */

/* One character put in at, or in place of, the `at`-th. */
static enum ep_token_cause odd(char c, int part, bool instead)
{
	struct fixture f;
	char *token;
	char *at;
	enum ep_token_cause cause;

	fixture_init(&f);
	token = mint_cat(good(&f, es_header), " ");
	token[strlen(token) - 1] = '\0';
	at = token;
	for(int i = 0; i < part; i++)
		at = strchr(at, '.') + 1;
	if(!instead)
		memmove(at + 3, at + 2, strlen(at + 2) + 1);
	at[2] = c;
	cause = shop(&f, token);
	fixture_fini(&f);
	return cause;
}

#define EACH_PART(c, instead)                                                  \
	(odd(c, 0, instead) == EP_TOKEN_BASE64                                     \
							&& odd(c, 1, instead) == EP_TOKEN_BASE64           \
							&& odd(c, 2, instead) == EP_TOKEN_BASE64           \
					? EP_TOKEN_BASE64                                          \
					: EP_TOKEN_OK)

ROW(base64_plus, EP_TOKEN_BASE64, EACH_PART('+', true))
ROW(base64_slash, EP_TOKEN_BASE64, EACH_PART('/', true))
ROW(base64_padding, EP_TOKEN_BASE64, EACH_PART('=', true))
ROW(base64_space, EP_TOKEN_BASE64, EACH_PART(' ', false))
ROW(base64_line_end, EP_TOKEN_BASE64, EACH_PART('\n', false))
ROW(base64_percent, EP_TOKEN_BASE64, EACH_PART('%', true))
ROW(base64_eighth_bit, EP_TOKEN_BASE64, EACH_PART('\xc3', true))

/* Bits behind the last octet: other text, same octets. */
START_TEST(forged_base64_stray_bits)
{
	struct fixture f;
	char *token;

	fixture_init(&f);
	token = good(&f, es_header);
	token[strlen(token) - 1]++;
	ck_assert_cause(shop(&f, token), EP_TOKEN_BASE64);
	fixture_fini(&f);
}
END_TEST

/* --- other shapes --- */

static enum ep_token_cause whole(const char *token)
{
	struct fixture f;
	enum ep_token_cause cause;

	fixture_init(&f);
	cause = shop(&f, token);
	fixture_fini(&f);
	return cause;
}

/* RFC 7516 A.1, cut short: five parts */
ROW(jwe, EP_TOKEN_ENCRYPTED,
		whole("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp."
			  "48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvTiFvSkQ"))
ROW(jwe_with_direct_key, EP_TOKEN_ENCRYPTED,
		whole("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA"))
ROW(json_serialisation, EP_TOKEN_PARTS,
		whole("{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"\"}"))
ROW(json_serialisation_with_dots, EP_TOKEN_BASE64,
		whole("{\"payload\":\"a.b.c\"}"))
ROW(only_dots, EP_TOKEN_PARTS, whole(".."))
ROW(one_part, EP_TOKEN_PARTS, whole("e30"))
ROW(two_parts, EP_TOKEN_PARTS, whole("e30.e30"))
ROW(four_parts, EP_TOKEN_PARTS, whole("e30.e30.AA.AA"))

/* A token as the payload of another, by a header that does not say so. */
START_TEST(forged_nested_without_cty)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(shop(&f, mint_token(f.ec, es_header, good(&f, es_header))),
			EP_TOKEN_JSON_SYNTAX);
	fixture_fini(&f);
}
END_TEST

/* Two good tokens, one behind the other. */
START_TEST(forged_two_tokens)
{
	struct fixture f;
	char *one, *other;

	fixture_init(&f);
	one = good(&f, es_header);
	other = good(&f, rs_header);
	ck_assert_cause(
			shop(&f, mint_cat(mint_cat(one, "."), other)), EP_TOKEN_PARTS);
	ck_assert_cause(
			shop(&f, mint_cat(mint_cat(one, ","), other)), EP_TOKEN_ENCRYPTED);
	fixture_fini(&f);
}
END_TEST

/* Header and payload of two tokens that are both good. */
START_TEST(forged_parts_of_two_tokens)
{
	struct fixture f;
	char *one, *other, *mixed;

	fixture_init(&f);
	one = good(&f, es_header);
	other = mint_token(f.ec, es_header,
			payload_of(home_claims, "impi", "\"bob@home1.net\""));
	mixed = mint_cat(NULL, one);
	*strrchr(mixed, '.') = '\0';
	ck_assert_cause(shop(&f, mint_cat(mixed, strrchr(other, '.'))),
			EP_TOKEN_SIGNATURE_WRONG);
	fixture_fini(&f);
}
END_TEST

START_TEST(forged_token_over_the_cap)
{
	struct fixture f;
	char *pad = mint_get(9000);

	fixture_init(&f);
	memset(pad, 'A', 8999);
	pad[8999] = '\0';
	ck_assert_cause(
			shop(&f, mint_cat(good(&f, es_header), pad)), EP_TOKEN_TOO_LONG);
	fixture_fini(&f);
}
END_TEST

/* Of a page whose WWSF is another's. */
START_TEST(forged_origin_of_another_wwsf)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(verify_text(&f, ep_view_z(good(&f, es_header)), "bank"),
			EP_TOKEN_WWSF_WRONG);
	ck_assert_cause(verify_text(&f, ep_view_z(good(&f, es_header)), NULL),
			EP_TOKEN_ORIGIN_UNKNOWN);
	fixture_fini(&f);
}
END_TEST

UNIT_MAIN("token/forged", forged_mac_with_the_rsa_key,
		forged_mac_with_the_ec_key, forged_mac_with_the_oct_key,
		forged_alg_none_over_a_signature, forged_header_in_another_order,
		forged_header_empty, forged_header_with_the_key_of_the_forger,
		forged_header_too_deep, forged_header_with_too_many_members,
		forged_header_not_utf8, forged_signature_empty,
		forged_signature_of_zeros, forged_signature_with_r_zero,
		forged_signature_with_s_zero, forged_signature_with_r_the_order,
		forged_signature_with_s_the_order,
		forged_signature_with_r_over_the_order,
		forged_signature_with_s_over_the_order, forged_signature_of_ones,
		forged_signature_too_short, forged_signature_too_long,
		forged_signature_rsa_too_short, forged_signature_padded,
		forged_base64_plus, forged_base64_slash, forged_base64_padding,
		forged_base64_space, forged_base64_line_end, forged_base64_percent,
		forged_base64_eighth_bit, forged_base64_stray_bits, forged_jwe,
		forged_jwe_with_direct_key, forged_json_serialisation,
		forged_json_serialisation_with_dots, forged_only_dots, forged_one_part,
		forged_two_parts, forged_four_parts, forged_nested_without_cty,
		forged_two_tokens, forged_parts_of_two_tokens,
		forged_token_over_the_cap, forged_origin_of_another_wwsf)
