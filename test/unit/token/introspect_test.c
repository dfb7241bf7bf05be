/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Answers of RFC 7662 with one thing wrong: one test a row, each with its own
 * cause.
 */
#include "token/introspect.h"
#include "fixture.h"

static enum ep_token_cause decide_text(struct fixture *f, size_t issuer,
		struct ep_view answer, const char *wwsf)
{
	struct ep_view block = block_of(answer);
	enum ep_token_cause cause = ep_introspect_decide(&f->result, f->policy,
			&f->policy->issuers[issuer], block, ep_view_z(wwsf), NOW_S,
			&f->arena);

	block_free(block); /* nothing points into it */
	return cause;
}

static enum ep_token_cause decide(struct fixture *f, const char *answer)
{
	return decide_text(f, 0, ep_view_z(answer), "shop");
}

static enum ep_token_cause answer(const char *name, const char *value)
{
	struct fixture f;
	enum ep_token_cause cause;

	fixture_init(&f);
	cause = decide(&f, payload_of(answer_claims, name, value));
	fixture_fini(&f);
	return cause;
}

static enum ep_token_cause text(const char *whole)
{
	struct fixture f;
	enum ep_token_cause cause;

	fixture_init(&f);
	cause = decide(&f, whole);
	fixture_fini(&f);
	return cause;
}

/* --- what is accepted --- */

START_TEST(introspect_accepts_an_active_token)
{
	struct fixture f;
	struct ep_token_result *r = &f.result;

	fixture_init(&f);
	ck_assert_cause(
			decide(&f, payload_of(answer_claims, "sid", "\"session-7\"")),
			EP_TOKEN_OK);
	ck_assert_view_eq(r->issuer, "home");
	ck_assert_uint_eq(r->issuer_index, 0);
	ck_assert_ptr_null(r->kid.p);
	ck_assert_view_eq(r->sub, "248289761001");
	ck_assert_view_eq(r->impi, "alice@home1.net");
	ck_assert_uint_eq(r->impus_n, 2);
	ck_assert_view_eq(r->impus[1], "tel:+441632960083");
	ck_assert_view_eq(r->waf, "waf@home1.net");
	ck_assert_view_eq(r->wwsf, "shop");
	ck_assert_view_eq(r->scope, "openid webrtc-ims-client-access-to-ims");
	ck_assert_view_eq(r->client_id, "shop");
	ck_assert_view_eq(r->sid, "session-7");
	ck_assert_ptr_null(r->jti.p);
	ck_assert_int_eq(r->exp_s, 1800003600);
	ck_assert_int_eq(r->iat_s, 1799999990);
	ck_assert(!r->third_party);
	fixture_fini(&f);
}
END_TEST

START_TEST(introspect_without_exp_ends_with_the_cache)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(
			decide(&f, payload_of(answer_claims, "exp", NULL)), EP_TOKEN_OK);
	ck_assert_int_eq(f.result.exp_s, NOW_S + 60);
	fixture_fini(&f);
}
END_TEST

START_TEST(introspect_without_iat_limits_what_is_left)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(
			decide(&f, payload_of(answer_claims, "iat", NULL)), EP_TOKEN_OK);
	ck_assert_int_eq(f.result.iat_s, -1);
	ck_assert_cause(decide(&f,
							"{\"active\":true,\"exp\":1800007201,"
							"\"scope\":\"webrtc-ims-client-access-to-ims\","
							"\"client_id\":\"shop\",\"sub\":\"s\","
							"\"aud\":\"epcscf.home1.net\","
							"\"impi\":\"alice@home1.net\","
							"\"impu\":\"sip:alice@home1.net\"}"),
			EP_TOKEN_LIFETIME_TOO_LONG);
	fixture_fini(&f);
}
END_TEST

/* at+jwt asks a JWT for jti; through a map; the WAF is a third party. */
START_TEST(introspect_accepts_a_third_party_through_a_map)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(
			decide_text(&f, 1,
					ep_view_z(mint_cat("{\"active\":true,",
							payload_of(partner_claims, "jti", NULL) + 1)),
					"bank"),
			EP_TOKEN_OK);
	ck_assert_view_eq(f.result.impi, "bob@partner.example");
	ck_assert(f.result.third_party && f.result.name_waf);
	ck_assert_ptr_null(f.result.jti.p);
	fixture_fini(&f);
}
END_TEST

/* --- as servers answer by default --- */

static const char servers_config[] =
		"[issuer:hydra]\n"
		"iss = https://hydra.home1.net/\n"
		"introspect = https://hydra.home1.net/admin/oauth2/introspect\n"
		"introspect_client = epcscf\n"
		"introspect_secret_file = /etc/waf.secret\n"
		"aud = epcscf.home1.net\n"
		"aud_rule = optional\n"
		"waf = hydra@home1.net\n"
		"domain = operator\n"
		"scope = openid\n"
		"map = sub\n"
		"[issuer:keycloak]\n"
		"iss = https://kc.home1.net/realms/ims\n"
		"jwks = /etc/kc.jwks\n"
		"aud = account\n"
		"waf = kc@home1.net\n"
		"domain = operator\n"
		"scope = openid\n"
		"map = name\n"
		"[map:sub]\n"
		"impi = {sub}@home1.net\n"
		"impu = sip:{sub}@home1.net\n"
		"[map:name]\n"
		"impi = {preferred_username}@home1.net\n"
		"impu = sip:{preferred_username}@home1.net\n"
		"[wwsf:shop]\n"
		"origin = https://shop.example\n"
		"issuer = hydra, keycloak\n"
		"client_id = shop\n"
		"impi = *@home1.net\n"
		"impu = sip:*@home1.net\n";

static void server_answers(size_t issuer, const char *text, const char *impi)
{
	struct ep_config_error error;
	const struct ep_token_policy *policy;
	struct ep_token_result r;
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_msg(ep_token_config_parse(
						  &policy, ep_view_z(servers_config), &arena, &error)
						  == EP_OK,
			"line %u: %s", error.line, error.text);
	ck_assert_cause(ep_introspect_decide(&r, policy, &policy->issuers[issuer],
							ep_view_z(text), EP_LIT("shop"), NOW_S, &arena),
			EP_TOKEN_OK);
	ck_assert_view_eq(r.impi, impi);
	ep_arena_fini(&arena);
}

START_TEST(introspect_accepts_the_answer_of_hydra)
{
	server_answers(0,
			"{\"active\":true,\"scope\":\"openid offline\","
			"\"client_id\":\"shop\",\"sub\":\"alice\",\"exp\":1800003599,"
			"\"iat\":1799999999,\"nbf\":1799999999,\"aud\":[],"
			"\"iss\":\"https://hydra.home1.net/\","
			"\"token_type\":\"Bearer\",\"token_use\":\"access_token\"}",
			"alice@home1.net");
}
END_TEST

START_TEST(introspect_accepts_the_answer_of_keycloak)
{
	server_answers(1,
			"{\"exp\":1800000300,\"iat\":1800000000,"
			"\"jti\":\"7e0a2c4b-9725-432b-a0fd-594f21686108\","
			"\"iss\":\"https://kc.home1.net/realms/ims\","
			"\"aud\":\"account\","
			"\"sub\":\"e89175d5-94fd-453a-8abb-9953d59d04cf\","
			"\"typ\":\"Bearer\",\"azp\":\"shop\","
			"\"sid\":\"c05ea410-6f0a-458d-9b2c-debafba732b7\",\"acr\":\"1\","
			"\"allowed-origins\":[\"https://shop.example\"],"
			"\"realm_access\":{\"roles\":[\"uma_authorization\"]},"
			"\"resource_access\":{\"account\":{\"roles\":"
			"[\"manage-account\"]}},\"scope\":\"openid profile\","
			"\"preferred_username\":\"alice\",\"client_id\":\"shop\","
			"\"username\":\"alice\",\"token_type\":\"Bearer\","
			"\"active\":true}",
			"alice@home1.net");
}
END_TEST

/* --- one test a row --- */

#define ROW(name, want, got)                                                   \
	START_TEST(introspect_##name)                                              \
	{                                                                          \
		ck_assert_cause(got, want);                                            \
	}                                                                          \
	END_TEST

ROW(accepts_iss_missing, EP_TOKEN_OK, answer("iss", NULL))
ROW(accepts_token_type_missing, EP_TOKEN_OK, answer("token_type", NULL))
ROW(accepts_token_type_in_any_case, EP_TOKEN_OK,
		answer("token_type", "\"bEARER\""))
ROW(accepts_token_type_access_token, EP_TOKEN_OK,
		answer("token_type", "\"access_token\""))
ROW(accepts_token_use_access_token, EP_TOKEN_OK,
		answer("token_use", "\"access_token\""))
ROW(accepts_exp_within_the_skew, EP_TOKEN_OK, answer("exp", "1799999971"))

ROW(refuses_inactive, EP_TOKEN_INACTIVE, text("{\"active\":false}"))
ROW(refuses_inactive_whatever_else_it_says, EP_TOKEN_INACTIVE,
		answer("active", "false"))
ROW(refuses_active_missing, EP_TOKEN_INTROSPECT_ANSWER, answer("active", NULL))
ROW(refuses_active_string, EP_TOKEN_INTROSPECT_ANSWER,
		answer("active", "\"true\""))
ROW(refuses_active_number, EP_TOKEN_INTROSPECT_ANSWER, answer("active", "1"))
ROW(refuses_active_null, EP_TOKEN_INTROSPECT_ANSWER, answer("active", "null"))
ROW(refuses_active_twice, EP_TOKEN_INTROSPECT_ANSWER,
		answer("active", "false,\"active\":true"))
ROW(refuses_active_twice_by_escape, EP_TOKEN_INTROSPECT_ANSWER,
		answer("active", "false,\"\\u0061ctive\":true"))
ROW(refuses_active_in_other_case, EP_TOKEN_INTROSPECT_ANSWER,
		text("{\"Active\":true}"))
ROW(refuses_html, EP_TOKEN_INTROSPECT_ANSWER, text("<html></html>"))
ROW(refuses_nothing, EP_TOKEN_INTROSPECT_ANSWER, text(""))
ROW(refuses_an_array, EP_TOKEN_INTROSPECT_ANSWER, text("[{\"active\":true}]"))
ROW(refuses_true, EP_TOKEN_INTROSPECT_ANSWER, text("true"))
ROW(refuses_octets_behind, EP_TOKEN_INTROSPECT_ANSWER,
		text("{\"active\":true}{}"))
ROW(refuses_a_signed_answer, EP_TOKEN_INTROSPECT_ANSWER,
		text("eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9."))
ROW(refuses_not_utf8, EP_TOKEN_INTROSPECT_ANSWER,
		answer("username", "\"\xff\""))
ROW(refuses_nul, EP_TOKEN_INTROSPECT_ANSWER, answer("username", "\"\\u0000\""))
ROW(refuses_too_deep, EP_TOKEN_INTROSPECT_ANSWER, answer("x", "[[[[[[[]]]]]]]"))
ROW(refuses_sub_number, EP_TOKEN_INTROSPECT_ANSWER, answer("sub", "1"))
ROW(refuses_exp_string, EP_TOKEN_INTROSPECT_ANSWER,
		answer("exp", "\"1800003600\""))
ROW(refuses_exp_float, EP_TOKEN_INTROSPECT_ANSWER, answer("exp", "1.8e9"))
ROW(refuses_exp_null, EP_TOKEN_INTROSPECT_ANSWER, answer("exp", "null"))
ROW(refuses_exp_beyond_2_53, EP_TOKEN_INTROSPECT_ANSWER,
		answer("exp", "9007199254740993"))
ROW(refuses_iss_number, EP_TOKEN_INTROSPECT_ANSWER, answer("iss", "1"))
ROW(refuses_token_type_number, EP_TOKEN_INTROSPECT_ANSWER,
		answer("token_type", "1"))
ROW(refuses_sid_number, EP_TOKEN_INTROSPECT_ANSWER, answer("sid", "1"))
ROW(refuses_iss_of_another, EP_TOKEN_ISSUER_UNKNOWN,
		answer("iss", "\"https://waf.partner.example/\""))
ROW(refuses_iss_with_a_slash, EP_TOKEN_ISSUER_UNKNOWN,
		answer("iss", "\"https://waf.home1.net/\""))
ROW(refuses_a_refresh_token, EP_TOKEN_TYP_REFUSED,
		answer("token_use", "\"refresh_token\""))
ROW(refuses_token_type_refresh, EP_TOKEN_TYP_REFUSED,
		answer("token_type", "\"refresh_token\""))
ROW(refuses_token_type_dpop, EP_TOKEN_TYP_REFUSED,
		answer("token_type", "\"DPoP\""))
ROW(refuses_exp_past, EP_TOKEN_EXPIRED, answer("exp", "1799999970"))
ROW(refuses_nbf_in_the_future, EP_TOKEN_NOT_YET_VALID,
		answer("nbf", "1800000031"))
ROW(refuses_iat_in_the_future, EP_TOKEN_ISSUED_IN_FUTURE,
		answer("iat", "1800000031"))
ROW(refuses_a_lifetime_too_long, EP_TOKEN_LIFETIME_TOO_LONG,
		answer("exp", "1800007191"))
ROW(refuses_cnf, EP_TOKEN_CONFIRMATION, answer("cnf", "{\"jkt\":\"x\"}"))
ROW(refuses_an_event, EP_TOKEN_TYP_REFUSED, answer("events", "{}"))
ROW(refuses_aud_missing, EP_TOKEN_AUDIENCE_WRONG, answer("aud", NULL))
ROW(refuses_aud_of_another, EP_TOKEN_AUDIENCE_WRONG,
		answer("aud", "[\"account\"]"))
ROW(refuses_aud_empty_array, EP_TOKEN_AUDIENCE_WRONG, answer("aud", "[]"))
ROW(refuses_scope_missing, EP_TOKEN_SCOPE_TOO_SMALL, answer("scope", NULL))
ROW(refuses_scope_substring, EP_TOKEN_SCOPE_TOO_SMALL,
		answer("scope", "\"xwebrtc-ims-client-access-to-ims\""))
ROW(refuses_the_client_of_another_wwsf, EP_TOKEN_WWSF_WRONG,
		answer("client_id", "\"bank\""))
ROW(refuses_a_client_nobody_knows, EP_TOKEN_WWSF_UNKNOWN,
		answer("client_id", "\"evil\""))
ROW(refuses_client_missing, EP_TOKEN_CLIENT_MISSING, answer("client_id", NULL))
ROW(refuses_client_array, EP_TOKEN_INTROSPECT_ANSWER,
		answer("client_id", "[\"shop\"]"))
ROW(refuses_a_token_of_no_user, EP_TOKEN_USER_ABSENT, answer("sub", NULL))
ROW(refuses_a_token_of_the_client_itself, EP_TOKEN_USER_ABSENT,
		answer("sub", "\"shop\""))
ROW(refuses_impi_missing, EP_TOKEN_IMPI_MISSING, answer("impi", NULL))
ROW(refuses_impi_outside_the_pattern, EP_TOKEN_IMPI_REFUSED,
		answer("impi", "\"alice@evil.example\""))
ROW(refuses_impu_missing, EP_TOKEN_IMPU_MISSING, answer("impu", NULL))
ROW(refuses_impu_outside_the_pattern, EP_TOKEN_IMPU_REFUSED,
		answer("impu", "\"sip:alice@evil.example\""))
ROW(refuses_impu_with_a_line_end, EP_TOKEN_CLAIM_VALUE,
		answer("impu", "\"sip:a@home1.net\\r\\nX: y\""))

START_TEST(introspect_refuses_too_large)
{
	struct fixture f;
	char *large = mint_cat(NULL, payload_of(answer_claims, NULL, NULL));
	size_t n = strlen(large);
	char *padded = mint_get(EP_INTROSPECT_ANSWER_MAX + 1);

	fixture_init(&f);
	memset(padded, ' ', EP_INTROSPECT_ANSWER_MAX + 1);
	memcpy(padded, large, n);
	ck_assert_cause(
			decide_text(&f, 0, ep_view_of(padded, EP_INTROSPECT_ANSWER_MAX),
					"shop"),
			EP_TOKEN_OK);
	ck_assert_cause(
			decide_text(&f, 0, ep_view_of(padded, EP_INTROSPECT_ANSWER_MAX + 1),
					"shop"),
			EP_TOKEN_INTROSPECT_ANSWER);
	fixture_fini(&f);
}
END_TEST

START_TEST(introspect_refuses_too_many_members)
{
	ck_assert_cause(
			answer("x", fixture_array(EP_PAYLOAD_ELEMENTS)), EP_TOKEN_OK);
	ck_assert_cause(answer("x", fixture_array(EP_PAYLOAD_ELEMENTS + 1)),
			EP_TOKEN_INTROSPECT_ANSWER);
}
END_TEST

START_TEST(introspect_refuses_another_origin)
{
	struct fixture f;
	struct ep_view good = ep_view_z(payload_of(answer_claims, NULL, NULL));

	fixture_init(&f);
	ck_assert_cause(decide_text(&f, 0, good, "bank"), EP_TOKEN_WWSF_WRONG);
	ck_assert_cause(decide_text(&f, 0, good, NULL), EP_TOKEN_ORIGIN_UNKNOWN);
	fixture_fini(&f);
}
END_TEST

/* `require` asks the answer, not what was put in for it. */
START_TEST(introspect_refuses_a_required_claim_missing)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(
			decide_text(&f, 1,
					ep_view_z(mint_cat("{\"active\":true,",
							payload_of(partner_claims, "nbf", NULL) + 1)),
					"bank"),
			EP_TOKEN_CLAIM_MISSING);
	fixture_fini(&f);
}
END_TEST

/* --- cut off, and without memory --- */

struct cut_case
{
	struct fixture f;
	size_t whole;
};

static void cut_is_no_answer(struct ep_view cut, void *ctx)
{
	struct cut_case *c = ctx;

	ck_assert_cause(decide_text(&c->f, 0, cut, "shop"),
			cut.len == c->whole ? EP_TOKEN_OK : EP_TOKEN_INTROSPECT_ANSWER);
}

START_TEST(introspect_every_cut)
{
	struct ep_view good = ep_view_z(payload_of(answer_claims, NULL, NULL));
	struct cut_case c = {.whole = good.len};

	fixture_init(&c.f);
	every_cut(good, cut_is_no_answer, &c);
	fixture_fini(&c.f);
}
END_TEST

static enum ep_err decide_in(struct ep_arena *arena, void *ctx)
{
	struct fixture *f = ctx;
	enum ep_token_cause cause =
			ep_introspect_decide(&f->result, f->policy, &f->policy->issuers[0],
					ep_view_z(payload_of(answer_claims, NULL, NULL)),
					EP_LIT("shop"), NOW_S, arena);

	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_cause(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(introspect_every_alloc_failure)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_uint_ge(every_alloc_failure(decide_in, &f), 20);
	fixture_fini(&f);
}
END_TEST

UNIT_MAIN("token/introspect", introspect_accepts_an_active_token,
		introspect_without_exp_ends_with_the_cache,
		introspect_without_iat_limits_what_is_left,
		introspect_accepts_a_third_party_through_a_map,
		introspect_accepts_the_answer_of_hydra,
		introspect_accepts_the_answer_of_keycloak,
		introspect_accepts_iss_missing, introspect_accepts_token_type_missing,
		introspect_accepts_token_type_in_any_case,
		introspect_accepts_token_type_access_token,
		introspect_accepts_token_use_access_token,
		introspect_accepts_exp_within_the_skew, introspect_refuses_inactive,
		introspect_refuses_inactive_whatever_else_it_says,
		introspect_refuses_active_missing, introspect_refuses_active_string,
		introspect_refuses_active_number, introspect_refuses_active_null,
		introspect_refuses_active_twice,
		introspect_refuses_active_twice_by_escape,
		introspect_refuses_active_in_other_case, introspect_refuses_html,
		introspect_refuses_nothing, introspect_refuses_an_array,
		introspect_refuses_true, introspect_refuses_octets_behind,
		introspect_refuses_a_signed_answer, introspect_refuses_not_utf8,
		introspect_refuses_nul, introspect_refuses_too_deep,
		introspect_refuses_sub_number, introspect_refuses_exp_string,
		introspect_refuses_exp_float, introspect_refuses_exp_null,
		introspect_refuses_exp_beyond_2_53, introspect_refuses_iss_number,
		introspect_refuses_token_type_number, introspect_refuses_sid_number,
		introspect_refuses_iss_of_another, introspect_refuses_iss_with_a_slash,
		introspect_refuses_a_refresh_token,
		introspect_refuses_token_type_refresh,
		introspect_refuses_token_type_dpop, introspect_refuses_exp_past,
		introspect_refuses_nbf_in_the_future,
		introspect_refuses_iat_in_the_future,
		introspect_refuses_a_lifetime_too_long, introspect_refuses_cnf,
		introspect_refuses_an_event, introspect_refuses_aud_missing,
		introspect_refuses_aud_of_another, introspect_refuses_aud_empty_array,
		introspect_refuses_scope_missing, introspect_refuses_scope_substring,
		introspect_refuses_the_client_of_another_wwsf,
		introspect_refuses_a_client_nobody_knows,
		introspect_refuses_client_missing, introspect_refuses_client_array,
		introspect_refuses_a_token_of_no_user,
		introspect_refuses_a_token_of_the_client_itself,
		introspect_refuses_impi_missing,
		introspect_refuses_impi_outside_the_pattern,
		introspect_refuses_impu_missing,
		introspect_refuses_impu_outside_the_pattern,
		introspect_refuses_impu_with_a_line_end, introspect_refuses_too_large,
		introspect_refuses_too_many_members, introspect_refuses_another_origin,
		introspect_refuses_a_required_claim_missing, introspect_every_cut,
		introspect_every_alloc_failure)
