/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/from.h"

static const struct ep_view impus[] = {{"tel:+4930", 9},
		{"sip:pool1@home1.net", 19}, {"sip:alias@home1.net", 19}};
static const struct ep_view wild[] = {{"sip:chat!.*!@home1.net", 22}};
static struct msg_text in;
static struct msg_after out;
static struct ep_arena arena;

static void parse(const char *headers)
{
	static char text[1024];

	snprintf(text, sizeof(text), "INVITE sip:b@h SIP/2.0\r\n%s\r\n", headers);
	ck_assert(msg_parse(&in, ep_view_z(text)));
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
}

START_TEST(from_narrow_leaves_the_registered_identity)
{
	struct ep_binding b = {.impu = EP_LIT("sip:pool1@HOME1.net"),
			.impus = {impus, 3},
			.wildcards = {wild, 1}};
	struct ep_binding barred = {
			.impu = EP_LIT("sip:barred@home1.net"), .impus = {impus, 3}};
	struct ep_binding none = {.impu = EP_LIT("sip:pool1@home1.net")};
	struct ep_view one;

	ep_tna_from_narrow(&b, &one);
	ck_assert_view_eq(one, "sip:pool1@home1.net");
	ck_assert_uint_eq(b.impus.n, 1);
	ck_assert_ptr_eq(b.impus.v, &one);
	ck_assert_uint_eq(b.wildcards.n, 0);
	ep_tna_from_narrow(&barred, &one);
	ck_assert_view_eq(one, "sip:pool1@home1.net");
	ep_tna_from_narrow(&none, &one);
	ck_assert(one.p == NULL);
	ck_assert_uint_eq(none.impus.n, 0);
}
END_TEST

static enum ep_tna_cause check(const char *headers)
{
	parse(headers);
	return ep_tna_from_check(&in.m, EP_LIT("sip:pool1@home1.net"));
}

START_TEST(from_check_takes_the_bare_identity_only)
{
	static const char *const good[] = {
			"From: <sip:pool1@home1.net>;tag=1\r\n",
			"f: sip:pool1@HOME1.NET;tag=1\r\n",
			"From: <sip:%70ool1@home1.net:5060;x=y>;tag=1\r\n"
			"P-Preferred-Identity: <sip:pool1@home1.net>\r\n",
	};
	static const char *const bad[] = {
			"From: Bank <sip:pool1@home1.net>;tag=1\r\n",
			"From: \"Bank\" <sip:pool1@home1.net>;tag=1\r\n",
			"From: \"\" <sip:pool1@home1.net>;tag=1\r\n",
			"From: <sip:alias@home1.net>;tag=1\r\n",
			"From: <sip:anonymous@anonymous.invalid>;tag=1\r\n",
			"From: <sips:pool1@home1.net>;tag=1\r\n",
			"From: <sip:pool1@home1.net>;tag=1\r\n"
			"P-Preferred-Identity: Bank <sip:pool1@home1.net>\r\n",
			"From: <sip:pool1@home1.net>;tag=1\r\n"
			"P-Preferred-Identity: <sip:pool1@home1.net>, <tel:+4930>\r\n",
			"From: <sip:pool1@home1.net>;tag=1\r\n"
			"P-Preferred-Identity: <sip:pool1@home1.net>\r\n"
			"p-preferred-identity : <sip:alias@home1.net>\r\n",
	};
	size_t i;

	for(i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(check(good[i]) == EP_TNA_OK, "%s", good[i]);
	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(check(bad[i]) == EP_TNA_FROM_REFUSED, "%s", bad[i]);
	ck_assert_int_eq(check("To: <sip:a@b>\r\n"), EP_TNA_MALFORMED);
	ck_assert_int_eq(
			check("From: <sip:a@b>\r\nFrom: <sip:a@b>\r\n"), EP_TNA_MALFORMED);
}
END_TEST

static const struct
{
	const char *from, *name, *params, *after;
} names[] = {
		{"\"The, Bank\" <sip:x@y;z>;tag=1;a=\"b\"", "\"The, Bank\" <sip:x@y;z>",
				";tag=1;a=\"b\"", "<sip:p@h>;tag=1;a=\"b\""},
		{"<sip:x@y> ; tag=1", "<sip:x@y>", "; tag=1", "<sip:p@h>; tag=1"},
		{"sip:x@y;tag=1", "sip:x@y", ";tag=1", "<sip:p@h>;tag=1"},
		{"sip:x@y", "sip:x@y", "", "<sip:p@h>"},
		{"<sip:x@y>", "<sip:x@y>", "", "<sip:p@h>"},
		{"<sip:p@h>;tag=1", "<sip:p@h>", ";tag=1", "<sip:p@h>;tag=1"},
};

START_TEST(from_name_is_changed_and_parameters_stay)
{
	struct ep_tna_name is;
	struct ep_hdredits edits;
	char text[256];
	size_t i, k;

	for(i = 0; i < sizeof(names) / sizeof(*names); i++)
		for(k = 0; k < 2; k++) {
			struct ep_view header = k ? EP_LIT("To") : EP_LIT("From");

			snprintf(text, sizeof(text), "%s: %s\r\n", k ? "t" : "From",
					names[i].from);
			parse(text);
			ck_assert_int_eq(ep_tna_name_get(&is, &in.m, header), EP_TNA_OK);
			ck_assert_view_eq(is.value, names[i].from);
			ck_assert_view_eq(is.name, names[i].name);
			ck_assert_view_eq(is.params, names[i].params);
			ep_hdredits_init(&edits, &arena);
			ck_assert_int_eq(ep_tna_name_plan(&edits, &in.m, header,
									 EP_LIT("<sip:p@h>")),
					EP_TNA_OK);
			ck_assert(msg_apply(&out, &in.m, &edits));
			ck_assert_view_eq(msg_value(&out.t.m, header, 0), names[i].after);
			/* and back */
			ep_hdredits_init(&edits, &arena);
			ck_assert_int_eq(
					ep_tna_name_plan(&edits, &out.t.m, header, is.name),
					EP_TNA_OK);
		}
	parse("From: <sip:a@b\r\n");
	ck_assert_int_eq(
			ep_tna_name_get(&is, &in.m, EP_LIT("From")), EP_TNA_MALFORMED);
	ep_hdredits_init(&edits, &arena);
	ck_assert_int_eq(
			ep_tna_name_plan(&edits, &in.m, EP_LIT("From"), EP_LIT("<x>")),
			EP_TNA_MALFORMED);
}
END_TEST

static enum ep_err plan(struct ep_arena *a, void *ctx)
{
	struct ep_hdredits edits;
	struct ep_view name = ep_tna_name_of(EP_LIT("sip:p@h"), a);

	ep_hdredits_init(&edits, a);
	if(name.p == NULL)
		return EP_ENOMEM;
	ck_assert_view_eq(name, "<sip:p@h>");
	switch(ep_tna_name_plan(&edits, ctx, EP_LIT("From"), name)) {
		case EP_TNA_OK:
			return EP_OK;
		case EP_TNA_INTERNAL:
			return EP_ENOMEM;
		default:
			return EP_ESYNTAX;
	}
}

START_TEST(from_survives_lack_of_memory)
{
	parse("From: \"Bank\" <sip:x@y>;tag=1\r\n");
	ck_assert_uint_gt(every_alloc_failure(plan, &in.m), 2);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	struct ep_hdredits edits;
	struct ep_tna_name is;
	struct msg_text t;

	(void)ctx;
	if(!msg_parse(&t, text))
		return;
	ep_arena_fini(&arena);
	plain_arena_init(&arena);
	ep_hdredits_init(&edits, &arena);
	ep_tna_from_check(&t.m, EP_LIT("sip:pool1@home1.net"));
	if(ep_tna_name_get(&is, &t.m, EP_LIT("From")) != EP_TNA_OK)
		return;
	ck_assert_uint_le(is.name.len + is.params.len, is.value.len);
	ck_assert_int_eq(
			ep_tna_name_plan(&edits, &t.m, EP_LIT("From"), EP_LIT("<sip:p>")),
			EP_TNA_OK);
}

START_TEST(from_reads_no_octet_too_many)
{
	every_cut(EP_LIT("INVITE sip:b@h SIP/2.0\r\n"
					 "P-Preferred-Identity: \"A\" <sip:a@b>, <tel:1>\r\n"
					 "From: \"B;\\\"\" <sip:x@y;z>;tag=\"1;\"\r\n\r\n"),
			cut, NULL);
	every_cut(EP_LIT("INVITE sip:b@h SIP/2.0\r\nFrom: sip:x@y;tag=1\r\n\r\n"),
			cut, NULL);
}
END_TEST

UNIT_MAIN("tna/from", from_narrow_leaves_the_registered_identity,
		from_check_takes_the_bare_identity_only,
		from_name_is_changed_and_parameters_stay, from_survives_lack_of_memory,
		from_reads_no_octet_too_many)
