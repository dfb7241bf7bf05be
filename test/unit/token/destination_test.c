/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/policy.h"
#include "fixture.h"

static const struct ep_view impi[] = {{"*_private@home1.net", 19}};
static const struct ep_view impu[] = {
		{"sip:guest*@home2.net", 20}, {"tel:+1555*", 10}};

static const struct
{
	const char *target;
	const char *canonical; /* NULL: none */
} printed[] = {
		{"tel:+1-555-0100", "tel:+15550100"},
		{"TEL:+1(555)0100", "tel:+15550100"},
		{"sip:+15550100@home1.net;user=phone", "tel:+15550100"},
		{"sip:+1-555.0100@HOME1.net;USER=Phone;transport=ws", "tel:+15550100"},
		{"sips:+15550100@home2.net:5061;user=phone", "tel:+15550100"},
		{"sip:+15550100@home1.net", "tel:+15550100"},
		{"sip:+15550100@home1.net;user=ip", "tel:+15550100"},
		{"sip:%2B1555%30100@home1.net", "tel:+15550100"},
		{"sip:600;phone-context=home1.net@home1.net;user=phone",
				"tel:600;phone-context=home1.net"},
		{"sip:600;phone-context=home1.net@home1.net;user=dialstring",
				"tel:600;phone-context=home1.net"},
		{"sip:600@home1.net;user=phone", "tel:600"},
		{"tel:600;phone-context=home1.net", "tel:600;phone-context=home1.net"},
		{"tel:+15550100;ext=12", "tel:+15550100;ext=12"},
		/* no number of ours */
		{"sip:600@home1.net", "sip:600@home1.net"},
		{"sip:alice@HOME1.net", "sip:alice@home1.net"},
		{"sip:+alice@home1.net", "sip:+alice@home1.net"},
		{"sip:+15550100@evil.example;user=phone", "sip:+15550100@evil.example"},
		{"sip:+15550100@home1.net:5080;user=phone",
				"sip:+15550100@home1.net:5080"},
		{"sip:+15550100@nothome1.net;user=phone", "sip:+15550100@nothome1.net"},
		/* refused */
		{"sip:alice@home1.net;user=phone", NULL},
		{"sip:alice:pw@home1.net", NULL},
		{"sip:alice@home1.net?Route=x", NULL},
		{"sip:+15550100;rn=+19005550100@home1.net;user=phone", NULL},
		{"sip:+15550100%3Brn=+1900@home1.net;user=phone", NULL},
		{"sip:0900;rn=+1900@home1.net", NULL},
		{"tel:+15550100;rn=+19005550100", NULL},
		{"tel:+15550100;tgrp=x;trunk-context=y", NULL},
		{"tel:+15550100;cic=+1", NULL},
		{"tel:+", NULL},
		{"tel:abc", NULL},
		{"sip:a%00b@home1.net", NULL},
		{"sip:a%4@home1.net", NULL},
		{"urn:service:sos", NULL},
		{"mailto:a@home1.net", NULL},
		{"nonsense", NULL},
		{"", NULL},
};

START_TEST(destination_has_one_form)
{
	const struct ep_wwsf wwsf = {.impi = {impi, 1}, .impu = {impu, 2}};

	for(size_t i = 0; i < sizeof(printed) / sizeof(printed[0]); i++) {
		struct ep_view block = block_of(ep_view_z(printed[i].target));
		char text[600];
		struct ep_buf out;
		enum ep_err err;

		ep_buf_init(&out, text, sizeof(text));
		err = ep_policy_destination_print(&out, &wwsf, block);
		ck_assert_msg((err == EP_OK) == (printed[i].canonical != NULL),
				"'%s': %d", printed[i].target, err);
		if(err == EP_OK)
			ck_assert_view_eq(ep_buf_view(&out), printed[i].canonical);
		else
			ck_assert_int_eq(err, EP_ESYNTAX);
		block_free(block);
	}
}
END_TEST

START_TEST(destination_is_permitted_by_a_pattern)
{
	static const struct ep_view globs[] = {
			{"tel:+1555*", 10}, {"sip:*@home1.net", 15}};
	const struct ep_wwsf wwsf = {
			.impi = {impi, 1}, .impu = {impu, 2}, .destination = {globs, 2}};

	ck_assert(ep_policy_destination_ok(&wwsf, EP_LIT("tel:+1-555-1")));
	ck_assert(ep_policy_destination_ok(
			&wwsf, EP_LIT("sip:+15551@home1.net;user=phone")));
	ck_assert(ep_policy_destination_ok(&wwsf, EP_LIT("sip:bob@home1.net")));
	ck_assert(ep_policy_destination_ok(&wwsf, EP_LIT("sip:bob7@home1.net")));
	ck_assert(!ep_policy_destination_ok(&wwsf, EP_LIT("tel:+19005551")));
	/* sip:*@home1.net lets no number pass in disguise */
	ck_assert(!ep_policy_destination_ok(
			&wwsf, EP_LIT("sip:+19005551@home1.net;user=phone")));
	ck_assert(!ep_policy_destination_ok(
			&wwsf, EP_LIT("sip:+19005551@home1.net")));
	ck_assert(!ep_policy_destination_ok(
			&wwsf, EP_LIT("sip:%2B19005551@home1.net")));
	/* and tel:+1555* no other domain */
	ck_assert(!ep_policy_destination_ok(
			&wwsf, EP_LIT("sip:+15551@evil.example;user=phone")));
	ck_assert(!ep_policy_destination_ok(&wwsf, EP_LIT("nonsense")));
	ck_assert(!ep_policy_destination_ok(&wwsf, ep_view_none()));
}
END_TEST

START_TEST(destination_of_digits_has_to_be_named)
{
	static const struct
	{
		struct ep_view glob;
		const char *target;
		bool permitted;
	} rows[] = {
			{{"sip:*@home1.net", sizeof("sip:*@home1.net") - 1},
					"sip:0900123@home1.net", false},
			{{"sip:*@home1.net", sizeof("sip:*@home1.net") - 1},
					"sip:0900-123@HOME1.net:5060", false},
			{{"sip:*@home1.net", sizeof("sip:*@home1.net") - 1},
					"sip:%30900123@home1.net", false},
			{{"sip:*@home1.net", sizeof("sip:*@home1.net") - 1},
					"sip:(0)900.123@home1.net", false},
			{{"sip:*@*", sizeof("sip:*@*") - 1}, "sips:600@home2.net", false},
			{{"sip:*600@home1.net", sizeof("sip:*600@home1.net") - 1},
					"sip:600@home1.net", false},
			{{"sip:6*@home1.net", sizeof("sip:6*@home1.net") - 1},
					"sip:600@home1.net", true},
			{{"sip:600@home1.net", sizeof("sip:600@home1.net") - 1},
					"sip:600@home1.net", true},
			{{"tel:6*", sizeof("tel:6*") - 1}, "sip:600@home1.net", true},
			{{"tel:6*", sizeof("tel:6*") - 1}, "sip:0900123@home1.net", false},
			{{"*", sizeof("*") - 1}, "sip:600@home1.net", true},
			{{"sip:*@home1.net", sizeof("sip:*@home1.net") - 1},
					"sip:600a@home1.net", true},
			{{"sip:*600@home1.net", 18}, "sip:*600@home1.net", true},
			/* another domain's users, whatever their names */
			{{"sip:*@evil.example", sizeof("sip:*@evil.example") - 1},
					"sip:600@evil.example", true},
	};

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ep_wwsf wwsf = {.impi = {impi, 1},
				.impu = {impu, 2},
				.destination = {&rows[i].glob, 1}};

		ck_assert_msg(ep_policy_destination_ok(&wwsf, ep_view_z(rows[i].target))
							  == rows[i].permitted,
				"%zu: %s", i, rows[i].target);
	}
}
END_TEST

START_TEST(destination_without_patterns_and_without_wwsf)
{
	const struct ep_wwsf wwsf = {.impi = {impi, 1}, .impu = {impu, 2}};

	ck_assert(ep_policy_destination_ok(&wwsf, EP_LIT("urn:service:x")));
	ck_assert(!ep_policy_destination_ok(NULL, EP_LIT("sip:a@home1.net")));
}
END_TEST

static void cut_in_bounds(struct ep_view cut, void *ctx)
{
	static const struct ep_view globs[] = {{"*", 1}};
	const struct ep_wwsf wwsf = {
			.impi = {impi, 1}, .impu = {impu, 2}, .destination = {globs, 1}};

	(void)ctx;
	ep_policy_destination_ok(&wwsf, cut);
}

START_TEST(destination_every_cut)
{
	char *longest = mint_get(2000);

	every_cut(EP_LIT("sip:%2B1-555;phone-context=x@home1.net;user=phone"),
			cut_in_bounds, NULL);
	memset(longest, '1', 2000);
	memcpy(longest, "tel:", 4);
	cut_in_bounds(ep_view_of(longest, 2000), NULL);
	memcpy(longest, "sip:", 4);
	memcpy(longest + 1000, "@", 1);
	cut_in_bounds(ep_view_of(longest, 2000), NULL);
}
END_TEST

UNIT_MAIN("token/destination", destination_has_one_form,
		destination_is_permitted_by_a_pattern,
		destination_of_digits_has_to_be_named,
		destination_without_patterns_and_without_wwsf, destination_every_cut)
