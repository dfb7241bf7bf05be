/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include "support.h"
#include "token/revoke.h"

#define V(s)                                                                   \
	{                                                                          \
		"" s, sizeof(s) - 1                                                    \
	}
#define NOW 1000

static const struct ep_view impus[] = {
		V("sip:alice@home1.net"), V("tel:+49-30-123")};
static const struct ep_revoke_grant alice = {.issuer = V("home"),
		.jti = V("t1"),
		.sub = V("alice"),
		.sid = V("s1"),
		.impi = V("alice@home1.net"),
		.waf = V("waf@home1.net"),
		.wwsf = V("shop"),
		.impus = impus,
		.impus_n = 2,
		.iat_s = 500};

/* --- an allocator that counts, and may fail --- */

static struct fail_alloc heap;
static struct ep_revoke_list *list;
static void *block;

static void list_begin(size_t max)
{
	fail_alloc_init(&heap, SIZE_MAX);
	block = malloc(ep_revoke_list_size(max));
	list = ep_revoke_list_init(block, max, 42);
}

static void list_end(void)
{
	ep_revoke_list_fini(list, &heap.alloc);
	ck_assert_uint_eq(heap.live, 0);
	free(block);
}

static struct ep_revoke_entry entry(
		enum ep_revoke_kind kind, const char *issuer, const char *value)
{
	return (struct ep_revoke_entry){.kind = kind,
			.issuer = ep_view_z(issuer),
			.value = ep_view_z(value),
			.until_s = NOW + 100,
			.at_ms = 1};
}

static enum ep_err put(struct ep_revoke_entry e)
{
	bool changed;

	return ep_revoke_list_put(&changed, list, &e, NOW, &heap.alloc);
}

static bool puts_change(struct ep_revoke_entry e)
{
	bool changed;

	ck_assert_int_eq(
			ep_revoke_list_put(&changed, list, &e, NOW, &heap.alloc), EP_OK);
	return changed;
}

static enum ep_token_cause match(const struct ep_revoke_grant *g)
{
	return ep_revoke_list_match(list, g, NOW);
}

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

/* --- what covers what --- */

static const struct
{
	enum ep_revoke_kind kind;
	const char *issuer, *value;
	enum ep_token_cause cause; /* EP_TOKEN_OK: does not cover alice */
} covers[] = {
		{EP_REVOKE_JTI, "home", "t1", EP_TOKEN_REVOKED},
		{EP_REVOKE_JTI, "other", "t1", EP_TOKEN_OK},
		{EP_REVOKE_JTI, "home", "T1", EP_TOKEN_OK},
		{EP_REVOKE_SUB, "home", "alice", EP_TOKEN_USER_REVOKED},
		{EP_REVOKE_SUB, "home", "alic", EP_TOKEN_OK},
		{EP_REVOKE_SUB, "home", "t1", EP_TOKEN_OK},
		{EP_REVOKE_SID, "home", "s1", EP_TOKEN_REVOKED},
		{EP_REVOKE_SID, "", "s1", EP_TOKEN_OK},
		{EP_REVOKE_ALONE, "home", "alice", EP_TOKEN_OK}, /* she has a sid */
		{EP_REVOKE_IMPI, NULL, "alice@home1.net", EP_TOKEN_USER_REVOKED},
		{EP_REVOKE_IMPI, NULL, "alice@home1.ne", EP_TOKEN_OK},
		{EP_REVOKE_IMPU, NULL, "sip:alice@home1.net", EP_TOKEN_USER_REVOKED},
		{EP_REVOKE_IMPU, NULL, "tel:+4930123", EP_TOKEN_USER_REVOKED},
		{EP_REVOKE_IMPU, NULL, "sip:Alice@home1.net", EP_TOKEN_OK},
		{EP_REVOKE_WWSF, NULL, "shop", EP_TOKEN_WWSF_REVOKED},
		{EP_REVOKE_WAF, NULL, "waf@home1.net", EP_TOKEN_WAF_REVOKED},
		{EP_REVOKE_ISSUER, NULL, "home", EP_TOKEN_ISSUER_REVOKED},
		{EP_REVOKE_LOGOUT, "home", "t1", EP_TOKEN_OK},
};

START_TEST(revoke_covers_by_each_kind)
{
	struct ep_revoke_entry e;
	struct ep_revoke_grant nobody = {.iat_s = -1};
	size_t i;

	for(i = 0; i < sizeof(covers) / sizeof(covers[0]); i++) {
		e = entry(covers[i].kind, covers[i].issuer, covers[i].value);
		if(ep_revoke_kind_has_issuer(e.kind) && e.issuer.len == 0)
			continue;
		ck_assert(ep_revoke_entry_covers(&e, &alice, NOW)
				  == (covers[i].cause != EP_TOKEN_OK));
		ck_assert(!ep_revoke_entry_covers(&e, &nobody, NOW));
		list_begin(10);
		ck_assert_int_eq(match(&alice), EP_TOKEN_OK);
		ck_assert_int_eq(put(e), EP_OK);
		ck_assert_int_eq(match(&alice), covers[i].cause);
		ck_assert_int_eq(match(&nobody), EP_TOKEN_OK);
		ck_assert_uint_eq(
				ep_revoke_list_live(list), e.kind != EP_REVOKE_LOGOUT);
		if(covers[i].cause != EP_TOKEN_OK)
			ck_assert_int_eq(ep_revoke_kind_cause(e.kind), covers[i].cause);
		list_end();
	}
}
END_TEST

START_TEST(revoke_of_a_user_without_a_session)
{
	struct ep_revoke_grant grant = alice;

	list_begin(10);
	ck_assert_int_eq(put(entry(EP_REVOKE_ALONE, "home", "alice")), EP_OK);
	ck_assert_int_eq(match(&grant), EP_TOKEN_OK);
	grant.sid = ep_view_none();
	ck_assert_int_eq(match(&grant), EP_TOKEN_USER_REVOKED);
	grant.issuer = EP_LIT("other");
	ck_assert_int_eq(match(&grant), EP_TOKEN_OK);
	list_end();
}
END_TEST

START_TEST(revoke_counts_until_its_last_second)
{
	struct ep_revoke_entry e = entry(EP_REVOKE_SUB, "home", "alice");

	list_begin(10);
	put(e);
	ck_assert_int_eq(ep_revoke_list_match(list, &alice, NOW + 100),
			EP_TOKEN_USER_REVOKED);
	ck_assert_int_eq(
			ep_revoke_list_match(list, &alice, NOW + 101), EP_TOKEN_OK);
	ck_assert(ep_revoke_entry_covers(&e, &alice, NOW + 100));
	ck_assert(!ep_revoke_entry_covers(&e, &alice, NOW + 101));
	e.until_s = NOW - 1;
	e.at_ms = 5;
	ck_assert(!puts_change(e));
	list_end();
}
END_TEST

START_TEST(revoke_issued_covers_older_and_unknown)
{
	struct ep_revoke_entry e = entry(EP_REVOKE_SUB, "home", "alice");
	struct ep_revoke_grant g = alice;

	e.only_issued = true;
	e.issued_s = 500;
	list_begin(10);
	put(e);
	ck_assert_int_eq(match(&g), EP_TOKEN_USER_REVOKED);
	g.iat_s = 501;
	ck_assert_int_eq(match(&g), EP_TOKEN_OK);
	g.iat_s = -1;
	ck_assert_int_eq(match(&g), EP_TOKEN_USER_REVOKED);
	g.iat_s = 501;
	/* beside it, another that covers everything */
	e.only_issued = false;
	e.issued_s = 0;
	put(e);
	ck_assert_uint_eq(ep_revoke_list_count(list), 2);
	ck_assert_int_eq(match(&g), EP_TOKEN_USER_REVOKED);
	list_end();
}
END_TEST

START_TEST(revoke_lifted_covers_nothing_and_stays_known)
{
	struct ep_revoke_entry e = entry(EP_REVOKE_SUB, "home", "alice"), up = e;
	const struct ep_revoke_entry *there;

	list_begin(10);
	put(e);
	up.lifted = true;
	up.at_ms = 2;
	ck_assert(puts_change(up));
	ck_assert_int_eq(match(&alice), EP_TOKEN_OK);
	ck_assert(!puts_change(e)); /* an old copy comes by */
	ck_assert_int_eq(match(&alice), EP_TOKEN_OK);
	ck_assert_uint_eq(ep_revoke_list_live(list), 0);
	ck_assert_uint_eq(ep_revoke_list_count(list), 1);
	there = ep_revoke_list_find(list, &e);
	ck_assert(there != NULL && there->lifted);
	e.at_ms = 3;
	ck_assert(puts_change(e));
	ck_assert_int_eq(match(&alice), EP_TOKEN_USER_REVOKED);
	list_end();
}
END_TEST

/* --- lists of several nodes --- */

static uint64_t rnd_state = 88172645463325252u;

static unsigned rnd(unsigned n)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (unsigned)(rnd_state % n);
}

static void sum_up(const struct ep_revoke_entry *e, void *ctx)
{
	*(uint64_t *)ctx += ep_revoke_entry_sum(e);
}

static uint64_t sum_of_list(void)
{
	uint64_t sum = 0;
	size_t i;

	for(i = 0; i < ep_revoke_list_chains(list); i++)
		ep_revoke_list_walk(list, i, sum_up, &sum);
	return sum;
}

START_TEST(revoke_lists_agree_whatever_the_order)
{
	struct ep_revoke_entry all[60], swap;
	const char *const names[] = {"a", "b", "c"};
	uint64_t sums[20];
	size_t run, i, k, n = sizeof(all) / sizeof(all[0]);

	for(i = 0; i < n; i++) {
		all[i] = entry(
				rnd(2) ? EP_REVOKE_SUB : EP_REVOKE_JTI, "home", names[rnd(3)]);
		all[i].at_ms = 1 + rnd(4);
		all[i].until_s = NOW + rnd(3);
		all[i].only_issued = rnd(2);
		all[i].issued_s = all[i].only_issued ? (int64_t)rnd(3) : 0;
		all[i].lifted = rnd(2);
		all[i].by = rnd(EP_REVOKE_BY_N);
	}
	for(run = 0; run < 20; run++) {
		list_begin(1000);
		for(i = n - 1; i > 0; i--) {
			k = rnd((unsigned)i + 1);
			swap = all[i];
			all[i] = all[k];
			all[k] = swap;
		}
		for(i = 0; i < n; i++)
			put(all[i]);
		for(i = 0; i < n; i++) /* some come twice */
			ck_assert(!puts_change(all[rnd((unsigned)n)]));
		sums[run] = sum_of_list();
		ck_assert(sums[run] == sums[0]);
		list_end();
	}
}
END_TEST

START_TEST(revoke_sum_tells_lists_apart)
{
	struct ep_revoke_entry e = entry(EP_REVOKE_SUB, "home", "alice"), o = e;

	o.by = EP_REVOKE_BY_NODE;
	ck_assert(ep_revoke_entry_sum(&o) == ep_revoke_entry_sum(&e));
	o = e;
	o.lifted = true;
	ck_assert(ep_revoke_entry_sum(&o) != ep_revoke_entry_sum(&e));
	o = e;
	o.until_s++;
	ck_assert(ep_revoke_entry_sum(&o) != ep_revoke_entry_sum(&e));
	o = e;
	o.value = ep_view_z("alicf");
	ck_assert(ep_revoke_entry_sum(&o) != ep_revoke_entry_sum(&e));
}
END_TEST

/* --- bounds --- */

START_TEST(revoke_list_keeps_room_for_operators)
{
	struct ep_revoke_entry e;
	char value[16];
	size_t i, taken = 0;

	list_begin(100);
	for(i = 0; i < 200; i++) {
		snprintf(value, sizeof(value), "s%zu", i);
		e = entry(EP_REVOKE_SID, "home", value);
		e.by = EP_REVOKE_BY_LOGOUT;
		taken += put(e) == EP_OK;
	}
	ck_assert_uint_eq(taken, 75);
	e = entry(EP_REVOKE_SUB, "home", "alice");
	e.by = EP_REVOKE_BY_RPC;
	ck_assert_int_eq(put(e), EP_OK);
	ck_assert_int_eq(match(&alice), EP_TOKEN_USER_REVOKED);
	/* What is there may be changed. */
	e = entry(EP_REVOKE_SID, "home", "s1");
	e.by = EP_REVOKE_BY_LOGOUT;
	e.at_ms++;
	ck_assert_int_eq(put(e), EP_OK);
	list_end();
}
END_TEST

START_TEST(revoke_list_is_bounded_and_swept)
{
	struct ep_revoke_entry e;
	char value[16];
	size_t i, gone = 0;
	bool changed;

	list_begin(100);
	for(i = 0; i < 100; i++) {
		snprintf(value, sizeof(value), "v%zu", i);
		e = entry(EP_REVOKE_JTI, "home", value);
		e.until_s = NOW + (i < 60 ? 5 : 50);
		ck_assert_int_eq(put(e), EP_OK);
	}
	e = entry(EP_REVOKE_SUB, "home", "alice");
	ck_assert_int_eq(put(e), EP_ENOSPC);
	ck_assert_int_eq(match(&alice), EP_TOKEN_OK);
	/* a later second makes room by itself */
	ck_assert_int_eq(
			ep_revoke_list_put(&changed, list, &e, NOW + 6, &heap.alloc),
			EP_OK);
	ck_assert(changed);
	ck_assert_uint_eq(ep_revoke_list_count(list), 41);
	ck_assert_uint_eq(heap.live, 41);
	for(i = 0; i < ep_revoke_list_chains(list); i++)
		gone += ep_revoke_list_sweep(list, i, NOW + 51, &heap.alloc);
	ck_assert_uint_eq(gone, 40);
	ck_assert_int_eq(ep_revoke_list_match(list, &alice, NOW + 51),
			EP_TOKEN_USER_REVOKED);
	list_end();
}
END_TEST

START_TEST(revoke_list_without_memory_stays_as_it_was)
{
	struct ep_revoke_entry e = entry(EP_REVOKE_SUB, "home", "alice");

	list_begin(10);
	heap.fail_at = 0;
	ck_assert_int_eq(put(e), EP_ENOMEM);
	ck_assert_uint_eq(ep_revoke_list_count(list), 0);
	ck_assert_int_eq(match(&alice), EP_TOKEN_OK);
	heap.fail_at = SIZE_MAX;
	ck_assert_int_eq(put(e), EP_OK);
	e.value = ep_view_of("", 0);
	ck_assert_int_eq(put(e), EP_ERANGE);
	e = entry(EP_REVOKE_SUB, NULL, "alice");
	ck_assert_int_eq(put(e), EP_ERANGE);
	list_end();
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
		revoke_entry_without_memory_is_no_verdict, revoke_covers_by_each_kind,
		revoke_of_a_user_without_a_session, revoke_counts_until_its_last_second,
		revoke_issued_covers_older_and_unknown,
		revoke_lifted_covers_nothing_and_stays_known,
		revoke_lists_agree_whatever_the_order, revoke_sum_tells_lists_apart,
		revoke_list_keeps_room_for_operators, revoke_list_is_bounded_and_swept,
		revoke_list_without_memory_stays_as_it_was,
		revoke_grant_block_holds_everything)
