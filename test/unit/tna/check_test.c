/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/check.h"
#include "tna/trust.h"

static struct ep_tna_cfg cfg;
static const struct ep_view impus[] = {
		{"sip:alice@home1.net", 19}, {"tel:+4930", 9}};
static const struct ep_view wild[] = {{"sip:chat!.*!@home1.net", 22}};
static const struct ep_view routes[] = {
		{"<sip:orig@s1;lr>", 16}, {"<sip:s2;lr>", 11}};
static const struct ep_binding binding = {
		.impus = {impus, 2},
		.wildcards = {wild, 1},
		.service_route = {routes, 2},
		.charging = {"ccf=1.1.1.1", 11},
};

static struct msg_text in;
static struct msg_after out;
static struct ep_tna_request plan;
static struct ep_hdredits edits;
static struct ep_arena arena;

static void setup(void)
{
	cfg = (struct ep_tna_cfg){.own_host = EP_LIT("pcscf:4060"),
			.ioi = EP_LIT("home1.net"),
			.charging_addresses = true};
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
}

static enum ep_tna_cause run(const char *text)
{
	enum ep_tna_cause cause;

	ck_assert(msg_parse(&in, ep_view_z(text)));
	cause = ep_tna_request_plan(
			&plan, &in.m, &cfg, &binding, EP_LIT("icid-2"), &arena);
	if(cause == EP_TNA_OK)
		ck_assert(msg_apply(&out, &in.m, &plan.edits));
	return cause;
}

static struct ep_view got(const char *name)
{
	return msg_value(&out.t.m, ep_view_z(name), 0);
}

static size_t count(const char *name)
{
	return msg_count(&out.t.m, ep_view_z(name));
}

#define INVITE "INVITE sip:bob@home2.net SIP/2.0\r\n"
#define FROM "From: <sip:alice@home1.net>;tag=1\r\n"
#define TO "To: <sip:bob@home2.net>\r\n"
#define TO_TAG "To: <sip:bob@home2.net>;tag=2\r\n"

START_TEST(check_plans_an_initial_request)
{
	setup();
	ck_assert_int_eq(run(INVITE "Route: <sip:evil;lr>\r\n" FROM TO
								"Authorization: Bearer secret\r\n"
								"Proxy-Authorization: Bearer secret\r\n"
								"P-Preferred-Identity: <tel:+49-30>\r\n"
								"Require: sec-agree,Trickle-ICE\r\n"
								"route : <sip:evil2;lr>\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_str_eq(out.text,
			INVITE "Route: <sip:orig@s1;lr>, <sip:s2;lr>\r\n" FROM TO
				   "P-Asserted-Identity: <tel:+4930>\r\n"
				   "P-Charging-Vector: icid-value=\"icid-2\";orig-ioi=\"Type "
				   "1home1.net\"\r\n"
				   "P-Charging-Function-Addresses: ccf=1.1.1.1\r\n\r\n");
	ck_assert(!plan.in_dialog);
	ck_assert_view_eq(plan.asserted, "tel:+4930");
}
END_TEST

START_TEST(check_asserts_the_default_when_in_doubt)
{
	static const char *const ppi[] = {"",
			"P-Preferred-Identity: <sip:bob@home1.net>\r\n",
			"P-Asserted-Identity: <tel:+4930>\r\n",
			"p-asserted-identity : <sip:evil@x>\r\n"
			"P-Preferred-Identity: garbage <\r\n"};
	char text[512];
	size_t i;

	setup();
	for(i = 0; i < sizeof(ppi) / sizeof(ppi[0]); i++) {
		snprintf(text, sizeof(text),
				"MESSAGE sip:b@h SIP/2.0\r\n" FROM TO "%s\r\n", ppi[i]);
		ck_assert_int_eq(run(text), EP_TNA_OK);
		ck_assert_uint_eq(count("P-Asserted-Identity"), 1);
		ck_assert_view_eq(got("P-Asserted-Identity"), "<sip:alice@home1.net>");
		ck_assert_uint_eq(count("P-Preferred-Identity"), 0);
	}
}
END_TEST

START_TEST(check_removes_every_trust_header)
{
	char text[2048];
	struct ep_view row;
	unsigned ways;
	size_t i;

	setup();
	for(i = 0; (row = ep_trust_name(i, &ways)).p; i++) {
		if(!(ways & EP_TRUST_REQUEST))
			continue;
		snprintf(text, sizeof(text),
				INVITE "%.*s: evil\r\n" FROM TO
					   "%.*s \t:\r\n\tevil\r\n"
					   "X-a: kept\r\n\r\n",
				EP_FMT(row), EP_FMT(row));
		ck_assert_int_eq(run(text), EP_TNA_OK);
		ck_assert_msg(!strstr(out.text, "evil"), "%.*s", EP_FMT(row));
		ck_assert_view_eq(got("X-a"), "kept");
	}
	ck_assert_uint_gt(i, 30);
}
END_TEST

START_TEST(check_leaves_the_route_of_a_dialog)
{
	setup();
	ck_assert_int_eq(
			run("BYE sip:bob@1.2.3.4 SIP/2.0\r\n"
				"Route: <sip:TOKEN@PCSCF:4060;lr>\r\n"
				"Route: <sip:T2@pcscf:4060;lr>, <sip:s1;lr>,<sip:pcscf:4060>\r\n"
				"Route: <sip:s2;lr>\r\n" FROM TO_TAG
				"Authorization: Bearer x\r\n"
				"P-Preferred-Identity: <tel:+4930>\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_str_eq(out.text,
			"BYE sip:bob@1.2.3.4 SIP/2.0\r\n"
			"Route: <sip:s1;lr>,<sip:pcscf:4060>\r\n"
			"Route: <sip:s2;lr>\r\n" FROM TO_TAG
			"P-Charging-Vector: icid-value=\"icid-2\";orig-ioi=\"Type "
			"1home1.net\"\r\n"
			"P-Charging-Function-Addresses: ccf=1.1.1.1\r\n\r\n");
	ck_assert(plan.in_dialog && !plan.asserted.p);
	ck_assert_int_eq(
			run("BYE sip:b@h SIP/2.0\r\nRoute: <sip:pcscf;lr>\r\n" FROM TO_TAG
				"\r\n"),
			EP_TNA_OK); /* another port is another host */
	ck_assert_uint_eq(count("Route"), 1);
	ck_assert_int_eq(
			run("BYE sip:b@h SIP/2.0\r\nRoute: <sip:pcscf\r\n" FROM TO_TAG
				"\r\n"),
			EP_TNA_MALFORMED);
}
END_TEST

START_TEST(check_only_cleans_ack_and_cancel)
{
	setup();
	ck_assert_int_eq(
			run("ACK sip:bob@h SIP/2.0\r\nRoute: <sip:s1;lr>\r\n" FROM TO_TAG
				"Authorization: Bearer x\r\n"
				"P-Charging-Vector: x\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_str_eq(out.text,
			"ACK sip:bob@h SIP/2.0\r\nRoute: <sip:s1;lr>\r\n" FROM TO_TAG
			"\r\n");
	ck_assert_int_eq(
			run("CANCEL sip:bob@h SIP/2.0\r\nRoute: <sip:evil>\r\n" FROM TO
				"Authorization: Bearer x\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_str_eq(out.text, "CANCEL sip:bob@h SIP/2.0\r\n" FROM TO "\r\n");
}
END_TEST

START_TEST(check_asks_for_a_registered_from_when_told)
{
	setup();
	ck_assert_int_eq(run(INVITE "From: <sip:evil@x>\r\n" TO "\r\n"), EP_TNA_OK);
	cfg.from_strict = true;
	ck_assert_int_eq(run(INVITE "From: <sip:evil@x>\r\n" TO "\r\n"),
			EP_TNA_FROM_FOREIGN);
	ck_assert_int_eq(
			run(INVITE "From: tel:+49-30;tag=1\r\n" TO "\r\n"), EP_TNA_OK);
	ck_assert_int_eq(
			run(INVITE "From: <sip:chat1@home1.net>\r\n" TO "\r\n"), EP_TNA_OK);
	ck_assert_int_eq(
			run(INVITE "From: <sip:anonymous@anonymous.invalid>\r\n" TO "\r\n"),
			EP_TNA_OK);
	/* in a dialog From is what it was at its start */
	ck_assert_int_eq(
			run(INVITE "From: <sip:evil@x>\r\n" TO_TAG "\r\n"), EP_TNA_OK);
}
END_TEST

START_TEST(check_refuses_what_it_is_not_for)
{
	setup();
	ck_assert_int_eq(
			run("REGISTER sip:h SIP/2.0\r\n" FROM TO "\r\n"), EP_TNA_METHOD);
	ck_assert_int_eq(run("SIP/2.0 200 OK\r\n" FROM TO "\r\n"), EP_TNA_METHOD);
	ck_assert_int_eq(run(INVITE FROM "\r\n"), EP_TNA_MALFORMED);
	ck_assert_int_eq(run(INVITE TO "\r\n"), EP_TNA_MALFORMED);
	ck_assert_int_eq(run(INVITE FROM TO TO_TAG "\r\n"), EP_TNA_MALFORMED);
	ck_assert_int_eq(run(INVITE FROM FROM TO "\r\n"), EP_TNA_MALFORMED);
}
END_TEST

START_TEST(check_knows_emergency)
{
	setup();
	ck_assert_int_eq(run("INVITE urn:service:sos SIP/2.0\r\n" FROM TO "\r\n"),
			EP_TNA_EMERGENCY);
	ck_assert_int_eq(
			run("INVITE URN:service:SOS.fire SIP/2.0\r\n" FROM TO "\r\n"),
			EP_TNA_EMERGENCY);
	ck_assert_int_eq(run("INVITE urn:service:sosx SIP/2.0\r\n" FROM TO "\r\n"),
			EP_TNA_OK);
}
END_TEST

START_TEST(check_knows_emergency_numbers_and_who_is_sent_there)
{
	setup();
	cfg.emergency_numbers = EP_LIT("112");
	ck_assert_int_eq(run("INVITE tel:1-1-2 SIP/2.0\r\n" FROM TO "\r\n"),
			EP_TNA_EMERGENCY);
	ck_assert_int_eq(run("REFER sip:bob@h SIP/2.0\r\n" FROM TO
						 "Refer-To: <tel:112>\r\n\r\n"),
			EP_TNA_EMERGENCY);
	ck_assert_int_eq(run("REFER sip:bob@h SIP/2.0\r\n" FROM
						 "To: <sip:b@h>;tag=2\r\nr: <tel:112>\r\n\r\n"),
			EP_TNA_EMERGENCY);
	/* where a dialog goes was settled when it began */
	ck_assert_int_eq(
			run("BYE tel:112 SIP/2.0\r\n" FROM "To: <tel:112>;tag=2\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_int_eq(run("ACK tel:112 SIP/2.0\r\n" FROM TO "\r\n"), EP_TNA_OK);
	ck_assert_int_eq(
			run("CANCEL tel:112 SIP/2.0\r\n" FROM TO "\r\n"), EP_TNA_OK);
}
END_TEST

START_TEST(check_reads_the_charging_id)
{
	static const char *const rows[][2] = {
			{"P-Charging-Vector: icid-value=\"a;b\";orig-ioi=x\r\n", "a;b"},
			{"p-charging-vector : orig-ioi=x; ICID-Value = 12\r\n", "12"},
			{"P-Charging-Vector: orig-ioi=x\r\n", NULL},
			{"P-Charging-Vector: icid-value\r\n", NULL}, {"", NULL}};
	char text[256];
	size_t i;

	for(i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), INVITE FROM TO "%s\r\n", rows[i][0]);
		ck_assert(msg_parse(&in, ep_view_z(text)));
		if(rows[i][1] != NULL)
			ck_assert_view_eq(ep_tna_icid_of(&in.m), rows[i][1]);
		else
			ck_assert_uint_eq(ep_tna_icid_of(&in.m).len, 0);
	}
}
END_TEST

START_TEST(check_makes_do_with_an_empty_binding)
{
	struct ep_binding empty = {.id = {0}};

	setup();
	cfg.charging_addresses = false;
	ck_assert(msg_parse(&in, EP_LIT(INVITE FROM TO "Route: <sip:x>\r\n\r\n")));
	ck_assert_int_eq(ep_tna_request_plan(&plan, &in.m, &cfg, &empty,
							 ep_view_none(), &arena),
			EP_TNA_OK);
	ck_assert(msg_apply(&out, &in.m, &plan.edits));
	ck_assert_str_eq(out.text, INVITE FROM TO "\r\n");
}
END_TEST

START_TEST(check_names_the_flow_in_record_route)
{
	setup();
	ck_assert_view_eq(ep_tna_record_route(&cfg, EP_LIT("TOKEN"), &arena),
			"<sip:TOKEN@pcscf:4060;lr>");
	cfg.own_params = EP_LIT("transport=tcp");
	ck_assert_view_eq(ep_tna_record_route(&cfg, EP_LIT("TOKEN"), &arena),
			"<sip:TOKEN@pcscf:4060;transport=tcp;lr>");
}
END_TEST

START_TEST(check_takes_alias_out_of_contacts)
{
	setup();
	ck_assert_int_eq(
			run(INVITE FROM TO "m: \"a, b\" <sip:u@x;alias=1.2.3.4~5~1;ob?a=b>;"
							   "q=1, sip:v@x;ALIAS=z\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_view_eq(
			got("Contact"), "\"a, b\" <sip:u@x;ob?a=b>;q=1, <sip:v@x>");
	ck_assert_int_eq(
			run(INVITE FROM TO "Contact: <sip:u@x;ob>;q=1\r\n\r\n"), EP_TNA_OK);
	ck_assert_view_eq(got("Contact"), "<sip:u@x;ob>;q=1");
	ck_assert_int_eq(run(INVITE FROM TO "Contact: <sip:u@x;alias=1\r\n\r\n"),
			EP_TNA_MALFORMED);
}
END_TEST

static void answer(const char *text, const char *after)
{
	setup();
	ck_assert(msg_parse(&in, ep_view_z(text)));
	ck_assert_int_eq(
			ep_tna_answer_plan(&edits, &in.m, &binding, &arena), EP_TNA_OK);
	ck_assert(msg_apply(&out, &in.m, &edits));
	ck_assert_str_eq(out.text, after);
}

START_TEST(check_asserts_who_answers)
{
	answer("SIP/2.0 180 x\r\nP-Preferred-Identity: <tel:+4930>\r\n"
		   "P-Asserted-Identity: <sip:evil@x>\r\nRecord-Route: <sip:a>\r\n"
		   "P-Charging-Vector: x\r\nContact: <sip:u@x;alias=1>\r\n\r\n",
			"SIP/2.0 180 \r\nRecord-Route: <sip:a>\r\n"
			"Contact: <sip:u@x>\r\n"
			"P-Asserted-Identity: <tel:+4930>\r\n\r\n");
	answer("SIP/2.0 486 x\r\nP-Asserted-Identity: <sip:evil@x>\r\n\r\n",
			"SIP/2.0 486 \r\n\r\n");
	answer("SIP/2.0 100 x\r\n\r\n", "SIP/2.0 100 \r\n\r\n");
	ck_assert(msg_parse(&in, EP_LIT(INVITE "\r\n")));
	ck_assert_int_eq(
			ep_tna_answer_plan(&edits, &in.m, &binding, &arena), EP_TNA_METHOD);
}
END_TEST

static void towards(const char *headers, const char *after)
{
	char text[2048];

	setup();
	snprintf(text, sizeof(text), INVITE "%s\r\n", headers);
	ck_assert(msg_parse(&in, ep_view_z(text)));
	ck_assert_int_eq(ep_tna_towards_plan(&edits, &in.m, &arena), EP_TNA_OK);
	ck_assert(msg_apply(&out, &in.m, &edits));
	ck_assert(strlen(out.text) > strlen(INVITE));
	ck_assert_str_eq(out.text + strlen(INVITE), after);
}

START_TEST(check_keeps_the_cores_secrets_from_the_wic)
{
	towards("P-Charging-Vector: icid-value=1\r\nP-Asserted-Identity: <tel:1>\r\n"
			"P-CHARGING-function-addresses : ccf=1\r\nFeature-Caps: *;+x\r\n"
			"P-Access-Network-Info:\r\n 3GPP\r\nP-Served-User: <sip:a@b>\r\n"
			"P-Called-Party-ID: <sip:a@b>\r\nHistory-Info: <sip:a>\r\n"
			"From: <tel:+49>\r\n",
			"P-Asserted-Identity: <tel:1>\r\nFeature-Caps: *;+x\r\n"
			"P-Called-Party-ID: <sip:a@b>\r\nHistory-Info: <sip:a>\r\n"
			"From: <tel:+49>\r\n\r\n");
}
END_TEST

START_TEST(check_obeys_privacy)
{
	static const char *const id[] = {"Privacy: id\r\n", "Privacy: user;ID\r\n",
			"privacy : critical ;\r\n id \r\n",
			"Privacy: none\r\nPrivacy: user, id\r\n"};
	char text[512];
	size_t i;

	for(i = 0; i < sizeof(id) / sizeof(id[0]); i++) {
		snprintf(text, sizeof(text),
				INVITE
				"%sP-Asserted-Identity: <sip:a>\r\n"
				"p-asserted-identity : <tel:1>\r\n\r\n",
				id[i]);
		setup();
		ck_assert(msg_parse(&in, ep_view_z(text)));
		ck_assert_int_eq(ep_tna_towards_plan(&edits, &in.m, &arena), EP_TNA_OK);
		ck_assert(msg_apply(&out, &in.m, &edits));
		ck_assert_uint_eq(count("P-Asserted-Identity"), 0);
		ck_assert_uint_ge(count("Privacy"), 1);
	}
	towards("Privacy: history\r\nP-Asserted-Identity: <sip:a>\r\n"
			"History-Info: <sip:a>\r\n",
			"Privacy: history\r\nP-Asserted-Identity: <sip:a>\r\n\r\n");
	towards("Privacy: ids\r\nP-Asserted-Identity: <sip:a>\r\n",
			"Privacy: ids\r\nP-Asserted-Identity: <sip:a>\r\n\r\n");
}
END_TEST

static enum ep_err plan_of(struct ep_arena *a, void *ctx)
{
	enum ep_tna_cause cause =
			ep_tna_request_plan(&plan, ctx, &cfg, &binding, EP_LIT("icid"), a);

	ck_assert(cause == EP_TNA_OK || cause == EP_TNA_INTERNAL);
	if(cause)
		return EP_ENOMEM;
	cause = ep_tna_towards_plan(&edits, ctx, a);
	ck_assert(cause == EP_TNA_OK || cause == EP_TNA_INTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(check_survives_lack_of_memory)
{
	setup();
	ck_assert(msg_parse(
			&in, EP_LIT(INVITE FROM TO
						 "P-Preferred-Identity: <sip:chat7@home1.net>\r\n"
						 "Authorization: Digest a=b,integrity-protected=x\r\n"
						 "Route: <sip:x>\r\nSupported: sec-agree, a, Trickle-ICE\r\n"
						 "Contact: <sip:a@b;alias=1;x?c=d>;alias=2;z\r\n"
						 "P-Charging-Vector: x\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(plan_of, &in.m), 2);
}
END_TEST

static void cut_request(struct ep_view cut, void *ctx)
{
	struct msg_text t;

	(void)ctx;
	setup();
	if(!msg_parse(&t, cut))
		return;
	if(ep_tna_request_plan(&plan, &t.m, &cfg, &binding, EP_LIT("icid"), &arena)
			== EP_TNA_OK) {
		ck_assert(msg_apply(&out, &t.m, &plan.edits));
		ck_assert(!strstr(out.text, "secret"));
	}
	ck_assert_int_eq(ep_tna_towards_plan(&edits, &t.m, &arena), EP_TNA_OK);
}

START_TEST(check_reads_no_octet_too_many)
{
	every_cut(EP_LIT("BYE sip:b@h SIP/2.0\r\nPrivacy: user;id\r\n" FROM TO_TAG
					 "Route: <sip:pcscf:4060>, <sip:s1;lr>\r\n"
					 "Authorization: Bearer secret\r\n\r\n"),
			cut_request, NULL);
	every_cut(EP_LIT(INVITE FROM TO
					  "P-Preferred-Identity: \"a\" <sip:chat1@home1.net>\r\n"
					  "Authorization: Bearer secret\r\n\r\n"),
			cut_request, NULL);
}
END_TEST

UNIT_MAIN("tna/check", check_plans_an_initial_request,
		check_asserts_the_default_when_in_doubt,
		check_removes_every_trust_header, check_leaves_the_route_of_a_dialog,
		check_only_cleans_ack_and_cancel,
		check_asks_for_a_registered_from_when_told,
		check_refuses_what_it_is_not_for, check_knows_emergency,
		check_knows_emergency_numbers_and_who_is_sent_there,
		check_reads_the_charging_id, check_makes_do_with_an_empty_binding,
		check_names_the_flow_in_record_route, check_takes_alias_out_of_contacts,
		check_asserts_who_answers, check_keeps_the_cores_secrets_from_the_wic,
		check_obeys_privacy, check_survives_lack_of_memory,
		check_reads_no_octet_too_many)
