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

UNIT_MAIN("token/policy", policy_origin_print, policy_origin_find_is_exact,
		policy_origin_may_be_very_long, policy_scope_is_a_whole_word,
		policy_time_at_the_ends_of_the_range, policy_impi_check,
		policy_impu_check)
