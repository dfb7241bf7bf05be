/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/reply.h"

#define NOW 1000000u

static const struct ep_tna_cfg cfg = {
		.realm = {"home1.net", 9},
		.home_uri = {"sip:home1.net", 13},
		.own_host = {"pcscf", 5},
		.expires_default_s = 600000,
		.expires_max_s = 600000,
		.token_skew_s = 10,
};
static const struct ep_tna_contact ours = {
		.uri = {"sip:u@x.invalid;transport=ws", 28},
		.instance = {"<urn:uuid:1>", 12},
		.reg_id = {"1", 1},
		.expires_s = 600,
};
static struct ep_tna_sent sent;

#define OK200 "SIP/2.0 200 OK\r\nCSeq: 2 REGISTER\r\n"
#define OURS                                                                   \
	"<sip:u@x.invalid;transport=ws>;expires=600;reg-id=1;"                     \
	"+sip.instance=\"<urn:uuid:1>\""

static struct msg_text in;
static struct msg_after out;
static struct ep_tna_reply plan;
static struct ep_arena arena;

static void setup(void)
{
	sent = (struct ep_tna_sent){.auth_done = true,
			.impu = EP_LIT("sip:u@home1.net"),
			.contact = &ours,
			.token_end_s = UINT64_MAX};
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
}

/* With what `sent` says; a test that changes it calls setup() first. */
static enum ep_tna_cause run(const char *text)
{
	enum ep_tna_cause cause;

	ck_assert(msg_parse(&in, ep_view_z(text)));
	cause = ep_tna_reply_plan(&plan, &in.m, &cfg, &sent, NOW, &arena);
	if(cause == EP_TNA_OK)
		ck_assert(msg_apply(&out, &in.m, &plan.edits));
	return cause;
}

START_TEST(reply_reads_what_a_200_says)
{
	setup();
	ck_assert_int_eq(
			run(OK200 "Contact: " OURS "\r\n"
					  "P-Associated-URI: <sip:u@home1.net>, "
					  "\"A, B\" <tel:+49-30>;x=y, <mailto:u@home1.net>\r\n"
					  "p-associated-uri : <sip:chat!.*!@home1.net>,\r\n "
					  "<sip:u2@home1.net>\r\n"
					  "Service-Route: <sip:orig@s1;lr>, <sip:x@s2;lr>;a=b\r\n"
					  "Service-Route: <sip:s3;lr>\r\n"
					  "P-Charging-Function-Addresses: ccf=192.1.1.1; ecf=1\r\n"
					  "P-Charging-Function-Addresses: ccf=192.1.1.2\r\n"
					  "P-Charging-Vector: icid-value=\"a;term-ioi=no\";"
					  "term-ioi=\"Type 1home1.net\"\r\n"
					  "Path: <sip:TOKEN@pcscf;lr>\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(plan.impus.n, 3);
	ck_assert_view_eq(plan.impus.v[0], "sip:u@home1.net");
	ck_assert_view_eq(plan.impus.v[1], "tel:+49-30");
	ck_assert_view_eq(plan.impus.v[2], "sip:u2@home1.net");
	ck_assert_uint_eq(plan.wildcards.n, 1);
	ck_assert_view_eq(plan.wildcards.v[0], "sip:chat!.*!@home1.net");
	ck_assert_uint_eq(plan.service_route.n, 3);
	ck_assert_view_eq(plan.service_route.v[0], "<sip:orig@s1;lr>");
	ck_assert_view_eq(plan.service_route.v[1], "<sip:x@s2;lr>;a=b");
	ck_assert_view_eq(plan.service_route.v[2], "<sip:s3;lr>");
	ck_assert_view_eq(plan.charging, "ccf=192.1.1.1; ecf=1;ccf=192.1.1.2");
	ck_assert_view_eq(plan.term_ioi, "Type 1home1.net");
	ck_assert_uint_eq(plan.expires_s, 600);
	ck_assert_uint_eq(plan.status, 200);
	ck_assert(!strstr(out.text, "Charging") && !strstr(out.text, "Path"));
	ck_assert_uint_eq(msg_count(&out.t.m, EP_LIT("P-Associated-URI")), 2);
}
END_TEST

START_TEST(reply_without_associated_uri_means_the_one_registered)
{
	setup();
	ck_assert_int_eq(run(OK200 "Contact: " OURS "\r\n\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(plan.impus.n, 1);
	ck_assert_view_eq(plan.impus.v[0], "sip:u@home1.net");
	ck_assert_uint_eq(plan.service_route.n, 0);
	ck_assert(!plan.charging.p && !plan.term_ioi.p);
}
END_TEST

START_TEST(reply_limits_our_contact_only)
{
	setup();
	sent.token_end_s = NOW + 110;
	ck_assert_int_eq(run(OK200 "Contact: <sip:d@desk>;expires=7000, " OURS
							   ",<tel:1>;;odd\r\nExpires: 7000\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(plan.expires_s, 100);
	ck_assert_view_eq(msg_value(&out.t.m, EP_LIT("Contact"), 0),
			"<sip:d@desk>;expires=7000, <sip:u@x.invalid;transport=ws>;"
			"expires=100;reg-id=1;+sip.instance=\"<urn:uuid:1>\", "
			"<tel:1>;;odd");
	ck_assert_view_eq(msg_value(&out.t.m, EP_LIT("Expires"), 0), "100");
}
END_TEST

START_TEST(reply_keeps_a_shorter_expiry_of_the_core)
{
	setup();
	sent.token_end_s = NOW + 10000;
	ck_assert_int_eq(run(OK200 "m: <sip:other@y>;reg-id=1;expires=300;"
							   "+sip.instance=\"<urn:uuid:1>\"\r\n\r\n"),
			EP_TNA_OK); /* same flow of the same device, another URI */
	ck_assert_uint_eq(plan.expires_s, 300);
	ck_assert_uint_eq(plan.edits.n, 0);
}
END_TEST

START_TEST(reply_is_not_fooled_by_another_device)
{
	setup();
	ck_assert_int_eq(run(OK200 "Contact: <sip:u@x.invalid;transport=ws>;reg-id="
							   "1;expires=9;+sip.instance=\"<urn:uuid:2>\", "
							   "<sip:z@z>;expires=70\r\n\r\n"),
			EP_TNA_OK); /* not ours: the longest counts */
	ck_assert_uint_eq(plan.expires_s, 70);
}
END_TEST

START_TEST(reply_finds_a_contact_without_instance_by_uri)
{
	struct ep_tna_contact plain = {.uri = EP_LIT("sip:u@x"), .expires_s = 5};

	setup();
	sent.contact = &plain;
	ck_assert_int_eq(run(OK200 "Contact: <sip:U@x>;expires=8, <sip:u@X:5060>"
							   ";expires=9\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(plan.expires_s, 9);
}
END_TEST

START_TEST(reply_knows_that_nothing_is_left)
{
	struct ep_tna_contact gone = ours;

	setup();
	gone.expires_s = 0;
	sent.contact = &gone;
	ck_assert_int_eq(
			run(OK200 "Contact: <sip:d@desk>;expires=7000\r\n\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(plan.expires_s, 0); /* the other device stays */
	ck_assert_int_eq(run(OK200 "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(plan.expires_s, 0);
	sent.contact = NULL; /* '*' */
	ck_assert_int_eq(run(OK200 "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(plan.expires_s, 0);
}
END_TEST

START_TEST(reply_does_not_mistake_a_late_200_for_nothing)
{
	setup();
	sent.token_end_s = NOW - 1; /* ended while the REGISTER was on its way */
	ck_assert_int_eq(run(OK200 "Contact: " OURS "\r\n\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(plan.expires_s, 1);
}
END_TEST

START_TEST(reply_hides_a_challenge_after_auth_done)
{
	setup();
	ck_assert_int_eq(run("SIP/2.0 401 x\r\nCSeq: 1 REGISTER\r\n\r\n"),
			EP_TNA_CORE_CHALLENGED);
	ck_assert_int_eq(run("SIP/2.0 407 x\r\nCSeq: 1 REGISTER\r\n\r\n"),
			EP_TNA_CORE_CHALLENGED);
	sent.auth_done = false;
	ck_assert_int_eq(run("SIP/2.0 401 x\r\nCSeq: 1 REGISTER\r\n"
						 "WWW-Authenticate: Digest realm=\"r\", ik=\"0\"\r\n"
						 "P-Charging-Vector: icid-value=1\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_str_eq(out.text,
			"SIP/2.0 401 \r\nCSeq: 1 REGISTER\r\n"
			"WWW-Authenticate: Digest realm=\"r\"\r\n\r\n");
	ck_assert_uint_eq(plan.status, 401);
}
END_TEST

START_TEST(reply_refuses_what_it_cannot_read)
{
	static const char *const bad[] = {"P-Associated-URI: <sip:u@home1.net",
			"P-Associated-URI: <sip:u@@home1.net>", "P-Associated-URI: *",
			"P-Associated-URI: <mailto>", "Service-Route: sip:s1;lr",
			"Service-Route: <sip:s1>x", "Service-Route: <tel:1>",
			"Service-Route: <sip:a@b@c>", "Contact: *", "Contact: <sip:u",
			"Contact: \""};
	char text[512];
	size_t i;

	setup();
	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), OK200 "%s\r\n\r\n", bad[i]);
		ck_assert_msg(run(text) == EP_TNA_CORE_MALFORMED, "%s", bad[i]);
	}
	ck_assert_int_eq(
			run("SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n"), EP_TNA_METHOD);
	ck_assert_int_eq(run("REGISTER sip:h SIP/2.0\r\n\r\n"), EP_TNA_METHOD);
}
END_TEST

static enum ep_err plan_of(struct ep_arena *a, void *ctx)
{
	enum ep_tna_cause cause =
			ep_tna_reply_plan(&plan, ctx, &cfg, &sent, NOW, a);

	ck_assert(cause == EP_TNA_OK || cause == EP_TNA_INTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(reply_survives_lack_of_memory)
{
	setup();
	sent.token_end_s = NOW + 100;
	ck_assert(msg_parse(&in,
			EP_LIT(OK200 "Contact: <sip:a@b>," OURS "\r\n"
						 "P-Charging-Function-Addresses: a\r\n"
						 "P-Charging-Function-Addresses: b\r\n"
						 "WWW-Authenticate: Digest ik=1, b=c\r\n"
						 "Service-Route: <sip:s1>\r\nExpires: 500\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(plan_of, &in.m), 2);
}
END_TEST

static void cut_reply(struct ep_view cut, void *ctx)
{
	struct msg_text t;

	(void)ctx;
	setup();
	if(msg_parse(&t, cut)
			&& ep_tna_reply_plan(&plan, &t.m, &cfg, &sent, NOW, &arena)
					   == EP_TNA_OK) {
		ck_assert(msg_apply(&out, &t.m, &plan.edits));
		ck_assert(!strstr(out.text, "P-Charging-Vector:"));
	}
}

START_TEST(reply_reads_no_octet_too_many)
{
	every_cut(EP_LIT(OK200 "P-Associated-URI: <sip:u!.*!@home1.net>, <tel:+1>"
						   "\r\nService-Route: <sip:orig@s1;lr>\r\n"
						   "P-Charging-Vector: icid-value=\"a\";term-ioi=b\r\n"
						   "Contact: " OURS ",<sip:a@b>;q=\"\"\r\n\r\n"),
			cut_reply, NULL);
}
END_TEST

static void beyond(const char *min, uint64_t end_s, enum ep_tna_cause cause)
{
	char text[256];

	setup();
	sent.token_end_s = end_s;
	snprintf(text, sizeof(text),
			"SIP/2.0 423 x\r\nCSeq: 1 REGISTER\r\n%s"
			"P-Charging-Vector: icid-value=1\r\n\r\n",
			min);
	ck_assert_int_eq(run(text), cause);
	ck_assert(msg_apply(&out, &in.m, &plan.edits));
}

START_TEST(reply_wants_a_new_token_where_this_one_is_too_short)
{
	beyond("Min-Expires: 101\r\n", NOW + 110, EP_TNA_TOKEN_ENDING);
	ck_assert_str_eq(out.text,
			"SIP/2.0 423 \r\nCSeq: 1 REGISTER\r\n"
			"WWW-Authenticate: Bearer realm=\"home1.net\", "
			"error=\"invalid_token\"\r\n\r\n");
	/* it asked for less than it may have: asking again helps */
	beyond("Min-Expires: 100\r\n", NOW + 110, EP_TNA_OK);
	ck_assert_str_eq(out.text,
			"SIP/2.0 423 \r\nCSeq: 1 REGISTER\r\n"
			"Min-Expires: 100\r\n\r\n");
	beyond("", NOW + 110, EP_TNA_OK);
	beyond("Min-Expires: 600000\r\n", UINT64_MAX, EP_TNA_OK);
	setup();
	sent.auth_done = false;
	ck_assert_int_eq(run("SIP/2.0 423 x\r\nCSeq: 1 REGISTER\r\n"
						 "Min-Expires: 999999\r\n\r\n"),
			EP_TNA_OK);
}
END_TEST

START_TEST(reply_redirects_nobody_into_the_core)
{
	setup();
	ck_assert_int_eq(run("SIP/2.0 305 x\r\nCSeq: 1 REGISTER\r\n"
						 "m: <sip:pcscf2.home1.net>\r\n"
						 "Contact: <sip:pcscf3.home1.net>\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_str_eq(out.text, "SIP/2.0 305 \r\nCSeq: 1 REGISTER\r\n\r\n");
	ck_assert_int_eq(run("SIP/2.0 503 x\r\nCSeq: 1 REGISTER\r\n"
						 "Retry-After: 5\r\n\r\n"),
			EP_TNA_OK);
	ck_assert(strstr(out.text, "Retry-After: 5\r\n"));
}
END_TEST

UNIT_MAIN("tna/reply", reply_reads_what_a_200_says,
		reply_without_associated_uri_means_the_one_registered,
		reply_limits_our_contact_only, reply_keeps_a_shorter_expiry_of_the_core,
		reply_is_not_fooled_by_another_device,
		reply_finds_a_contact_without_instance_by_uri,
		reply_knows_that_nothing_is_left,
		reply_does_not_mistake_a_late_200_for_nothing,
		reply_hides_a_challenge_after_auth_done,
		reply_refuses_what_it_cannot_read, reply_survives_lack_of_memory,
		reply_reads_no_octet_too_many,
		reply_wants_a_new_token_where_this_one_is_too_short,
		reply_redirects_nobody_into_the_core)
