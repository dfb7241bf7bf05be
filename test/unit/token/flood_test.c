/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "support.h"
#include "token/flood.h"

static const unsigned char seed[EP_SIPHASH_KEY_LEN] = "sixteen octets..";
static const struct ep_flood_limits limits = {.failures_per_minute = 10,
		.cost_us_per_s = 1000,
		.total_us_per_s = 2000};
static struct ep_flood *flood;

static void begin(size_t sources_n)
{
	flood = malloc(ep_flood_size(sources_n));
	ep_flood_init(flood, sources_n, seed);
}

static void end(void)
{
	free(flood);
}

static struct ep_flood_source ip4(uint32_t n)
{
	struct ep_flood_source s;
	char a[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};

	ck_assert(ep_flood_source_of(&s, ep_view_of(a, 4)));
	return s;
}

static int64_t waits(uint32_t n, int64_t now_ms)
{
	struct ep_flood_source s = ip4(n);

	return ep_flood_wait_ms(flood, &s, &limits, now_ms);
}

static void failures(uint32_t n, size_t times, int64_t now_ms)
{
	struct ep_flood_source s = ip4(n);

	while(times-- > 0)
		ep_flood_failed(flood, &s, &limits, now_ms);
}

static bool pay(uint32_t n, unsigned us, int64_t now_ms)
{
	struct ep_flood_source s = ip4(n);
	bool trusted;

	return ep_flood_pay(flood, &s, &limits, us, now_ms, &trusted);
}

START_TEST(flood_sources)
{
	static const char a[16] = {0x20, 1, 0xd, 8, 0, 0, 0, 1, 9};
	static const char same[16] = {0x20, 1, 0xd, 8, 0, 0, 0, 1, 7, 7, 7};
	static const char other[16] = {0x20, 1, 0xd, 8, 0, 0, 0, 2, 9};
	static const char mapped[16] = {
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (char)0xff, (char)0xff, 10, 0, 0, 1};
	struct ep_flood_source s, t, m = ip4(0x0a000001);

	ck_assert(ep_flood_source_of(&s, ep_view_of(a, 16)));
	ck_assert_int_eq(s.v[0], 6);
	ck_assert(ep_flood_source_of(&t, ep_view_of(same, 16)));
	ck_assert_int_eq(memcmp(&s, &t, sizeof(s)), 0);
	ck_assert(ep_flood_source_of(&t, ep_view_of(other, 16)));
	ck_assert_int_ne(memcmp(&s, &t, sizeof(s)), 0);
	ck_assert(ep_flood_source_of(&t, ep_view_of(mapped, 16)));
	ck_assert_int_eq(memcmp(&m, &t, sizeof(m)), 0);
	ck_assert(!ep_flood_source_of(&t, ep_view_of(a, 5)));
	ck_assert(!ep_flood_source_of(&t, ep_view_none()));
}
END_TEST

START_TEST(flood_failures_up_to_the_limit)
{
	begin(100);
	failures(1, 9, 1000);
	ck_assert_int_eq(waits(1, 1000), 0);
	failures(1, 1, 1000);
	ck_assert_int_eq(waits(1, 1000), 6000); /* ten a minute */
	ck_assert_int_eq(waits(2, 1000), 0);
	ck_assert_int_eq(waits(1, 6999), 1);
	ck_assert_int_eq(waits(1, 7000), 0);
	failures(1, 1, 7000);
	ck_assert_int_eq(waits(1, 7000), 6000);
	/* failures that come in too late do not make it longer */
	failures(1, 100, 7000);
	ck_assert_int_le(waits(1, 7000), 6000);
	ck_assert_int_eq(waits(1, 7000 + 60000), 0);
	failures(1, 9, 7000 + 60000);
	ck_assert_int_eq(waits(1, 7000 + 60000), 0);
	/* a clock that goes back does not matter */
	failures(1, 1, 7000 + 60000);
	ck_assert_int_eq(waits(1, 0), 6000);
	end();
}
END_TEST

START_TEST(flood_no_limits)
{
	struct ep_flood_limits none = {0};
	struct ep_flood_source s = ip4(1);
	bool trusted;
	size_t i;

	begin(1);
	for(i = 0; i < 100; i++) {
		ep_flood_failed(flood, &s, &none, 0);
		ck_assert_int_eq(ep_flood_wait_ms(flood, &s, &none, 0), 0);
		ck_assert(ep_flood_pay(flood, &s, &none, 1u << 31, 0, &trusted));
		ck_assert(ep_flood_total_pay(flood, &none, 1u << 31, 0));
	}
	end();
}
END_TEST

START_TEST(flood_cost_and_what_is_given_back)
{
	struct ep_flood_source s = ip4(1);
	struct ep_flood_row row;
	bool trusted;
	size_t i;

	begin(100);
	ck_assert(pay(1, 600, 0));
	ck_assert(!pay(1, 600, 0));
	ck_assert(pay(1, 400, 0));
	ck_assert(pay(2, 600, 0));
	ck_assert(!pay(1, 600, 599));
	ck_assert(pay(1, 600, 600));
	/* a good token costs nothing in the end, so any number may come */
	for(i = 0; i < 100; i++) {
		ck_assert(ep_flood_pay(flood, &s, &limits, 400, 1000, &trusted));
		ck_assert(trusted == (i > 0));
		ep_flood_good(flood, &s, &limits, 400, 1000);
	}
	ck_assert(ep_flood_row(
			&row, flood, ep_flood_set_of(flood, &s), 0, &limits, 1000));
	ck_assert_uint_eq(row.cost_us, 600);
	ck_assert(row.good);
	/* one that is dearer than the limit passes alone */
	ck_assert(pay(3, 5000, 0));
	ck_assert(!pay(3, 1, 1000));
	/* trust ends */
	ck_assert(ep_flood_pay(
			flood, &s, &limits, 1, 1000 + 60 * 60 * 1000 + 1, &trusted));
	ck_assert(!trusted);
	end();
}
END_TEST

START_TEST(flood_total)
{
	begin(1);
	ck_assert(ep_flood_total_pay(flood, &limits, 1500, 0));
	ck_assert(!ep_flood_total_pay(flood, &limits, 1500, 0));
	ep_flood_total_refund(flood, 1500);
	ep_flood_total_refund(flood, 1500);
	ck_assert(ep_flood_total_pay(flood, &limits, 1500, 0));
	ck_assert(!ep_flood_total_pay(flood, &limits, 1500, 499));
	ck_assert(ep_flood_total_pay(flood, &limits, 1500, 500));
	end();
}
END_TEST

/* A crowd of strangers pushes the innocent out, not those it should forget. */
START_TEST(flood_full_table_keeps_the_worst)
{
	struct ep_flood_row row;
	uint32_t n;

	begin(8);
	ck_assert_uint_eq(ep_flood_sets_n(flood), 1);
	failures(1, 10, 0);
	for(n = 100; n < 1100; n++)
		failures(n, 1, 10);
	ck_assert_int_gt(waits(1, 10), 0);
	end();
	/* among the innocent, the oldest goes */
	begin(8);
	for(n = 0; n < 8; n++)
		ck_assert(pay(n, 600, n));
	ck_assert(pay(8, 600, 5000));
	for(n = 0; ep_flood_row(&row, flood, 0, n, &limits, 5000); n++)
		ck_assert_uint_eq(row.source.v[4], n == 0 ? 8 : n);
	ck_assert_uint_eq(n, 8);
	ck_assert(!ep_flood_row(&row, flood, 1, 0, &limits, 5000));
	end();
}
END_TEST

START_TEST(flood_moved_to_another_address)
{
	size_t size = ep_flood_size(1000);
	struct ep_flood *copy = malloc(size);

	begin(1000);
	failures(7, 10, 0);
	memcpy(copy, flood, size);
	memset(flood, 0xff, size);
	free(flood);
	flood = copy;
	ck_assert_int_eq(waits(7, 0), 6000);
	end();
}
END_TEST

START_TEST(flood_sets_are_spread)
{
	size_t n[128] = {0}, i, most = 0;
	struct ep_flood_source s;

	begin(1024);
	ck_assert_uint_eq(ep_flood_sets_n(flood), 128);
	for(i = 0; i < 12800; i++) {
		s = ip4((uint32_t)i);
		n[ep_flood_set_of(flood, &s)]++;
	}
	for(i = 0; i < 128; i++)
		most = n[i] > most ? n[i] : most;
	ck_assert_uint_lt(most, 160);
	end();
}
END_TEST

START_TEST(flood_counts_what_is_the_clients_fault)
{
	ck_assert(ep_flood_counts(EP_TOKEN_SIGNATURE_WRONG));
	ck_assert(ep_flood_counts(EP_TOKEN_CREDENTIALS_MALFORMED));
	ck_assert(ep_flood_counts(EP_TOKEN_INACTIVE));
	ck_assert(ep_flood_counts(EP_TOKEN_IMPU_NOT_IN_TOKEN));
	ck_assert(!ep_flood_counts(EP_TOKEN_OK));
	ck_assert(!ep_flood_counts(EP_TOKEN_ABSENT));
	ck_assert(!ep_flood_counts(EP_TOKEN_EXPIRED));
	ck_assert(!ep_flood_counts(EP_TOKEN_NO_MEMORY));
	ck_assert(!ep_flood_counts(EP_TOKEN_KEY_UNKNOWN));
	ck_assert(!ep_flood_counts(EP_TOKEN_PENDING));
	ck_assert(!ep_flood_counts(EP_TOKEN_SOURCE_EXCEEDED));
}
END_TEST

UNIT_MAIN("token/flood", flood_sources, flood_failures_up_to_the_limit,
		flood_no_limits, flood_cost_and_what_is_given_back, flood_total,
		flood_full_table_keeps_the_worst, flood_moved_to_another_address,
		flood_sets_are_spread, flood_counts_what_is_the_clients_fault)
