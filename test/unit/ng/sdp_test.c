/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/sdp.h"
#include "support.h"

#define CHROME                                                                 \
	"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"                      \
	"m=audio 40180 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 192.0.2.1\r\n"          \
	"a=rtcp:9 IN IP4 0.0.0.0\r\n"                                              \
	"a=candidate:1 1 udp 1 192.0.2.1 40180 typ host\r\na=ice-ufrag:x\r\n"

static char out[2048];

static struct ep_view blank(const char *sdp)
{
	struct ep_buf b;

	ep_buf_init(&b, out, sizeof out);
	ep_ng_sdp_print(&b, ep_view_z(sdp), true, ep_view_none());
	return ep_buf_view(&b);
}

START_TEST(sdp_blank_takes_port_and_address)
{
	ck_assert(ep_ng_sdp_blank_changes(EP_LIT(CHROME)));
	struct ep_view v = blank(CHROME);
	ck_assert_view_eq(v,
			"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
			"m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\n"
			"a=rtcp:9 IN IP4 0.0.0.0\r\n"
			"a=candidate:1 1 udp 1 192.0.2.1 40180 typ host\r\n"
			"a=ice-ufrag:x\r\n");
	ck_assert(!ep_ng_sdp_blank_changes(v));
}
END_TEST

START_TEST(sdp_blank_leaves_sections_without_ice)
{
	static const char *const same[] = {"", "v=0", "v=0\r\n",
			"v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n",
			/* rejected; no RTP; no port */
			"v=0\r\na=ice-ufrag:x\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"
			"c=IN IP4 192.0.2.1\r\n",
			"v=0\r\na=ice-ufrag:x\r\nm=application 9000 UDP/DTLS/SCTP x\r\n",
			"v=0\r\na=ice-ufrag:x\r\nm=audio\r\nm=audio \r\nm=audio x RTP/\r\n"};

	for(size_t i = 0; i < sizeof same / sizeof *same; i++)
		ck_assert(!ep_ng_sdp_blank_changes(ep_view_z(same[i])));
	ck_assert_view_eq(blank(same[3]), same[3]);
	ck_assert_view_eq(blank(same[6]), same[6]);
}
END_TEST

START_TEST(sdp_blank_of_the_session_only_for_all)
{
	/* One section has no ICE: the session's address is still its own. */
	struct ep_view v =
			blank("c=IN IP4 192.0.2.1\r\n"
				  "m=audio 4000 RTP/SAVPF 0\r\na=ice-ufrag:x\r\n"
				  "m=video 4002 RTP/AVP 96\r\n");
	ck_assert_view_eq(v,
			"c=IN IP4 192.0.2.1\r\n"
			"m=audio 9 RTP/SAVPF 0\r\na=ice-ufrag:x\r\n"
			"m=video 4002 RTP/AVP 96\r\n");
	v =
			blank("c=IN IP6 2001:db8::1\nm=audio 4000 RTP/SAVPF 0\n"
				  "a=ice-ufrag:x\nm=video 0 RTP/SAVPF 96\n");
	ck_assert_view_eq(v,
			"c=IN IP6 ::\nm=audio 9 RTP/SAVPF 0\n"
			"a=ice-ufrag:x\nm=video 0 RTP/SAVPF 96\n");
	v =
			blank("c=IN IP4 192.0.2.1/127\r\na=ice-ufrag:x\r\n"
				  "m=audio 4000/2 RTP/SAVPF 0\r\n");
	ck_assert_ptr_nonnull(v.p);
}
END_TEST

static void cut_ends(struct ep_view cut, void *ctx)
{
	struct ep_buf b;

	(void)ctx;
	ep_ng_sdp_blank_changes(cut);
	ep_buf_init(&b, out, sizeof out);
	ep_ng_sdp_print(&b, cut, true, ep_view_none());
	ck_assert(!b.overflow && b.len <= cut.len);
	/* No room: said, and nothing is written behind it. */
	ep_buf_init(&b, out, cut.len / 2);
	ep_ng_sdp_print(&b, cut, true, EP_LIT("id"));
	ck_assert_uint_le(b.len, cut.len / 2);
	char id[EP_NG_TLS_ID_MAX + 1];
	ep_ng_sdp_tls_id(id, cut);
}

START_TEST(sdp_blank_of_every_cut)
{
	every_cut(EP_LIT(CHROME CHROME), cut_ends, NULL);
}
END_TEST

#define PRINT "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE"

START_TEST(sdp_gets_a_tls_id)
{
	struct ep_view sdp =
			EP_LIT("v=0\r\ns=-\r\nm=audio 9 RTP/SAVPF 0\r\n"
				   "a=fingerprint:sha-256 " PRINT "\r\n");
	char id[EP_NG_TLS_ID_MAX + 1];
	struct ep_buf b;

	ck_assert(ep_ng_sdp_tls_id(id, sdp));
	ck_assert_str_eq(id, "AABBCCDDEEFF00112233445566778899AABBCCDD");
	ep_buf_init(&b, out, sizeof out);
	ep_ng_sdp_print(&b, sdp, false, ep_view_z(id));
	ck_assert_view_eq(ep_buf_view(&b),
			"v=0\r\ns=-\r\n"
			"a=tls-id:AABBCCDDEEFF00112233445566778899AABBCCDD\r\n"
			"m=audio 9 RTP/SAVPF 0\r\na=fingerprint:sha-256 " PRINT "\r\n");
	ck_assert(!ep_ng_sdp_tls_id(id, ep_buf_view(&b)));
	/* Too short to be one; none. */
	ck_assert(!ep_ng_sdp_tls_id(id, EP_LIT("a=fingerprint:sha-256 AA:BB\n")));
	ck_assert(!ep_ng_sdp_tls_id(id, EP_LIT("a=fingerprint:sha-256\n")));
	ck_assert(!ep_ng_sdp_tls_id(id, EP_LIT("v=0\r\n")));
	/* Bare line feeds; no whole line: no place. */
	ep_buf_init(&b, out, sizeof out);
	ep_ng_sdp_print(&b, EP_LIT("v=0\nm=x\n"), false, EP_LIT("id"));
	ck_assert_view_eq(ep_buf_view(&b), "v=0\na=tls-id:id\nm=x\n");
	ep_buf_init(&b, out, sizeof out);
	ep_ng_sdp_print(&b, EP_LIT("v=0"), false, EP_LIT("id"));
	ck_assert_view_eq(ep_buf_view(&b), "v=0");
}
END_TEST

UNIT_MAIN("ng/sdp", sdp_gets_a_tls_id, sdp_blank_takes_port_and_address,
		sdp_blank_leaves_sections_without_ice,
		sdp_blank_of_the_session_only_for_all, sdp_blank_of_every_cut)
