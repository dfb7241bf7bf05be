/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/policy.h"
#include "fixture.h"

static const struct
{
	const char *origin;
	const char *printed; /* NULL: refused */
} origins[] = {
		{"https://shop.example", "https://shop.example"},
		{"HTTPS://Shop.EXAMPLE", "https://shop.example"},
		{"https://shop.example:443", "https://shop.example"},
		{"https://shop.example:0443", "https://shop.example"},
		{"https://shop.example:80", "https://shop.example:80"},
		{"http://shop.example:80", "http://shop.example"},
		{"http://shop.example:443", "http://shop.example:443"},
		{"https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"},
		{"https://[::1]", "https://[::1]"},
		{"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
		{"", NULL},
		{"null", NULL},
		{"https://", NULL},
		{"https:/shop.example", NULL},
		{"shop.example", NULL},
		{"file:///etc/passwd", NULL},
		{"wss://shop.example", NULL},
		{"https://shop.example/", NULL},
		{"https://shop.example?x", NULL},
		{"https://shop.example#x", NULL},
		{"https://user@shop.example", NULL},
		{"https://shop.example https://evil.example", NULL},
		{" https://shop.example", NULL},
		{"https://shop.example:", NULL},
		{"https://shop.example:0", NULL},
		{"https://shop.example:65536", NULL},
		{"https://shop.example:4x3", NULL},
		{"https://shop.example:443:443", NULL},
		{"https://b\xc3\xbc"
		 "cher.example",
				NULL},
		{"https://[::1", NULL},
		{"https://[]", NULL},
		{"https://*.example", NULL},
};

START_TEST(policy_origin_print)
{
	for(size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		struct ep_view block = block_of(ep_view_z(origins[i].origin));
		char text[100];
		struct ep_buf out;
		enum ep_err err;

		ep_buf_init(&out, text, sizeof(text));
		err = ep_origin_print(&out, block);
		ck_assert_msg((err == EP_OK) == (origins[i].printed != NULL), "'%s'",
				origins[i].origin);
		if(err == EP_OK)
			ck_assert_view_eq(ep_buf_view(&out), origins[i].printed);
		else
			ck_assert_int_eq(err, EP_ESYNTAX);
		block_free(block);
	}
}
END_TEST

static void origin_in_bounds(struct ep_view cut, void *ctx)
{
	struct fixture *f = ctx;
	const struct ep_wwsf *wwsf = ep_policy_origin_find(f->policy, cut);

	ck_assert_int_eq(wwsf != NULL, cut.len == 20 || cut.len == 24);
}

START_TEST(policy_origin_find_is_exact)
{
	struct fixture f;

	fixture_init(&f);
	every_cut(EP_LIT("https://shop.example:443"), origin_in_bounds, &f);
	ck_assert_view_eq(
			ep_policy_origin_find(f.policy, EP_LIT("https://bank.example"))->id,
			"bank");
	ck_assert_ptr_null(
			ep_policy_origin_find(f.policy, EP_LIT("http://shop.example")));
	ck_assert_ptr_null(ep_policy_origin_find(
			f.policy, EP_LIT("https://shop.example.evil.example")));
	ck_assert_ptr_null(
			ep_policy_origin_find(f.policy, EP_LIT("https://xshop.example")));
	ck_assert_ptr_null(ep_policy_origin_find(f.policy, ep_view_none()));
	fixture_fini(&f);
}
END_TEST

START_TEST(policy_origin_may_be_very_long)
{
	char *origin = mint_get(2000);
	struct fixture f;

	fixture_init(&f);
	memset(origin, 'a', 2000);
	memcpy(origin, "https://", 8);
	ck_assert_ptr_null(
			ep_policy_origin_find(f.policy, ep_view_of(origin, 2000)));
	fixture_fini(&f);
}
END_TEST

START_TEST(policy_scope_is_a_whole_word)
{
	struct ep_view word = EP_LIT("ims");

	ck_assert(ep_policy_scope_has(EP_LIT("ims"), word));
	ck_assert(ep_policy_scope_has(EP_LIT("a ims b"), word));
	ck_assert(ep_policy_scope_has(EP_LIT("a  ims"), word));
	ck_assert(!ep_policy_scope_has(EP_LIT("imsx xims IMS ims,"), word));
	ck_assert(!ep_policy_scope_has(EP_LIT("a\tims"), word));
	ck_assert(!ep_policy_scope_has(EP_LIT(""), word));
	ck_assert(!ep_policy_scope_has(ep_view_none(), word));
}
END_TEST

START_TEST(policy_time_at_the_ends_of_the_range)
{
	struct ep_issuer issuer = {.skew_s = 60, .max_lifetime_s = 60};
	struct ep_claims c = {.exp_s = INT64_C(1) << 53, .iat_s = 0, .nbf_s = -1};

	ck_assert_int_eq(
			ep_policy_time_check(&issuer, &c, 0), EP_TOKEN_LIFETIME_TOO_LONG);
	issuer.max_lifetime_s = 0;
	ck_assert_int_eq(ep_policy_time_check(&issuer, &c, 0), EP_TOKEN_OK);
	c.exp_s = 0;
	ck_assert_int_eq(ep_policy_time_check(&issuer, &c, 60), EP_TOKEN_EXPIRED);
	ck_assert_int_eq(ep_policy_time_check(&issuer, &c, 59), EP_TOKEN_OK);
}
END_TEST

static const struct
{
	const char *impi;
	enum ep_token_cause cause;
} impis[] = {
		{"alice@home1.net", EP_TOKEN_OK},
		{"001010123456789@home1.net", EP_TOKEN_OK},
		{"alice@evil.example", EP_TOKEN_IMPI_REFUSED},
		{"alice", EP_TOKEN_CLAIM_VALUE},
		{"@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"alice@", EP_TOKEN_CLAIM_VALUE},
		{"a@b@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"a b@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"a\"b@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"a,b@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"a\\b@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"\xc3\xa9@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"", EP_TOKEN_CLAIM_VALUE},
};

START_TEST(policy_impi_check)
{
	struct fixture f;
	const struct ep_wwsf *shop;

	fixture_init(&f);
	shop = ep_policy_wwsf_find(f.policy, EP_LIT("shop"));
	for(size_t i = 0; i < sizeof(impis) / sizeof(impis[0]); i++)
		ck_assert_cause(ep_policy_impi_check(shop, ep_view_z(impis[i].impi)),
				impis[i].cause);
	fixture_fini(&f);
}
END_TEST

static const struct
{
	const char *impu;
	enum ep_token_cause cause;
} impus[] = {
		{"sip:alice@home1.net", EP_TOKEN_OK},
		{"SIP:alice@HOME1.NET", EP_TOKEN_OK},
		{"sip:+441632960083@home1.net;user=phone", EP_TOKEN_OK},
		{"tel:+44-1632-960083", EP_TOKEN_OK},
		{"tel:+331632960083", EP_TOKEN_IMPU_REFUSED},
		{"sips:alice@home1.net", EP_TOKEN_IMPU_REFUSED},
		{"sip:alice@home1.net.evil.example", EP_TOKEN_IMPU_REFUSED},
		{"sip:a%40home1.net@evil.example", EP_TOKEN_IMPU_REFUSED},
		{"sip:evil.example;x=@home1.net", EP_TOKEN_OK},
		{"sip:alice@home1.net?Subject=x", EP_TOKEN_CLAIM_VALUE},
		{"sip:alice:pw@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"sip:a,b@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"sip:a\"b@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"sip:a@home1.net>", EP_TOKEN_CLAIM_VALUE},
		{"sip:a@home1.net\r\nX: y", EP_TOKEN_CLAIM_VALUE},
		{"mailto:alice@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"sip:@home1.net", EP_TOKEN_CLAIM_VALUE},
		{"", EP_TOKEN_CLAIM_VALUE},
};

START_TEST(policy_impu_check)
{
	struct fixture f;
	const struct ep_wwsf *shop;

	fixture_init(&f);
	shop = ep_policy_wwsf_find(f.policy, EP_LIT("shop"));
	for(size_t i = 0; i < sizeof(impus) / sizeof(impus[0]); i++) {
		enum ep_token_cause cause =
				ep_policy_impu_check(shop, ep_view_z(impus[i].impu));

		ck_assert_msg(cause == impus[i].cause, "%s: %s", impus[i].impu,
				ep_token_cause_get(cause)->name);
	}
	fixture_fini(&f);
}
END_TEST

/* --- pools, anonymous users, the name of the WAF --- */

static const char pools_config[] =
		"[issuer:third]\niss = https://third\njwks = /f\naud = e\n"
		"aud_rule = optional\nwaf = w@third\ndomain = third-party\n"
		"[wwsf:open]\norigin = https://open\nissuer = third\n"
		"client_id = open\nimpi = *@open, u*@both\nimpu = sip:*@open\n"
		"pool = p*@open\nanonymous = yes\n"
		"[wwsf:shut]\norigin = https://shut\nissuer = third\n"
		"client_id = shut\nimpi = *@shut, u*@both\nimpu = sip:*@shut\n"
		"pool = p*@shut\n"
		"[wwsf:plain]\norigin = https://plain\nissuer = third\n"
		"client_id = plain\nimpi = *@plain\nimpu = sip:*@plain\n";

static const struct
{
	const char *wwsf;
	const char *sub; /* NULL: none */
	const char *client;
	const char *impi;
	bool pool;
	enum ep_token_cause cause;
} users[] = {
		{"open", "alice", "open", "alice@open", false, EP_TOKEN_OK},
		{"open", "alice", "open", "p1@open", true, EP_TOKEN_OK},
		{"open", NULL, "open", "p1@open", true, EP_TOKEN_OK},
		{"open", "open", "open", "p1@open", true, EP_TOKEN_OK},
		{"open", NULL, "open", "alice@open", false, EP_TOKEN_USER_ABSENT},
		{"open", "open", "open", "alice@open", false, EP_TOKEN_USER_ABSENT},
		{"open", "open", "open", "p1@shut", false, EP_TOKEN_IMPI_REFUSED},
		{"open", "open", "open", "u1@both", false, EP_TOKEN_USER_ABSENT},
		{"open", "openx", "open", "u1@both", false, EP_TOKEN_OK},
		{"shut", "alice", "shut", "p1@shut", true, EP_TOKEN_OK},
		{"shut", NULL, "shut", "p1@shut", true, EP_TOKEN_USER_ABSENT},
		{"shut", "shut", "shut", "p1@shut", true, EP_TOKEN_USER_ABSENT},
		{"plain", NULL, "plain", "p1@plain", false, EP_TOKEN_USER_ABSENT},
		{"plain", "x", "plain", "p1@plain", false, EP_TOKEN_OK},
		{"plain", "x", "plain", NULL, false, EP_TOKEN_IMPI_MISSING},
		{"plain", NULL, "plain", NULL, false, EP_TOKEN_USER_ABSENT},
};

static const struct ep_token_policy *pools_policy(struct ep_arena *arena)
{
	const struct ep_token_policy *policy;
	struct ep_config_error error;

	ck_assert_msg(ep_token_config_parse(
						  &policy, ep_view_z(pools_config), arena, &error)
						  == EP_OK,
			"line %u: %s", error.line, error.text);
	return policy;
}

START_TEST(policy_anonymous_users_get_pool_identities_only)
{
	for(size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		char *impu = mint_cat(NULL, "\"sip:x@");
		fixture_claim claims[] = {{"iss", "\"https://third\""}, {"sub", NULL},
				{"client_id", NULL}, {"impi", NULL}, {"impu", NULL},
				{NULL, NULL}};
		static const struct ep_json_limits limits = {1000, 3, 20};
		const struct ep_token_policy *policy;
		const struct ep_json *payload;
		const struct ep_wwsf *wwsf;
		struct ep_arena arena;
		struct ep_claims c;
		enum ep_token_cause cause;
		char *json;

		plain_arena_init(&arena);
		policy = pools_policy(&arena);
		wwsf = ep_policy_wwsf_find(policy, ep_view_z(users[i].wwsf));
		impu = mint_cat(mint_cat(impu, users[i].wwsf), "\"");
		claims[4][1] = impu;
		for(size_t j = 0; j < 3; j++) {
			const char *value = j == 0   ? users[i].sub
								: j == 1 ? users[i].client
										 : users[i].impi;

			claims[j + 1][1] =
					value == NULL
							? "0"
							: mint_cat(mint_cat(mint_cat(NULL, "\""), value),
									"\"");
			if(value == NULL)
				claims[j + 1][0] = "none";
		}
		json = payload_of((const fixture_claim *)claims, NULL, NULL);
		/* two absent ones would be a duplicate */
		if(users[i].sub == NULL && users[i].impi == NULL)
			memcpy(strstr(json, "none"), "noon", 4);
		ck_assert_cause(
				ep_json_parse(&payload, ep_view_z(json), &limits, &arena),
				EP_TOKEN_OK);
		ck_assert_cause(
				ep_claims_decode(&c, payload, &policy->issuers[0], &arena),
				EP_TOKEN_OK);
		cause = ep_policy_identities_check(
				&c, &policy->issuers[0], wwsf, &arena);
		ck_assert_msg(cause == users[i].cause, "%zu: %s", i,
				ep_token_cause_get(cause)->name);
		if(users[i].impi != NULL)
			ck_assert(ep_policy_pool_has(wwsf, ep_view_z(users[i].impi))
					  == users[i].pool);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(policy_entity_is_due)
{
	static const struct
	{
		enum ep_entity_rule entity;
		enum ep_issuer_domain domain;
		bool pool, due;
	} rows[] = {
			{EP_ENTITY_THIRD_PARTY, EP_DOMAIN_THIRD_PARTY, false, true},
			{EP_ENTITY_THIRD_PARTY, EP_DOMAIN_THIRD_PARTY, true, false},
			{EP_ENTITY_THIRD_PARTY, EP_DOMAIN_OPERATOR, false, false},
			{EP_ENTITY_THIRD_PARTY, EP_DOMAIN_OPERATOR, true, false},
			{EP_ENTITY_ALWAYS, EP_DOMAIN_THIRD_PARTY, true, true},
			{EP_ENTITY_ALWAYS, EP_DOMAIN_OPERATOR, false, true},
			{EP_ENTITY_NEVER, EP_DOMAIN_THIRD_PARTY, false, false},
			{EP_ENTITY_NEVER, EP_DOMAIN_OPERATOR, true, false},
	};

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ep_issuer issuer = {
				.entity = rows[i].entity, .domain = rows[i].domain};

		ck_assert_msg(
				ep_policy_entity_due(&issuer, rows[i].pool) == rows[i].due,
				"%zu", i);
	}
}
END_TEST

START_TEST(policy_aud_may_be_absent_where_configured)
{
	struct ep_view ours = EP_LIT("e"), other = EP_LIT("x");
	struct ep_issuer issuer = {.aud = {&ours, 1}};
	struct ep_claim_list none = {NULL, 0}, wrong = {&other, 1},
						 right = {&ours, 1};

	ck_assert(!ep_policy_aud_ok(&issuer, &none));
	issuer.aud_rule = EP_AUD_OPTIONAL;
	ck_assert(ep_policy_aud_ok(&issuer, &none));
	ck_assert(!ep_policy_aud_ok(&issuer, &wrong));
	ck_assert(ep_policy_aud_ok(&issuer, &right));
}
END_TEST

START_TEST(policy_answer_for_every_cause)
{
	struct ep_token_policy policy = {.identity_status = 403};

	for(int c = 0; c < EP_TOKEN_CAUSE_N; c++) {
		const struct ep_token_cause_info *info = ep_token_cause_get(c);
		bool identity =
				info->close == EP_CLOSE_USER || info->close == EP_CLOSE_SCOPE;
		struct ep_policy_answer a;

		policy.identity_status = 403;
		a = ep_policy_answer_get(&policy, c);
		ck_assert_uint_eq(a.sip_status, info->sip_status);
		ck_assert_ptr_eq(a.oauth_error, info->oauth_error);
		policy.identity_status = 401;
		a = ep_policy_answer_get(&policy, c);
		ck_assert_uint_eq(a.sip_status, identity ? 401 : info->sip_status);
		if(!identity)
			ck_assert_ptr_eq(a.oauth_error, info->oauth_error);
		else
			ck_assert_str_eq(a.oauth_error, info->close == EP_CLOSE_SCOPE
													? "insufficient_scope"
													: "invalid_token");
		/* RFC 6750 3.1: a challenge with no word is for no token at all */
		ck_assert(a.sip_status != 401 || a.oauth_error != NULL
				  || c == EP_TOKEN_ABSENT);
		/* without a policy: as the cause's row says */
		a = ep_policy_answer_get(NULL, c);
		ck_assert_uint_eq(a.sip_status, info->sip_status);
	}
}
END_TEST

UNIT_MAIN("token/policy", policy_origin_print, policy_origin_find_is_exact,
		policy_origin_may_be_very_long, policy_scope_is_a_whole_word,
		policy_time_at_the_ends_of_the_range, policy_impi_check,
		policy_impu_check, policy_anonymous_users_get_pool_identities_only,
		policy_entity_is_due, policy_aud_may_be_absent_where_configured,
		policy_answer_for_every_cause)
