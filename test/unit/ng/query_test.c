/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/query.h"
#include <stdio.h>
#include "query_text.h"
#include "support.h"

static struct ep_arena arena;
static struct ep_ng_query query;

/* An answer of which the top was read says the same. */
static void same_of_the_top(const char *text, enum ep_err err)
{
	struct ep_ng_query top;
	struct ep_ng_val *val;

	ck_assert_int_eq(ep_ng_decode_top(&val, ep_view_z(text), &arena), EP_OK);
	ck_assert_int_eq(ep_ng_query_decode(&top, val, &arena), err);
	ck_assert_uint_eq(top.media_n, query.media_n);
	for(size_t i = 0; i < top.media_n; i++)
		ck_assert(!memcmp(top.media + i, query.media + i, sizeof *top.media));
}

static enum ep_err decode(const char *text)
{
	struct ep_ng_val *val;

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_ng_decode(&val, ep_view_z(text), &arena), EP_OK);
	enum ep_err err = ep_ng_query_decode(&query, val, &arena);
	same_of_the_top(text, err);
	return err;
}

static const struct ep_ng_media *side(const char *tag)
{
	for(size_t i = 0; i < query.media_n; i++)
		if(ep_view_eq(query.media[i].tag, ep_view_z(tag)))
			return query.media + i;
	return NULL;
}

/* What both versions say alike of a browser that is offered, connected, wrong
 * or not there. */
START_TEST(query_of_each_stage)
{
	static const struct
	{
		const char *text;
		bool moved, verified, packets, confirmed;
	} row[] = {
			{query_10_5_offered, false, false, false, false},
			{query_10_5_connected, true, true, true, false},
			{query_10_5_talking, true, true, true, true},
			{query_10_5_wrong_fingerprint, true, false, false, false},
			{query_10_5_unreachable, false, false, false, false},
			{query_26_0_offered, false, false, false, false},
			{query_26_0_connected, true, true, true, true},
			{query_26_0_wrong_fingerprint, true, false, false, true},
			{query_26_0_unreachable, false, false, false, false},
	};

	for(size_t i = 0; i < sizeof row / sizeof *row; i++) {
		ck_assert_int_eq(decode(row[i].text), EP_OK);
		const struct ep_ng_media *m = side("w");
		ck_assert_ptr_nonnull(m);
		ck_assert_uint_eq(m->index, 1);
		ck_assert_uint_eq(m->transport, 1);
		ck_assert(m->recv && m->dtls && m->ice && m->blank);
		ck_assert_msg(m->moved == row[i].moved, "moved in row %zu", i);
		ck_assert_msg(m->verified == row[i].verified, "verified, row %zu", i);
		ck_assert_msg(
				(m->packets > 0) == row[i].packets, "packets, row %zu", i);
		ck_assert_msg(
				m->confirmed == row[i].confirmed, "confirmed, row %zu", i);
		ck_assert_int_gt(query.created_s, 1700000000);
		ck_assert_int_ge(query.last_signal_s, query.created_s);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(query_of_the_other_side)
{
	ck_assert_int_eq(decode(query_10_5_unreachable), EP_OK);
	ck_assert_uint_eq(query.media_n, 2);
	const struct ep_ng_media *m = side("i");
	ck_assert(!m->dtls && !m->ice && !m->blank && !m->moved && m->recv);
	ck_assert_uint_gt(m->packets, 10);
	ck_assert_uint_gt(side("w")->errors, 10);
	ep_arena_fini(&arena);
	/* Before the answer the other side has no SDP of its own. */
	ck_assert_int_eq(decode(query_10_5_offered), EP_OK);
	ck_assert_uint_eq(query.media_n, 1);
	ep_arena_fini(&arena);
}
END_TEST

#define MEDIA(index, port, more)                                               \
	"d5:indexi" index                                                          \
	"e5:flagsl11:initialized3:ICE9:DTLS-SRTPe7:streamsld"                      \
	"10:local porti" port "e" more "eee"
#define CALL(medias) "d4:tagsd1:wd6:mediasl" medias "eeee"

/* Two sections on one port: the second has no transport of its own. */
START_TEST(query_of_a_bundle)
{
	ck_assert_int_eq(decode(CALL(MEDIA("1", "30000", "") MEDIA("2", "30000", "")
									 MEDIA("3", "30002", ""))),
			EP_OK);
	ck_assert_uint_eq(query.media_n, 3);
	ck_assert_uint_eq(query.media[0].transport, 1);
	ck_assert_uint_eq(query.media[1].transport, 1);
	ck_assert_uint_eq(query.media[2].transport, 3);
	ep_arena_fini(&arena);
	/* No port is no bundle. */
	ck_assert_int_eq(
			decode(CALL(MEDIA("1", "0", "") MEDIA("2", "0", ""))), EP_OK);
	ck_assert_uint_eq(query.media[1].transport, 2);
	ep_arena_fini(&arena);
}
END_TEST

#define EP4(address, port) "8:endpointd7:address" address "4:porti" port "ee"
#define SAID(address, port)                                                    \
	"19:advertised endpointd7:address" address "4:porti" port "ee"

START_TEST(query_of_addresses)
{
	static const struct
	{
		const char *text;
		bool blank, moved;
	} row[] = {
			{CALL(MEDIA("1", "1", "")), true, false},
			{CALL(MEDIA("1", "1", SAID("7:0.0.0.0", "9"))), true, false},
			{CALL(MEDIA("1", "1", SAID("2:::", "9"))), true, false},
			{CALL(MEDIA("1", "1", SAID("5:1.1.1", "9"))), false, false},
			{CALL(MEDIA(
					 "1", "1", EP4("7:0.0.0.0", "9") SAID("7:0.0.0.0", "9"))),
					true, false},
			{CALL(MEDIA(
					 "1", "1", EP4("9:192.0.2.1", "7") SAID("7:0.0.0.0", "9"))),
					true, true},
			{CALL(MEDIA("1", "1",
					 EP4("9:192.0.2.1", "9") SAID("9:192.0.2.1", "9"))),
					false, false},
			{CALL(MEDIA("1", "1",
					 EP4("9:192.0.2.2", "9") SAID("9:192.0.2.1", "9"))),
					false, true},
			{CALL(MEDIA("1", "1",
					 EP4("9:192.0.2.1", "8") SAID("9:192.0.2.1", "9"))),
					false, true},
	};

	for(size_t i = 0; i < sizeof row / sizeof *row; i++) {
		ck_assert_int_eq(decode(row[i].text), EP_OK);
		ck_assert_uint_eq(query.media_n, 1);
		ck_assert_msg(query.media[0].blank == row[i].blank, "row %zu", i);
		ck_assert_msg(query.media[0].moved == row[i].moved, "row %zu", i);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(query_of_what_is_none)
{
	static const char *const empty[] = {"d4:tagsdee", "d4:tagsd1:w1:xee",
			"d4:tagsd1:wd6:medias1:xeee", "d4:tagsd1:wd6:mediasl1:xeeee",
			"d4:tagsd1:wd6:mediasldeeeee",
			"d4:tagsd1:wd6:mediasld5:flagsl11:initializedeeeeee"};

	ck_assert_int_eq(decode("de"), EP_ENOENT);
	ep_arena_fini(&arena);
	ck_assert_int_eq(decode("d4:tagslee"), EP_ENOENT);
	ep_arena_fini(&arena);
	for(size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		ck_assert_int_eq(decode(empty[i]), EP_OK);
		ck_assert_uint_eq(query.media_n, 0);
		ep_arena_fini(&arena);
	}
	/* Numbers that cannot be: as if not said. */
	ck_assert_int_eq(decode(CALL(MEDIA("-1", "-5",
							 "5:statsd7:packetsi-7e6:errorsi-1ee"))),
			EP_OK);
	ck_assert_uint_eq(query.media[0].index, 1);
	ck_assert_uint_eq(query.media[0].packets, 0);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(query_of_too_many)
{
	static char text[64 * 1024];
	struct ep_buf b;
	char index[128];

	ep_buf_init(&b, text, sizeof text - 1);
	ep_buf_put_z(&b, "d4:tagsd1:wd6:mediasl");
	for(int i = 1; i <= EP_NG_MEDIAS_MAX + 5; i++) {
		snprintf(index, sizeof index,
				"d5:indexi%de5:flagsl11:initializede7:streamsldeee", i);
		ep_buf_put_z(&b, index);
	}
	ep_buf_put_z(&b, "eeee");
	ck_assert(!b.overflow);
	ck_assert_int_eq(decode(text), EP_OK);
	ck_assert_uint_eq(query.media_n, EP_NG_MEDIAS_MAX);
	ep_arena_fini(&arena);
}
END_TEST

static void cut_ends(struct ep_view cut, void *ctx)
{
	struct ep_ng_val *val;

	(void)ctx;
	plain_arena_init(&arena);
	if(ep_ng_decode(&val, cut, &arena) == EP_OK)
		ep_ng_query_decode(&query, val, &arena);
	ep_arena_fini(&arena);
}

START_TEST(query_of_every_cut)
{
	every_cut(ep_view_z(query_10_5_connected), cut_ends, NULL);
}
END_TEST

static enum ep_err reads(struct ep_arena *a, void *ctx)
{
	struct ep_ng_val *val;
	enum ep_err err = ep_ng_decode(&val, ep_view_z(query_26_0_connected), a);
	(void)ctx;

	return err ? err : ep_ng_query_decode(&query, val, a);
}

START_TEST(query_without_memory)
{
	ck_assert_uint_gt(every_alloc_failure(reads, NULL), 1);
}
END_TEST

UNIT_MAIN("ng/query", query_of_each_stage, query_of_the_other_side,
		query_of_a_bundle, query_of_addresses, query_of_what_is_none,
		query_of_too_many, query_of_every_cut, query_without_memory)
