/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/bearer.h"
#include "support.h"

static enum ep_bearer parse(struct ep_view *token, const char *value)
{
	return ep_bearer_parse(token, ep_view_z(value));
}

static const char *const accepted[] = {
		"Bearer a.b-c_d~e+f/g==",
		"bearer a.b-c_d~e+f/g==",
		"BEARER   a.b-c_d~e+f/g==",
		"Bearer\t a.b-c_d~e+f/g==  ",
		"  Bearer\r\n a.b-c_d~e+f/g==\r\n ",
		"Bearer access_token=\"a.b-c_d~e+f/g==\"",
		"Bearer Access_Token = \"a.b-c_d~e+f/g==\"",
		"Bearer access_token=a.b-c_d~e+f/g==",
		"Bearer realm=\"x,y\", access_token=\"a.b-c_d~e+f/g==\",scope=\"z\"",
		"Bearer realm=\"a\\\"b\",\r\n access_token=a.b-c_d~e+f/g== , x=1",
};

START_TEST(bearer_accepts_both_forms)
{
	for(size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct ep_view token = ep_view_none();

		ck_assert_msg(parse(&token, accepted[i]) == EP_BEARER_OK, "'%s'",
				accepted[i]);
		ck_assert_view_eq(token, "a.b-c_d~e+f/g==");
	}
}
END_TEST

static const char *const others[] = {"", " ", "Digest username=\"a\"",
		"Bearerx y", "BearerToken", "Basic YTpi", "\"Bearer\" x", "=Bearer x",
		"Bear er x"};

START_TEST(bearer_leaves_other_schemes)
{
	struct ep_view token = EP_LIT("old");

	for(size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(
				parse(&token, others[i]) == EP_BEARER_OTHER, "'%s'", others[i]);
	ck_assert_int_eq(ep_bearer_parse(&token, ep_view_none()), EP_BEARER_OTHER);
	ck_assert_view_eq(token, "old");
}
END_TEST

static const char *const malformed[] = {
		"Bearer",
		"Bearer ",
		"Bearer,x",
		"Bearer =",
		"Bearer ==",
		"Bearer a b",
		"Bearer a,b",
		"Bearer a=b=",
		"Bearer \"a\"",
		"Bearer a\x01",
		"Bearer a\x80",
		"Bearer a%41",
		"Bearer access_token=\"\"",
		"Bearer access_token=\"a\\b\"",
		"Bearer access_token=\"a",
		"Bearer access_token=\"a\" b",
		"Bearer access_token=\"a\",",
		"Bearer ,access_token=\"a\"",
		"Bearer access_token=\"a\" access_token=\"b\"",
		"Bearer access_token=\"a\", access_token=\"b\"",
		"Bearer access_token=\"a\", ACCESS_TOKEN=\"a\"",
		"Bearer access_token=\"a b\"",
		"Bearer access_token=\"a\", Digest username=\"x\"",
		"Bearer access_token=a;b",
		"Bearer realm=\"access_token=a\"",
		"Bearer realm=\"x\", scope=\"y\"",
		"Bearer x=\"\x01\", access_token=a",
		"Bearer x=\"a\\",
};

START_TEST(bearer_refuses_malformed)
{
	struct ep_view token = EP_LIT("old");

	for(size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		struct ep_view block = block_of(ep_view_z(malformed[i]));

		ck_assert_msg(ep_bearer_parse(&token, block) == EP_BEARER_MALFORMED,
				"'%s'", malformed[i]);
		block_free(block);
	}
	ck_assert_int_eq(ep_bearer_parse(&token, EP_LIT("Bearer a\0b")),
			EP_BEARER_MALFORMED);
}
END_TEST

static void cut_in_bounds(struct ep_view cut, void *ctx)
{
	struct ep_view token = ep_view_none();

	(void)ctx;
	if(ep_bearer_parse(&token, cut) != EP_BEARER_OK) {
		ck_assert_ptr_null(token.p);
		return;
	}
	ck_assert_uint_gt(token.len, 0);
	ck_assert(token.p >= cut.p && token.p + token.len <= cut.p + cut.len);
}

START_TEST(bearer_every_cut)
{
	for(size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		every_cut(ep_view_z(accepted[i]), cut_in_bounds, NULL);
}
END_TEST

UNIT_MAIN("token/bearer", bearer_accepts_both_forms,
		bearer_leaves_other_schemes, bearer_refuses_malformed, bearer_every_cut)
