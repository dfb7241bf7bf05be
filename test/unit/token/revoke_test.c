/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "grant.h"

/* --- making and text --- */

static const struct
{
	enum ep_revoke_kind kind;
	const char *value;
	enum ep_err err;
	const char *text; /* the line's first three words */
} makes[] = {
		{EP_REVOKE_JTI, "home/4711", EP_OK, "jti home 4711 "},
		{EP_REVOKE_SUB, "home/a/b c", EP_OK, "sub home a/b%20c "},
		{EP_REVOKE_SID, "home/-", EP_OK, "sid home %2D "},
		{EP_REVOKE_IMPI, "a%b@x", EP_OK, "impi - a%25b@x "},
		{EP_REVOKE_IMPU, "SIP:Bob@HOME1.NET:5060;user=phone", EP_OK,
				"impu - sip:Bob@home1.net "},
		{EP_REVOKE_WWSF, "shop", EP_OK, "wwsf - shop "},
		{EP_REVOKE_WAF, "--", EP_OK, "waf - -- "},
		{EP_REVOKE_ISSUER, "home", EP_OK, "issuer - home "},
		{EP_REVOKE_LOGOUT, "home/1\xc3\xa9", EP_OK, "logout home 1%C3%A9 "},
		{EP_REVOKE_JTI, "4711", EP_ESYNTAX, NULL},
		{EP_REVOKE_JTI, "/4711", EP_ESYNTAX, NULL},
		{EP_REVOKE_JTI, "home/", EP_ESYNTAX, NULL},
		{EP_REVOKE_IMPI, "", EP_ESYNTAX, NULL},
		{EP_REVOKE_IMPU, "bob", EP_ESYNTAX, NULL},
		{EP_REVOKE_KIND_N, "x", EP_ESYNTAX, NULL},
};

START_TEST(revoke_entry_is_made_of_what_an_operator_writes)
{
	char text[EP_REVOKE_LINE_MAX];
	struct ep_revoke_entry e;
	struct ep_arena arena;
	struct ep_buf b;
	size_t i;

	for(i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		plain_arena_init(&arena);
		ck_assert_int_eq(ep_revoke_entry_make(&e, makes[i].kind,
								 ep_view_z(makes[i].value), &arena),
				makes[i].err);
		if(makes[i].err == EP_OK) {
			ep_buf_init(&b, text, sizeof(text));
			ck_assert_int_eq(ep_revoke_entry_print(&b, &e), EP_OK);
			ck_assert(
					ep_view_starts(ep_buf_view(&b), ep_view_z(makes[i].text)));
		}
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(revoke_entry_has_limits)
{
	char text[EP_REVOKE_VALUE_MAX + 20], line[EP_REVOKE_LINE_MAX];
	struct ep_revoke_entry e;
	struct ep_arena arena;
	struct ep_buf b;

	memset(text, '\xff', sizeof(text));
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_revoke_entry_make(&e, EP_REVOKE_IMPI,
							 ep_view_of(text, EP_REVOKE_VALUE_MAX + 1), &arena),
			EP_ERANGE);
	text[EP_REVOKE_VALUE_MAX] = '/';
	ck_assert_int_eq(ep_revoke_entry_make(&e, EP_REVOKE_IMPI,
							 ep_view_of(text, EP_REVOKE_VALUE_MAX), &arena),
			EP_OK);
	/* the longest line there is */
	e = (struct ep_revoke_entry){.kind = EP_REVOKE_LOGOUT,
			.issuer = ep_view_of(text, EP_REVOKE_VALUE_MAX),
			.value = ep_view_of(text, EP_REVOKE_VALUE_MAX),
			.only_issued = true,
			.issued_s = (int64_t)1 << 53,
			.until_s = (int64_t)1 << 53,
			.at_ms = (int64_t)1 << 53,
			.by = EP_REVOKE_BY_LOGOUT};
	ep_buf_init(&b, line, sizeof(line));
	ck_assert_int_eq(ep_revoke_entry_print(&b, &e), EP_OK);
	ck_assert_int_eq(ep_revoke_entry_parse(&e, ep_buf_view(&b), &arena), EP_OK);
	ep_buf_init(&b, line, 100);
	ck_assert_int_eq(ep_revoke_entry_print(&b, &e), EP_ENOSPC);
	ep_arena_fini(&arena);
}
END_TEST

static const char *const lines[] = {
		"jti home 4711 2000 * 1700000000123 revoked rpc",
		"sub home a%20b 2000 1500 5 lifted logout",
		"impu - sip:bob@home1.net 0 0 0 revoked node",
		"waf - %2D 1 * 9007199254740992 revoked file",
};

START_TEST(revoke_line_comes_back_as_it_was)
{
	char text[EP_REVOKE_LINE_MAX];
	struct ep_revoke_entry e;
	struct ep_arena arena;
	struct ep_buf b;
	size_t i;

	for(i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		plain_arena_init(&arena);
		ck_assert_int_eq(
				ep_revoke_entry_parse(&e, ep_view_z(lines[i]), &arena), EP_OK);
		ep_buf_init(&b, text, sizeof(text));
		ck_assert_int_eq(ep_revoke_entry_print(&b, &e), EP_OK);
		ck_assert_view_eq(ep_buf_view(&b), lines[i]);
		ep_arena_fini(&arena);
	}
}
END_TEST

static const char *const bad_lines[] = {
		"",
		"jti",
		"JTI home 4711 2000 * 1 revoked rpc",
		"jti home 4711 2000 * 1 revoked rpc ",
		" jti home 4711 2000 * 1 revoked rpc",
		"jti  home 4711 2000 * 1 revoked rpc",
		"jti home 4711 2000 * 1 revoked",
		"jti home 4711 2000 * 1 revoked me",
		"jti home 4711 2000 * 1 Revoked rpc",
		"jti home 4711 02000 * 1 revoked rpc",
		"jti home 4711 -1 * 1 revoked rpc",
		"jti home 4711 2000 + 1 revoked rpc",
		"jti home 4711 9007199254740993 * 1 revoked rpc",
		"jti - 4711 2000 * 1 revoked rpc",
		"jti home - 2000 * 1 revoked rpc",
		"jti home  2000 * 1 revoked rpc",
		"impi home x 2000 * 1 revoked rpc",
		"impi - a%2 2000 * 1 revoked rpc",
		"impi - a% 2000 * 1 revoked rpc",
		"impi - a%2g 2000 * 1 revoked rpc",
		"impi - a%c3 2000 * 1 revoked rpc",
		"impi - a%41 2000 * 1 revoked rpc",
		"impi - a%2D 2000 * 1 revoked rpc",
		"impi - a\tb 2000 * 1 revoked rpc",
		"impi - a\xc3 2000 * 1 revoked rpc",
		"impu - SIP:bob@home1.net 2000 * 1 revoked rpc",
		"impu - bob 2000 * 1 revoked rpc",
};

START_TEST(revoke_line_has_one_spelling)
{
	struct ep_revoke_entry e;
	struct ep_arena arena;
	size_t i;

	for(i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		plain_arena_init(&arena);
		ck_assert_msg(ep_revoke_entry_parse(&e, ep_view_z(bad_lines[i]), &arena)
							  == EP_ESYNTAX,
				"taken: %s", bad_lines[i]);
		ep_arena_fini(&arena);
	}
}
END_TEST

static void cut_line(struct ep_view cut, void *ctx)
{
	struct ep_revoke_entry e;
	struct ep_arena arena;
	const char *whole = ctx;
	enum ep_err err;

	plain_arena_init(&arena);
	err = ep_revoke_entry_parse(&e, cut, &arena);
	ck_assert_int_eq(err, cut.len == strlen(whole) ? EP_OK : EP_ESYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(revoke_line_cut_anywhere_is_refused)
{
	char whole[128];
	size_t i;

	for(i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		strcpy(whole, lines[i]);
		every_cut(ep_view_z(whole), cut_line, whole);
	}
}
END_TEST

static enum ep_err parse_in(struct ep_arena *arena, void *ctx)
{
	struct ep_revoke_entry e;

	return ep_revoke_entry_parse(&e, ep_view_z(ctx), arena);
}

static enum ep_err make_in(struct ep_arena *arena, void *ctx)
{
	struct ep_revoke_entry e;
	enum ep_err err;

	err = ep_revoke_entry_make(&e, EP_REVOKE_JTI, EP_LIT("home/x"), arena);
	if(err == EP_OK)
		err = ep_revoke_entry_make(
				&e, EP_REVOKE_IMPU, EP_LIT("sip:a@b"), arena);
	(void)ctx;
	return err;
}

START_TEST(revoke_entry_without_memory_is_no_verdict)
{
	char line[] = "jti home 4711 2000 * 1 revoked rpc";
	char impu[] = "impu - sip:bob@home1.net 0 0 0 revoked node";

	every_alloc_failure(parse_in, line);
	every_alloc_failure(parse_in, impu);
	every_alloc_failure(make_in, NULL);
}
END_TEST

/* --- a grant as one block --- */

START_TEST(revoke_grant_block_holds_everything)
{
	size_t n = ep_revoke_grant_size(&alice), i;
	char *p = malloc(n);
	struct ep_revoke_grant *g = ep_revoke_grant_copy(p, &alice), none;

	ck_assert_view_eq(g->issuer, "home");
	ck_assert_view_eq(g->jti, "t1");
	ck_assert_view_eq(g->sub, "alice");
	ck_assert_view_eq(g->sid, "s1");
	ck_assert_view_eq(g->impi, "alice@home1.net");
	ck_assert_view_eq(g->waf, "waf@home1.net");
	ck_assert_view_eq(g->wwsf, "shop");
	ck_assert_int_eq(g->iat_s, 500);
	ck_assert_uint_eq(g->impus_n, 2);
	for(i = 0; i < 2; i++) {
		ck_assert(ep_view_eq(g->impus[i], impus[i]));
		ck_assert(g->impus[i].p > p && g->impus[i].p < p + n);
	}
	free(p);
	none = (struct ep_revoke_grant){.iat_s = -1, .sub = V("")};
	p = malloc(ep_revoke_grant_size(&none));
	g = ep_revoke_grant_copy(p, &none);
	ck_assert(g->jti.p == NULL && g->sub.p != NULL && g->sub.len == 0);
	free(p);
}
END_TEST

UNIT_MAIN("token/revoke", revoke_entry_is_made_of_what_an_operator_writes,
		revoke_entry_has_limits, revoke_line_comes_back_as_it_was,
		revoke_line_has_one_spelling, revoke_line_cut_anywhere_is_refused,
		revoke_entry_without_memory_is_no_verdict,
		revoke_grant_block_holds_everything)
