/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/auth.h"
#include "tna/request.h"

static const struct ep_tna_cfg cfg = {
		.realm = {"home1.net", 9},
		.home_uri = {"sip:home1.net", 13},
		.own_host = {"pcscf", 5},
		.expires_default_s = 600000,
		.expires_max_s = 600000,
};

static struct msg_text in;
static struct msg_after out;
static struct ep_tna_register plan;

#define DIGEST                                                                 \
	"Digest username=\"u@home1.net\", realm=\"home1.net\", "                   \
	"nonce=\"abc\", uri=\"sip:home1.net\", response=\"0123\""
#define DIGEST_EMPTY                                                           \
	"Digest username=\"u@home1.net\", realm=\"home1.net\", nonce=\"\", "       \
	"uri=\"sip:home1.net\", response=\"\""

static enum ep_tna_cause run(const char *headers, bool tls, const char *impi)
{
	struct ep_tna_session session = {tls, ep_view_z(impi)};
	struct ep_arena arena;
	enum ep_tna_cause cause;
	static char text[2048];

	snprintf(text, sizeof(text),
			"REGISTER sip:home1.net SIP/2.0\r\nTo: <sip:u@home1.net>\r\n"
			"From: <sip:u@home1.net>;tag=1\r\nContact: <sip:u@x.invalid>\r\n"
			"%s\r\n",
			headers);
	ck_assert(msg_parse(&in, ep_view_z(text)));
	plain_arena_init(&arena);
	cause = ep_tna_register_digest_plan(&plan, &in.m, &cfg, &session,
			EP_LIT("TOKEN"), EP_LIT("icid"), &arena);
	if(cause == EP_TNA_OK)
		ck_assert(msg_apply(&out, &in.m, &plan.edits));
	ep_arena_fini(&arena);
	return cause;
}

static void expect(const char *headers, bool tls, const char *impi,
		const char *authorization)
{
	ck_assert_int_eq(run(headers, tls, impi), EP_TNA_OK);
	ck_assert_uint_eq(msg_count(&out.t.m, EP_LIT("Authorization")),
			authorization ? 1 : 0);
	ck_assert_view_eq(
			msg_value(&out.t.m, EP_LIT("Authorization"), 0), authorization);
	ck_assert_uint_eq(msg_count(&out.t.m, EP_LIT("Proxy-Authorization")), 0);
}

START_TEST(auth_digest_says_how_it_is_protected)
{
	expect("", true, NULL, NULL);
	expect("Authorization: " DIGEST_EMPTY "\r\n", true, NULL, DIGEST_EMPTY);
	expect("Authorization: " DIGEST_EMPTY "\r\n", true, "u@home1.net",
			DIGEST_EMPTY ", integrity-protected=\"tls-yes\"");
	expect("Authorization: " DIGEST "\r\n", true, NULL,
			DIGEST ", integrity-protected=\"tls-pending\"");
	expect("Authorization: " DIGEST "\r\n", true, "u@home1.net",
			DIGEST ", integrity-protected=\"tls-yes\"");
	expect("Authorization: " DIGEST "\r\n", false, NULL,
			DIGEST ", integrity-protected=\"ip-assoc-pending\"");
	expect("Authorization: " DIGEST "\r\n", false, "u@home1.net",
			DIGEST ", integrity-protected=\"ip-assoc-yes\"");
}
END_TEST

START_TEST(auth_digest_knows_aka_over_tls)
{
	expect("Authorization: " DIGEST ", algorithm=AKAv2-SHA-256\r\n", true, NULL,
			DIGEST
			", algorithm=AKAv2-SHA-256, "
			"integrity-protected=\"tls-connected\"");
	expect("Authorization: " DIGEST_EMPTY ", algorithm=\"AKAv2-SHA-256\"\r\n",
			true, NULL,
			DIGEST_EMPTY
			", algorithm=\"AKAv2-SHA-256\", "
			"integrity-protected=\"tls-connected\"");
	/* without TLS there is no such thing */
	expect("Authorization: " DIGEST ", algorithm=AKAv2-SHA-256\r\n", false,
			NULL,
			DIGEST
			", algorithm=AKAv2-SHA-256, "
			"integrity-protected=\"ip-assoc-pending\"");
}
END_TEST

START_TEST(auth_digest_loses_what_only_we_may_say)
{
	static const char *const lines[] = {
			"Authorization: Digest integrity-protected=\"auth-done\", " DIGEST,
			"Authorization: Digest INTEGRITY-protected = yes ,\r\n "
			"Authorization-Entity=\"waf@x\" , " DIGEST,
			"AUTHORIZATION  :\r\n\tdigest  , authorization-entity=a, " DIGEST
			" ,",
			"Authorization: " DIGEST ", integrity-protected=\"a, b\\\"c=\"",
			"Authorization: Bearer t\r\nProxy-Authorization: " DIGEST
			"\r\nAuthorization: " DIGEST,
			"Authorization: Basic YTpi\r\nAuthorization: " DIGEST};
	char text[1024], *inner;
	size_t i;

	for(i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s\r\n", lines[i]);
		/* the macro starts with its own scheme name: blank it where it stands
		 * in the middle of a list */
		inner = strstr(text, ", Digest ");
		if(inner)
			memcpy(inner, ",        ", 9);
		expect(text, true, NULL,
				DIGEST ", integrity-protected=\"tls-pending\"");
	}
}
END_TEST

START_TEST(auth_digest_refuses_what_it_cannot_read)
{
	static const char *const bad[] = {"Digest", "Digest ,", "Digest username",
			"Digest username=\"a", "Digest =\"a\"",
			"Digest username=\"a\" realm=\"b\"", "Digest username=\"a\"x",
			"Digest username=a;integrity-protected=auth-done",
			"Digest username=\"a\", Bearer t",
			"Digest username=\"a\", USERNAME=\"b\"",
			"Digest username=\"a\r\n b\"", "Digest a=<b>", "Digest a=\"b\\",
			"Digest user name=\"a\"",
			"Digest integrity-protected=\"auth-done\"",
			"Digest a=b\r\nAuthorization: Digest a=b",
			"Digest a=b\r\nauthorization : Digest"};
	char text[512];
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "Authorization: %s\r\n", bad[i]);
		ck_assert_msg(
				run(text, true, NULL) == EP_TNA_CREDENTIALS, "%s", bad[i]);
	}
}
END_TEST

START_TEST(auth_digest_is_for_the_bound_impi)
{
	ck_assert_int_eq(
			run("Authorization: " DIGEST "\r\n", true, "other@home1.net"),
			EP_TNA_IMPI_FOREIGN);
	ck_assert_int_eq(
			run("Authorization: Digest realm=\"x\"\r\n", true, "u@home1.net"),
			EP_TNA_IMPI_FOREIGN);
	ck_assert_int_eq(run("", true, "u@home1.net"), EP_TNA_OK);
}
END_TEST

START_TEST(auth_digest_limits_expiry_and_home)
{
	ck_assert_int_eq(run("Expires: 9999999\r\n", true, NULL), EP_TNA_OK);
	ck_assert_view_eq(msg_value(&out.t.m, EP_LIT("Expires"), 0), "600000");
	ck_assert_uint_eq(plan.expires_s, 600000);
	ck_assert_view_eq(plan.impu, "sip:u@home1.net");
}
END_TEST

START_TEST(auth_clean_keeps_only_digest)
{
	struct ep_hdredits l;
	struct ep_arena arena;
	size_t i;
	static const char *const gone[] = {"Bearer secret",
			"bearer\r\n access_token=\"secret\"", "Basic secret", "secret",
			", Digest a=secret", "Digest a=secret, Bearer x",
			"Digestx a=secret", "Digest"};

	for(i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
				"INVITE sip:b@h SIP/2.0\r\nAuthorization: %s\r\n"
				"Proxy-Authorization : %s\r\n"
				"Proxy-Authorization: Digest a=b ,integrity-protected=yes\r\n"
				"Authorization: Digest a=b\r\n\r\n",
				gone[i], gone[i]);
		ck_assert(msg_parse(&in, ep_view_z(text)));
		plain_arena_init(&arena);
		ep_hdredits_init(&l, &arena);
		ck_assert_int_eq(ep_auth_clean(&l, &in.m), EP_OK);
		ck_assert(msg_apply(&out, &in.m, &l));
		ck_assert_str_eq(out.text,
				"INVITE sip:b@h SIP/2.0\r\nProxy-Authorization: Digest a=b\r\n"
				"Authorization: Digest a=b\r\n\r\n");
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(auth_challenge_keeps_its_keys_from_the_wic)
{
	struct ep_hdredits l;
	struct ep_arena arena;

	ck_assert(msg_parse(&in,
			EP_LIT("SIP/2.0 401 x\r\n"
				   "WWW-Authenticate: Digest realm=\"r, ck=1\", nonce=\"n\",\r\n"
				   " IK = \"00\" ,ck=\"11\", algorithm=AKAv2-SHA-256\r\n"
				   "WWW-Authenticate: Digest realm=\"r\",nonce=\"n\"\r\n"
				   "WWW-Authenticate: Bearer scope=\"s\"\r\n"
				   "WWW-Authenticate: Digest ik=\"2\"\r\n"
				   "WWW-Authenticate: Digest ik=\"3\", realm=\"open\r\n\r\n")));
	plain_arena_init(&arena);
	ep_hdredits_init(&l, &arena);
	ck_assert_int_eq(ep_auth_challenge_clean(&l, &in.m), EP_OK);
	ck_assert(msg_apply(&out, &in.m, &l));
	ck_assert_str_eq(out.text,
			"SIP/2.0 401 \r\n"
			"WWW-Authenticate: Digest realm=\"r, ck=1\", nonce=\"n\", "
			"algorithm=AKAv2-SHA-256\r\n"
			"WWW-Authenticate: Digest realm=\"r\",nonce=\"n\"\r\n"
			"WWW-Authenticate: Bearer scope=\"s\"\r\n\r\n");
	ep_arena_fini(&arena);
}
END_TEST

static void cut_digest(struct ep_view cut, void *ctx)
{
	struct ep_digest d;
	struct ep_arena arena;
	enum ep_err err;

	(void)ctx;
	plain_arena_init(&arena);
	err = ep_digest_parse(&d, cut, &arena);
	if(err == EP_OK) /* what is clean stays as it is */
		ck_assert(ep_digest_parse(&d, d.clean, &arena) == EP_OK
				  && ep_view_find(d.clean, EP_LIT("integrity")) == SIZE_MAX);
	ck_assert(err == EP_OK || err == EP_ENOENT || err == EP_ESYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(auth_reads_no_octet_too_many)
{
	every_cut(EP_LIT("Digest integrity-protected=\"a\\\"\" , a=\"b\\\\\", c=d "
					 ",response = \"x\""),
			cut_digest, NULL);
}
END_TEST

static enum ep_err clean_both(struct ep_arena *arena, void *ctx)
{
	struct ep_hdredits l;
	enum ep_err err;

	ep_hdredits_init(&l, arena);
	err = ep_auth_clean(&l, ctx);
	return err ? err : ep_auth_challenge_clean(&l, ctx);
}

START_TEST(auth_survives_lack_of_memory)
{
	ck_assert(msg_parse(
			&in, EP_LIT("INVITE sip:b@h SIP/2.0\r\nAuthorization: Bearer x\r\n"
						"Authorization: Digest a=b,integrity-protected=c\r\n"
						"WWW-Authenticate: Digest ik=a, b=c\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(clean_both, &in.m), 2);
}
END_TEST

#define EMPTY_OF(user)                                                         \
	"Authorization: Digest username=\"" user "\", response=\"\"\r\n"
#define ANSWER_OF(user)                                                        \
	"Authorization: Digest username=\"" user "\", response=\"1\"\r\n"

START_TEST(auth_digest_of_two_the_answer_counts)
{
	static const char answer[] =
			"Digest username=\"u\", response=\"1\", "
			"integrity-protected=\"tls-pending\"";

	expect(EMPTY_OF("u") ANSWER_OF("u"), true, NULL, answer);
	expect(ANSWER_OF("u") EMPTY_OF("u"), true, NULL, answer);
	ck_assert_int_eq(
			run(EMPTY_OF("u") ANSWER_OF("v"), true, NULL), EP_TNA_CREDENTIALS);
	ck_assert_int_eq(
			run(ANSWER_OF("u") ANSWER_OF("u"), true, NULL), EP_TNA_CREDENTIALS);
	ck_assert_int_eq(
			run(EMPTY_OF("u") EMPTY_OF("u"), true, NULL), EP_TNA_CREDENTIALS);
	ck_assert_int_eq(
			run(EMPTY_OF("u") ANSWER_OF("u") EMPTY_OF("u"), true, NULL),
			EP_TNA_OK);
	ck_assert_int_eq(
			run(EMPTY_OF("u") ANSWER_OF("u") ANSWER_OF("u"), true, NULL),
			EP_TNA_CREDENTIALS);
	ck_assert_int_eq(run(ANSWER_OF("u\\\\v"), true, NULL), EP_TNA_CREDENTIALS);
	ck_assert_int_eq(run("Authorization: Digest realm=\"x\"\r\n", true, NULL),
			EP_TNA_CREDENTIALS);
}
END_TEST

START_TEST(auth_digest_tells_whose_registration_it_is)
{
	ck_assert_int_eq(
			run(ANSWER_OF("u_private@home1.net"), true, NULL), EP_TNA_OK);
	ck_assert_view_eq(plan.impi, "u_private@home1.net");
	ck_assert_int_eq(run("", true, "p@home1.net"), EP_TNA_OK);
	ck_assert_view_eq(plan.impi, "p@home1.net");
	ck_assert_int_eq(run("", true, NULL), EP_TNA_OK);
	ck_assert_uint_eq(plan.impi.len, sizeof("u@home1.net") - 1);
}
END_TEST

static enum ep_auth_kind kind_of(const char *headers)
{
	char text[512];

	snprintf(text, sizeof(text), "REGISTER sip:h SIP/2.0\r\n%s\r\n", headers);
	ck_assert(msg_parse(&in, ep_view_z(text)));
	return ep_auth_kind(&in.m);
}

START_TEST(auth_kind_of_a_request)
{
	ck_assert_int_eq(kind_of(""), EP_AUTH_NONE);
	ck_assert_int_eq(kind_of("Authorization: Basic Bearer\r\n"), EP_AUTH_NONE);
	ck_assert_int_eq(kind_of("Authorization: Bearerx y\r\n"), EP_AUTH_NONE);
	ck_assert_int_eq(
			kind_of("authorization :\r\n\tDIGEST\r\n a=b\r\n"), EP_AUTH_DIGEST);
	ck_assert_int_eq(
			kind_of("Proxy-Authorization: Digest a=b\r\n"), EP_AUTH_NONE);
	ck_assert_int_eq(kind_of("Authorization: Digest a=\"Bearer x\"\r\n"),
			EP_AUTH_DIGEST);
	ck_assert_int_eq(kind_of("Authorization: Digest a=b\r\n"
							 "PROXY-AUTHORIZATION  : bearer\r\n x\r\n"),
			EP_AUTH_BEARER);
	ck_assert_int_eq(kind_of("Authorization: Bearer\r\n"), EP_AUTH_BEARER);
}
END_TEST

START_TEST(auth_digest_loses_the_parameter_that_names_the_wwsf)
{
	struct ep_tna_cfg other = cfg;
	struct ep_digest d;
	struct ep_arena arena;
	size_t index;

	other.wwsf_param = EP_LIT("wwsf-id");
	ck_assert(msg_parse(
			&in, EP_LIT("REGISTER sip:h SIP/2.0\r\nAuthorization: Digest a=b, "
						"WWSF-Id=\"evil\",\r\n wwsf-id2=c\r\n\r\n")));
	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_auth_digest_find(&d, &index, &in.m, &other, &arena), EP_TNA_OK);
	ck_assert_view_eq(d.clean, "Digest a=b, wwsf-id2=c");
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("tna/auth", auth_digest_says_how_it_is_protected,
		auth_digest_knows_aka_over_tls, auth_digest_loses_what_only_we_may_say,
		auth_digest_refuses_what_it_cannot_read,
		auth_digest_is_for_the_bound_impi, auth_digest_limits_expiry_and_home,
		auth_clean_keeps_only_digest,
		auth_challenge_keeps_its_keys_from_the_wic,
		auth_reads_no_octet_too_many, auth_survives_lack_of_memory,
		auth_digest_of_two_the_answer_counts,
		auth_digest_tells_whose_registration_it_is, auth_kind_of_a_request,
		auth_digest_loses_the_parameter_that_names_the_wwsf)
