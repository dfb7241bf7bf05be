/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "tna/trusted.h"

static const unsigned char v4[] = {192, 0, 2, 3};
static const unsigned char v4_other[] = {192, 0, 3, 3};
static const unsigned char v6[] = {
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3};

/* Is this peer trusted by the node of this text? */
static bool trusts(const char *text, bool udp, const unsigned char *addr,
		unsigned len, unsigned transport, const char *name)
{
	struct ep_view names[] = {ep_view_z("other"), ep_view_z(name)};
	const struct ep_trusted_peer peer = {.addr = addr,
			.addr_len = len,
			.transport = transport,
			.names = names,
			.names_n = name ? 2 : 0};
	struct ep_trusted node;

	ck_assert_msg(
			ep_trusted_parse(&node, ep_view_z(text), udp) == EP_OK, "%s", text);
	return ep_trusted_match(&node, 1, &peer);
}

static bool trusts_v4(const char *text, bool udp, unsigned transport)
{
	return trusts(text, udp, v4, 4, transport, NULL);
}

START_TEST(trusted_udp_only_when_it_is_said)
{
	ck_assert(!trusts_v4("192.0.2.3", false, EP_TRUSTED_UDP));
	ck_assert(trusts_v4("192.0.2.3", false, EP_TRUSTED_TCP));
	ck_assert(trusts_v4("192.0.2.3", false, EP_TRUSTED_TLS));
	ck_assert(trusts_v4("192.0.2.3", true, EP_TRUSTED_UDP));
	ck_assert(trusts_v4("192.0.2.3;transport=udp", false, EP_TRUSTED_UDP));
	ck_assert(!trusts_v4("192.0.2.3;transport=udp", false, EP_TRUSTED_TCP));
	ck_assert(!trusts_v4("192.0.2.3;transport=TCP", true, EP_TRUSTED_UDP));
	ck_assert(trusts_v4("192.0.2.3 ; Transport = tcp", true, EP_TRUSTED_TCP));
	ck_assert(!trusts_v4("192.0.2.3", true, 0));
}
END_TEST

START_TEST(trusted_addresses_and_prefixes)
{
	ck_assert(trusts("192.0.2.0/23", 0, v4_other, 4, EP_TRUSTED_TCP, NULL));
	ck_assert(!trusts("192.0.2.0/24", 0, v4_other, 4, EP_TRUSTED_TCP, NULL));
	ck_assert(!trusts("192.0.2.4", 0, v4, 4, EP_TRUSTED_TCP, NULL));
	ck_assert(trusts("192.0.2.3/32", 0, v4, 4, EP_TRUSTED_TCP, NULL));
	ck_assert(trusts("192.0.2.2/31", 0, v4, 4, EP_TRUSTED_TCP, NULL));
	ck_assert(trusts("2001:db8::3", 0, v6, 16, EP_TRUSTED_TCP, NULL));
	ck_assert(trusts("[2001:DB8::3]", 0, v6, 16, EP_TRUSTED_TCP, NULL));
	ck_assert(trusts("2001:db8:0:0:0:0:0:3", 0, v6, 16, EP_TRUSTED_TCP, NULL));
	ck_assert(trusts(
			"[2001:db8::]/32;transport=tls", 0, v6, 16, EP_TRUSTED_TLS, NULL));
	ck_assert(trusts("2001:db8::0.0.0.3", 0, v6, 16, EP_TRUSTED_TCP, NULL));
	ck_assert(!trusts("2001:db8::4", 0, v6, 16, EP_TRUSTED_TCP, NULL));
	ck_assert(!trusts("2001:db8::/33", 0, v4, 4, EP_TRUSTED_TCP, NULL));
	ck_assert(!trusts("::", 0, v6, 16, EP_TRUSTED_TCP, NULL));
}
END_TEST

START_TEST(trusted_tls_name_is_compared)
{
	const char *node = "192.0.2.3;name=icscf.home1.net";

	ck_assert(trusts(node, 0, v4, 4, EP_TRUSTED_TLS, "ICSCF.home1.net"));
	ck_assert(!trusts(node, 0, v4, 4, EP_TRUSTED_TLS, "scscf.home1.net"));
	ck_assert(!trusts(node, 0, v4, 4, EP_TRUSTED_TLS, NULL));
	ck_assert(!trusts(node, 1, v4, 4, EP_TRUSTED_TCP, "icscf.home1.net"));
	ck_assert(!trusts(node, 1, v4, 4, EP_TRUSTED_UDP, "icscf.home1.net"));
	ck_assert(trusts("192.0.2.3;transport=tls;name=\"a b\"", 0, v4, 4,
			EP_TRUSTED_TLS, "a b"));
}
END_TEST

START_TEST(trusted_refuses_what_is_no_node)
{
	static const char *const bad[] = {"", "192.0.2", "192.0.2.3.4",
			"192.0.2.256", "192.0.2.3/", "192.0.2.3/x", "192.0.2.-1",
			"icscf.home1.net", "1:2:3", "1::2::3", "2001:db8:::3",
			"1:2:3:4:5:6:7:8:9", "g::1", "12345::1", "::1.2.3",
			"1.2.3.4::", "[192.0.2.3", "192.0.2.3;transport=sctp",
			"192.0.2.3;transport", "192.0.2.3;transport=tcp;transport=udp",
			"192.0.2.3;name", "192.0.2.3;name=", "192.0.2.3;name=a;name=b",
			"192.0.2.3;name=a;transport=tcp", "192.0.2.3;transport=udp;name=a",
			"192.0.2.3;x=y", "192.0.2.3;;", "192.0.2.3 192.0.2.4"};
	static const char *const range[] = {
			"0.0.0.0/0", "::/0", "192.0.2.3/33", "::1/128x"};
	struct ep_trusted t;
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(ep_trusted_parse(&t, ep_view_z(bad[i]), true) != EP_OK,
				"'%s'", bad[i]);
	for(i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		ck_assert_msg(ep_trusted_parse(&t, ep_view_z(range[i]), true) != EP_OK,
				"'%s'", range[i]);
}
END_TEST

START_TEST(trusted_any_of_several_nodes)
{
	struct ep_trusted t[2];
	const struct ep_trusted_peer peer = {
			.addr = v4, .addr_len = 4, .transport = EP_TRUSTED_UDP};

	ck_assert_int_eq(
			ep_trusted_parse(&t[0], EP_LIT("192.0.2.3;transport=tcp"), false),
			EP_OK);
	ck_assert_int_eq(
			ep_trusted_parse(&t[1], EP_LIT("192.0.2.3;transport=udp"), false),
			EP_OK);
	ck_assert(!ep_trusted_match(t, 0, &peer));
	ck_assert(!ep_trusted_match(t, 1, &peer));
	ck_assert(ep_trusted_match(t, 2, &peer));
}
END_TEST

static void cut_parse(struct ep_view cut, void *ctx)
{
	struct ep_trusted t;

	(void)ctx;
	ep_trusted_parse(&t, cut, true);
}

START_TEST(trusted_every_cut)
{
	every_cut(EP_LIT("2001:db8::192.0.2.3/96;transport=tls;name=\"a.b\""),
			cut_parse, NULL);
	every_cut(EP_LIT("1:2:3:4:5:6:7:8"), cut_parse, NULL);
}
END_TEST

UNIT_MAIN("tna/trusted", trusted_udp_only_when_it_is_said,
		trusted_addresses_and_prefixes, trusted_tls_name_is_compared,
		trusted_refuses_what_is_no_node, trusted_any_of_several_nodes,
		trusted_every_cut)
