/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "token/share.h"

static unsigned take_all(struct ep_share *s, const char *issuer, unsigned max,
		unsigned issuers_n)
{
	unsigned n = 0;

	while(ep_share_take(s, ep_view_z(issuer), max, issuers_n))
		ck_assert_uint_le(++n, max);
	return n;
}

START_TEST(share_of_one_issuer_is_all)
{
	struct ep_share s = {0};

	ck_assert_uint_eq(take_all(&s, "home", 256, 1), 256);
	ep_share_give(&s, EP_LIT("home"));
	ck_assert_uint_eq(s.n, 255);
	ck_assert_uint_eq(take_all(&s, "home", 256, 1), 1);
	ck_assert_uint_eq(take_all(&s, "home", 10, 1), 0);
}
END_TEST

START_TEST(share_of_two_leaves_a_quarter)
{
	struct ep_share s = {0};

	ck_assert_uint_eq(take_all(&s, "dead", 256, 2), 192);
	ck_assert_uint_eq(take_all(&s, "home", 256, 2), 64);
	ck_assert_uint_eq(s.n, 256);
	for(int i = 0; i < 192; i++)
		ep_share_give(&s, EP_LIT("dead"));
	ck_assert_uint_eq(s.n, 64);
	ck_assert_uint_eq(take_all(&s, "home", 256, 2), 128);
	ck_assert_uint_eq(take_all(&s, "dead", 256, 2), 64);
}
END_TEST

START_TEST(share_with_all_but_one_dead)
{
	struct ep_share s = {0};
	unsigned n = 0;

	n += take_all(&s, "a", 100, 5);
	ck_assert_uint_eq(n, 60);
	n += take_all(&s, "b", 100, 5);
	n += take_all(&s, "c", 100, 5);
	n += take_all(&s, "d", 100, 5);
	ck_assert_uint_eq(n, 90);
	ck_assert_uint_eq(take_all(&s, "live", 100, 5), 10);
}
END_TEST

START_TEST(share_of_fewer_places_than_issuers)
{
	struct ep_share s = {0};

	ck_assert_uint_eq(take_all(&s, "a", 1, 3), 1);
	ck_assert_uint_eq(take_all(&s, "b", 1, 3), 0);
	ep_share_give(&s, EP_LIT("a"));
	ck_assert_uint_eq(take_all(&s, "b", 1, 3), 1);
}
END_TEST

/* More issuers than slots: never more than there are, and all come back. */
START_TEST(share_of_many_issuers)
{
	struct ep_share s = {0};
	char name[32];
	int i, n = 2 * EP_SHARE_ISSUERS;

	for(i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "i%d", i);
		ck_assert(ep_share_take(&s, ep_view_z(name), 1024, (unsigned)n));
	}
	ck_assert_uint_eq(s.n, n);
	for(i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "i%d", i);
		ep_share_give(&s, ep_view_z(name));
	}
	ck_assert_uint_eq(s.n, 0);
	for(i = 0; i < EP_SHARE_ISSUERS; i++)
		ck_assert_uint_eq(s.v[i].n, 0);
}
END_TEST

UNIT_MAIN("token/share", share_of_one_issuer_is_all,
		share_of_two_leaves_a_quarter, share_with_all_but_one_dead,
		share_of_fewer_places_than_issuers, share_of_many_issuers)
