/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/freshness.h"
#include "support.h"

/* Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 5.6.7) */
#define DATE_S INT64_C(784111777)
#define NOW_S INT64_C(1800000000)

static const struct ep_freshness_limits limits = {300, 30, 86400};

static uint32_t fresh(const char *cache_control, const char *age,
		const char *expires, const char *date)
{
	struct ep_freshness_headers headers = {ep_view_z(cache_control),
			ep_view_z(age), ep_view_z(expires), ep_view_z(date)};

	return ep_freshness_s(&headers, &limits, NOW_S);
}

static uint32_t control(const char *value)
{
	return fresh(value, NULL, NULL, NULL);
}

START_TEST(freshness_is_usual_without_headers)
{
	ck_assert_uint_eq(control(NULL), 300);
	ck_assert_uint_eq(control(""), 300);
	ck_assert_uint_eq(fresh(NULL, "100", NULL, NULL), 300);
}
END_TEST

START_TEST(freshness_reads_max_age)
{
	ck_assert_uint_eq(control("max-age=3600"), 3600);
	ck_assert_uint_eq(control("MAX-AGE = 3600"), 3600);
	ck_assert_uint_eq(control("max-age=\"3600\""), 3600);
	ck_assert_uint_eq(control("public, max-age=600, must-revalidate"), 600);
	ck_assert_uint_eq(control(" ,, max-age=600 ,"), 600);
	ck_assert_uint_eq(control("max-age=600, max-age=60"), 60);
	ck_assert_uint_eq(control("max-age=60\r\n , max-age=600"), 60);
	ck_assert_uint_eq(control("s-maxage=5"), 300);
	ck_assert_uint_eq(control("x=\"a, max-age=60\""), 300);
	ck_assert_uint_eq(control("x=\"a\\\", max-age=60\""), 300);
}
END_TEST

START_TEST(freshness_is_within_the_limits)
{
	ck_assert_uint_eq(control("max-age=0"), 30);
	ck_assert_uint_eq(control("max-age=29"), 30);
	ck_assert_uint_eq(control("max-age=31"), 31);
	ck_assert_uint_eq(control("max-age=86401"), 86400);
	ck_assert_uint_eq(control("max-age=2147483648"), 86400);
	ck_assert_uint_eq(control("max-age=99999999999999999999999"), 86400);
}
END_TEST

START_TEST(freshness_asks_soon_after_no_store)
{
	ck_assert_uint_eq(control("no-store"), 30);
	ck_assert_uint_eq(control("No-Cache, max-age=3600"), 30);
	ck_assert_uint_eq(control("max-age=3600, no-cache=\"set-cookie\""), 30);
	ck_assert_uint_eq(control("no-storeish"), 300);
}
END_TEST

START_TEST(freshness_ignores_garbage)
{
	static const char *const values[] = {"max-age", "max-age=", "max-age=-1",
			"max-age=1.5", "max-age=1x", "max-age=\"", "max-age=\"\"", "=",
			"max-age=\"60", "\"max-age=60", "max-agee=60", "\\", "\"\\"};

	for(size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ck_assert_msg(control(values[i]) == 300, "%s", values[i]);
}
END_TEST

START_TEST(freshness_is_less_the_age)
{
	ck_assert_uint_eq(fresh("max-age=3600", "600", NULL, NULL), 3000);
	ck_assert_uint_eq(fresh("max-age=3600", "4000", NULL, NULL), 30);
	ck_assert_uint_eq(fresh("max-age=3600", "x", NULL, NULL), 3600);
	ck_assert_uint_eq(fresh("max-age=3600", "-1", NULL, NULL), 3600);
}
END_TEST

START_TEST(freshness_reads_expires)
{
	ck_assert_uint_eq(fresh(NULL, NULL, "Sun, 06 Nov 1994 08:59:37 GMT",
							  "Sun, 06 Nov 1994 08:49:37 GMT"),
			600);
	ck_assert_uint_eq(fresh(NULL, "100", "Sun, 06 Nov 1994 08:59:37 GMT",
							  "Sun, 06 Nov 1994 08:49:37 GMT"),
			500);
	/* 1800000000 is Fri, 15 Jan 2027 08:00:00 GMT */
	ck_assert_uint_eq(
			fresh(NULL, NULL, "Fri, 15 Jan 2027 08:10:00 GMT", NULL), 600);
	ck_assert_uint_eq(
			fresh(NULL, NULL, "Fri, 15 Jan 2027 08:10:00 GMT", "yesterday"),
			600);
	ck_assert_uint_eq(fresh(NULL, NULL, "0", NULL), 30);
	ck_assert_uint_eq(fresh(NULL, NULL, "-1", NULL), 30);
	ck_assert_uint_eq(
			fresh(NULL, NULL, "Fri, 15 Jan 2027 07:59:00 GMT", NULL), 30);
	ck_assert_uint_eq(
			fresh("max-age=60", NULL, "Fri, 15 Jan 2027 08:10:00 GMT", NULL),
			60);
	ck_assert_uint_eq(
			fresh("public", NULL, "Fri, 15 Jan 2027 08:10:00 GMT", NULL), 600);
}
END_TEST

static int64_t date(const char *text)
{
	return ep_http_date_s(ep_view_z(text), NOW_S);
}

START_TEST(freshness_date_has_three_forms)
{
	ck_assert_int_eq(date("Sun, 06 Nov 1994 08:49:37 GMT"), DATE_S);
	ck_assert_int_eq(date(" Sun, 06 Nov 1994 08:49:37 GMT "), DATE_S);
	ck_assert_int_eq(date("Sunday, 06-Nov-94 08:49:37 GMT"), DATE_S);
	ck_assert_int_eq(date("Sun Nov  6 08:49:37 1994"), DATE_S);
	ck_assert_int_eq(date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
	ck_assert_int_eq(date("Tue, 29 Feb 2000 00:00:00 GMT"), 951782400);
	ck_assert_int_eq(date("Sat, 31 Dec 2044 23:59:60 GMT"), 2366841600);
	ck_assert_int_eq(date("Friday, 15-Jan-27 08:00:00 GMT"), NOW_S);
	/* 2077 is 50 years ahead, 78 more than that */
	ck_assert_int_eq(date("Friday, 01-Jan-77 00:00:00 GMT"), 3376684800);
	ck_assert_int_eq(date("Sunday, 01-Jan-78 00:00:00 GMT"), 252460800);
}
END_TEST

START_TEST(freshness_date_refuses_what_is_none)
{
	static const char *const texts[] = {"", "0", "Sun",
			"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
			"Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 nov 1994 08:49:37 GMT",
			"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
			"Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
			"Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1969 08:49:37 GMT",
			"Sun, 06 Nov 1994 08:49:37 GMT x", "Sun Nov 6 08:49:37 1994",
			"Sun, 06 Nov -994 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
			"1800000000", "Sun, 06-Nov-94"};

	for(size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(date(texts[i]) == -1, "%s", texts[i]);
}
END_TEST

static void cut_is_read(struct ep_view cut, void *ctx)
{
	struct ep_freshness_headers headers = {cut, cut, cut, cut};
	uint32_t n = ep_freshness_s(&headers, &limits, NOW_S);

	(void)ctx;
	ck_assert(n >= limits.min_s && n <= limits.max_s);
}

START_TEST(freshness_every_cut)
{
	every_cut(EP_LIT("a=\"b\\\"c\", max-age=\"600\" , no-store"), cut_is_read,
			NULL);
	every_cut(EP_LIT("Sun, 06 Nov 1994 08:49:37 GMT"), cut_is_read, NULL);
	every_cut(EP_LIT("Sunday, 06-Nov-94 08:49:37 GMT"), cut_is_read, NULL);
	every_cut(EP_LIT("Sun Nov  6 08:49:37 1994"), cut_is_read, NULL);
}
END_TEST

UNIT_MAIN("token/freshness", freshness_is_usual_without_headers,
		freshness_reads_max_age, freshness_is_within_the_limits,
		freshness_asks_soon_after_no_store, freshness_ignores_garbage,
		freshness_is_less_the_age, freshness_reads_expires,
		freshness_date_has_three_forms, freshness_date_refuses_what_is_none,
		freshness_every_cut)
