/* SPDX-License-Identifier: BSD-2-Clause */
/* The request of RFC 7662, and the credentials that go with it. */
#include "token/introspect.h"
#include "support.h"

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

START_TEST(introspect_request_basic_is_form_encoded_first)
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

UNIT_MAIN("token/introspect_request", introspect_request_is_form_encoded,
		introspect_request_basic_is_form_encoded_first,
		introspect_request_needs_room)
