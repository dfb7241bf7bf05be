/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/contact.h"

static struct msg_text in;
static struct msg_after out;
static struct ep_tna_contacts contacts;
static struct ep_arena arena;

/* Plans for the headers, limit 100, default 600; the arena stays for
 * `contacts`. */
static enum ep_tna_cause run(const char *headers)
{
	static char text[4096];
	struct ep_hdredits l;
	enum ep_tna_cause cause;

	snprintf(text, sizeof(text), "REGISTER sip:h SIP/2.0\r\n%s", headers);
	ck_assert(msg_parse(&in, ep_view_z(text)));
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
	ep_hdredits_init(&l, &arena);
	cause = ep_tna_contacts_plan(&contacts, &l, &in.m, 600, 100, &arena);
	if(cause == EP_TNA_OK)
		ck_assert(msg_apply(&out, &in.m, &l));
	return cause;
}

static void expect(const char *headers, const char *after)
{
	ck_assert_int_eq(run(headers), EP_TNA_OK);
	ck_assert_str_eq(out.text + strlen("REGISTER sip:h SIP/2.0\r\n"), after);
}

START_TEST(contact_reads_expiries)
{
	ck_assert_uint_eq(ep_expires_parse(EP_LIT("0")), 0);
	ck_assert_uint_eq(ep_expires_parse(EP_LIT(" 007 ")), 7);
	ck_assert_uint_eq(ep_expires_parse(EP_LIT("4294967295")), UINT32_MAX);
	ck_assert_uint_eq(ep_expires_parse(EP_LIT("4294967296")), UINT32_MAX);
	ck_assert_uint_eq(
			ep_expires_parse(EP_LIT("99999999999999999999999999999999999")),
			UINT32_MAX);
	ck_assert_uint_eq(ep_expires_parse(EP_LIT("-1")), 3600);
	ck_assert_uint_eq(ep_expires_parse(EP_LIT("1.5")), 3600);
	ck_assert_uint_eq(ep_expires_parse(EP_LIT("")), 3600);
	ck_assert_uint_eq(ep_expires_parse(ep_view_none()), 3600);
}
END_TEST

START_TEST(contact_limits_every_expiry)
{
	expect("Contact: <sip:a@h>;expires=101\r\nExpires: 99\r\n\r\n",
			"Contact: <sip:a@h>;expires=100\r\nExpires: 99\r\n\r\n");
	expect("Contact: <sip:a@h>;q=1 ; Expires = \"999\" ;x\r\n\r\n",
			"Contact: <sip:a@h>;q=1;Expires=100;x\r\n\r\n");
	expect("m: \"A, B\" <sip:a@h>;expires=5, sip:c@h;expires=2000\r\n"
		   "Expires: 300\r\nexpires: 400\r\n\r\n",
			"m: \"A, B\" <sip:a@h>;expires=5, <sip:c@h>;expires=100\r\n"
			"Expires: 100\r\n\r\n");
	ck_assert_uint_eq(contacts.v[0].expires_s, 5);
	ck_assert_uint_eq(contacts.v[1].expires_s, 100);
}
END_TEST

START_TEST(contact_keeps_what_is_short_enough)
{
	static const char *const same[] = {"Contact: <sip:a@h>;expires=100\r\n\r\n",
			"Contact: sip:a@h\r\nExpires: 100\r\n\r\n",
			"Contact: <sip:a@h>;expires=0, <sip:b@h;x=y?c=d>;expires=5\r\n\r\n",
			"Contact: *\r\nExpires: 0\r\n\r\n", "Expires: 50\r\n\r\n"};
	size_t i;

	for(i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		expect(same[i], same[i]);
}
END_TEST

START_TEST(contact_keeps_zero_zero)
{
	expect("Contact: <sip:a@h>;expires=0\r\nExpires: 700\r\n\r\n",
			"Contact: <sip:a@h>;expires=0\r\nExpires: 100\r\n\r\n");
	ck_assert_uint_eq(contacts.v[0].expires_s, 0);
	expect("Contact: <sip:a@h>\r\nExpires: 00\r\n\r\n",
			"Contact: <sip:a@h>\r\nExpires: 0\r\n\r\n");
	ck_assert_uint_eq(contacts.v[0].expires_s, 0);
}
END_TEST

START_TEST(contact_adds_what_nobody_said)
{
	expect("Contact: <sip:a@h>\r\n\r\n",
			"Contact: <sip:a@h>\r\nExpires: 100\r\n\r\n");
	ck_assert_uint_eq(contacts.v[0].expires_s, 100);
	expect("\r\n", "\r\n");
	ck_assert_uint_eq(contacts.n, 0);
}
END_TEST

START_TEST(contact_counts_the_first_of_two)
{
	expect("Contact: <sip:a@h>;expires=50;expires=9999\r\n\r\n",
			"Contact: <sip:a@h>;expires=50\r\n\r\n");
	ck_assert_uint_eq(contacts.v[0].expires_s, 50);
	expect("Contact: <sip:a@h>;Expires=50;q=1; EXPIRES = \"9999\"\r\n\r\n",
			"Contact: <sip:a@h>;Expires=50;q=1\r\n\r\n");
	expect("m: <sip:a@h>;expires\r\n\r\n", "m: <sip:a@h>;expires=100\r\n\r\n");
	expect("Contact: <sip:a@h>;expires=500;expires=9999\r\n\r\n",
			"Contact: <sip:a@h>;expires=100\r\n\r\n");
}
END_TEST

START_TEST(contact_takes_alias_out)
{
	expect("Contact: <sip:a@h;ALIAS=10.0.0.1~5060~1;transport=ws?x=y>;"
		   "alias=z;expires=5\r\n\r\n",
			"Contact: <sip:a@h;transport=ws?x=y>;expires=5\r\n\r\n");
	ck_assert_view_eq(contacts.v[0].uri, "sip:a@h;transport=ws?x=y");
	expect("Contact: sip:a@h;alias=1;expires=5\r\n\r\n",
			"Contact: <sip:a@h>;expires=5\r\n\r\n");
	expect("Contact: \"al\" <sip:a@h;alias>;expires=500\r\n\r\n",
			"Contact: \"al\" <sip:a@h>;expires=100\r\n\r\n");
	expect("Contact: <sip:a;alias=1@h;aliases=2>;expires=5\r\n\r\n",
			"Contact: <sip:a;alias=1@h;aliases=2>;expires=5\r\n\r\n");
}
END_TEST

START_TEST(contact_tells_instance_and_flow)
{
	ck_assert_int_eq(run("Contact: <sip:a@h>;reg-id=2;expires=9;+SIP.instance="
						 "\"<urn:uuid:00-11>\", <tel:+49>;expires=3\r\n"),
			EP_TNA_OK);
	ck_assert_view_eq(contacts.v[0].instance, "<urn:uuid:00-11>");
	ck_assert_view_eq(contacts.v[0].reg_id, "2");
	ck_assert_view_eq(contacts.v[1].uri, "tel:+49");
	ck_assert(!contacts.v[1].instance.p && !contacts.v[1].reg_id.p);
}
END_TEST

START_TEST(contact_refuses_odd_ones)
{
	char many[2048] = "Contact: <sip:0@h>";
	size_t i;

	ck_assert_int_eq(
			run("Contact: <sip:a@h>, *\r\nExpires: 0\r\n"), EP_TNA_CONTACTS);
	ck_assert_int_eq(run("Contact: *\r\nm: <sip:a@h>\r\nExpires: 0\r\n"),
			EP_TNA_CONTACTS);
	ck_assert_int_eq(
			run("Contact: *\r\nm: *\r\nExpires: 0\r\n"), EP_TNA_CONTACTS);
	ck_assert_int_eq(run("Contact: *\r\n"), EP_TNA_CONTACTS);
	ck_assert_int_eq(run("Contact: <sip:a@h\r\n"), EP_TNA_MALFORMED);
	ck_assert_int_eq(run("Contact: <sip:a@@h>\r\n"), EP_TNA_MALFORMED);
	ck_assert_int_eq(run("Contact: <sip:a@h>;;alias=1\r\n"), EP_TNA_OK);
	ck_assert_int_eq(run("Contact: <sip:a@h>;alias;;x\r\n"), EP_TNA_MALFORMED);
	for(i = 1; i < EP_TNA_CONTACTS_MAX; i++)
		strcat(many, ",<sip:x@h>");
	strcat(many, "\r\n");
	ck_assert_int_eq(run(many), EP_TNA_OK);
	ck_assert_uint_eq(contacts.n, EP_TNA_CONTACTS_MAX);
	strcat(many, "m: <sip:last@h>\r\n");
	ck_assert_int_eq(run(many), EP_TNA_CONTACTS);
}
END_TEST

static enum ep_err plan_of(struct ep_arena *a, void *ctx)
{
	struct ep_tna_contacts c;
	struct ep_hdredits l;
	enum ep_tna_cause cause;

	ep_hdredits_init(&l, a);
	cause = ep_tna_contacts_plan(&c, &l, ctx, 600, 100, a);
	ck_assert(cause == EP_TNA_OK || cause == EP_TNA_INTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(contact_survives_lack_of_memory)
{
	ck_assert(msg_parse(
			&in, EP_LIT("REGISTER sip:h SIP/2.0\r\nContact: \"a\" "
						"<sip:a@h;alias=1?x=y>;expires=500,<sip:b@h>\r\n"
						"Expires: 500\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(plan_of, &in.m), 2);
}
END_TEST

static void cut_contact(struct ep_view cut, void *ctx)
{
	struct ep_hdr hdr = {EP_LIT("Contact"), cut};
	struct ep_msg m = {.hdrs = &hdr,
			.hdrs_n = 1,
			.method = EP_LIT("R"),
			.ruri = EP_LIT("x")};
	struct ep_tna_contacts c;
	struct ep_hdredits l;
	enum ep_tna_cause cause;
	uint32_t s;

	(void)ctx;
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
	ep_hdredits_init(&l, &arena);
	cause = ep_tna_contacts_plan(&c, &l, &m, 600, 100, &arena);
	ck_assert(cause == EP_TNA_OK || cause == EP_TNA_MALFORMED);
	if(cause == EP_TNA_OK && c.n)
		ck_assert_uint_le(c.v[0].expires_s, 100);
	m.status = 200;
	ep_tna_contacts_reply_plan(&s, &l, &m, NULL, 100, &arena);
}

START_TEST(contact_reads_no_octet_too_many)
{
	every_cut(EP_LIT("\"a\\\"\" <sip:a@h;alias=1;b?x=y>;expires=500;"
					 "+sip.instance=\"<urn:x>\" , <sip:b@h>;q=\"\""),
			cut_contact, NULL);
}
END_TEST

UNIT_MAIN("tna/contact", contact_reads_expiries, contact_limits_every_expiry,
		contact_keeps_what_is_short_enough, contact_keeps_zero_zero,
		contact_adds_what_nobody_said, contact_counts_the_first_of_two,
		contact_takes_alias_out, contact_tells_instance_and_flow,
		contact_refuses_odd_ones, contact_survives_lack_of_memory,
		contact_reads_no_octet_too_many)
