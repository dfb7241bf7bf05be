/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/watch.h"
#include "support.h"

#define ICE_UP EP_NG_ICE_CONNECTED
#define DTLS_UP EP_NG_DTLS_ESTABLISHED
#define START 1000

static const struct ep_ng_limits old = {.ice_ms = 10000,
		.dtls_ms = 5000,
		.idle_ms = 3000};
static const struct ep_ng_limits new = {.ice_ms = 10000,
		.dtls_ms = 5000,
		.idle_ms = 3000,
		.confirmed_is_ice = true};

static struct ep_ng_watched w;
static struct ep_ng_media m;
static struct ep_ng_news news;

static void browser(void)
{
	w = (struct ep_ng_watched){0};
	m = (struct ep_ng_media){.index = 1,
			.transport = 1,
			.recv = true,
			.dtls = true,
			.ice = true,
			.blank = true};
}

static unsigned step(const struct ep_ng_limits *l, uint64_t now)
{
	ep_ng_watch_step(&news, &w, &m, l, now, START, false);
	return news.happened;
}

START_TEST(watch_of_a_call_that_works)
{
	browser();
	ck_assert_uint_eq(step(&old, 1000), 0);
	ck_assert(!ep_ng_watch_settled(&w, &m));
	m.moved = true;
	ck_assert_uint_eq(step(&old, 1200), ICE_UP);
	ck_assert_uint_eq(step(&old, 1400), 0);
	m.verified = true;
	ck_assert_uint_eq(step(&old, 1600), DTLS_UP);
	ck_assert(!ep_ng_watch_settled(&w, &m));
	m.packets = 1;
	ck_assert_uint_eq(step(&old, 1800), EP_NG_MEDIA_STARTED);
	ck_assert(ep_ng_watch_settled(&w, &m));
	for(uint64_t t = 2000; t < 100000; t += 1000) {
		m.packets += 50;
		ck_assert_uint_eq(step(&old, t), 0);
	}
}
END_TEST

/* One poll may see all of it, and says it in its order. */
START_TEST(watch_tells_all_at_once)
{
	browser();
	m.verified = m.moved = true;
	m.packets = 10;
	ck_assert_uint_eq(step(&old, 1100), ICE_UP | DTLS_UP | EP_NG_MEDIA_STARTED);
	ck_assert(ICE_UP < DTLS_UP && DTLS_UP < EP_NG_MEDIA_STARTED);
	/* DTLS proves ICE where the address does not show it. */
	browser();
	m.blank = false;
	m.verified = true;
	ck_assert_uint_eq(step(&old, 1100), ICE_UP | DTLS_UP);
}
END_TEST

START_TEST(watch_confirmed_is_ice_from_14_on)
{
	browser();
	m.confirmed = true;
	ck_assert_uint_eq(step(&old, 1100), 0);
	ck_assert_uint_eq(step(&new, 1200), ICE_UP);
	/* A re-offer takes the flag away for a while: no news. */
	m.confirmed = false;
	ck_assert_uint_eq(step(&new, 1300), 0);
	m.confirmed = true;
	ck_assert_uint_eq(step(&new, 1400), 0);
}
END_TEST

START_TEST(watch_ice_fails_in_its_time)
{
	browser();
	ck_assert_uint_eq(step(&old, START + 9999), 0);
	ck_assert_uint_eq(step(&old, START + 10000), EP_NG_ICE_FAILED);
	ck_assert_uint_eq(news.waited_ms, 10000);
	ck_assert(ep_ng_watch_settled(&w, &m) == false); /* media may come */
	ck_assert_uint_eq(step(&old, START + 50000), 0);
	/* After all. */
	m.moved = true;
	ck_assert_uint_eq(step(&old, START + 60000), ICE_UP);
	m.verified = true;
	ck_assert_uint_eq(step(&old, START + 61000), DTLS_UP);
}
END_TEST

/* An address that was there before tells nothing: then only DTLS's failure is
 * certain, after the time of both. */
START_TEST(watch_ice_that_does_not_show)
{
	browser();
	m.blank = false;
	ck_assert_uint_eq(step(&old, START + 14999), 0);
	ck_assert_uint_eq(step(&old, START + 15000), EP_NG_DTLS_FAILED);
	ck_assert(!news.ice_known);
	ck_assert_uint_eq(step(&old, START + 90000), 0);
	browser();
	m.blank = false;
	ck_assert_uint_eq(step(&new, START + 10000), EP_NG_ICE_FAILED);
	ck_assert_uint_eq(step(&new, START + 90000), 0);
}
END_TEST

START_TEST(watch_dtls_fails_in_its_time)
{
	browser();
	m.moved = true;
	ck_assert_uint_eq(step(&old, START + 2000), ICE_UP);
	ck_assert_uint_eq(step(&old, START + 6999), 0);
	ck_assert_uint_eq(step(&old, START + 7000), EP_NG_DTLS_FAILED);
	ck_assert(news.ice_known);
	ck_assert_uint_eq(news.waited_ms, 5000);
	m.verified = true;
	ck_assert_uint_eq(step(&old, START + 8000), DTLS_UP);
	/* Anew, with a time of its own. */
	m.verified = false;
	ck_assert_uint_eq(step(&old, START + 20000), 0);
	ck_assert_uint_eq(step(&old, START + 24999), 0);
	ck_assert_uint_eq(step(&old, START + 25000), EP_NG_DTLS_FAILED);
}
END_TEST

/* Before the answer nothing can fail, and a pair may work already. */
START_TEST(watch_before_the_answer)
{
	browser();
	ep_ng_watch_step(&news, &w, &m, &old, 90000, 0, false);
	ck_assert_uint_eq(news.happened, 0);
	m.moved = true;
	ep_ng_watch_step(&news, &w, &m, &old, 95000, 0, false);
	ck_assert_uint_eq(news.happened, ICE_UP);
	ep_ng_watch_step(&news, &w, &m, &old, 200000, 0, false);
	ck_assert_uint_eq(news.happened, 0);
	/* DTLS' time begins with the answer, not with the pair. */
	ep_ng_watch_step(&news, &w, &m, &old, 200000, 200000, false);
	ck_assert_uint_eq(news.happened, 0);
	ep_ng_watch_step(&news, &w, &m, &old, 205000, 200000, false);
	ck_assert_uint_eq(news.happened, EP_NG_DTLS_FAILED);
}
END_TEST

START_TEST(watch_media_is_lost_and_comes_back)
{
	browser();
	m.ice = m.dtls = false;
	/* Nothing yet is no loss. */
	ck_assert_uint_eq(step(&old, 90000), 0);
	m.packets = 5;
	ck_assert_uint_eq(step(&old, 91000), EP_NG_MEDIA_STARTED);
	ck_assert_uint_eq(step(&old, 93999), 0);
	ck_assert_uint_eq(step(&old, 94000), EP_NG_MEDIA_LOST);
	ck_assert_uint_eq(news.idle_ms, 3000);
	ck_assert_uint_eq(step(&old, 99000), 0);
	m.packets = 6;
	ck_assert_uint_eq(step(&old, 99500), EP_NG_MEDIA_STARTED);
	/* The counter of another stream. */
	m.packets = 2;
	ck_assert_uint_eq(step(&old, 100000), 0);
	m.packets = 3;
	ck_assert_uint_eq(step(&old, 101000), 0);
	ck_assert_uint_eq(step(&old, 103999), 0);
	ck_assert_uint_eq(step(&old, 104000), EP_NG_MEDIA_LOST);
}
END_TEST

START_TEST(watch_silence_on_hold_is_no_loss)
{
	browser();
	m.ice = m.dtls = false;
	m.packets = 5;
	step(&old, 1000);
	m.recv = false;
	ck_assert_uint_eq(step(&old, 2000), 0);
	ck_assert_uint_eq(step(&old, 90000), 0);
	m.recv = true;
	/* From the end of the hold on. */
	ck_assert_uint_eq(step(&old, 92000), 0);
	ck_assert_uint_eq(step(&old, 93000), EP_NG_MEDIA_LOST);
}
END_TEST

/* A bundle's later section has the transport of the first. */
START_TEST(watch_of_a_bundle)
{
	browser();
	m.index = 2;
	ck_assert_uint_eq(step(&new, START + 90000), 0);
	m.packets = 5;
	ck_assert_uint_eq(step(&new, START + 91000), EP_NG_MEDIA_STARTED);
	ck_assert(ep_ng_watch_settled(&w, &m));
}
END_TEST

/* What was before us is nobody's news; what comes then is. */
START_TEST(watch_of_a_call_found)
{
	browser();
	m.moved = m.verified = true;
	m.packets = 500;
	ep_ng_watch_step(&news, &w, &m, &old, 50000, 40000, true);
	ck_assert_uint_eq(news.happened, 0);
	ck_assert(ep_ng_watch_settled(&w, &m));
	ck_assert_uint_eq(step(&old, 52999), 0);
	ck_assert_uint_eq(step(&old, 53000), EP_NG_MEDIA_LOST);
	/* One that has not begun: its time runs from now. */
	browser();
	ep_ng_watch_step(&news, &w, &m, &old, 50000, 40000, true);
	ck_assert_uint_eq(news.happened, 0);
	ep_ng_watch_step(&news, &w, &m, &old, 59999, 40000, false);
	ck_assert_uint_eq(news.happened, 0);
	ep_ng_watch_step(&news, &w, &m, &old, 60000, 40000, false);
	ck_assert_uint_eq(news.happened, EP_NG_ICE_FAILED);
}
END_TEST

UNIT_MAIN("ng/watch", watch_of_a_call_that_works, watch_tells_all_at_once,
		watch_confirmed_is_ice_from_14_on, watch_ice_fails_in_its_time,
		watch_ice_that_does_not_show, watch_dtls_fails_in_its_time,
		watch_before_the_answer, watch_media_is_lost_and_comes_back,
		watch_silence_on_hold_is_no_loss, watch_of_a_bundle,
		watch_of_a_call_found)
