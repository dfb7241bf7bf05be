/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Log-out tokens with one thing wrong: one test a row; and that neither kind
 * of token passes for the other.
 */
#include "token/logout.h"
#include <openssl/err.h>
#include "fixture.h"

#define EVENT "\"http://schemas.openid.net/event/backchannel-logout\""

static const fixture_claim logout_claims[] = {
		{"iss", "\"https://waf.home1.net\""},
		{"aud", "\"epcscf\""},
		{"iat", "1799999990"},
		{"exp", "1800000110"},
		{"jti", "\"bWJq\""},
		{"sub", "\"248289761001\""},
		{"sid", "\"08a5019c-17e1-4977-8f42-65a12843ea02\""},
		{"events", "{" EVENT ":{}}"},
		{NULL, NULL},
};

static const char logout_header[] =
		"{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"logout+jwt\"}";

static enum ep_token_cause logout_in(
		struct fixture *f, struct ep_logout *out, const char *token)
{
	struct ep_view block = block_of(ep_view_z(token));
	enum ep_token_cause cause =
			ep_logout_verify(out, f->policy, &f->ring, block, NOW_S, &f->arena);

	block_free(block);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return cause;
}

static enum ep_token_cause logout_of(const char *header, const char *payload)
{
	struct fixture f;
	struct ep_logout out;
	enum ep_token_cause cause;

	fixture_init(&f);
	cause = logout_in(&f, &out,
			mint_token(
					strstr(header, "RS256") ? f.rsa : f.ec, header, payload));
	fixture_fini(&f);
	return cause;
}

static enum ep_token_cause claim(const char *name, const char *value)
{
	return logout_of(logout_header, payload_of(logout_claims, name, value));
}

static enum ep_token_cause head(const char *header)
{
	return logout_of(header, payload_of(logout_claims, NULL, NULL));
}

START_TEST(logout_accepts_a_log_out_token)
{
	struct fixture f;
	struct ep_logout out;
	char *token;

	fixture_init(&f);
	token = mint_token(
			f.ec, logout_header, payload_of(logout_claims, NULL, NULL));
	ck_assert_cause(ep_logout_verify(&out, f.policy, &f.ring, ep_view_z(token),
							NOW_S, &f.arena),
			EP_TOKEN_OK);
	ck_assert_view_eq(out.issuer, "home");
	ck_assert_uint_eq(out.issuer_index, 0);
	ck_assert_view_eq(out.kid, "es");
	ck_assert_view_eq(out.sub, "248289761001");
	ck_assert_view_eq(out.sid, "08a5019c-17e1-4977-8f42-65a12843ea02");
	ck_assert_view_eq(out.jti, "bWJq");
	ck_assert_int_eq(out.iat_s, 1799999990);
	ck_assert_int_eq(out.exp_s, 1800000110 + 30);
	fixture_fini(&f);
}
END_TEST

/* Who follows a draft writes no exp; who writes a late one gains nothing. */
START_TEST(logout_ends_with_the_age_limit)
{
	static const char *const exps[] = {NULL, "1800999999"};

	for(size_t i = 0; i < 2; i++) {
		struct fixture f;
		struct ep_logout out;

		fixture_init(&f);
		ck_assert_cause(
				logout_in(&f, &out,
						mint_token(f.ec, logout_header,
								payload_of(logout_claims, "exp", exps[i]))),
				EP_TOKEN_OK);
		ck_assert_int_eq(out.exp_s, 1799999990 + EP_LOGOUT_AGE_MAX_S + 30);
		fixture_fini(&f);
	}
}
END_TEST

#define ROW(name, want, got)                                                   \
	START_TEST(logout_##name)                                                  \
	{                                                                          \
		ck_assert_cause(got, want);                                            \
	}                                                                          \
	END_TEST

ROW(accepts_rs256, EP_TOKEN_OK, head("{\"alg\":\"RS256\",\"kid\":\"rs\"}"))
ROW(accepts_typ_missing, EP_TOKEN_OK, head(es_header))
ROW(accepts_typ_jwt, EP_TOKEN_OK,
		head("{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"JWT\"}"))
ROW(accepts_typ_with_application, EP_TOKEN_OK,
		head("{\"alg\":\"ES256\",\"kid\":\"es\","
			 "\"typ\":\"application/Logout+JWT\"}"))
ROW(accepts_sub_alone, EP_TOKEN_OK, claim("sid", NULL))
ROW(accepts_sid_alone, EP_TOKEN_OK, claim("sub", NULL))
ROW(accepts_aud_array, EP_TOKEN_OK, claim("aud", "[\"x\",\"epcscf-test\"]"))
ROW(accepts_the_event_with_members, EP_TOKEN_OK,
		claim("events", "{\"x\":1," EVENT ":{\"a\":1}}"))

ROW(refuses_typ_of_an_access_token, EP_TOKEN_TYP_REFUSED, head(at_header))
ROW(refuses_another_typ, EP_TOKEN_TYP_REFUSED,
		head("{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"secevent+jwt\"}"))
ROW(refuses_nonce, EP_TOKEN_TYP_REFUSED, claim("nonce", "\"n\""))
ROW(refuses_nonce_null, EP_TOKEN_TYP_REFUSED, claim("nonce", "null"))
ROW(refuses_events_missing, EP_TOKEN_CLAIM_MISSING, claim("events", NULL))
ROW(refuses_events_array, EP_TOKEN_CLAIM_TYPE, claim("events", "[" EVENT "]"))
ROW(refuses_events_string, EP_TOKEN_CLAIM_TYPE, claim("events", EVENT))
ROW(refuses_another_event, EP_TOKEN_TYP_REFUSED,
		claim("events",
				"{\"https://schemas.openid.net/event/backchannel-logout\":{}}"))
ROW(refuses_events_empty, EP_TOKEN_TYP_REFUSED, claim("events", "{}"))
ROW(refuses_event_null, EP_TOKEN_CLAIM_TYPE,
		claim("events", "{" EVENT ":null}"))
ROW(refuses_event_string, EP_TOKEN_CLAIM_TYPE,
		claim("events", "{" EVENT ":\"\"}"))
ROW(refuses_event_twice, EP_TOKEN_JSON_DUPLICATE,
		claim("events", "{" EVENT ":{}," EVENT ":{}}"))
ROW(refuses_aud_missing, EP_TOKEN_AUDIENCE_WRONG, claim("aud", NULL))
ROW(refuses_aud_of_access_tokens, EP_TOKEN_AUDIENCE_WRONG,
		claim("aud", "\"epcscf.home1.net\""))
ROW(refuses_aud_array_without_us, EP_TOKEN_AUDIENCE_WRONG,
		claim("aud", "[\"x\"]"))
ROW(refuses_aud_number, EP_TOKEN_CLAIM_TYPE, claim("aud", "1"))
ROW(refuses_aud_array_with_a_number, EP_TOKEN_CLAIM_TYPE,
		claim("aud", "[\"epcscf\",1]"))
ROW(refuses_iat_missing, EP_TOKEN_IAT_MISSING, claim("iat", NULL))
ROW(refuses_iat_string, EP_TOKEN_TIME_TYPE, claim("iat", "\"1\""))
ROW(refuses_iat_negative, EP_TOKEN_TIME_TYPE, claim("iat", "-1"))
ROW(accepts_iat_within_the_skew, EP_TOKEN_OK, claim("iat", "1800000030"))
ROW(refuses_iat_in_the_future, EP_TOKEN_ISSUED_IN_FUTURE,
		claim("iat", "1800000031"))
ROW(accepts_the_oldest, EP_TOKEN_OK, claim("iat", "1799999671"))
ROW(refuses_an_older_one, EP_TOKEN_EXPIRED, claim("iat", "1799999670"))
ROW(refuses_exp_past, EP_TOKEN_EXPIRED, claim("exp", "1799999970"))
ROW(refuses_exp_float, EP_TOKEN_TIME_TYPE, claim("exp", "1800000110.5"))
ROW(refuses_jti_missing, EP_TOKEN_CLAIM_MISSING, claim("jti", NULL))
ROW(refuses_jti_number, EP_TOKEN_CLAIM_TYPE, claim("jti", "1"))
ROW(refuses_jti_with_a_line_end, EP_TOKEN_CLAIM_VALUE,
		claim("jti", "\"a\\nb\""))
ROW(refuses_sub_number, EP_TOKEN_CLAIM_TYPE, claim("sub", "1"))
ROW(refuses_sub_empty, EP_TOKEN_CLAIM_VALUE, claim("sub", "\"\""))
ROW(refuses_sid_array, EP_TOKEN_CLAIM_TYPE, claim("sid", "[]"))
ROW(refuses_an_unknown_issuer, EP_TOKEN_ISSUER_UNKNOWN,
		claim("iss", "\"https://evil.example\""))
ROW(refuses_an_issuer_without_logout_aud, EP_TOKEN_AUDIENCE_WRONG,
		claim("iss", "\"https://waf.partner.example/\""))
ROW(refuses_alg_none, EP_TOKEN_ALG_NONE,
		head("{\"alg\":\"none\",\"kid\":\"es\"}"))
ROW(refuses_alg_hs256, EP_TOKEN_ALG_MAC,
		head("{\"alg\":\"HS256\",\"kid\":\"es\"}"))
ROW(refuses_alg_not_of_the_issuer, EP_TOKEN_ALG_REFUSED,
		head("{\"alg\":\"ES384\",\"kid\":\"es\"}"))
ROW(refuses_an_encryption_key, EP_TOKEN_KEY_USE,
		head("{\"alg\":\"ES256\",\"kid\":\"enc\"}"))
ROW(refuses_an_unknown_kid, EP_TOKEN_KEY_UNKNOWN,
		head("{\"alg\":\"ES256\",\"kid\":\"other\"}"))

START_TEST(logout_refuses_neither_sub_nor_sid)
{
	ck_assert_cause(logout_of(logout_header,
							"{\"iss\":\"https://waf.home1.net\","
							"\"aud\":\"epcscf\",\"iat\":1799999990,"
							"\"jti\":\"j\",\"events\":{" EVENT ":{}}}"),
			EP_TOKEN_CLAIM_MISSING);
}
END_TEST

START_TEST(logout_refuses_the_key_of_another)
{
	struct fixture f;
	struct ep_logout out;

	fixture_init(&f);
	ck_assert_cause(logout_in(&f, &out,
							mint_token(f.ec_other, logout_header,
									payload_of(logout_claims, NULL, NULL))),
			EP_TOKEN_SIGNATURE_WRONG);
	ck_assert_uint_eq(out.issuer_index, 0);
	ck_assert_cause(logout_in(&f, &out, "a.b.c"), EP_TOKEN_BASE64);
	ck_assert_uint_eq(out.issuer_index, SIZE_MAX);
	ck_assert_cause(logout_in(&f, &out, ""), EP_TOKEN_ABSENT);
	fixture_fini(&f);
}
END_TEST

/* Whatever else it has: with our aud, scope, client and identities. */
START_TEST(logout_token_is_no_access_token)
{
	static const char *const headers[] = {logout_header, es_header,
			"{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"JWT\"}"};
	struct fixture f;

	fixture_init(&f);
	for(size_t i = 0; i < 3; i++) {
		char *token = mint_token(f.ec, headers[i],
				payload_of(home_claims, "events", "{" EVENT ":{}}"));

		ck_assert_cause(verify_text(&f, ep_view_z(token), "shop"),
				EP_TOKEN_TYP_REFUSED);
	}
	fixture_fini(&f);
}
END_TEST

/* Even one whose aud is also the one for log-out tokens. */
START_TEST(logout_refuses_access_tokens)
{
	static const char *const headers[] = {es_header, at_header};

	for(size_t i = 0; i < 2; i++) {
		struct fixture f;
		struct ep_logout out;
		char *token;

		fixture_init(&f);
		token = mint_token(f.ec, headers[i],
				payload_of(home_claims, "aud",
						"[\"epcscf.home1.net\",\"epcscf\"]"));
		ck_assert_cause(verify_text(&f, ep_view_z(token), "shop"), EP_TOKEN_OK);
		ck_assert_cause(logout_in(&f, &out, token),
				i ? EP_TOKEN_TYP_REFUSED : EP_TOKEN_CLAIM_MISSING);
		fixture_fini(&f);
	}
}
END_TEST

static void cut_refused(struct ep_view cut, void *ctx)
{
	struct fixture *f = ctx;
	struct ep_logout out;
	enum ep_token_cause cause =
			ep_logout_verify(&out, f->policy, &f->ring, cut, NOW_S, &f->arena);

	ck_assert(cause != EP_TOKEN_OK && cause != EP_TOKEN_NO_MEMORY);
}

START_TEST(logout_refuses_every_cut)
{
	struct fixture f;
	char *token;

	fixture_init(&f);
	token = mint_token(
			f.ec, logout_header, payload_of(logout_claims, NULL, NULL));
	every_cut(ep_view_of(token, strlen(token) - 1), cut_refused, &f);
	fixture_fini(&f);
}
END_TEST

struct alloc_case
{
	struct fixture f;
	struct ep_view token;
};

static enum ep_err verify_in(struct ep_arena *arena, void *ctx)
{
	struct alloc_case *c = ctx;
	struct ep_logout out;
	enum ep_token_cause cause = ep_logout_verify(
			&out, c->f.policy, &c->f.ring, c->token, NOW_S, arena);

	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_cause(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(logout_every_alloc_failure)
{
	struct alloc_case c;

	fixture_init(&c.f);
	c.token = ep_view_z(mint_token(
			c.f.ec, logout_header, payload_of(logout_claims, NULL, NULL)));
	ck_assert_uint_ge(every_alloc_failure(verify_in, &c), 20);
	fixture_fini(&c.f);
}
END_TEST

UNIT_MAIN("token/logout", logout_accepts_a_log_out_token,
		logout_ends_with_the_age_limit, logout_accepts_rs256,
		logout_accepts_typ_missing, logout_accepts_typ_jwt,
		logout_accepts_typ_with_application, logout_accepts_sub_alone,
		logout_accepts_sid_alone, logout_accepts_aud_array,
		logout_accepts_the_event_with_members,
		logout_refuses_typ_of_an_access_token, logout_refuses_another_typ,
		logout_refuses_nonce, logout_refuses_nonce_null,
		logout_refuses_events_missing, logout_refuses_events_array,
		logout_refuses_events_string, logout_refuses_another_event,
		logout_refuses_events_empty, logout_refuses_event_null,
		logout_refuses_event_string, logout_refuses_event_twice,
		logout_refuses_aud_missing, logout_refuses_aud_of_access_tokens,
		logout_refuses_aud_array_without_us, logout_refuses_aud_number,
		logout_refuses_aud_array_with_a_number, logout_refuses_iat_missing,
		logout_refuses_iat_string, logout_refuses_iat_negative,
		logout_accepts_iat_within_the_skew, logout_refuses_iat_in_the_future,
		logout_accepts_the_oldest, logout_refuses_an_older_one,
		logout_refuses_exp_past, logout_refuses_exp_float,
		logout_refuses_jti_missing, logout_refuses_jti_number,
		logout_refuses_jti_with_a_line_end, logout_refuses_sub_number,
		logout_refuses_sub_empty, logout_refuses_sid_array,
		logout_refuses_an_unknown_issuer,
		logout_refuses_an_issuer_without_logout_aud, logout_refuses_alg_none,
		logout_refuses_alg_hs256, logout_refuses_alg_not_of_the_issuer,
		logout_refuses_an_encryption_key, logout_refuses_an_unknown_kid,
		logout_refuses_neither_sub_nor_sid, logout_refuses_the_key_of_another,
		logout_token_is_no_access_token, logout_refuses_access_tokens,
		logout_refuses_every_cut, logout_every_alloc_failure)
