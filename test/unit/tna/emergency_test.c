/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/emergency.h"
#include "tna/msg_text.h"

static struct ep_tna_cfg cfg = {.realm = {"registrar.home1.net", 19},
		.home_uri = {"sip:registrar.home1.net", 23},
		.home_domain = {"home1.net", 9},
		.own_host = {"[2001:db8::1]:4060", 18},
		.emergency_numbers = {"112, 9-1-1", 10}};
static struct msg_text in;

START_TEST(emergency_uris)
{
	static const char *const yes[] = {"urn:service:sos", "URN:service:SOS.fire",
			"urn:service:sos;a=b", "tel:112", "TEL:1.1-2", "tel:(911)",
			"tel:112;phone-context=+49", "sip:112@home1.net",
			"sips:911@HOME1.net.", "sip:112@home1.net:5060;user=phone",
			"sip:112@registrar.home1.net", "sip:112@[2001:db8::1]:4060",
			"sip:1%31%2d2@home1.net", "sip:112@other.net;user=phone",
			"sip:112;phone-context=+1@other.net;user=PHONE",
			"sip:112%3Bext=1@home1.net", "sip:911@x;user=dialstring",
			"sip:112:pw@home1.net?Subject=x"};
	static const char *const no[] = {"urn:service:sosx", "urn:service:sosfire",
			"tel:1122", "tel:+112", "tel:11", "sip:112@other.net",
			"sip:112@home1.net.evil", "sip:112@nothome1.net", "sip:home1.net",
			"sip:alice@home1.net", "sip:1121@home1.net", "sip:112a@home1.net",
			"sip:112@x;user=ip", "", "112", "sip:@home1.net",
			"sip:11211211211211211211211211211211211211211211211@home1.net"};
	size_t i;

	for(i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		ck_assert_msg(ep_emergency_uri(ep_view_z(yes[i]), &cfg), "%s", yes[i]);
	for(i = 0; i < sizeof(no) / sizeof(*no); i++)
		ck_assert_msg(!ep_emergency_uri(ep_view_z(no[i]), &cfg), "%s", no[i]);
}
END_TEST

START_TEST(emergency_numbers_are_the_operators)
{
	static const char *const lists[] = {"", ",", " , -", "113"};
	struct ep_tna_cfg other = cfg;
	size_t i;

	for(i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		other.emergency_numbers = ep_view_z(lists[i]);
		ck_assert(!ep_emergency_uri(EP_LIT("tel:112"), &other));
		ck_assert(!ep_emergency_uri(EP_LIT("sip:-@home1.net"), &other));
		ck_assert(ep_emergency_uri(EP_LIT("urn:service:sos"), &other));
	}
	other.emergency_numbers = ep_view_none();
	ck_assert(!ep_emergency_uri(EP_LIT("tel:112"), &other));
	other.emergency_numbers = EP_LIT("*112#");
	ck_assert(ep_emergency_uri(EP_LIT("sip:*112%23@home1.net"), &other));
}
END_TEST

static bool asks(const char *text)
{
	ck_assert(msg_parse(&in, ep_view_z(text)));
	return ep_emergency_request(&in.m, &cfg);
}

START_TEST(emergency_requests)
{
	ck_assert(asks("INVITE tel:112 SIP/2.0\r\nTo: <sip:a@b>\r\n\r\n"));
	ck_assert(asks("FOO tel:112 SIP/2.0\r\n\r\n"));
	ck_assert(
			!asks("INVITE sip:a@b SIP/2.0\r\nTo: <tel:112>\r\n"
				  "Refer-To: <tel:112>\r\n\r\n"));
	ck_assert(
			asks("REFER sip:a@b SIP/2.0\r\nRefer-To: <sip:x@y>\r\n"
				 "r: \"A\" <sip:112@home1.net?Replaces=x>\r\n\r\n"));
	ck_assert(ep_emergency_refer(&in.m, &cfg));
	ck_assert(asks("REFER tel:112 SIP/2.0\r\nRefer-To: <sip:x@y>\r\n\r\n"));
	ck_assert(!ep_emergency_refer(&in.m, &cfg));
	ck_assert(!asks("REFER sip:a@b SIP/2.0\r\nRefer-To: *\r\n\r\n"));
	ck_assert(
			!asks("SIP/2.0 200 OK\r\nCSeq: 1 REFER\r\n"
				  "Refer-To: <tel:112>\r\n\r\n"));
}
END_TEST

START_TEST(emergency_body)
{
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_view_eq(ep_emergency_body(EP_LIT("<1> & \"2\""), &arena),
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<ims-3gpp version=\"1\"><alternative-service>"
			"<type>emergency</type><reason>&lt;1&gt; &amp; \"2\"</reason>"
			"</alternative-service></ims-3gpp>\n");
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err body(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	return ep_emergency_body(EP_LIT("no"), a).p != NULL ? EP_OK : EP_ENOMEM;
}

START_TEST(emergency_body_without_memory)
{
	ck_assert_uint_gt(every_alloc_failure(body, NULL), 1);
}
END_TEST

static void cut_uri(struct ep_view cut, void *ctx)
{
	(void)ctx;
	ep_emergency_uri(cut, &cfg);
}

START_TEST(emergency_every_cut)
{
	every_cut(
			EP_LIT("sip:1%31-2;phone-context=+1@[2001:db8::1]:4060;user=phone"),
			cut_uri, NULL);
	every_cut(EP_LIT("urn:service:sos.fire"), cut_uri, NULL);
}
END_TEST

UNIT_MAIN("tna/emergency", emergency_uris, emergency_numbers_are_the_operators,
		emergency_requests, emergency_body, emergency_body_without_memory,
		emergency_every_cut)
