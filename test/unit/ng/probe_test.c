/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/probe.h"
#include "support.h"

static struct ep_arena arena;
static char text[4096];

/* The dictionary whose only pair is this SDP. */
static const struct ep_ng_val *answer_of(const char *sdp)
{
	struct ep_ng_val *val;
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_dict_open(&b);
	ep_ng_put_pair(&b, "sdp", ep_view_z(sdp));
	ep_ng_close(&b);
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_ng_decode(&val, ep_buf_view(&b), &arena), EP_OK);
	return val;
}

START_TEST(probe_asks_for_all)
{
	struct ep_ng_val *val;
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_probe_put(&b, EP_LIT("id"));
	ck_assert(!b.overflow);
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_ng_decode(&val, ep_buf_view(&b), &arena), EP_OK);
	ck_assert_view_eq(ep_ng_get_str(val, EP_LIT("command")), "offer");
	ck_assert_view_eq(ep_ng_get_str(val, EP_LIT("call-id")), "id");
	const struct ep_ng_val *codecs =
			ep_ng_get(ep_ng_get(val, EP_LIT("codec")), EP_LIT("transcode"));
	ck_assert(ep_ng_list_has(codecs, EP_LIT("AMR-WB")));
	ck_assert(
			ep_ng_list_has(ep_ng_get(val, EP_LIT("bundle")), EP_LIT("offer")));
	struct ep_view sdp = ep_ng_get_str(val, EP_LIT("sdp"));
	ck_assert(ep_view_starts(sdp, EP_LIT("v=0\r\n")));
	ck_assert(ep_view_ends(sdp, EP_LIT("\r\n")));
	ep_arena_fini(&arena);
	ep_buf_init(&b, text, sizeof text);
	ep_ng_probe_put_end(&b, EP_LIT("id"));
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_ng_decode(&val, ep_buf_view(&b), &arena), EP_OK);
	ck_assert_view_eq(ep_ng_get_str(val, EP_LIT("command")), "delete");
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("delete-delay"), 9), 0);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(probe_reads_what_there_is)
{
	struct ep_ng_probe probe;

	ck_assert_int_eq(ep_ng_probe_decode(&probe,
							 answer_of("v=0\r\na=group:BUNDLE 0 1\r\n"
									   "m=audio 4000 RTP/AVP 0 96 97\r\n"
									   "a=rtpmap:0 PCMU/8000\r\n"
									   "a=rtpmap:96 OPUS/48000/2\r\n"
									   "a=rtpmap:97 AMR-WB/16000\r\n"
									   "a=rtpmap:98 AMR/8000\r\n"
									   "a=rtpmap:99 mine/8000\r\n"
									   "a=rtpmap:100 telephone-event/8000\r\n"
									   "a=rtpmap:101 telephone-event/48000\r\n"
									   "a=rtpmap:1\r\n")),
			EP_OK);
	ck_assert(probe.bundle && probe.tls_id);
	ck_assert_uint_eq(probe.codec_n, 5);
	ck_assert_str_eq(probe.codec[0], "PCMU");
	ck_assert_str_eq(probe.codec[1], "opus");
	ck_assert_str_eq(probe.codec[2], "AMR-WB");
	ck_assert_str_eq(probe.codec[3], "AMR");
	ck_assert_str_eq(probe.codec[4], "telephone-event");
	ep_arena_fini(&arena);
	/* One that does not know bundles. */
	ck_assert_int_eq(ep_ng_probe_decode(
							 &probe, answer_of("v=0\r\na=tls-id:x\r\na=mid:0")),
			EP_OK);
	ck_assert(!probe.bundle && !probe.tls_id);
	ck_assert_uint_eq(probe.codec_n, 0);
	ep_arena_fini(&arena);
	ck_assert_int_eq(ep_ng_probe_decode(&probe, answer_of("")), EP_ENOENT);
	ep_arena_fini(&arena);
	ck_assert_int_eq(ep_ng_probe_decode(&probe, NULL), EP_ENOENT);
}
END_TEST

START_TEST(probe_without_room)
{
	struct ep_buf b;

	for(size_t n = 0; n < 256; n++) {
		ep_buf_init(&b, text, n);
		ep_ng_probe_put(&b, EP_LIT("id"));
		ck_assert(b.overflow && b.len <= n);
	}
}
END_TEST

static void cut_ends(struct ep_view cut, void *ctx)
{
	struct ep_ng_probe probe;
	struct ep_ng_val val = {.type = EP_NG_DICT};
	struct ep_ng_val key = {.type = EP_NG_STR, .str = EP_LIT("sdp")};
	struct ep_ng_val sdp = {.type = EP_NG_STR, .str = cut};

	(void)ctx;
	val.first = &key;
	key.next = &sdp;
	ep_ng_probe_decode(&probe, &val);
	ck_assert_uint_le(probe.codec_n, 1);
}

START_TEST(probe_of_every_cut)
{
	every_cut(EP_LIT("v=0\r\na=group:BUNDLE 0 1\r\na=rtpmap:0 PCMU/8000\r\n"),
			cut_ends, NULL);
}
END_TEST

UNIT_MAIN("ng/probe", probe_asks_for_all, probe_reads_what_there_is,
		probe_without_room, probe_of_every_cut)
