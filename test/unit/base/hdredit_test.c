/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hdredit.h"
#include <stdlib.h>
#include "base/buf.h"
#include "support.h"

static const struct ep_hdr hdrs[] = {
		{{"Via", 3}, {"SIP/2.0/WSS a.invalid", 21}},
		{{"v", 1}, {"SIP/2.0/WSS b.invalid", 21}},
		{{"Authorization", 13}, {"Bearer x", 8}},
		{{"m", 1}, {"<sip:a@b>", 9}},
		{{"AUTHORIZATION", 13}, {"Digest y", 8}},
};
static const struct ep_msg msg = {
		.method = {"REGISTER", 8},
		.ruri = {"sip:home1.net", 13},
		.hdrs = hdrs,
		.hdrs_n = sizeof(hdrs) / sizeof(hdrs[0]),
		.body = {"hello", 5},
};

START_TEST(hdredit_knows_compact_forms)
{
	ck_assert(ep_hdr_is(&hdrs[1], EP_LIT("Via")));
	ck_assert(ep_hdr_is(&hdrs[1], EP_LIT("vIA")));
	ck_assert(ep_hdr_is(&hdrs[3], EP_LIT("Contact")));
	ck_assert(!ep_hdr_is(&hdrs[3], EP_LIT("To")));
	ck_assert(ep_hdr_is(
			&(struct ep_hdr){EP_LIT("O"), EP_LIT("")}, EP_LIT("Event")));
	ck_assert(!ep_hdr_is(
			&(struct ep_hdr){EP_LIT("\x16"), EP_LIT("")}, EP_LIT("Via")));
	ck_assert(!ep_hdr_is(
			&(struct ep_hdr){EP_LIT(""), EP_LIT("")}, EP_LIT("Via")));
}
END_TEST

START_TEST(hdredit_finds_in_order)
{
	struct ep_view name = EP_LIT("authorization");

	ck_assert_uint_eq(ep_msg_find(&msg, name, 0), 2);
	ck_assert_uint_eq(ep_msg_find(&msg, name, 3), 4);
	ck_assert_uint_eq(ep_msg_find(&msg, name, 5), SIZE_MAX);
	ck_assert_uint_eq(ep_msg_find(&msg, name, 99), SIZE_MAX);
}
END_TEST

static enum ep_err edit_all(struct ep_hdredits *l)
{
	enum ep_err err = ep_hdredits_del_all(l, &msg, EP_LIT("Authorization"));

	if(err == EP_OK)
		err = ep_hdredits_replace(l, 3, EP_LIT("<sip:c@d>"));
	if(err == EP_OK)
		err = ep_hdredits_prepend(l, EP_LIT("Via"), EP_LIT("SIP/2.0/TCP p"));
	if(err == EP_OK)
		err = ep_hdredits_prepend(l, EP_LIT("Via"), EP_LIT("SIP/2.0/TCP q"));
	if(err == EP_OK)
		err = ep_hdredits_prepend(l, EP_LIT("Path"), EP_LIT("<sip:t@p;lr>"));
	if(err == EP_OK)
		err = ep_hdredits_append(
				l, EP_LIT("Authorization"), EP_LIT("Digest z"));
	if(err == EP_OK)
		err = ep_hdredits_ruri(l, EP_LIT("sip:registrar.home1.net"));
	return err;
}

static const char edited[] =
		"REGISTER sip:registrar.home1.net SIP/2.0\r\n"
		"Via: SIP/2.0/TCP p\r\n"
		"Via: SIP/2.0/TCP q\r\n"
		"Via: SIP/2.0/WSS a.invalid\r\n"
		"v: SIP/2.0/WSS b.invalid\r\n"
		"m: <sip:c@d>\r\n"
		"Path: <sip:t@p;lr>\r\n"
		"Authorization: Digest z\r\n"
		"\r\n"
		"hello";

START_TEST(hdredit_renders_all_edits)
{
	struct ep_arena arena;
	struct ep_hdredits l;

	plain_arena_init(&arena);
	ep_hdredits_init(&l, &arena);
	ck_assert_int_eq(edit_all(&l), EP_OK);
	for(size_t cap = 0; cap <= strlen(edited); cap++) {
		char *mem = malloc(cap);
		struct ep_buf out;
		enum ep_err err;

		ep_buf_init(&out, mem, cap);
		err = ep_hdredits_render(&out, &msg, &l);
		ck_assert_int_eq(err, cap < strlen(edited) ? EP_ENOSPC : EP_OK);
		if(err == EP_OK)
			ck_assert_view_eq(ep_buf_view(&out), edited);
		free(mem);
	}
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(hdredit_renders_a_reply)
{
	struct ep_msg reply = {.method = EP_LIT("REGISTER"), .status = 401};
	struct ep_hdredits l;
	char mem[100];
	struct ep_buf out;

	ep_hdredits_init(&l, NULL);
	ep_buf_init(&out, mem, sizeof(mem));
	ck_assert_int_eq(ep_hdredits_render(&out, &reply, &l), EP_OK);
	ck_assert_view_eq(ep_buf_view(&out), "SIP/2.0 401 \r\n\r\n");
}
END_TEST

START_TEST(hdredit_refuses_injection)
{
	static const struct ep_view bad[] = {{"a\r\nb", 4}, {"a\nb", 3},
			{"a\rb", 3}, {"a\0b", 3}, {"a\r\n", 3}, {"a\r\n\r\n b", 7},
			{NULL, 0}};
	struct ep_arena arena;
	struct ep_hdredits l;
	struct ep_view name = EP_LIT("X");

	plain_arena_init(&arena);
	ep_hdredits_init(&l, &arena);
	for(size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_view v = bad[i].p ? block_of(bad[i]) : bad[i];

		ck_assert_int_eq(ep_hdredits_append(&l, name, v), EP_ESYNTAX);
		ck_assert_int_eq(ep_hdredits_prepend(&l, name, v), EP_ESYNTAX);
		ck_assert_int_eq(ep_hdredits_replace(&l, 0, v), EP_ESYNTAX);
		ck_assert_int_eq(ep_hdredits_ruri(&l, v), EP_ESYNTAX);
		if(v.p)
			block_free(v);
	}
	ck_assert_int_eq(ep_hdredits_ruri(&l, EP_LIT("sip:a b")), EP_ESYNTAX);
	ck_assert_int_eq(
			ep_hdredits_append(&l, EP_LIT("X:"), EP_LIT("a")), EP_ESYNTAX);
	ck_assert_int_eq(
			ep_hdredits_append(&l, EP_LIT(""), EP_LIT("a")), EP_ESYNTAX);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_int_eq(ep_hdredits_append(&l, name, EP_LIT("a\r\n b")), EP_OK);
	ck_assert_int_eq(ep_hdredits_append(&l, name, EP_LIT("a\n\tb")), EP_OK);
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err many(struct ep_arena *arena, void *ctx)
{
	struct ep_hdredits l;

	(void)ctx;
	ep_hdredits_init(&l, arena);
	for(int i = 0; i < 10; i++) {
		enum ep_err err = edit_all(&l);

		if(err != EP_OK)
			return err;
	}
	ck_assert_uint_eq(l.n, 80);
	return EP_OK;
}

START_TEST(hdredit_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(many, NULL), 4);
}
END_TEST

UNIT_MAIN("base/hdredit", hdredit_knows_compact_forms, hdredit_finds_in_order,
		hdredit_renders_all_edits, hdredit_renders_a_reply,
		hdredit_refuses_injection, hdredit_every_alloc_failure)
