/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer of RFC 7662 about a JWT that is good. */
#include "token/introspect.h"
#include "fixture.h"

static enum ep_token_cause confirm_of(
		struct fixture *f, size_t issuer, const char *token, const char *said)
{
	struct ep_view block = block_of(ep_view_z(said));
	enum ep_token_cause cause =
			verify_text(f, ep_view_z(token), issuer == 1 ? "bank" : "shop");

	ck_assert_cause(cause, EP_TOKEN_OK);
	cause = ep_introspect_confirm(
			&f->result, &f->policy->issuers[issuer], block, NOW_S, &f->arena);
	block_free(block);
	return cause;
}

static enum ep_token_cause confirm(struct fixture *f, const char *said)
{
	return confirm_of(f, 0,
			mint_token(f->ec, es_header, payload_of(home_claims, NULL, NULL)),
			said);
}

START_TEST(introspect_confirm_needs_no_more_than_active)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(confirm(&f, "{\"active\":true}"), EP_TOKEN_OK);
	ck_assert_view_eq(f.result.impi, "alice@home1.net");
	ck_assert_view_eq(f.result.wwsf, "shop");
	ck_assert_view_eq(f.result.issuer, "home");
	ck_assert_uint_eq(f.result.impus_n, 2);
	ck_assert_int_eq(f.result.exp_s, 1800003600);
	ck_assert_int_eq(f.result.iat_s, 1799999990);
	ck_assert_cause(
			confirm(&f, payload_of(answer_claims, NULL, NULL)), EP_TOKEN_OK);
	ck_assert_uint_eq(f.result.impus_n, 2);
	fixture_fini(&f);
}
END_TEST

START_TEST(introspect_confirm_takes_the_sooner_end_and_the_fewer_rights)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(confirm(&f,
							"{\"active\":true,\"exp\":1800000100,"
							"\"sid\":\"s7\",\"jti\":\"j7\","
							"\"impu\":\"sip:alice@HOME1.net\"}"),
			EP_TOKEN_OK);
	ck_assert_int_eq(f.result.exp_s, 1800000100);
	ck_assert_view_eq(f.result.sid, "s7");
	ck_assert_view_eq(f.result.jti, "j7");
	ck_assert_uint_eq(f.result.impus_n, 1);
	ck_assert_view_eq(f.result.impus[0], "sip:alice@home1.net");
	ck_assert_cause(
			confirm(&f, "{\"active\":true,\"exp\":1900000000}"), EP_TOKEN_OK);
	ck_assert_int_eq(f.result.exp_s, 1800003600);
	fixture_fini(&f);
}
END_TEST

START_TEST(introspect_confirm_refuses_what_contradicts)
{
	static const struct
	{
		const char *member;
		enum ep_token_cause cause;
	} rows[] = {
			{"\"iss\":\"https://waf.partner.example/\"",
					EP_TOKEN_ISSUER_UNKNOWN},
			{"\"sub\":\"another\"", EP_TOKEN_INTROSPECT_ANSWER},
			{"\"client_id\":\"bank\"", EP_TOKEN_INTROSPECT_ANSWER},
			{"\"azp\":\"bank\"", EP_TOKEN_INTROSPECT_ANSWER},
			{"\"impi\":\"bob@home1.net\"", EP_TOKEN_INTROSPECT_ANSWER},
			{"\"impu\":\"sip:bob@home1.net\"", EP_TOKEN_INTROSPECT_ANSWER},
			{"\"aud\":\"other\"", EP_TOKEN_AUDIENCE_WRONG},
			{"\"aud\":[]", EP_TOKEN_AUDIENCE_WRONG},
			{"\"scope\":\"openid\"", EP_TOKEN_SCOPE_TOO_SMALL},
			{"\"scope\":\"\"", EP_TOKEN_SCOPE_TOO_SMALL},
			{"\"scp\":[\"openid\"]", EP_TOKEN_SCOPE_TOO_SMALL},
			{"\"cnf\":{}", EP_TOKEN_CONFIRMATION},
			{"\"token_type\":\"refresh_token\"", EP_TOKEN_TYP_REFUSED},
			{"\"exp\":1799999900", EP_TOKEN_EXPIRED},
			{"\"nbf\":1800000100", EP_TOKEN_NOT_YET_VALID},
			{"\"exp\":\"soon\"", EP_TOKEN_INTROSPECT_ANSWER},
			{"\"sub\":7", EP_TOKEN_INTROSPECT_ANSWER},
			{"\"active\":true", EP_TOKEN_INTROSPECT_ANSWER},
	};
	struct fixture f;

	fixture_init(&f);
	for(size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *said = mint_cat("{\"active\":true,", rows[i].member);

		ck_assert_cause(confirm(&f, mint_cat(said, "}")), rows[i].cause);
	}
	ck_assert_cause(confirm(&f, "{\"active\":false}"), EP_TOKEN_INACTIVE);
	ck_assert_cause(confirm(&f, "{}"), EP_TOKEN_INTROSPECT_ANSWER);
	ck_assert_cause(confirm(&f, ""), EP_TOKEN_INTROSPECT_ANSWER);
	fixture_fini(&f);
}
END_TEST

/* By a map, a WWSF claim and a WAF claim. */
START_TEST(introspect_confirm_by_a_map)
{
	static const struct
	{
		const char *member;
		enum ep_token_cause cause;
	} rows[] = {
			{"", EP_TOKEN_OK},
			{",\"preferred_username\":\"bob\"", EP_TOKEN_OK},
			{",\"preferred_username\":\"eve\"", EP_TOKEN_INTROSPECT_ANSWER},
			{",\"jti\":\"5f0c2b1e\"", EP_TOKEN_OK},
			{",\"jti\":\"6f0c2b1e\"", EP_TOKEN_INTROSPECT_ANSWER},
			{",\"wwsf\":\"shop\"", EP_TOKEN_INTROSPECT_ANSWER},
			{",\"waf\":\"waf@home1.net\"", EP_TOKEN_WAF_WRONG},
	};
	struct fixture f;

	fixture_init(&f);
	for(size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *said = mint_cat("{\"active\":true", rows[i].member);

		ck_assert_cause(confirm_of(&f, 1,
								mint_token(f.ec, at_header,
										payload_of(partner_claims, NULL, NULL)),
								mint_cat(said, "}")),
				rows[i].cause);
	}
	fixture_fini(&f);
}
END_TEST

static enum ep_err confirm_in(struct ep_arena *arena, void *ctx)
{
	struct fixture *f = ctx;
	struct ep_view impus[] = {EP_LIT("sip:alice@home1.net")};
	struct ep_token_result token = {.sub = EP_LIT("248289761001"),
			.client_id = EP_LIT("shop"),
			.impi = EP_LIT("alice@home1.net"),
			.impus = impus,
			.impus_n = 1,
			.exp_s = NOW_S + 60,
			.iat_s = NOW_S};
	enum ep_token_cause cause = ep_introspect_confirm(&token,
			&f->policy->issuers[0],
			ep_view_z(payload_of(answer_claims, NULL, NULL)), NOW_S, arena);

	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_cause(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(introspect_confirm_every_alloc_failure)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_uint_ge(every_alloc_failure(confirm_in, &f), 20);
	fixture_fini(&f);
}
END_TEST

UNIT_MAIN("token/introspect_confirm",
		introspect_confirm_needs_no_more_than_active,
		introspect_confirm_takes_the_sooner_end_and_the_fewer_rights,
		introspect_confirm_refuses_what_contradicts,
		introspect_confirm_by_a_map, introspect_confirm_every_alloc_failure)
