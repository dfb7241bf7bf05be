/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/answer.h"
#include "tna/auth.h"

static const struct ep_tna_cfg cfg = {
		.realm = {"registrar.home1.net", 19},
		.home_uri = {"sip:registrar.home1.net", 23},
		.core_digest = true,
		.core_realm = {"home1.net", 9},
};
static struct ep_secret secret;
static struct msg_text in;
static struct ep_answer out;
static struct ep_arena arena;

/* Made by another implementation: user u@home1.net, password "secret", nonce
 * "abc", cnonce "0a4f113b". */
#define MD5_HA1 "8ab940c522d87f6299e50d737d8c1cc7"
#define SHA_HA1                                                                \
	"8ba00805959c7353e5cb3bd8a63964ae5cdbb5e55d1968b0017ab731506e82f9"
#define START                                                                  \
	"Digest username=\"u@home1.net\", realm=\"home1.net\", nonce=\"abc\", "    \
	"uri=\"sip:registrar.home1.net\", response=\""
#define REST "qop=auth, nc=00000001, cnonce=\"0a4f113b\""

static void ha1(enum ep_hash hash, const char *hex)
{
	size_t i;

	secret.has[hash] = hex != NULL;
	for(i = 0; hex && hex[2 * i]; i++)
		secret.ha1[hash][i] = (unsigned char)(ep_chr_hex(hex[2 * i]) << 4
											  | ep_chr_hex(hex[2 * i + 1]));
}

static enum ep_tna_cause run_as(
		const struct ep_tna_cfg *as, const char *text, bool again)
{
	struct ep_answer_ask ask = {.impi = EP_LIT("u@home1.net"),
			.secret = &secret,
			.cnonce = EP_LIT("0a4f113b"),
			.again = again};

	ck_assert(msg_parse(&in, ep_view_z(text)));
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
	return ep_answer_plan(&out, &in.m, as, &ask, &arena);
}

/* `lines` are header lines without the last line end. */
static enum ep_tna_cause run(const char *lines, bool again)
{
	char text[2048];

	snprintf(text, sizeof(text),
			"SIP/2.0 401 x\r\nCSeq: 1 REGISTER\r\n%s\r\n\r\n", lines);
	return run_as(&cfg, text, again);
}

static void setup(void)
{
	ha1(EP_HASH_MD5, MD5_HA1);
	ha1(EP_HASH_SHA256, SHA_HA1);
}

#define DIGEST "WWW-Authenticate: Digest realm=\"home1.net\", nonce=\"abc\""

START_TEST(answer_of_every_algorithm)
{
	setup();
	ck_assert_int_eq(run(DIGEST ", qop=\"auth\"", false), EP_TNA_OK);
	ck_assert_view_eq(out.name, "Authorization");
	ck_assert_view_eq(
			out.value, START "794f736d3092c59a56cab50614437156\", " REST);
	ck_assert_int_eq(run(DIGEST ", qop=\"auth-int,auth\", algorithm=md5, "
								"opaque=\"o\\\"p\"",
							 false),
			EP_TNA_OK);
	ck_assert_view_eq(out.value, START
			"794f736d3092c59a56cab50614437156\", algorithm=md5, "
			"opaque=\"o\\\"p\", " REST);
	ck_assert_int_eq(run(DIGEST, false), EP_TNA_OK);
	ck_assert_view_eq(out.value, START "693583469d71dd6314d7c78b1ca8a6dc\"");
	ck_assert_int_eq(
			run(DIGEST ", qop=auth, algorithm=MD5-sess", false), EP_TNA_OK);
	ck_assert_view_eq(out.value, START
			"d682524dd8f9e79b09eb3ca5f37e2d23\", algorithm=MD5-sess, " REST);
	ck_assert_int_eq(
			run(DIGEST ", qop=auth, algorithm=\"SHA-256\"", false), EP_TNA_OK);
	ck_assert_view_eq(out.value, START
			"72a131dd42d89b99d54d86ae01f9583bdabc14850907b9534dc31d16f05be8b1"
			"\", algorithm=SHA-256, " REST);
	ck_assert_int_eq(out.hash, EP_HASH_SHA256);
	ck_assert_int_eq(
			run(DIGEST ", qop=auth, algorithm=SHA-256-sess", false), EP_TNA_OK);
	ck_assert_view_eq(out.value, START
			"a24f83d1f44a5d175a080cea77e19f1e847ddbfbdd4febc9335aa7e948ab43be"
			"\", algorithm=SHA-256-sess, " REST);
}
END_TEST

START_TEST(answer_to_the_first_challenge_it_can_answer)
{
	setup();
	ck_assert_int_eq(
			run("WWW-Authenticate: Digest realm=\"other\", nonce=\"1\"\r\n"
				"WWW-Authenticate: Bearer realm=\"home1.net\"\r\n"
				"WWW-Authenticate: Digest realm=\"home1.net\", nonce=\"2\", "
				"algorithm=AKAv1-MD5\r\n"
				"www-authenticate : digest nonce=\"abc\",\r\n"
				" REALM = \"home1.net\" , algorithm=SHA-256, QOP=auth\r\n" DIGEST,
					false),
			EP_TNA_OK);
	ck_assert_int_eq(out.hash, EP_HASH_SHA256);
	ha1(EP_HASH_SHA256, NULL);
	ck_assert_int_eq(
			run(DIGEST ", algorithm=SHA-256\r\n" DIGEST, false), EP_TNA_OK);
	ck_assert_int_eq(out.hash, EP_HASH_MD5);
	ck_assert_int_eq(
			run(DIGEST ", algorithm=SHA-256", false), EP_TNA_NO_CREDENTIALS);
}
END_TEST

START_TEST(answer_not_to_what_is_not_for_us)
{
	static const char *const not [] = {"X: 1",
			"WWW-Authenticate: Digest realm=\"HOME1.NET\", nonce=\"abc\"",
			"WWW-Authenticate: Digest realm=\"home1.net \", nonce=\"abc\"",
			"WWW-Authenticate: Digest realm=\"home1.net\"",
			"WWW-Authenticate: Digest realm=\"home1.net\", nonce=\"\"",
			"WWW-Authenticate: Digest", "WWW-Authenticate:",
			"WWW-Authenticate: Basic realm=\"home1.net\", nonce=\"abc\"",
			"Proxy-Authenticate: Digest realm=\"home1.net\", nonce=\"abc\"",
			DIGEST ", algorithm=AKAv1-MD5", DIGEST ", algorithm=AKAv2-SHA-256",
			DIGEST ", algorithm=SHA-512-256",
			DIGEST ", algorithm=", DIGEST ", qop=\"auth-int\"",
			DIGEST ", qop=\"\"", DIGEST ", algorithm=MD5-sess",
			DIGEST ", nonce=\"abc\"", DIGEST ", realm=\"home1.net\"",
			DIGEST ", opaque=\"x",
			DIGEST ", Digest realm=\"home1.net\", nonce=\"abc\"",
			DIGEST ", qop=auth, qop=auth", DIGEST " x"};
	size_t i;

	setup();
	for(i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		ck_assert_msg(
				run(not [i], false) == EP_TNA_CORE_CHALLENGED, "%s", not [i]);
	ck_assert_int_eq(
			run_as(&cfg, "SIP/2.0 403 x\r\nCSeq: 1 REGISTER\r\n\r\n", false),
			EP_TNA_METHOD);
	ck_assert_int_eq(
			run_as(&cfg, "SIP/2.0 401 x\r\nCSeq: 1 INVITE\r\n\r\n", false),
			EP_TNA_METHOD);
}
END_TEST

START_TEST(answer_once_more_only_when_stale)
{
	setup();
	ck_assert_int_eq(run(DIGEST, true), EP_TNA_CORE_CHALLENGED);
	ck_assert_int_eq(run(DIGEST ", stale=false", true), EP_TNA_CORE_CHALLENGED);
	ck_assert_int_eq(run(DIGEST ", stale=TRUE", true), EP_TNA_OK);
	ck_assert_int_eq(run(DIGEST ", stale=\"true\"", true), EP_TNA_OK);
	ck_assert_int_eq(run(DIGEST ", stale=true", false), EP_TNA_OK);
}
END_TEST

START_TEST(answer_to_407_and_with_its_protection)
{
	struct ep_tna_cfg other = cfg;

	setup();
	other.core_integrity = EP_LIT("tls-yes");
	ck_assert_int_eq(run_as(&other,
							 "SIP/2.0 407 x\r\nCSeq: 1 REGISTER\r\n"
							 "Proxy-Authenticate: Digest realm=\"home1.net\", "
							 "nonce=\"abc\"\r\n\r\n",
							 false),
			EP_TNA_OK);
	ck_assert_view_eq(out.name, "Proxy-Authorization");
	ck_assert(ep_view_ends(
			out.value, EP_LIT("\", integrity-protected=\"tls-yes\"")));
}
END_TEST

/* TS 24.229 5.1.1.2.2: what a UE's first REGISTER has. */
START_TEST(answer_begins_with_a_name_and_no_claim)
{
	const struct ep_tna_identity id = {.impi = EP_LIT("u@home1.net"),
			.waf = EP_LIT("waf@x"),
			.wwsf = EP_LIT("w"),
			.add_entity = true};

	ep_arena_fini(&arena);
	plain_arena_init(&arena);
	ck_assert_view_eq(ep_auth_tna(&cfg, &id, &arena),
			"Digest username=\"u@home1.net\", realm=\"home1.net\", "
			"nonce=\"\", uri=\"sip:registrar.home1.net\", response=\"\"");
}
END_TEST

static enum ep_err plan_of(struct ep_arena *a, void *ctx)
{
	struct ep_answer_ask ask = {.impi = EP_LIT("u@home1.net"),
			.secret = &secret,
			.cnonce = EP_LIT("0a4f113b")};
	enum ep_tna_cause cause = ep_answer_plan(&out, ctx, &cfg, &ask, a);

	ck_assert(cause == EP_TNA_OK || cause == EP_TNA_INTERNAL);
	return cause ? EP_ENOMEM : EP_OK;
}

START_TEST(answer_survives_lack_of_memory)
{
	setup();
	ck_assert(
			msg_parse(&in, EP_LIT("SIP/2.0 401 x\r\nCSeq: 1 REGISTER\r\n" DIGEST
								  ", qop=auth\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(plan_of, &in.m), 2);
}
END_TEST

static void cut(struct ep_view v, void *ctx)
{
	struct ep_hdr hdr = {EP_LIT("WWW-Authenticate"), v};
	struct ep_msg m = {.method = EP_LIT("REGISTER"),
			.status = 401,
			.hdrs = &hdr,
			.hdrs_n = 1};
	struct ep_answer_ask ask = {.impi = EP_LIT("u@home1.net"),
			.secret = &secret,
			.cnonce = EP_LIT("0a4f113b")};

	(void)ctx;
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
	ep_answer_plan(&out, &m, &cfg, &ask, &arena);
}

START_TEST(answer_reads_no_octet_too_many)
{
	setup();
	every_cut(EP_LIT("Digest realm=\"home1.net\", nonce=\"abc\", "
					 "opaque=\"a\\\"b\" ,stale=true, algorithm=MD5 , "
					 "qop=\"auth-int , auth\", domain=\"x\""),
			cut, NULL);
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("tna/answer", answer_of_every_algorithm,
		answer_to_the_first_challenge_it_can_answer,
		answer_not_to_what_is_not_for_us, answer_once_more_only_when_stale,
		answer_to_407_and_with_its_protection,
		answer_begins_with_a_name_and_no_claim, answer_survives_lack_of_memory,
		answer_reads_no_octet_too_many)
