/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/attr.h"
#include "support.h"

#define SHA256                                                                 \
	"EA:EF:74:FD:04:3D:CF:9C:A3:D4:5C:00:06:3E:96:4D:E7:5D:C5:26:8A:CE:"       \
	"70:03:66:1C:FE:0A:97:78:71:E0"

START_TEST(attr_reads_rtpmap)
{
	struct ep_sdp_rtpmap m;

	ck_assert(ep_sdp_rtpmap_parse(&m, EP_LIT("111 opus/48000/2")));
	ck_assert_uint_eq(m.pt, 111);
	ck_assert_view_eq(m.encoding, "opus");
	ck_assert_uint_eq(m.clock_hz, 48000);
	ck_assert_view_eq(m.params, "2");
	ck_assert(ep_sdp_rtpmap_parse(&m, EP_LIT("0 PCMU/8000")));
	ck_assert_ptr_null(m.params.p);
	static const char *const bad[] = {"", "0", "0 PCMU", "128 X/8000",
			"x X/8000", "0 /8000", "0 X/", "0 X/y", "0 X/99999999999"};
	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(
				!ep_sdp_rtpmap_parse(&m, ep_view_z(bad[i])), "%s", bad[i]);
	ck_assert(!ep_sdp_rtpmap_parse(&m, ep_view_none()));
}
END_TEST

START_TEST(attr_reads_payload_values)
{
	struct ep_sdp_ptval v;

	ck_assert(ep_sdp_ptval_parse(&v, EP_LIT("96 nack pli")));
	ck_assert_uint_eq(v.pt, 96);
	ck_assert_view_eq(v.rest, "nack pli");
	ck_assert(ep_sdp_ptval_parse(&v, EP_LIT("* ccm fir")));
	ck_assert_uint_eq(v.pt, EP_SDP_PT_ANY);
	ck_assert(ep_sdp_ptval_parse(&v, EP_LIT("126")));
	ck_assert_uint_eq(v.rest.len, 0);
	ck_assert(!ep_sdp_ptval_parse(&v, EP_LIT("red 1")));
	ck_assert(!ep_sdp_ptval_parse(&v, EP_LIT(" ")));
}
END_TEST

START_TEST(attr_reads_group)
{
	struct ep_sdp_group g;

	ck_assert(ep_sdp_group_parse(&g, EP_LIT("BUNDLE 0 audio 2")));
	ck_assert_view_eq(g.semantics, "BUNDLE");
	ck_assert(ep_sdp_group_has(&g, EP_LIT("audio")));
	ck_assert(ep_sdp_group_has(&g, EP_LIT("2")));
	ck_assert(!ep_sdp_group_has(&g, EP_LIT("aud")));
	ck_assert(ep_sdp_group_parse(&g, EP_LIT("BUNDLE")));
	ck_assert(!ep_sdp_group_has(&g, EP_LIT("0")));
	ck_assert(!ep_sdp_group_parse(&g, EP_LIT("")));
}
END_TEST

START_TEST(attr_reads_setup)
{
	ck_assert_int_eq(
			ep_sdp_setup_parse(EP_LIT("actpass")), EP_SDP_SETUP_ACTPASS);
	ck_assert_int_eq(
			ep_sdp_setup_parse(EP_LIT("Passive ")), EP_SDP_SETUP_PASSIVE);
	ck_assert_int_eq(ep_sdp_setup_parse(EP_LIT("active")), EP_SDP_SETUP_ACTIVE);
	ck_assert_int_eq(
			ep_sdp_setup_parse(EP_LIT("holdconn")), EP_SDP_SETUP_HOLDCONN);
	ck_assert_int_eq(ep_sdp_setup_parse(EP_LIT("x")), EP_SDP_SETUP_NONE);
	ck_assert_int_eq(ep_sdp_setup_parse(ep_view_none()), EP_SDP_SETUP_NONE);
}
END_TEST

START_TEST(attr_reads_fingerprint)
{
	struct ep_sdp_fingerprint f;

	ck_assert(ep_sdp_fingerprint_parse(&f, EP_LIT("sha-256 " SHA256)));
	ck_assert_view_eq(f.hash, "sha-256");
	ck_assert_uint_eq(f.octets_n, 32);
	ck_assert(!ep_sdp_fingerprint_parse(&f, EP_LIT("sha-1 " SHA256)));
	ck_assert(!ep_sdp_fingerprint_parse(&f, EP_LIT("sha-256 AB:CD")));
	ck_assert(!ep_sdp_fingerprint_parse(&f, EP_LIT("sha-256")));
	ck_assert(ep_sdp_fingerprint_parse(&f, EP_LIT("blake AB:CD")));
	ck_assert(!ep_sdp_fingerprint_parse(&f, EP_LIT("blake AB:C")));
	ck_assert(!ep_sdp_fingerprint_parse(&f, EP_LIT("blake AB-CD")));
	ck_assert(!ep_sdp_fingerprint_parse(&f, EP_LIT("blake AG")));
}
END_TEST

START_TEST(attr_reads_candidate)
{
	struct ep_sdp_candidate c;

	ck_assert(ep_sdp_candidate_parse(
			&c, EP_LIT("594718159 1 udp 2122063615 fd00::2 52569 typ host "
					   "generation 0")));
	ck_assert_uint_eq(c.component, 1);
	ck_assert_view_eq(c.transport, "udp");
	ck_assert_uint_eq(c.priority, 2122063615u);
	ck_assert_view_eq(c.address, "fd00::2");
	ck_assert_uint_eq(c.port, 52569);
	ck_assert_view_eq(c.type, "host");
	ck_assert(!ep_sdp_candidate_parse(&c, EP_LIT("1 1 udp 1 a 1 host typ")));
	ck_assert(!ep_sdp_candidate_parse(&c, EP_LIT("1 1 udp 1 a 1 typ")));
	ck_assert(
			!ep_sdp_candidate_parse(&c, EP_LIT("1 1 udp 1 a 70000 typ host")));
	ck_assert(!ep_sdp_candidate_parse(
			&c, EP_LIT("1 1 udp 4294967296 a 1 typ host")));
}
END_TEST

START_TEST(attr_reads_numbers_and_directions)
{
	unsigned n;
	enum ep_sdp_direction d;

	ck_assert(ep_sdp_rtcp_parse(&n, EP_LIT("9 IN IP4 0.0.0.0")));
	ck_assert_uint_eq(n, 9);
	ck_assert(!ep_sdp_rtcp_parse(&n, EP_LIT("")));
	ck_assert(ep_sdp_ptime_parse(&n, EP_LIT("20")));
	ck_assert_uint_eq(n, 20);
	ck_assert(!ep_sdp_ptime_parse(&n, EP_LIT("20ms")));
	ck_assert(!ep_sdp_ptime_parse(&n, ep_view_none()));
	ck_assert(ep_sdp_direction_parse(&d, EP_LIT("inactive")));
	ck_assert_int_eq(d, EP_SDP_INACTIVE);
	ck_assert(!ep_sdp_direction_parse(&d, EP_LIT("both")));
}
END_TEST

#define TEXT                                                                   \
	"v=0\no=x\nc=IN IP4 192.0.2.1\na=sendonly\na=setup:active\n"               \
	"m=audio 1 RTP/AVP 0\na=mid:0\na=rtpmap:0 PCMU/8000\na=rtcp-mux\n"         \
	"m=audio 1 RTP/AVP 0\nc=IN IP6 2001:db8::1\na=recvonly\na=setup:passive\n"

START_TEST(attr_looks_up_by_level)
{
	struct ep_arena arena;
	struct ep_sdp sdp;
	struct ep_sdp_attr a;

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_sdp_parse(&sdp, NULL, EP_LIT(TEXT), &arena), EP_OK);
	ck_assert(ep_sdp_attr_lookup(&a, &sdp, 0, EP_LIT("setup")));
	ck_assert_view_eq(a.value, "active");
	ck_assert(ep_sdp_attr_lookup(&a, &sdp, 1, EP_LIT("setup")));
	ck_assert_view_eq(a.value, "passive");
	ck_assert(ep_sdp_attr_lookup(&a, &sdp, 0, EP_LIT("rtcp-mux")));
	ck_assert_ptr_null(a.value.p);
	ck_assert(!ep_sdp_attr_lookup(&a, &sdp, 1, EP_LIT("mid")));
	ck_assert(!ep_sdp_attr_lookup(&a, &sdp, 7, EP_LIT("mid")));
	ck_assert_uint_eq(ep_sdp_attr_find(&a, &sdp, 0, EP_LIT("mid"), 0), 6);
	ck_assert_uint_eq(
			ep_sdp_attr_find(&a, &sdp, 0, EP_LIT("mid"), 7), SIZE_MAX);
	ck_assert_int_eq(ep_sdp_direction_get(&sdp, 0), EP_SDP_SENDONLY);
	ck_assert_int_eq(ep_sdp_direction_get(&sdp, 1), EP_SDP_RECVONLY);
	ck_assert_view_eq(ep_sdp_connection_get(&sdp, 0), "192.0.2.1");
	ck_assert_view_eq(ep_sdp_connection_get(&sdp, 1), "2001:db8::1");
	ep_arena_fini(&arena);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	struct ep_sdp_rtpmap m;
	struct ep_sdp_ptval v;
	struct ep_sdp_group g;
	struct ep_sdp_fingerprint f;
	struct ep_sdp_candidate c;
	unsigned n;

	(void)ctx;
	if(ep_sdp_rtpmap_parse(&m, text))
		ck_assert(m.pt < 128 && m.encoding.len);
	if(ep_sdp_ptval_parse(&v, text))
		ck_assert(v.pt < 128 || v.pt == EP_SDP_PT_ANY);
	if(ep_sdp_group_parse(&g, text))
		ck_assert(!ep_sdp_group_has(&g, EP_LIT(" ")));
	if(ep_sdp_fingerprint_parse(&f, text))
		ck_assert_uint_eq(f.octets_n * 3 - 1, f.hex.len);
	if(ep_sdp_candidate_parse(&c, text))
		ck_assert(c.port < 65536);
	ep_sdp_setup_parse(text);
	ep_sdp_rtcp_parse(&n, text);
	ep_sdp_ptime_parse(&n, text);
}

START_TEST(attr_survives_every_cut)
{
	every_cut(EP_LIT("111 opus/48000/2"), cut, NULL);
	every_cut(EP_LIT("* ccm fir"), cut, NULL);
	every_cut(EP_LIT("BUNDLE 0 1 2"), cut, NULL);
	every_cut(EP_LIT("sha-256 " SHA256), cut, NULL);
	every_cut(EP_LIT("1 1 udp 2122063615 192.0.2.2 52569 typ host"), cut, NULL);
	every_cut(EP_LIT("actpass"), cut, NULL);
}
END_TEST

UNIT_MAIN("sdp/attr", attr_reads_rtpmap, attr_reads_payload_values,
		attr_reads_group, attr_reads_setup, attr_reads_fingerprint,
		attr_reads_candidate, attr_reads_numbers_and_directions,
		attr_looks_up_by_level, attr_survives_every_cut)
