/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Answers of RFC 7662 with one thing wrong: one test a row, each with its own
 * cause; and the request.
 */
#include "token/introspect.h"
#include "fixture.h"

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

/* --- the answer about a JWT that is good --- */

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

/* --- the request --- */

static const char *printed(
		const struct ep_issuer *issuer, const char *secret, const char *token)
{
	static char buf[512];
	struct ep_buf out;
	enum ep_err err;

	ep_buf_init(&out, buf, sizeof(buf) - 1);
	err = token ? ep_introspect_request_print(
				  &out, issuer, ep_view_z(secret), ep_view_z(token))
				: ep_introspect_basic_print(&out, issuer, ep_view_z(secret));
	buf[out.len] = '\0';
	return err == EP_OK ? buf : err == EP_ENOENT ? "(none)" : "(no room)";
}

START_TEST(introspect_request_is_form_encoded)
{
	struct ep_issuer i = {.introspect_client = EP_LIT("epcscf")};

	ck_assert_str_eq(printed(&i, "s", "2YotnFZFEjr1zCsicMWpAA"),
			"token=2YotnFZFEjr1zCsicMWpAA&token_type_hint=access_token");
	ck_assert_str_eq(printed(&i, "s", "a b&c=d+e/f~*-._%"),
			"token=a+b%26c%3Dd%2Be%2Ff%7E*-._%25&token_type_hint="
			"access_token");
	i.introspect_auth = EP_INTROSPECT_POST;
	i.introspect_client = EP_LIT("e&p");
	ck_assert_str_eq(printed(&i, "s\xc3\xa9=1", "t"),
			"token=t&token_type_hint=access_token&client_id=e%26p&"
			"client_secret=s%C3%A9%3D1");
	i.introspect_client = ep_view_none();
	ck_assert_str_eq(
			printed(&i, NULL, "t"), "token=t&token_type_hint=access_token");
}
END_TEST

START_TEST(introspect_basic_is_form_encoded_first)
{
	struct ep_issuer i = {.introspect_client = EP_LIT("s6BhdRkqt3")};

	/* RFC 6749 2.3.1 */
	ck_assert_str_eq(printed(&i, "7Fjfp0ZBr1KtDRbnfVdmIw", NULL),
			"Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3");
	i.introspect_client = EP_LIT("a:b");
	ck_assert_str_eq(printed(&i, "", NULL), "Basic YSUzQWI6");
	ck_assert_str_eq(printed(&i, "1", NULL), "Basic YSUzQWI6MQ==");
	ck_assert_str_eq(printed(&i, "12", NULL), "Basic YSUzQWI6MTI=");
	ck_assert_str_eq(printed(&i, "12 ", NULL), "Basic YSUzQWI6MTIr");
	i.introspect_auth = EP_INTROSPECT_POST;
	ck_assert_str_eq(printed(&i, "1", NULL), "(none)");
	i.introspect_auth = EP_INTROSPECT_BASIC;
	i.introspect_client = ep_view_none();
	ck_assert_str_eq(printed(&i, "1", NULL), "(none)");
}
END_TEST

START_TEST(introspect_request_needs_room)
{
	struct ep_issuer i = {.introspect_client = EP_LIT("a:b"),
			.introspect_auth = EP_INTROSPECT_POST};
	char buf[128];
	struct ep_buf out;

	for(size_t cap = 0; cap < 68; cap++) {
		ep_buf_init(&out, buf, cap);
		ck_assert_int_eq(
				ep_introspect_request_print(&out, &i, EP_LIT("s"), EP_LIT("t")),
				EP_ENOSPC);
	}
	ep_buf_init(&out, buf, 68);
	ck_assert_int_eq(
			ep_introspect_request_print(&out, &i, EP_LIT("s"), EP_LIT("t")),
			EP_OK);
	i.introspect_auth = EP_INTROSPECT_BASIC;
	for(size_t cap = 0; cap < 18; cap++) {
		ep_buf_init(&out, buf, cap);
		ck_assert_int_eq(
				ep_introspect_basic_print(&out, &i, EP_LIT("1")), EP_ENOSPC);
	}
	ep_buf_init(&out, buf, 18);
	ck_assert_int_eq(ep_introspect_basic_print(&out, &i, EP_LIT("1")), EP_OK);
}
END_TEST

UNIT_MAIN("token/introspect", introspect_accepts_an_active_token,
		introspect_confirm_needs_no_more_than_active,
		introspect_confirm_takes_the_sooner_end_and_the_fewer_rights,
		introspect_confirm_refuses_what_contradicts,
		introspect_confirm_by_a_map, introspect_confirm_every_alloc_failure,
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
		introspect_every_alloc_failure, introspect_request_is_form_encoded,
		introspect_basic_is_form_encoded_first, introspect_request_needs_room)
