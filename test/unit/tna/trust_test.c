/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "tna/msg_text.h"
#include "tna/trust.h"

START_TEST(trust_table_has_each_name_once)
{
	struct ep_view a, b;
	unsigned ways;
	size_t i, k;

	for(i = 0; (a = ep_trust_name(i, &ways)).p; i++) {
		ck_assert_uint_ne(ways, 0);
		for(k = 0; k < i; k++) {
			b = ep_trust_name(k, &ways);
			ck_assert(!ep_view_ieq(a, b));
		}
	}
	ck_assert_uint_gt(i, 30);
}
END_TEST

START_TEST(trust_knows_the_ways)
{
	ck_assert(
			ep_trust_removes(EP_LIT("p-asserted-identity"), EP_TRUST_REGISTER));
	ck_assert(
			!ep_trust_removes(EP_LIT("P-Asserted-Identity"), EP_TRUST_TO_WIC));
	ck_assert(ep_trust_removes(EP_LIT("P-Charging-Vector"), EP_TRUST_TO_WIC));
	ck_assert(!ep_trust_removes(EP_LIT("Record-Route"), EP_TRUST_REPLY));
	ck_assert(!ep_trust_removes(
			EP_LIT("X-P-Asserted-Identity"), EP_TRUST_REQUEST));
	ck_assert(
			!ep_trust_removes(EP_LIT("P-Asserted-Identit"), EP_TRUST_REQUEST));
	ck_assert(!ep_trust_removes(EP_LIT(""), EP_TRUST_REQUEST));
	ck_assert(ep_trust_removes(EP_LIT("Identity"), EP_TRUST_REPLY));
	ck_assert(ep_trust_removes(EP_LIT("y"), EP_TRUST_REPLY));
}
END_TEST

/* What 3GPP names as not for a WIC to say, one by one, so that a row that
 * gets lost is noticed. */
START_TEST(trust_covers_what_a_client_must_not_say)
{
	static const char *const names[] = {"P-Asserted-Identity",
			"P-Asserted-Service", "P-Charging-Vector",
			"P-Charging-Function-Addresses", "P-Visited-Network-ID",
			"P-Access-Network-Info", "Feature-Caps", "Path", "Service-Route",
			"P-Served-User", "P-Profile-Key", "P-User-Database",
			"P-Called-Party-ID", "P-Associated-URI", "History-Info",
			"Security-Client", "Security-Verify"};
	size_t i;

	for(i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert(ep_trust_removes(ep_view_z(names[i]), EP_TRUST_REGISTER));
		ck_assert(ep_trust_removes(ep_view_z(names[i]), EP_TRUST_REQUEST));
	}
}
END_TEST

START_TEST(trust_strips_names_with_white_space_left_in)
{
	struct ep_hdr hdrs[] = {{EP_LIT("P-Asserted-Identity \t"), EP_LIT("x")},
			{EP_LIT("Subject"), EP_LIT("P-Asserted-Identity: y")}};
	struct ep_msg m = {.hdrs = hdrs, .hdrs_n = 2};
	struct ep_hdredits l;
	struct ep_arena arena;

	plain_arena_init(&arena);
	ep_hdredits_init(&l, &arena);
	ck_assert_int_eq(ep_trust_strip(&l, &m, EP_TRUST_REPLY), EP_OK);
	ck_assert_uint_eq(l.n, 1);
	ck_assert_uint_eq(l.v[0].index, 0);
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("tna/trust", trust_table_has_each_name_once, trust_knows_the_ways,
		trust_covers_what_a_client_must_not_say,
		trust_strips_names_with_white_space_left_in)
