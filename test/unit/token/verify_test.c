/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"
#include <openssl/err.h>

/* Signed by the right key, with this header and one claim changed. */
static enum ep_token_cause home(
		const char *header, const char *name, const char *value)
{
	struct fixture f;
	char *token;
	enum ep_token_cause cause;

	fixture_init(&f);
	token = mint_token(strstr(header, "RS256") ? f.rsa : f.ec, header,
			payload_of(home_claims, name, value));
	cause = verify_text(&f, ep_view_z(token), "shop");
	ck_assert_uint_eq(ERR_peek_error(), 0);
	fixture_fini(&f);
	return cause;
}

/* --- what is accepted --- */

START_TEST(verify_accepts_es256)
{
	struct fixture f;
	struct ep_token_result *r = &f.result;

	fixture_init(&f);
	ck_assert_cause(verify_text(&f,
							ep_view_z(mint_token(f.ec, es_header,
									payload_of(home_claims, "jti", "\"j1\""))),
							"shop"),
			EP_TOKEN_OK);
	ck_assert_view_eq(r->issuer, "home");
	ck_assert_uint_eq(r->issuer_index, 0);
	ck_assert_view_eq(r->kid, "es");
	ck_assert_view_eq(r->sub, "248289761001");
	ck_assert_view_eq(r->impi, "alice@home1.net");
	ck_assert_uint_eq(r->impus_n, 2);
	ck_assert_view_eq(r->impus[0], "sip:alice@home1.net");
	ck_assert_view_eq(r->impus[1], "tel:+441632960083");
	ck_assert_view_eq(r->waf, "waf@home1.net");
	ck_assert_view_eq(r->wwsf, "shop");
	ck_assert_view_eq(r->scope, "openid webrtc-ims-client-access-to-ims");
	ck_assert_view_eq(r->jti, "j1");
	ck_assert_view_eq(r->client_id, "shop");
	ck_assert_int_eq(r->exp_s, 1800003600);
	ck_assert(!r->third_party);
	ck_assert(!r->name_waf);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_accepts_rs256)
{
	ck_assert_cause(home(rs_header, NULL, NULL), EP_TOKEN_OK);
}
END_TEST

START_TEST(verify_accepts_at_jwt_of_a_third_party_through_a_map)
{
	struct fixture f;
	struct ep_token_result *r = &f.result;

	fixture_init(&f);
	ck_assert_cause(verify_text(&f,
							ep_view_z(mint_token(f.ec, at_header,
									payload_of(partner_claims, NULL, NULL))),
							"bank"),
			EP_TOKEN_OK);
	ck_assert_view_eq(r->impi, "bob@partner.example");
	ck_assert_uint_eq(r->impus_n, 1);
	ck_assert_view_eq(r->impus[0], "sip:bob@partner.example");
	ck_assert_view_eq(r->scope, "a webrtc-ims-client-access-to-ims");
	ck_assert_view_eq(r->waf, "waf@partner.example");
	ck_assert(r->third_party);
	ck_assert(r->name_waf);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_accepts_azp_for_client_id)
{
	static const fixture_claim claims[] = {{"iss", "\"https://waf.home1.net\""},
			{"sub", "\"s\""}, {"aud", "\"epcscf.home1.net\""},
			{"exp", "1800000100"}, {"iat", "1799999990"}, {"azp", "\"shop\""},
			{"scope", "\"webrtc-ims-client-access-to-ims\""},
			{"impi", "\"a@home1.net\""}, {"impu", "\"sip:a@home1.net\""},
			{NULL, NULL}};
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(verify_text(&f,
							ep_view_z(mint_token(f.ec, es_header,
									payload_of(claims, NULL, NULL))),
							"shop"),
			EP_TOKEN_OK);
	ck_assert_ptr_null(f.result.jti.p);
	fixture_fini(&f);
}
END_TEST

/* --- tokens spoiled as text --- */

/* A good token, and a fixture to try others in its place. */
static char *good(struct fixture *f, const char *header)
{
	fixture_init(f);
	return mint_token(strstr(header, "RS256") ? f->rsa : f->ec, header,
			payload_of(home_claims, NULL, NULL));
}

static enum ep_token_cause as_shop(struct fixture *f, const char *token)
{
	return verify_text(f, ep_view_z(token), "shop");
}

START_TEST(verify_refuses_hmac_with_the_public_key)
{
	static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"es\"}",
			"{\"alg\":\"HS256\",\"kid\":\"rs\"}",
			"{\"alg\":\"hs512\",\"kid\":\"rs\"}",
			"{\"alg\":\"HS256\",\"kid\":\"oct\"}"};

	for(size_t i = 0; i < 4; i++)
		ck_assert_cause(home(headers[i], NULL, NULL), EP_TOKEN_ALG_MAC);
}
END_TEST

START_TEST(verify_refuses_an_unsigned_token)
{
	struct fixture f;
	char *token;

	fixture_init(&f);
	token = mint_cat(mint_input("{\"alg\":\"none\",\"kid\":\"es\"}",
							 payload_of(home_claims, NULL, NULL)),
			".");
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_ALG_NONE);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_refuses_the_key_of_another)
{
	struct fixture f;
	EVP_PKEY *rsa_other = mint_key(mint_pem_rsa_other);
	char *token;

	fixture_init(&f);
	token = mint_token(
			f.ec_other, es_header, payload_of(home_claims, NULL, NULL));
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_SIGNATURE_WRONG);
	token = mint_token(
			rsa_other, rs_header, payload_of(home_claims, NULL, NULL));
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_SIGNATURE_WRONG);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	EVP_PKEY_free(rsa_other);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_refuses_a_signature_that_is_missing)
{
	struct fixture f;
	char *token = good(&f, es_header);

	*(strrchr(token, '.') + 1) = '\0';
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_SIGNATURE_FORM);
	*strrchr(token, '.') = '\0';
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_PARTS);
	*strrchr(token, '.') = '\0';
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_PARTS);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_refuses_a_signature_of_another_length)
{
	const char *const headers[] = {es_header, rs_header};

	for(size_t i = 0; i < 2; i++) {
		struct fixture f;
		char *token = good(&f, headers[i]);
		char *input = mint_cat(NULL, token);
		unsigned char sig[1024];
		size_t n;

		*(strrchr(input, '.')) = '\0';
		n = mint_signature(sig, i ? f.rsa : f.ec, input);
		sig[n] = 0;
		input = mint_cat(input, ".");
		for(size_t len = n - 2; len <= n + 1; len++) {
			char *bad = mint_cat(mint_cat(NULL, input), mint_b64url(sig, len));

			ck_assert_cause(as_shop(&f, bad),
					len == n ? EP_TOKEN_OK : EP_TOKEN_SIGNATURE_FORM);
		}
		fixture_fini(&f);
	}
}
END_TEST

START_TEST(verify_refuses_more_parts)
{
	struct fixture f;
	char *token = good(&f, es_header);

	token = mint_cat(token, ".AAAA");
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_PARTS);
	token = mint_cat(token, ".AAAA");
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_ENCRYPTED);
	token = mint_cat(token, ".AAAA");
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_PARTS);
	ck_assert_cause(as_shop(&f, "..."), EP_TOKEN_PARTS);
	ck_assert_cause(as_shop(&f, ".."), EP_TOKEN_PARTS);
	ck_assert_cause(as_shop(&f, "x"), EP_TOKEN_PARTS);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_refuses_padding_and_other_base64)
{
	struct fixture f;
	char *token = good(&f, es_header);
	char *dot = strchr(token, '.');
	char *bad;

	ck_assert_cause(
			as_shop(&f, mint_cat(mint_cat(NULL, token), "=")), EP_TOKEN_BASE64);
	ck_assert_cause(as_shop(&f, mint_cat(mint_cat(NULL, token), "\n")),
			EP_TOKEN_BASE64);
	for(const char *c = "+/ \t=\n%"; *c; c++) {
		bad = mint_cat(NULL, token);
		bad[dot - token + 5] = *c;
		ck_assert_cause(as_shop(&f, bad), EP_TOKEN_BASE64);
	}
	/* 64 octets are 86 characters: the last carries four stray bits. */
	bad = mint_cat(NULL, token);
	bad[strlen(bad) - 1]++;
	ck_assert_cause(as_shop(&f, bad), EP_TOKEN_BASE64);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_refuses_a_token_over_the_cap)
{
	struct fixture f;
	char *token = good(&f, es_header);
	char *pad = mint_get(9000);

	memset(pad, 'A', 8999);
	pad[8999] = '\0';
	ck_assert_cause(as_shop(&f, mint_cat(token, pad)), EP_TOKEN_TOO_LONG);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_refuses_what_is_not_an_object)
{
	static const char *const payloads[] = {
			"[]", "\"x\"", "1", "null", "", "{} {}", "{\"iss\":1,}"};
	struct fixture f;

	good(&f, es_header);
	for(size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		enum ep_token_cause cause =
				as_shop(&f, mint_token(f.ec, es_header, payloads[i]));

		ck_assert_cause(
				cause, *payloads[i] ? EP_TOKEN_JSON_SYNTAX : EP_TOKEN_PARTS);
	}
	ck_assert_cause(
			as_shop(&f, mint_token(f.ec, "[]", "{}")), EP_TOKEN_JSON_SYNTAX);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_refuses_every_changed_character)
{
	const char *const headers[] = {es_header, rs_header};

	for(size_t h = 0; h < 2; h++) {
		struct fixture f;
		char *token = good(&f, headers[h]);

		for(size_t i = 0; i < strlen(token); i++) {
			char old = token[i];

			token[i] = old == 'A' ? 'B' : 'A';
			ck_assert_msg(as_shop(&f, token) != EP_TOKEN_OK, "at %zu", i);
			token[i] = old;
		}
		ck_assert_cause(as_shop(&f, token), EP_TOKEN_OK);
		ck_assert_uint_eq(ERR_peek_error(), 0);
		fixture_fini(&f);
	}
}
END_TEST

static void cut_refused(struct ep_view cut, void *ctx)
{
	struct fixture *f = ctx;
	enum ep_token_cause cause = verify_text(f, cut, "shop");

	ck_assert(cause != EP_TOKEN_NO_MEMORY && cause != EP_TOKEN_CRYPTO_FAILED);
	ck_assert_int_eq(cause == EP_TOKEN_ABSENT, cut.len == 0);
	ck_assert(cause != EP_TOKEN_OK);
}

START_TEST(verify_refuses_every_cut)
{
	struct fixture f;
	char *token = good(&f, es_header);
	size_t n = strlen(token);

	every_cut(ep_view_of(token, n - 1), cut_refused, &f);
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_OK);
	fixture_fini(&f);
}
END_TEST

/* --- the connection, the keys, the result --- */

START_TEST(verify_refuses_another_origin)
{
	struct fixture f;
	char *token = good(&f, es_header);

	ck_assert_cause(
			verify_text(&f, ep_view_z(token), "bank"), EP_TOKEN_WWSF_WRONG);
	ck_assert_cause(verify_text(&f, ep_view_z(token), ""), EP_TOKEN_WWSF_WRONG);
	ck_assert_cause(
			verify_text(&f, ep_view_z(token), NULL), EP_TOKEN_ORIGIN_UNKNOWN);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_tells_whose_keys_are_absent)
{
	struct fixture f;
	char *token = good(&f, es_header);

	f.sets[0] = NULL;
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_KEYS_ABSENT);
	ck_assert_uint_eq(f.result.issuer_index, 0);
	ck_assert_view_eq(f.result.issuer, "home");
	ck_assert_view_eq(f.result.kid, "es");
	f.ring.n = 0;
	ck_assert_cause(as_shop(&f, token), EP_TOKEN_KEYS_ABSENT);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_knows_no_issuer_of_an_unknown_token)
{
	struct fixture f;

	good(&f, es_header);
	ck_assert_cause(as_shop(&f, "a.b.c"), EP_TOKEN_BASE64);
	ck_assert_uint_eq(f.result.issuer_index, SIZE_MAX);
	ck_assert_cause(as_shop(&f, ""), EP_TOKEN_ABSENT);
	ck_assert_cause(verify_text(&f, ep_view_none(), "shop"), EP_TOKEN_ABSENT);
	fixture_fini(&f);
}
END_TEST

START_TEST(verify_permits_only_the_tokens_identities)
{
	struct fixture f;
	char *token = good(&f, es_header);
	struct ep_token_result *r = &f.result;

	ck_assert_cause(as_shop(&f, token), EP_TOKEN_OK);
	ck_assert(ep_token_permits_impu(r, EP_LIT("sip:alice@home1.net")));
	ck_assert(ep_token_permits_impu(r, EP_LIT("SIP:alice@HOME1.net:5060")));
	ck_assert(ep_token_permits_impu(r, EP_LIT("tel:+44-1632-960083")));
	ck_assert(!ep_token_permits_impu(r, EP_LIT("sip:Alice@home1.net")));
	ck_assert(!ep_token_permits_impu(r, EP_LIT("sips:alice@home1.net")));
	ck_assert(!ep_token_permits_impu(r, EP_LIT("sip:bob@home1.net")));
	ck_assert(!ep_token_permits_impu(r, EP_LIT("alice@home1.net")));
	ck_assert(!ep_token_permits_impu(r, EP_LIT("")));
	ck_assert(!ep_token_permits_impu(r, ep_view_none()));
	fixture_fini(&f);
}
END_TEST

/* The first octets of SHA-256("abc"), FIPS 180-4 */
START_TEST(verify_fingerprint_is_of_the_digest)
{
	char out[9];

	ep_token_fingerprint(out, EP_LIT("abc"));
	ck_assert_str_eq(out, "ba7816bf");
}
END_TEST

struct alloc_case
{
	struct fixture f;
	struct ep_view token;
	const char *wwsf;
};

static enum ep_err verify_in(struct ep_arena *arena, void *ctx)
{
	struct alloc_case *c = ctx;
	enum ep_token_cause cause = ep_token_verify(&c->f.result, c->f.policy,
			&c->f.ring, c->token, ep_view_z(c->wwsf), NOW_S, NULL, arena);

	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_cause(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(verify_every_alloc_failure)
{
	struct alloc_case c;

	c.token = ep_view_z(good(&c.f, es_header));
	c.wwsf = "shop";
	ck_assert_uint_ge(every_alloc_failure(verify_in, &c), 50);
	c.token = ep_view_z(mint_token(
			c.f.ec, at_header, payload_of(partner_claims, NULL, NULL)));
	c.wwsf = "bank";
	ck_assert_uint_ge(every_alloc_failure(verify_in, &c), 50);
	fixture_fini(&c.f);
}
END_TEST

UNIT_MAIN("token/verify", verify_accepts_es256, verify_accepts_rs256,
		verify_accepts_at_jwt_of_a_third_party_through_a_map,
		verify_accepts_azp_for_client_id,
		verify_refuses_hmac_with_the_public_key,
		verify_refuses_an_unsigned_token, verify_refuses_the_key_of_another,
		verify_refuses_a_signature_that_is_missing,
		verify_refuses_a_signature_of_another_length, verify_refuses_more_parts,
		verify_refuses_padding_and_other_base64,
		verify_refuses_a_token_over_the_cap,
		verify_refuses_what_is_not_an_object,
		verify_refuses_every_changed_character, verify_refuses_every_cut,
		verify_refuses_another_origin, verify_tells_whose_keys_are_absent,
		verify_knows_no_issuer_of_an_unknown_token,
		verify_permits_only_the_tokens_identities,
		verify_fingerprint_is_of_the_digest, verify_every_alloc_failure)
