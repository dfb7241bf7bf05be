/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/request.h"
#include "tna/trust.h"

#define NOW 1000000u

static const struct ep_tna_cfg cfg = {
		.realm = {"registrar.home1.net", 19},
		.home_uri = {"sip:registrar.home1.net", 23},
		.own_host = {"pcscf1.visited1.net:5060", 24},
		.outbound = true,
		.visited_network = {"visited1.net", 12},
		.ioi = {"visited1.net", 12},
		.icid_generated_at = {"[2001:db8::1]", 13},
		.expires_default_s = 600000,
		.expires_max_s = 600000,
		.token_skew_s = 10,
		.token_min_s = 30,
};
static const struct ep_view impus[] = {
		{"sip:user1_public1@home1.net", 27}, {"tel:+4930", 9}};
static const struct ep_tna_identity who = {
		.impi = {"user1_private@home1.net", 23},
		.impus = {impus, 2},
		.waf = {"webrtc_authserver1@thirdparty.net", 33},
		.add_entity = true,
		.token_end_s = UINT64_MAX,
};

#define START "REGISTER sip:registrar.home1.net SIP/2.0\r\n"
#define WHO                                                                    \
	"To: <sip:user1_public1@home1.net>\r\n"                                    \
	"From: <sip:user1_public1@home1.net>;tag=1\r\n"
#define BEARER "Authorization: Bearer access_token=\"secret-token\"\r\n"
#define CONTACT                                                                \
	"Contact: <sip:u@x.invalid;transport=ws>;+sip.ice;reg-id=1;"               \
	"+sip.instance=\"<urn:uuid:1>\";expires=600\r\n"
#define PLAIN START WHO BEARER CONTACT "\r\n"

static struct msg_text in;
static struct msg_after out;
static struct ep_tna_register plan;
static struct ep_arena arena;

static enum ep_tna_cause run_as(
		const char *text, const struct ep_tna_identity *id)
{
	enum ep_tna_cause cause;

	ck_assert(msg_parse(&in, ep_view_z(text)));
	plain_arena_init(&arena);
	cause = ep_tna_register_plan(&plan, &in.m, &cfg, id, EP_LIT("TOKEN"),
			EP_LIT("icid-1"), NOW, &arena);
	if(cause == EP_TNA_OK)
		ck_assert(msg_apply(&out, &in.m, &plan.edits));
	return cause;
}

static enum ep_tna_cause run(const char *text)
{
	enum ep_tna_cause cause = run_as(text, &who);

	ep_arena_fini(&arena);
	return cause;
}

/* The k-th header `name` of the result. */
static struct ep_view got(const char *name, size_t k)
{
	return msg_value(&out.t.m, ep_view_z(name), k);
}

static size_t count(const char *name)
{
	return msg_count(&out.t.m, ep_view_z(name));
}

START_TEST(request_writes_table_A_3_2_2_to_the_byte)
{
	ck_assert_int_eq(run(PLAIN), EP_TNA_OK);
	ck_assert(strstr(out.text,
			"\r\nAuthorization: Digest "
			"username=\"user1_private@home1.net\", "
			"realm=\"registrar.home1.net\", nonce=\"\", "
			"uri=\"sip:registrar.home1.net\", response=\"\", "
			"integrity-protected=\"auth-done\", "
			"authorization-entity=\"webrtc_authserver1@thirdparty.net\"\r\n"));
	ck_assert_uint_eq(count("Authorization"), 1);
	ck_assert(!strstr(out.text, "secret"));
}
END_TEST

START_TEST(request_leaves_own_waf_out)
{
	struct ep_tna_identity own = who;

	own.add_entity = false;
	ck_assert_int_eq(run_as(PLAIN, &own), EP_TNA_OK);
	ck_assert_view_eq(got("Authorization", 0),
			"Digest username=\"user1_private@home1.net\", "
			"realm=\"registrar.home1.net\", nonce=\"\", "
			"uri=\"sip:registrar.home1.net\", response=\"\", "
			"integrity-protected=\"auth-done\"");
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(request_adds_the_mw_headers)
{
	ck_assert_int_eq(run(PLAIN), EP_TNA_OK);
	ck_assert_view_eq(
			got("Path", 0), "<sip:TOKEN@pcscf1.visited1.net:5060;lr;ob>");
	ck_assert_view_eq(got("Require", 0), "path");
	ck_assert_view_eq(got("Supported", 0), "path");
	ck_assert_view_eq(got("P-Visited-Network-ID", 0), "visited1.net");
	ck_assert_view_eq(got("P-Charging-Vector", 0),
			"icid-value=\"icid-1\";icid-generated-at=[2001:db8::1];"
			"orig-ioi=\"Type 1visited1.net\"");
	ck_assert_uint_eq(count("P-Access-Network-Info"), 0);
}
END_TEST

START_TEST(request_removes_credentials_in_every_spelling)
{
	static const char *const lines[] = {"Authorization: Bearer secret\r\n",
			"AUTHORIZATION  :bearer secret\r\n",
			"authorization\t:\r\n Bearer\r\n\taccess_token=\"secret\"\r\n",
			"Proxy-Authorization: Bearer secret\r\n",
			"pRoxy-authorization : Digest username=\"secret\"\r\n",
			"Authorization: Digest username=\"x\", "
			"integrity-protected=\"auth-done\", a=\"secret\"\r\n",
			"Authorization: ,Bearer secret\r\n", "Authorization: secret\r\n",
			"Authorization:\r\n",
			"Authorization: Digest a=b\r\nAuthorization: Bearer secret\r\n"};
	char text[1024];
	size_t i, k;

	for(i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for(k = 0; k < 2; k++) {
			snprintf(text, sizeof(text), START "%s" WHO "%s" CONTACT "%s\r\n",
					k ? lines[i] : "", k ? BEARER : lines[i],
					k ? lines[i] : "");
			ck_assert_int_eq(run(text), EP_TNA_OK);
			ck_assert_msg(!strstr(out.text, "secret"), "%s", lines[i]);
			ck_assert_uint_eq(count("Authorization"), 1);
			ck_assert_uint_eq(count("Proxy-Authorization"), 0);
		}
}
END_TEST

/* Every row of the table, in spellings that have got past header removal
 * before (CVE-2020-28361). */
START_TEST(request_removes_every_trust_header)
{
	static const char *const spell[] = {
			"%s: evil\r\n", "%s  : evil\r\n", "%s\t:\r\n evil\r\n"};
	char text[4096], name[64], lines[512];
	struct ep_view row;
	size_t i, k, c, n;
	unsigned ways;

	for(i = 0; (row = ep_trust_name(i, &ways)).p; i++) {
		if(!(ways & EP_TRUST_REGISTER))
			continue;
		for(k = 0, n = 0; k < 3; k++) {
			snprintf(name, sizeof(name), "%.*s", EP_FMT(row));
			for(c = 0; c < row.len; c++) /* as it is, upper, aLtErNaTe */
				if(name[c] >= 'a' && name[c] <= 'z' && k && (k == 1 || c % 2))
					name[c] -= 32;
			n += (size_t)snprintf(lines + n, sizeof(lines) - n, spell[k], name);
		}
		snprintf(text, sizeof(text),
				START "%s" WHO BEARER "%s" CONTACT "%sX-evil: kept\r\n\r\n",
				lines, lines, lines);
		ck_assert_int_eq(run(text), EP_TNA_OK);
		ck_assert_msg(!strstr(out.text, " evil"), "%.*s", EP_FMT(row));
		ck_assert_view_eq(got("X-evil", 0), "kept");
	}
	ck_assert_uint_gt(i, 30);
	ck_assert_uint_eq(count("Path"), 1);
}
END_TEST

START_TEST(request_removes_routes_of_the_wic)
{
	ck_assert_int_eq(run(START WHO BEARER CONTACT
							 "Route: <sip:evil.net;lr>\r\nroute : <sip:e2;lr>,"
							 "\r\n <sip:e3>\r\nRecord-Route: <sip:e4>\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(count("Route"), 0);
	ck_assert_uint_eq(count("Record-Route"), 0);
}
END_TEST

START_TEST(request_merges_option_tags)
{
	ck_assert_int_eq(
			run(START WHO BEARER CONTACT
					"Require: sec-agree\r\nrequire:gruu ,Sec-Agree, PATH\r\n"
					"Proxy-Require: sec-agree\r\nk: outbound, path\r\n"
					"Supported: gruu,sec-agree,trickle-ice\r\nSecurity-Client: tls\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(count("Require"), 1);
	ck_assert_view_eq(got("Require", 0), "gruu, PATH");
	ck_assert_uint_eq(count("Proxy-Require"), 0);
	ck_assert_uint_eq(count("Supported"), 2);
	ck_assert_view_eq(got("Supported", 0), "outbound, path");
	ck_assert_view_eq(got("Supported", 1), "gruu");
	ck_assert_uint_eq(count("Security-Client"), 0);
}
END_TEST

START_TEST(request_tells_what_was_asked)
{
	ck_assert_int_eq(run_as(PLAIN, &who), EP_TNA_OK);
	ck_assert_view_eq(plan.impu, "sip:user1_public1@home1.net");
	ck_assert_view_eq(plan.impi, "user1_private@home1.net");
	ck_assert_uint_eq(plan.contacts.n, 1);
	ck_assert_view_eq(plan.contacts.v[0].uri, "sip:u@x.invalid;transport=ws");
	ck_assert_view_eq(plan.contacts.v[0].instance, "<urn:uuid:1>");
	ck_assert_view_eq(plan.contacts.v[0].reg_id, "1");
	ck_assert_uint_eq(plan.expires_s, 600);
	ck_assert(!plan.deregister && !plan.fetch);
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_tna_cause ends_in(uint64_t left_s, const char *text)
{
	struct ep_tna_identity id = who;
	enum ep_tna_cause cause;

	id.token_end_s = NOW + left_s;
	cause = run_as(text, &id);
	ep_arena_fini(&arena);
	return cause;
}

START_TEST(request_never_outlives_the_token)
{
	static const char bare[] =
			START WHO BEARER "Contact: <sip:u@x.invalid>\r\n\r\n";

	ck_assert_int_eq(ends_in(110, PLAIN), EP_TNA_OK); /* skew is 10 */
	ck_assert_uint_eq(plan.expires_s, 100);
	ck_assert(strstr(out.text, ";expires=100\r\n"));
	ck_assert_int_eq(ends_in(10000, PLAIN), EP_TNA_OK);
	ck_assert_uint_eq(plan.expires_s, 600);
	ck_assert_int_eq(ends_in(110, bare), EP_TNA_OK);
	ck_assert_view_eq(got("Expires", 0), "100");
	ck_assert_int_eq(ends_in(10000000, bare), EP_TNA_OK);
	ck_assert_view_eq(got("Expires", 0), "600000");
}
END_TEST

START_TEST(request_refuses_a_token_that_ends)
{
	static const char gone[] =
			START WHO BEARER "Contact: <sip:u@x.invalid>;expires=0\r\n\r\n";
	struct ep_tna_identity id = who;

	ck_assert_int_eq(ends_in(40, PLAIN), EP_TNA_OK); /* 30 left */
	ck_assert_int_eq(ends_in(39, PLAIN), EP_TNA_TOKEN_ENDING);
	ck_assert_int_eq(ends_in(10, PLAIN), EP_TNA_TOKEN_ENDING);
	ck_assert_int_eq(ends_in(0, PLAIN), EP_TNA_TOKEN_ENDING);
	id.token_end_s = 1;
	ck_assert_int_eq(run_as(PLAIN, &id), EP_TNA_TOKEN_ENDING);
	ep_arena_fini(&arena);
	ck_assert_int_eq(ends_in(0, gone), EP_TNA_OK);
	ck_assert(plan.deregister);
	ck_assert(strstr(out.text, ";expires=0\r\n"));
}
END_TEST

START_TEST(request_knows_deregistration)
{
	ck_assert_int_eq(run(START WHO BEARER "Contact: *\r\nExpires: 0\r\n\r\n"),
			EP_TNA_OK);
	ck_assert(plan.deregister && plan.contacts.star && !plan.fetch);
	ck_assert_view_eq(got("Contact", 0), "*");
	ck_assert_view_eq(got("Expires", 0), "0");
	ck_assert_int_eq(run(START WHO BEARER "m: <sip:u@h>\r\nExpires: 0\r\n\r\n"),
			EP_TNA_OK);
	ck_assert(plan.deregister);
	ck_assert_int_eq(run(START WHO BEARER "\r\n"), EP_TNA_OK);
	ck_assert(plan.fetch && !plan.deregister);
	ck_assert_uint_eq(count("Expires"), 0);
	ck_assert_int_eq(
			run(START WHO BEARER "Contact: *\r\n\r\n"), EP_TNA_CONTACTS);
	ck_assert_int_eq(run(START WHO BEARER "Contact: *\r\nExpires: 5\r\n\r\n"),
			EP_TNA_CONTACTS);
}
END_TEST

START_TEST(request_is_for_the_tokens_identities)
{
	ck_assert_int_eq(
			run(START "To: <sip:other@home1.net>\r\n"
					  "From: <sip:other@home1.net>;tag=1\r\n" CONTACT "\r\n"),
			EP_TNA_TO_FOREIGN);
	ck_assert_int_eq(
			run(START "To: <sip:user1_public1@home1.net>\r\n"
					  "From: <sip:other@home1.net>;tag=1\r\n" CONTACT "\r\n"),
			EP_TNA_FROM_NOT_TO);
	ck_assert_int_eq(run(START "t: sip:user1%5fpublic1@HOME1.net\r\n"
							   "f: \"x\" <sip:user1_public1@home1.net>\r\n"
							   "\r\n"),
			EP_TNA_OK);
	ck_assert_int_eq(run(START "To: <tel:+49-30>\r\n"
							   "From: <tel:+4930>;tag=1\r\n" CONTACT "\r\n"),
			EP_TNA_OK);
	ck_assert_view_eq(plan.impu, "tel:+4930");
}
END_TEST

START_TEST(request_needs_one_to_and_one_from)
{
	static const char *const bad[] = {START CONTACT "\r\n",
			START WHO "To: <sip:other@home1.net>\r\n" CONTACT "\r\n",
			START WHO "f: <sip:user1_public1@home1.net>\r\n" CONTACT "\r\n",
			START "To: *\r\nFrom: *\r\n" CONTACT "\r\n",
			START "To: <sip:a@b>, <sip:c@d>\r\nFrom: <sip:a@b>\r\n\r\n",
			START "To: <sip:a@b@c>\r\nFrom: <sip:a@b@c>\r\n\r\n"};
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(run(bad[i]), EP_TNA_MALFORMED);
}
END_TEST

START_TEST(request_goes_home_only)
{
	ck_assert_int_eq(run("REGISTER sip:evil.net SIP/2.0\r\n" WHO "\r\n"),
			EP_TNA_FOREIGN_HOME);
	ck_assert_int_eq(
			run("REGISTER sip:u@registrar.home1.net SIP/2.0\r\n" WHO "\r\n"),
			EP_TNA_FOREIGN_HOME);
	ck_assert_int_eq(
			run("REGISTER sip: SIP/2.0\r\n" WHO "\r\n"), EP_TNA_MALFORMED);
	ck_assert_int_eq(
			run("REGISTER sip:Registrar.home1.net;transport=ws SIP/2.0\r\n" WHO
				"\r\n"),
			EP_TNA_OK);
	ck_assert_view_eq(out.t.m.ruri, "sip:registrar.home1.net");
	ck_assert_int_eq(
			run("INVITE sip:registrar.home1.net SIP/2.0\r\n" WHO "\r\n"),
			EP_TNA_METHOD);
}
END_TEST

START_TEST(request_refuses_emergency_registration)
{
	ck_assert_int_eq(run(START WHO "Contact: <sip:u@x.invalid;sos>\r\n\r\n"),
			EP_TNA_SOS_REGISTER);
}
END_TEST

START_TEST(request_escapes_what_it_quotes)
{
	struct ep_tna_identity id = who;

	id.impi = EP_LIT("a\"b\\c@home1.net");
	ck_assert_int_eq(run_as(PLAIN, &id), EP_TNA_OK);
	ck_assert(strstr(out.text, "username=\"a\\\"b\\\\c@home1.net\", realm"));
	ep_arena_fini(&arena);
	id.impi = EP_LIT("a\r\nX: y");
	ck_assert_int_eq(run_as(PLAIN, &id), EP_TNA_INTERNAL);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(request_quotes_a_visited_network_that_is_no_token)
{
	struct ep_tna_cfg other = cfg;

	other.visited_network = EP_LIT("Visited network 1");
	other.access_network_info = EP_LIT("WEB;network-provided");
	other.outbound = false;
	other.own_params = EP_LIT("transport=tcp");
	other.ioi = other.icid_generated_at = ep_view_none();
	ck_assert(msg_parse(&in, ep_view_z(PLAIN)));
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_tna_register_plan(&plan, &in.m, &other, &who,
							 EP_LIT("T"), EP_LIT("i"), NOW, &arena),
			EP_TNA_OK);
	ck_assert(msg_apply(&out, &in.m, &plan.edits));
	ck_assert_view_eq(got("P-Visited-Network-ID", 0), "\"Visited network 1\"");
	ck_assert_view_eq(got("P-Access-Network-Info", 0), "WEB;network-provided");
	ck_assert_view_eq(got("Path", 0),
			"<sip:T@pcscf1.visited1.net:5060;transport=tcp;lr>");
	ck_assert_view_eq(got("P-Charging-Vector", 0), "icid-value=\"i\"");
	ep_arena_fini(&arena);
}
END_TEST

/* RFC 4475 3.1.1.1 made a REGISTER: folding, odd case, quoted pairs. */
START_TEST(request_survives_a_tortuous_message)
{
	ck_assert_int_eq(
			run("REGISTER sip:registrar.home1.net;unknownparam SIP/2.0\r\n"
				"TO :\r\n sip:user1_public1@home1.net ;   tag    = 1918181833n\r\n"
				"from   : \"J Rosenberg \\\\\\\"\"       "
				"<sip:user1_public1@home1.net>\r\n  ;\r\n  tag = 98asjd8\r\n"
				"MaX-fOrWaRdS: 0068\r\n"
				"NewFangledHeader:   newfangled value\r\n continued\r\n"
				"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
				"Route:\r\n <sip:services.example.com;lr;unknownwith=value;"
				"unknown-no-value>\r\n"
				"m:\"Quoted string \\\"\\\"\" <sip:u@x.invalid> ; newparam =\r\n"
				"      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_view_eq(got("UnknownHeaderWithUnusualValue", 0), ";;,,;;,;");
	ck_assert_uint_eq(count("Route"), 0);
	ck_assert_view_eq(got("Expires", 0), "600000");
}
END_TEST

static enum ep_err plan_of(struct ep_arena *a, void *ctx)
{
	enum ep_tna_cause cause = ep_tna_register_plan(
			&plan, ctx, &cfg, &who, EP_LIT("TOKEN"), EP_LIT("icid"), NOW, a);

	ck_assert(cause == EP_TNA_OK || cause == EP_TNA_INTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(request_survives_lack_of_memory)
{
	ck_assert(msg_parse(&in,
			ep_view_z(START WHO BEARER
					"Contact: \"a\" <sip:u@h;alias=1>;expires=999999\r\n"
					"Supported: sec-agree, x\r\nExpires: 999999\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(plan_of, &in.m), 2);
}
END_TEST

static void cut_register(struct ep_view cut, void *ctx)
{
	struct msg_text t;
	struct ep_tna_register p;
	struct ep_arena a;

	(void)ctx;
	if(!msg_parse(&t, cut))
		return;
	plain_arena_init(&a);
	if(ep_tna_register_plan(
			   &p, &t.m, &cfg, &who, EP_LIT("TOKEN"), EP_LIT("icid"), NOW, &a)
			== EP_TNA_OK) {
		ck_assert(msg_apply(&out, &t.m, &p.edits));
		ck_assert_uint_eq(count("Authorization"), 1);
		ck_assert(!strstr(out.text, "secret-token"));
	}
	ep_arena_fini(&a);
}

START_TEST(request_reads_no_octet_too_many)
{
	every_cut(ep_view_z(START WHO BEARER CONTACT
					  "Require: sec-agree, x\r\nExpires: 77\r\n\r\n"),
			cut_register, NULL);
}
END_TEST

START_TEST(request_ends_a_registration_for_the_wic)
{
	struct ep_msg empty = {.method = EP_LIT("REGISTER"), .ruri = EP_LIT("x:")};
	struct ep_hdredits edits;

	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_tna_deregister_plan(&edits, &cfg, &who, impus[0],
					EP_LIT("sip:u@x.invalid"), EP_LIT("<urn:uuid:1>"),
					EP_LIT("1"), EP_LIT("TOKEN"), EP_LIT("icid"), &arena),
			EP_TNA_OK);
	ck_assert(msg_apply(&out, &empty, &edits));
	ck_assert_view_eq(out.t.m.ruri, "sip:registrar.home1.net");
	ck_assert_view_eq(got("To", 0), "<sip:user1_public1@home1.net>");
	ck_assert_view_eq(got("Contact", 0),
			"<sip:u@x.invalid>;reg-id=1;+sip.instance=\"<urn:uuid:1>\""
			";expires=0");
	ck_assert_view_eq(got("Expires", 0), "0");
	ck_assert_uint_eq(count("Authorization"), 1);
	ck_assert_uint_eq(count("Path"), 1);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(request_names_the_wwsf_where_it_has_a_name)
{
	struct ep_tna_cfg other = cfg;
	struct ep_tna_identity id = who;

	other.wwsf_param = EP_LIT("wwsf-id");
	other.feature_caps = EP_LIT("*;+sip.audio;+sip.ice");
	id.wwsf = EP_LIT("wwsf.thirdparty.net");
	ck_assert(msg_parse(&in, ep_view_z(START WHO BEARER CONTACT
									 "Feature-Caps: *;+evil\r\n\r\n")));
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_tna_register_plan(&plan, &in.m, &other, &id,
							 EP_LIT("T"), EP_LIT("i"), NOW, &arena),
			EP_TNA_OK);
	ck_assert(msg_apply(&out, &in.m, &plan.edits));
	ck_assert(ep_view_ends(got("Authorization", 0),
			EP_LIT(", authorization-entity="
				   "\"webrtc_authserver1@thirdparty.net\", "
				   "wwsf-id=\"wwsf.thirdparty.net\"")));
	ck_assert_uint_eq(count("Feature-Caps"), 1);
	ck_assert_view_eq(got("Feature-Caps", 0), "*;+sip.audio;+sip.ice");
	/* neither without the other, nor a name of nothing */
	id.add_entity = false;
	ck_assert_int_eq(ep_tna_register_plan(&plan, &in.m, &other, &id,
							 EP_LIT("T"), EP_LIT("i"), NOW, &arena),
			EP_TNA_OK);
	ck_assert(msg_apply(&out, &in.m, &plan.edits));
	ck_assert(ep_view_ends(got("Authorization", 0), EP_LIT("\"auth-done\"")));
	id.add_entity = true;
	id.wwsf = ep_view_none();
	ck_assert_int_eq(ep_tna_register_plan(&plan, &in.m, &other, &id,
							 EP_LIT("T"), EP_LIT("i"), NOW, &arena),
			EP_TNA_OK);
	ck_assert(msg_apply(&out, &in.m, &plan.edits));
	ck_assert(!strstr(out.text, "wwsf-id"));
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("tna/request", request_writes_table_A_3_2_2_to_the_byte,
		request_leaves_own_waf_out, request_adds_the_mw_headers,
		request_removes_credentials_in_every_spelling,
		request_removes_every_trust_header, request_removes_routes_of_the_wic,
		request_merges_option_tags, request_tells_what_was_asked,
		request_never_outlives_the_token, request_refuses_a_token_that_ends,
		request_knows_deregistration, request_is_for_the_tokens_identities,
		request_needs_one_to_and_one_from, request_goes_home_only,
		request_refuses_emergency_registration, request_escapes_what_it_quotes,
		request_quotes_a_visited_network_that_is_no_token,
		request_survives_a_tortuous_message, request_survives_lack_of_memory,
		request_reads_no_octet_too_many,
		request_ends_a_registration_for_the_wic,
		request_names_the_wwsf_where_it_has_a_name)
