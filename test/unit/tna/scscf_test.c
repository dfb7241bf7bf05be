/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/scscf.h"

#define DONE                                                                   \
	"Digest username=\"u@home1.net\", realm=\"registrar.home1.net\", "         \
	"nonce=\"\", uri=\"sip:home1.net\", response=\"\", "                       \
	"integrity-protected=\"auth-done\""
#define ENTITY ", authorization-entity=\"waf1@thirdparty.net\""
#define PLAIN                                                                  \
	"Digest username=\"u@home1.net\", realm=\"home1.net\", nonce=\"\", "       \
	"uri=\"sip:home1.net\", response=\"\""

static const struct ep_view no_param;

/* The claim of a REGISTER with up to three headers `name: value`. */
static struct ep_scscf_claim read_all(const struct ep_hdr *hdrs, size_t n)
{
	const struct ep_msg m = {
			.method = EP_LIT("REGISTER"), .hdrs = hdrs, .hdrs_n = n};
	struct ep_scscf_claim c;

	ep_scscf_claim_read(&c, &m, EP_LIT("wwsf-id"));
	return c;
}

static struct ep_scscf_claim read_named(const char *name, const char *value)
{
	const struct ep_hdr h = {ep_view_z(name), ep_view_z(value)};

	return read_all(&h, 1);
}

static struct ep_scscf_claim read_one(const char *value)
{
	return read_named("Authorization", value);
}

static struct ep_scscf_claim read_two(const char *a, const char *b)
{
	const struct ep_hdr h[] = {{EP_LIT("Authorization"), ep_view_z(a)},
			{EP_LIT("authorization"), ep_view_z(b)}};

	return read_all(h, 2);
}

START_TEST(scscf_reads_the_header_of_24_371)
{
	struct ep_scscf_claim c = read_one(DONE ENTITY);

	ck_assert_int_eq(c.kind, EP_SCSCF_AUTH_DONE);
	ck_assert_view_eq(c.impi, "u@home1.net");
	ck_assert_view_eq(c.entity, "waf1@thirdparty.net");
	ck_assert(!c.wwsf.p);
	c = read_one(DONE ENTITY ", wwsf-id=\"wwsf.thirdparty.net\"");
	ck_assert_int_eq(c.kind, EP_SCSCF_AUTH_DONE);
	ck_assert_view_eq(c.wwsf, "wwsf.thirdparty.net");
	c = read_one(DONE);
	ck_assert_int_eq(c.kind, EP_SCSCF_AUTH_DONE);
	ck_assert(!c.entity.p);
}
END_TEST

START_TEST(scscf_wwsf_is_read_only_under_its_configured_name)
{
	const struct ep_hdr h = {
			EP_LIT("Authorization"), EP_LIT(DONE ", wwsf-id=\"w\"")};
	const struct ep_msg m = {
			.method = EP_LIT("REGISTER"), .hdrs = &h, .hdrs_n = 1};
	struct ep_scscf_claim c;

	ep_scscf_claim_read(&c, &m, no_param);
	ck_assert_int_eq(c.kind, EP_SCSCF_AUTH_DONE);
	ck_assert(!c.wwsf.p);
	ep_scscf_claim_read(&c, &m, EP_LIT("WWSF-Id"));
	ck_assert_view_eq(c.wwsf, "w");
}
END_TEST

START_TEST(scscf_odd_spelling_is_the_same)
{
	static const char *const same[] = {
			"DIGEST Username=\"u@home1.net\",realm=\"r\",nonce=\"\","
			"URI=\"sip:r\",response=\"\",INTEGRITY-Protected=auth-done",
			"Digest\r\n username = \"u@home1.net\" ,\r\n\trealm=\"r\", "
			"nonce=\"\", uri=\"sip:r\", response=\"\", "
			"integrity-protected\r\n =\r\n\t\"auth-done\"",
			"Digest integrity-protected=auth-done, response=\"\", nonce=\"\", "
			"uri=\"sip:r\", realm=r, username=\"u@home1.net\"",
	};
	struct ep_scscf_claim c;
	size_t i;

	for(i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		c = read_one(same[i]);
		ck_assert_msg(c.kind == EP_SCSCF_AUTH_DONE, "%s", same[i]);
		ck_assert_view_eq(c.impi, "u@home1.net");
	}
	ck_assert_int_eq(
			read_named("AUTHORIZATION ", DONE).kind, EP_SCSCF_AUTH_DONE);
}
END_TEST

START_TEST(scscf_no_claim_is_left_to_digest)
{
	static const char *const none[] = {PLAIN, "Bearer abc", "Basic dTpw",
			"Digest username=\"u\", opaque=\"auth-done\"", "Digest",
			"Digest ,,,", "", PLAIN ", algorithm=AKAv1-MD5"};
	struct ep_scscf_claim c;
	size_t i;

	ck_assert_int_eq(read_all(NULL, 0).kind, EP_SCSCF_NO_CLAIM);
	for(i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(
				read_one(none[i]).kind == EP_SCSCF_NO_CLAIM, "%s", none[i]);
	c = read_one(PLAIN);
	ck_assert_view_eq(c.impi, "u@home1.net");
	c = read_two("Bearer abc", PLAIN);
	ck_assert_int_eq(c.kind, EP_SCSCF_NO_CLAIM);
	ck_assert_view_eq(c.impi, "u@home1.net");
}
END_TEST

START_TEST(scscf_other_claims_are_told_apart)
{
	static const char *const other[] = {"yes", "no", "\"tls-yes\"",
			"\"tls-pending\"", "ip-assoc-yes", "\"auth-donee\"",
			"\"auth- done\"", "\"\""};
	char text[512];
	size_t i;

	for(i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		snprintf(text, sizeof(text), "%s, integrity-protected=%s", PLAIN,
				other[i]);
		ck_assert_msg(read_one(text).kind == EP_SCSCF_OTHER_CLAIM, "%s", text);
	}
}
END_TEST

START_TEST(scscf_what_does_not_belong_beside_auth_done_is_not_believed)
{
	static const char *const bad[] = {DONE ", algorithm=AKAv1-MD5",
			DONE ", algorithm=MD5", DONE ", qop=auth", DONE ", cnonce=\"\"",
			DONE ", nc=00000001", DONE ", opaque=\"\"", DONE ", auts=\"\"",
			/* a nonce, a response, or none of them at all */
			"Digest username=\"u@h\", realm=\"r\", nonce=\"x\", uri=\"sip:r\", "
			"response=\"\", integrity-protected=auth-done",
			"Digest username=\"u@h\", realm=\"r\", nonce=\"\", uri=\"sip:r\", "
			"response=\"0\", integrity-protected=auth-done",
			"Digest username=\"u@h\", realm=\"r\", uri=\"sip:r\", "
			"response=\"\", integrity-protected=auth-done",
			"Digest username=\"u@h\", realm=\"r\", nonce=\"\", uri=\"sip:r\", "
			"integrity-protected=auth-done",
			/* nobody, or no private identity */
			"Digest realm=\"r\", nonce=\"\", uri=\"sip:r\", response=\"\", "
			"integrity-protected=auth-done",
			"Digest username=\"\", realm=\"r\", nonce=\"\", uri=\"sip:r\", "
			"response=\"\", integrity-protected=auth-done",
			"Digest username=\"u\", realm=\"r\", nonce=\"\", uri=\"sip:r\", "
			"response=\"\", integrity-protected=auth-done",
			"Digest username=\"u@h\", nonce=\"\", uri=\"sip:r\", "
			"response=\"\", integrity-protected=auth-done",
			"Digest username=\"u@h\", realm=\"r\", nonce=\"\", "
			"response=\"\", integrity-protected=auth-done",
			DONE ", authorization-entity=\"\"", DONE ", wwsf-id=\"\"",
			/* written so that readers may differ */
			DONE ", integrity-protected=\"auth-done\"",
			DONE ", Integrity-Protected=tls-yes", DONE ", username=\"v@h\"",
			DONE ", x=\"\\\"\"", DONE ", x=\"a\r\n b\"",
			DONE ", authorization-entity=\"a\\@b\"",
			DONE ENTITY ", authorization-entity=\"b\"", DONE ", x", DONE ", =x",
			DONE ", x=\"", DONE "; x=y", DONE " x=y", "Digest, " DONE,
			PLAIN ", integrity-protected=\"Auth-Done\"",
			PLAIN ", integrity-protected=\"auth\\-done\"",
			PLAIN ", integrity-protected", PLAIN ENTITY,
			PLAIN ", integrity-protected=yes" ENTITY,
			"Bearer integrity-protected=auth-done", "Bearer x, " DONE,
			"Digestive integrity-protected=auth-done"};
	struct ep_scscf_claim c;
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c = read_one(bad[i]);
		ck_assert_msg(c.kind == EP_SCSCF_AMBIGUOUS, "%s", bad[i]);
		ck_assert(!c.impi.p && !c.entity.p && !c.wwsf.p);
	}
}
END_TEST

START_TEST(scscf_long_names_are_not_believed)
{
	char text[1024], name[EP_SCSCF_NAME_MAX + 2];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "%s, authorization-entity=\"%s\"", DONE, name);
	ck_assert_int_eq(read_one(text).kind, EP_SCSCF_AMBIGUOUS);
	name[EP_SCSCF_NAME_MAX] = '\0';
	snprintf(text, sizeof(text), "%s, authorization-entity=\"%s\"", DONE, name);
	ck_assert_int_eq(read_one(text).kind, EP_SCSCF_AUTH_DONE);
}
END_TEST

START_TEST(scscf_one_header_alone_is_believed)
{
	static const char *const others[] = {
			DONE, PLAIN, "Bearer abc", "", "Digest", "Basic x"};
	size_t i;

	for(i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert_int_eq(read_two(DONE, others[i]).kind, EP_SCSCF_AMBIGUOUS);
		ck_assert_int_eq(read_two(others[i], DONE).kind, EP_SCSCF_AMBIGUOUS);
	}
	/* The private identity could be that of either. */
	ck_assert_int_eq(read_two(PLAIN, PLAIN).kind, EP_SCSCF_AMBIGUOUS);
	/* What goes on to Digest had better be the only claim, too. */
	ck_assert_int_eq(
			read_two(PLAIN ", integrity-protected=\"tls-yes\"", "Bearer a")
					.kind,
			EP_SCSCF_AMBIGUOUS);
}
END_TEST

START_TEST(scscf_proxy_authorization_is_not_believed)
{
	const struct ep_hdr h[] = {{EP_LIT("Authorization"), EP_LIT(DONE)},
			{EP_LIT("Proxy-Authorization"), EP_LIT("Bearer x")}};

	ck_assert_int_eq(
			read_named("Proxy-Authorization", DONE).kind, EP_SCSCF_AMBIGUOUS);
	ck_assert_int_eq(
			read_named("proxy-authorization", PLAIN).kind, EP_SCSCF_NO_CLAIM);
	ck_assert_int_eq(read_all(h, 2).kind, EP_SCSCF_AMBIGUOUS);
	ck_assert_int_eq(
			read_named("X-Authorization", DONE).kind, EP_SCSCF_NO_CLAIM);
}
END_TEST

static void cut_holds(struct ep_view cut, void *ctx)
{
	const struct ep_hdr h = {EP_LIT("Authorization"), cut};
	struct ep_scscf_claim c = read_all(&h, 1);

	(void)ctx;
	/* Nothing is believed before the header is whole. */
	if(cut.len < strlen(DONE))
		ck_assert_int_ne(c.kind, EP_SCSCF_AUTH_DONE);
}

START_TEST(scscf_every_cut)
{
	every_cut(EP_LIT(DONE ENTITY), cut_holds, NULL);
}
END_TEST

/* --- the list --- */

#define WAF_AVP                                                                \
	"\x00\x00\x02\x91\xc0\x00\x00\x11\x00\x00\x28\xaf"                         \
	"waf1@\x00\x00\x00"
#define WWSF_AVP                                                               \
	"\x00\x00\x02\x92\xc0\x00\x00\x10\x00\x00\x28\xaf"                         \
	"wwsf"
#define OTHER_AVP "\x00\x00\x00\x01\x00\x00\x00\x0cuser"
/* 657, but another vendor's */
#define FOREIGN_AVP                                                            \
	"\x00\x00\x02\x91\xc0\x00\x00\x10\x00\x00\x00\x01"                         \
	"evil"

START_TEST(scscf_list_is_decoded)
{
	struct ep_scscf_list l;

	ck_assert_int_eq(ep_scscf_list_decode(&l,
							 EP_LIT(WAF_AVP OTHER_AVP FOREIGN_AVP WWSF_AVP)),
			EP_OK);
	ck_assert(l.there);
	ck_assert_uint_eq(l.waf_n, 1);
	ck_assert_view_eq(l.waf[0], "waf1@");
	ck_assert_uint_eq(l.wwsf_n, 1);
	ck_assert_view_eq(l.wwsf[0], "wwsf");
	ck_assert_int_eq(ep_scscf_list_decode(&l, EP_LIT("")), EP_OK);
	ck_assert(l.there && l.waf_n == 0 && l.wwsf_n == 0);
	ck_assert_int_eq(ep_scscf_list_decode(&l, EP_LIT(OTHER_AVP)), EP_OK);
	ck_assert(l.there && l.waf_n == 0 && l.wwsf_n == 0);
	/* padding of the last one may be missing */
	ck_assert_int_eq(
			ep_scscf_list_decode(&l, ep_view_head(EP_LIT(WAF_AVP), 17)), EP_OK);
	ck_assert_view_eq(l.waf[0], "waf1@");
}
END_TEST

START_TEST(scscf_list_with_wrong_lengths_is_refused)
{
	struct ep_scscf_list l;

	ck_assert_int_eq(ep_scscf_list_decode(&l,
							 EP_LIT("\x00\x00\x02\x91\xc0\x00\x00\x0b\x00\x00"
									"\x28\xaf")),
			EP_ESYNTAX);
	ck_assert_int_eq(ep_scscf_list_decode(&l,
							 EP_LIT("\x00\x00\x02\x91\xc0\xff\xff\xff\x00\x00"
									"\x28\xaf")),
			EP_ESYNTAX);
	ck_assert_int_eq(ep_scscf_list_decode(
							 &l, EP_LIT("\x00\x00\x02\x91\x00\x00\x00\x00")),
			EP_ESYNTAX);
	ck_assert_int_eq(ep_scscf_list_decode(&l, EP_LIT("abc")), EP_ESYNTAX);
}
END_TEST

START_TEST(scscf_list_is_capped)
{
	static char text[(EP_SCSCF_LIST_MAX + 1) * 16];
	struct ep_scscf_list l;
	size_t i;

	for(i = 0; i <= EP_SCSCF_LIST_MAX; i++)
		memcpy(text + 16 * i, WWSF_AVP, 16);
	ck_assert_int_eq(
			ep_scscf_list_decode(&l, ep_view_of(text, sizeof(text) - 16)),
			EP_OK);
	ck_assert_uint_eq(l.wwsf_n, EP_SCSCF_LIST_MAX);
	ck_assert_int_eq(ep_scscf_list_decode(&l, ep_view_of(text, sizeof(text))),
			EP_ERANGE);
}
END_TEST

static void list_cut(struct ep_view cut, void *ctx)
{
	struct ep_scscf_list l;
	size_t i;

	(void)ctx;
	if(ep_scscf_list_decode(&l, cut) != EP_OK)
		return;
	for(i = 0; i < l.waf_n; i++)
		ck_assert_uint_le(l.waf[i].len, cut.len);
}

START_TEST(scscf_list_every_cut)
{
	every_cut(EP_LIT(WAF_AVP WWSF_AVP OTHER_AVP), list_cut, NULL);
}
END_TEST

/* --- the verdict --- */

static const struct ep_view home[] = {{"waf@home1.net", 13}};

static enum ep_tna_cause verdict(const char *entity, const char *wwsf,
		bool barred, bool allow, const struct ep_scscf_list *list)
{
	const struct ep_scscf_policy policy = {
			.home_waf = {home, 1}, .no_list_allow = allow};
	const struct ep_scscf_claim c = {.kind = EP_SCSCF_AUTH_DONE,
			.entity = ep_view_z(entity),
			.wwsf = ep_view_z(wwsf)};

	return ep_scscf_decide(&policy, &c, barred, list);
}

START_TEST(scscf_five_list_cases)
{
	const struct ep_scscf_list with = {.there = true,
			.waf = {EP_LIT("x@y"), EP_LIT("waf1@thirdparty.net")},
			.waf_n = 2};
	const struct ep_scscf_list without = {
			.there = true, .waf = {EP_LIT("x@y")}, .waf_n = 1};
	const struct ep_scscf_list empty = {.there = true};
	const struct ep_scscf_list none = {.there = false};
	const char *waf = "waf1@thirdparty.net";

	ck_assert_int_eq(verdict(waf, NULL, false, false, &with), EP_TNA_OK);
	ck_assert_int_eq(
			verdict(waf, NULL, false, false, &without), EP_TNA_NOT_ALLOWED);
	ck_assert_int_eq(
			verdict(waf, NULL, false, true, &without), EP_TNA_NOT_ALLOWED);
	ck_assert_int_eq(
			verdict(waf, NULL, false, false, &empty), EP_TNA_NOT_ALLOWED);
	ck_assert_int_eq(
			verdict(waf, NULL, false, true, &empty), EP_TNA_NOT_ALLOWED);
	ck_assert_int_eq(verdict(waf, NULL, false, false, &none), EP_TNA_NO_LIST);
	ck_assert_int_eq(verdict(waf, NULL, false, true, &none), EP_TNA_OK);
	ck_assert_int_eq(verdict(waf, NULL, false, false, NULL), EP_TNA_NO_LIST);
	ck_assert_int_eq(verdict(NULL, NULL, false, false, &empty), EP_TNA_OK);
	ck_assert_int_eq(verdict(NULL, NULL, false, false, NULL), EP_TNA_OK);
}
END_TEST

START_TEST(scscf_home_waf_is_in_no_list_but_can_be_barred)
{
	const struct ep_scscf_list empty = {.there = true};

	ck_assert_int_eq(
			verdict("waf@home1.net", NULL, false, false, &empty), EP_TNA_OK);
	ck_assert_int_eq(
			verdict("waf@HOME1.net", NULL, false, false, NULL), EP_TNA_OK);
	ck_assert_int_eq(verdict("WAF@home1.net", NULL, false, false, &empty),
			EP_TNA_NOT_ALLOWED);
	ck_assert_int_eq(
			verdict("waf@home1.net", NULL, true, true, NULL), EP_TNA_BARRED);
	ck_assert_int_eq(verdict(NULL, NULL, true, true, NULL), EP_TNA_BARRED);
}
END_TEST

START_TEST(scscf_wwsf_that_is_named_must_be_listed)
{
	const struct ep_scscf_list list = {.there = true,
			.waf = {EP_LIT("a@b")},
			.waf_n = 1,
			.wwsf = {EP_LIT("w.b")},
			.wwsf_n = 1};
	const struct ep_scscf_list wwsf_only = {
			.there = true, .wwsf = {EP_LIT("w.b")}, .wwsf_n = 1};

	ck_assert_int_eq(verdict("a@b", "w.b", false, false, &list), EP_TNA_OK);
	ck_assert_int_eq(verdict("a@b", "W.B", false, false, &list), EP_TNA_OK);
	ck_assert_int_eq(
			verdict("a@b", "v.b", false, false, &list), EP_TNA_NOT_ALLOWED);
	ck_assert_int_eq(verdict("a@b", "w.b", false, false, &wwsf_only),
			EP_TNA_NOT_ALLOWED);
	ck_assert_int_eq(
			verdict("w.b", NULL, false, false, &list), EP_TNA_NOT_ALLOWED);
}
END_TEST

START_TEST(scscf_names_differ_in_the_case_of_the_host_only)
{
	ck_assert(ep_scscf_name_eq(EP_LIT("a@b.C"), EP_LIT("a@B.c")));
	ck_assert(!ep_scscf_name_eq(EP_LIT("A@b"), EP_LIT("a@b")));
	ck_assert(!ep_scscf_name_eq(EP_LIT("a@b"), EP_LIT("a@bc")));
	ck_assert(!ep_scscf_name_eq(EP_LIT("a@b"), EP_LIT("ab")));
	ck_assert(ep_scscf_name_eq(EP_LIT("W.x"), EP_LIT("w.X")));
	ck_assert(!ep_scscf_name_eq(EP_LIT(""), EP_LIT("a")));
}
END_TEST

UNIT_MAIN("tna/scscf", scscf_reads_the_header_of_24_371,
		scscf_wwsf_is_read_only_under_its_configured_name,
		scscf_odd_spelling_is_the_same, scscf_no_claim_is_left_to_digest,
		scscf_other_claims_are_told_apart,
		scscf_what_does_not_belong_beside_auth_done_is_not_believed,
		scscf_long_names_are_not_believed, scscf_one_header_alone_is_believed,
		scscf_proxy_authorization_is_not_believed, scscf_every_cut,
		scscf_list_is_decoded, scscf_list_with_wrong_lengths_is_refused,
		scscf_list_is_capped, scscf_list_every_cut, scscf_five_list_cases,
		scscf_home_waf_is_in_no_list_but_can_be_barred,
		scscf_wwsf_that_is_named_must_be_listed,
		scscf_names_differ_in_the_case_of_the_host_only)
