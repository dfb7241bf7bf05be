/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of revocations: what they cover, put together, and their bounds. */
#include <stdio.h>
#include <stdlib.h>
#include "grant.h"

#define NOW 1000

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

START_TEST(revlist_covers_by_each_kind)
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

START_TEST(revlist_user_without_a_session)
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

START_TEST(revlist_counts_until_its_last_second)
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

START_TEST(revlist_issued_covers_older_and_unknown)
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

START_TEST(revlist_lifted_covers_nothing_and_stays_known)
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

START_TEST(revlist_agrees_whatever_the_order)
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

START_TEST(revlist_sum_tells_lists_apart)
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

START_TEST(revlist_keeps_room_for_operators)
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

START_TEST(revlist_is_bounded_and_swept)
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

START_TEST(revlist_without_memory_stays_as_it_was)
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

UNIT_MAIN("token/revlist", revlist_covers_by_each_kind,
		revlist_user_without_a_session, revlist_counts_until_its_last_second,
		revlist_issued_covers_older_and_unknown,
		revlist_lifted_covers_nothing_and_stays_known,
		revlist_agrees_whatever_the_order, revlist_sum_tells_lists_apart,
		revlist_keeps_room_for_operators, revlist_is_bounded_and_swept,
		revlist_without_memory_stays_as_it_was)
