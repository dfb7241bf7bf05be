/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
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
	ck_assert_view_eq(targets.v[1], "sip:carol@h?Replaces=x");
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
		target_reads_no_octet_too_many)
