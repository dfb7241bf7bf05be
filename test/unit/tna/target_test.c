/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/check.h"
#include "tna/target.h"

static const struct ep_view own[] = {
		{"sip:alice@home1.net", 19}, {"tel:+4930", 9}};
static const struct ep_binding binding = {.impus = {own, 2}};
static struct msg_text in;
static struct ep_tna_targets targets;

static enum ep_tna_cause run(const char *text)
{
	ck_assert(msg_parse(&in, ep_view_z(text)));
	return ep_tna_targets_get(&targets, &in.m, &binding);
}

#define END " SIP/2.0\r\nTo: <sip:elsewhere@h>\r\n"

START_TEST(target_is_the_request_uri)
{
	static const char *const methods[] = {"INVITE", "MESSAGE", "SUBSCRIBE",
			"PUBLISH", "INFO", "OPTIONS", "FOO"};
	char text[256];
	size_t i;

	for(i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		snprintf(text, sizeof(text),
				"%s sip:bob@home2.net;user=phone" END
				"Refer-To: <sip:x@y>\r\n\r\n",
				methods[i]);
		ck_assert_int_eq(run(text), EP_TNA_OK);
		ck_assert_uint_eq(targets.n, 1);
		ck_assert_view_eq(targets.v[0], "sip:bob@home2.net;user=phone");
	}
}
END_TEST

START_TEST(target_of_refer_is_also_who_is_to_be_called)
{
	static const char *const bad[] = {"", "Refer-To: <sip:a@b>, <sip:c@d>\r\n",
			"Refer-To: <sip:a@b>\r\nr: <sip:c@d>\r\n", "Refer-To: *\r\n",
			"Refer-To: \"a\r\n"};
	char text[256];
	size_t i;

	ck_assert_int_eq(run("REFER sip:bob@h" END
						 "Refer-To: \"Carol\" <sip:carol@h?Replaces=x>;a=b\r\n"
						 "\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 2);
	ck_assert_view_eq(targets.v[1], "sip:carol@h");
	ck_assert_int_eq(
			run("REFER sip:bob@h" END "r: tel:+1900;a=b\r\n\r\n"), EP_TNA_OK);
	ck_assert_view_eq(targets.v[1], "tel:+1900");
	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "REFER sip:bob@h" END "%s\r\n", bad[i]);
		ck_assert_int_eq(run(text), EP_TNA_MALFORMED);
	}
}
END_TEST

START_TEST(target_own_identities_are_none)
{
	ck_assert_int_eq(run("SUBSCRIBE sip:alice@HOME1.net:5060;x=y" END "\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 0);
	ck_assert_int_eq(run("REFER tel:+49-30" END
						 "Refer-To: <sip:alice@home1.net>\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 0);
	ck_assert_int_eq(
			run("REFER sip:x@h" END "Refer-To: <sip:alice@home1.net>\r\n\r\n"),
			EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 1);
	ck_assert_view_eq(targets.v[0], "sip:x@h");
	ck_assert_int_eq(run("INVITE sip:Alice@home1.net" END "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 1);
}
END_TEST

START_TEST(target_options_to_no_user_is_for_us)
{
	ck_assert_int_eq(run("OPTIONS sip:home1.net" END "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 0);
	ck_assert_int_eq(run("OPTIONS sip:x@home1.net" END "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 1);
	ck_assert_int_eq(run("OPTIONS urn:service:x" END "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 1);
	ck_assert_int_eq(run("OPTIONS sip:@x" END "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 1);
	ck_assert_int_eq(run("INVITE sip:home1.net" END "\r\n"), EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 1);
}
END_TEST

START_TEST(target_of_refer_within_a_dialog)
{
	ck_assert(msg_parse(
			&in, EP_LIT("REFER sip:contact@elsewhere" END
						"Refer-To: <sip:x@h?Replaces=a&require=replaces>\r\n"
						"\r\n")));
	ck_assert_int_eq(ep_tna_refer_get(&targets, &in.m, &binding), EP_TNA_OK);
	ck_assert_uint_eq(targets.n, 1);
	ck_assert_view_eq(targets.v[0], "sip:x@h");
	/* any other header may choose another place */
	ck_assert(msg_parse(
			&in, EP_LIT("REFER sip:c@h" END
						"Refer-To: <sip:x@h?Replaces=a&Route=%3Csip:y%3E>\r\n"
						"\r\n")));
	ck_assert_int_eq(ep_tna_refer_get(&targets, &in.m, &binding), EP_TNA_OK);
	ck_assert_view_eq(targets.v[0], "sip:x@h?Replaces=a&Route=%3Csip:y%3E");
	ck_assert(msg_parse(&in, EP_LIT("REFER sip:c@h" END "\r\n")));
	ck_assert_int_eq(
			ep_tna_refer_get(&targets, &in.m, &binding), EP_TNA_MALFORMED);
}
END_TEST

/* --- 3xx --- */

static bool of_h(void *ctx, struct ep_view uri)
{
	(void)ctx;
	return ep_view_ends(uri, EP_LIT("@h"));
}

#define MOVED "SIP/2.0 302 \r\nCSeq: 1 INVITE\r\n"

START_TEST(target_of_a_redirection)
{
	static const struct
	{
		const char *contacts, *after;
		size_t left, gone;
	} rows[] = {{"Contact: <sip:a@h>;q=1, <sip:b@h>\r\n",
						"Contact: <sip:a@h>;q=1, <sip:b@h>\r\n", 2, 0},
			{"Contact: <sip:a@h>,<sip:b@x>, \"C\" <sip:c@h>;q=1\r\n"
			 "m: <sip:d@x>\r\n",
					"Contact: <sip:a@h>, \"C\" <sip:c@h>;q=1\r\n", 2, 2},
			{"Contact: *\r\n", "", 0, 1},
			{"Contact: <sip:a;alias=1@h>, <sip:a;alias=1.2.3.4~1~1@h>\r\n",
					"Contact: <sip:a;alias=1@h>, <sip:a;alias=1.2.3.4~1~1@h>"
					"\r\n",
					2, 0},
			{"Contact: <sip:a@x>, <sip:a@h>;alias=1\r\n", "", 0, 2},
			{"Contact: <sip:a@h>, \"open\r\n", "Contact: <sip:a@h>\r\n", 1, 1},
			{"", "", 0, 0}};
	struct ep_hdredits edits;
	static struct msg_after after;
	struct ep_arena arena;
	char text[512];
	size_t i, left, gone;

	for(i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		plain_arena_init(&arena);
		ep_hdredits_init(&edits, &arena);
		snprintf(text, sizeof(text), MOVED "%s\r\n", rows[i].contacts);
		ck_assert(msg_parse(&in, ep_view_z(text)));
		ck_assert_int_eq(
				ep_tna_redirect_plan(&edits, &in.m, of_h, NULL, &left, &gone),
				EP_OK);
		ck_assert_uint_eq(left, rows[i].left);
		ck_assert_uint_eq(gone, rows[i].gone);
		ck_assert(msg_apply(&after, &in.m, &edits));
		snprintf(text, sizeof(text), MOVED "%s\r\n", rows[i].after);
		ck_assert_str_eq(after.text, text);
		ep_arena_fini(&arena);
	}
}
END_TEST

/* Behind the plan that takes `alias` out of the same lines. */
START_TEST(target_of_a_redirection_behind_the_answers_plan)
{
	struct ep_hdredits edits;
	static struct msg_after after;
	struct ep_arena arena;
	size_t left, gone;

	plain_arena_init(&arena);
	ck_assert(msg_parse(
			&in, EP_LIT(MOVED "Contact: <sip:a@h>;alias=1, <sip:b@h>, "
							  "<sip:c@x>\r\nContact: <sip:d@x;alias=1>\r\n"
							  "\r\n")));
	ck_assert_int_eq(
			ep_tna_answer_plan(&edits, &in.m, &binding, &arena), EP_TNA_OK);
	ck_assert_int_eq(
			ep_tna_redirect_plan(&edits, &in.m, of_h, NULL, &left, &gone),
			EP_OK);
	ck_assert(msg_apply(&after, &in.m, &edits));
	ck_assert_str_eq(after.text, MOVED "Contact: <sip:b@h>\r\n\r\n");
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err redirect(struct ep_arena *a, void *ctx)
{
	struct ep_hdredits edits;
	size_t left, gone;

	(void)ctx;
	ep_hdredits_init(&edits, a);
	return ep_tna_redirect_plan(&edits, &in.m, of_h, NULL, &left, &gone);
}

START_TEST(target_of_a_redirection_without_memory)
{
	ck_assert(msg_parse(&in, EP_LIT(MOVED "Contact: <sip:a@h>, <sip:b@x>\r\n"
										  "Contact: <sip:d@x>\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(redirect, NULL), 1);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	struct msg_text t;
	size_t i;

	(void)ctx;
	if(!msg_parse(&t, text))
		return;
	if(ep_tna_targets_get(&targets, &t.m, &binding) != EP_TNA_OK)
		return;
	ck_assert_uint_le(targets.n, EP_TNA_TARGETS_MAX);
	for(i = 0; i < targets.n; i++)
		ck_assert(targets.v[i].p >= text.p
				  && targets.v[i].p + targets.v[i].len <= text.p + text.len);
}

START_TEST(target_reads_no_octet_too_many)
{
	every_cut(EP_LIT("REFER sip:bob@h" END
					 "Refer-To: \"C\" <sip:carol@h?a=b>;c=\"d\"\r\n\r\n"),
			cut, NULL);
	every_cut(EP_LIT("OPTIONS sip:home1.net" END "\r\n"), cut, NULL);
}
END_TEST

UNIT_MAIN("tna/target", target_is_the_request_uri,
		target_of_refer_is_also_who_is_to_be_called,
		target_own_identities_are_none, target_options_to_no_user_is_for_us,
		target_of_refer_within_a_dialog, target_of_a_redirection,
		target_of_a_redirection_behind_the_answers_plan,
		target_of_a_redirection_without_memory, target_reads_no_octet_too_many)
