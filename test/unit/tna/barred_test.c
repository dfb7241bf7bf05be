/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include "support.h"
#include "tna/barred.h"

#define NOW 1000000
#define MS(s) ((int64_t)(s)*1000)

static const unsigned char key[16] = "0123456789abcde";
static struct ep_barred_list *list;
static void *block;

static void list_begin(size_t max)
{
	block = malloc(ep_barred_list_size(max));
	list = ep_barred_list_init(block, max, key);
}

static struct ep_barred_entry entry(const char *name, int64_t at_ms)
{
	return (struct ep_barred_entry){
			.kind = EP_BARRED_WAF, .name = ep_view_z(name), .at_ms = at_ms};
}

static enum ep_err put(struct ep_barred_entry e, int64_t now_s)
{
	bool changed;

	return ep_barred_list_put(&changed, list, &e, now_s);
}

static bool puts_change(struct ep_barred_entry e)
{
	bool changed;

	ck_assert_int_eq(ep_barred_list_put(&changed, list, &e, NOW), EP_OK);
	return changed;
}

static bool is_barred(const char *name)
{
	return ep_barred_list_match(list, EP_BARRED_WAF, ep_view_z(name), NOW);
}

/* --- names --- */

static const struct
{
	const char *name, *canonical;
} names[] = {
		{"shop", "shop"},
		{"Shop", "shop"},
		{"WAF.Example.NET", "waf.example.net"},
		{"Waf1@Third.Party.NET", "Waf1@third.party.net"},
		{"a@B@C", "a@B@c"},
		{"@X", "@x"},
		{"sip:User@Host;Transport=TCP", "sip:User@host;Transport=TCP"},
		{"HTTPS://Waf.Example/Realms/A", "HTTPS://waf.example/Realms/A"},
		{"https://U@Waf.Example?Q=A@B", "https://U@waf.example?Q=A@B"},
		{"Waf.Example/Realms/A", "waf.example/Realms/A"},
		{"A/B@C", "A/B@c"},
		{"://A", "://a"},
		{"\xc3\x84@H", "\xc3\x84@h"},
};

START_TEST(barred_names_are_hosts_without_case)
{
	char text[EP_BARRED_NAME_MAX + 1];
	struct ep_buf b;
	size_t i;

	for(i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ep_buf_init(&b, text, sizeof(text));
		ck_assert_int_eq(ep_barred_name(&b, ep_view_z(names[i].name)), EP_OK);
		ck_assert_view_eq(ep_buf_view(&b), names[i].canonical);
		/* once more changes nothing */
		ep_buf_init(&b, text, sizeof(text));
		ep_barred_name(&b, ep_view_z(names[i].canonical));
		ck_assert_view_eq(ep_buf_view(&b), names[i].canonical);
	}
	memset(text, 'x', sizeof(text));
	ep_buf_init(&b, text, sizeof(text));
	ck_assert_int_eq(
			ep_barred_name(&b, ep_view_of(text, sizeof(text))), EP_ERANGE);
	ck_assert_int_eq(ep_barred_name(&b, EP_LIT("")), EP_ERANGE);
	ck_assert_int_eq(ep_barred_name(&b, ep_view_none()), EP_ERANGE);
	ep_buf_init(&b, text, 3);
	ck_assert_int_eq(ep_barred_name(&b, EP_LIT("four")), EP_ENOSPC);
}
END_TEST

START_TEST(barred_kinds_and_their_names)
{
	ck_assert_int_eq(ep_barred_kind_find(EP_LIT("waf")), EP_BARRED_WAF);
	ck_assert_int_eq(ep_barred_kind_find(EP_LIT("wwsf")), EP_BARRED_WWSF);
	ck_assert_int_eq(ep_barred_kind_find(EP_LIT("WAF")), EP_BARRED_KIND_N);
	ck_assert_int_eq(ep_barred_kind_find(EP_LIT("")), EP_BARRED_KIND_N);
	ck_assert_str_eq(ep_barred_kind_name(EP_BARRED_WWSF), "wwsf");
	ck_assert_str_eq(ep_barred_kind_name(EP_BARRED_KIND_N), "?");
	ck_assert_str_eq(ep_barred_by_name(EP_BARRED_BY_NODE), "node");
	ck_assert_str_eq(ep_barred_by_name(EP_BARRED_BY_N), "?");
}
END_TEST

/* --- lines --- */

static const char *const lines[] = {
		"waf waf1@third.net 0 1700000000123 barred rpc",
		"wwsf shop%20one 2000 5 barred node",
		"waf %2D 0 0 lifted file",
		"wwsf https://shop.example/A 9007199254740992 9007199254740992 barred "
		"rpc",
};

START_TEST(barred_line_comes_back_as_it_was)
{
	char text[EP_BARRED_LINE_MAX];
	struct ep_barred_entry e;
	struct ep_arena arena;
	struct ep_buf b;
	size_t i;

	for(i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		plain_arena_init(&arena);
		ck_assert_int_eq(
				ep_barred_entry_parse(&e, ep_view_z(lines[i]), &arena), EP_OK);
		ep_buf_init(&b, text, sizeof(text));
		ck_assert_int_eq(ep_barred_entry_print(&b, &e), EP_OK);
		ck_assert_view_eq(ep_buf_view(&b), lines[i]);
		ep_buf_init(&b, text, 20);
		ck_assert_int_eq(ep_barred_entry_print(&b, &e), EP_ENOSPC);
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(barred_longest_line_fits)
{
	char name[EP_BARRED_NAME_MAX], text[EP_BARRED_LINE_MAX];
	struct ep_barred_entry e = {.kind = EP_BARRED_WWSF,
			.name = {name, sizeof(name)},
			.until_s = (int64_t)1 << 53,
			.at_ms = (int64_t)1 << 53};
	struct ep_arena arena;
	struct ep_buf b;

	memset(name, '\xff', sizeof(name));
	plain_arena_init(&arena);
	ep_buf_init(&b, text, sizeof(text));
	ck_assert_int_eq(ep_barred_entry_print(&b, &e), EP_OK);
	ck_assert_int_eq(ep_barred_entry_parse(&e, ep_buf_view(&b), &arena), EP_OK);
	ck_assert_uint_eq(e.name.len, sizeof(name));
	ep_arena_fini(&arena);
}
END_TEST

static const char *const bad_lines[] = {
		"",
		"waf",
		"WAF a 0 1 barred rpc",
		"jti a 0 1 barred rpc",
		"waf a 0 1 barred rpc ",
		" waf a 0 1 barred rpc",
		"waf  a 0 1 barred rpc",
		"waf a 0 1 barred",
		"waf a 0 1 barred me",
		"waf a 0 1 Barred rpc",
		"waf a 0 1 revoked rpc",
		"waf a 00 1 barred rpc",
		"waf a -1 1 barred rpc",
		"waf a * 1 barred rpc",
		"waf a 9007199254740993 1 barred rpc",
		"waf a 5 1 lifted rpc",
		"waf - 0 1 barred rpc",
		"waf A 0 1 barred rpc",
		"waf a@B 0 1 barred rpc",
		"waf a%20 0 barred rpc",
		"waf a%2 0 1 barred rpc",
		"waf a%61 0 1 barred rpc",
		"waf a\tb 0 1 barred rpc",
};

START_TEST(barred_line_has_one_spelling)
{
	struct ep_barred_entry e;
	struct ep_arena arena;
	size_t i;

	for(i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		plain_arena_init(&arena);
		ck_assert_msg(ep_barred_entry_parse(&e, ep_view_z(bad_lines[i]), &arena)
							  == EP_ESYNTAX,
				"taken: %s", bad_lines[i]);
		ep_arena_fini(&arena);
	}
}
END_TEST

static void cut_line(struct ep_view cut, void *ctx)
{
	struct ep_barred_entry e;
	struct ep_arena arena;
	const char *whole = ctx;

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_barred_entry_parse(&e, cut, &arena),
			cut.len == strlen(whole) ? EP_OK : EP_ESYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(barred_line_cut_anywhere_is_refused)
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
	struct ep_barred_entry e;

	return ep_barred_entry_parse(&e, ep_view_z(ctx), arena);
}

START_TEST(barred_line_without_memory_is_no_verdict)
{
	char line[] = "waf waf1@third.net 0 5 barred rpc";

	every_alloc_failure(parse_in, line);
}
END_TEST

/* --- the list --- */

START_TEST(barred_is_who_is_named)
{
	list_begin(4);
	ck_assert(!is_barred("waf@home"));
	ck_assert_int_eq(put(entry("waf@home", 1), 1), EP_OK);
	ck_assert(is_barred("waf@home"));
	ck_assert(is_barred("waf@HOME"));
	ck_assert(!is_barred("Waf@home"));
	ck_assert(!is_barred("waf@home1"));
	ck_assert(!is_barred("home"));
	ck_assert(!is_barred(""));
	ck_assert(!ep_barred_list_match(list, EP_BARRED_WAF, ep_view_none(), NOW));
	ck_assert(!ep_barred_list_match(
			list, EP_BARRED_WWSF, EP_LIT("waf@home"), NOW));
	ck_assert(ep_barred_list_find(list, EP_BARRED_WAF, EP_LIT("waf@home"))
			  != NULL);
	ck_assert(ep_barred_list_find(list, EP_BARRED_WWSF, EP_LIT("waf@home"))
			  == NULL);
	/* not as a list has it */
	ck_assert_int_eq(put(entry("waf@HOME", 2), 1), EP_ERANGE);
	ck_assert_int_eq(put(entry("", 2), 1), EP_ERANGE);
	free(block);
}
END_TEST

START_TEST(barred_until_its_last_second)
{
	struct ep_barred_entry e = entry("w", 1);

	e.until_s = NOW;
	ck_assert(ep_barred_entry_in_force(&e, NOW));
	ck_assert(!ep_barred_entry_in_force(&e, NOW + 1));
	e.until_s = 0;
	ck_assert(ep_barred_entry_in_force(&e, INT64_MAX));
	e.lifted = true;
	ck_assert(!ep_barred_entry_in_force(&e, NOW));
}
END_TEST

START_TEST(barred_lifted_is_remembered)
{
	struct ep_barred_entry bar = entry("w", MS(NOW)), up = bar, late = bar;

	list_begin(4);
	up.lifted = true;
	up.at_ms++;
	ck_assert(puts_change(bar));
	ck_assert_uint_eq(ep_barred_list_live(list), 1);
	ck_assert(puts_change(up));
	ck_assert(!is_barred("w"));
	ck_assert_uint_eq(ep_barred_list_live(list), 0);
	ck_assert(!puts_change(bar)); /* an old copy comes by */
	ck_assert(!is_barred("w"));
	late.at_ms += 2;
	ck_assert(puts_change(late));
	ck_assert(is_barred("w"));
	ck_assert_uint_eq(ep_barred_list_count(list), 1);
	free(block);
}
END_TEST

/* A short one in place of a longer one: who hears of it when it is over must
 * not keep the longer one. */
START_TEST(barred_over_is_remembered)
{
	struct ep_barred_entry ever = entry("w", MS(NOW - 100)), brief = ever;

	brief.at_ms += 5;
	brief.until_s = NOW - 50;
	list_begin(4);
	ck_assert(puts_change(ever));
	ck_assert(puts_change(brief));
	ck_assert(!is_barred("w"));
	ck_assert(!puts_change(ever));
	ck_assert(!is_barred("w"));
	ck_assert_int_eq(ep_barred_list_sweep(list, NOW), 0);
	ck_assert_int_eq(
			ep_barred_list_sweep(list, NOW - 100 + EP_BARRED_KEEP_S), 0);
	ck_assert_int_eq(
			ep_barred_list_sweep(list, NOW - 100 + EP_BARRED_KEEP_S + 1), 1);
	ck_assert_uint_eq(ep_barred_list_count(list), 0);
	/* and does not come back either */
	brief.at_ms = 0;
	ck_assert_int_eq(put(brief, NOW + EP_BARRED_KEEP_S), EP_OK);
	ck_assert_uint_eq(ep_barred_list_count(list), 0);
	free(block);
}
END_TEST

static uint64_t sum(void)
{
	const struct ep_barred_entry *e;
	uint64_t s = 0;
	size_t i;

	for(i = 0; ep_barred_list_at(&e, list, i); i++)
		s += e != NULL ? ep_barred_entry_sum(e) : 0;
	return s;
}

START_TEST(barred_lists_agree_whatever_the_order)
{
	struct ep_barred_entry e[5];
	static const int orders[][5] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0},
			{2, 4, 0, 1, 3}, {1, 0, 4, 3, 2}, {3, 3, 1, 4, 2}};
	uint64_t first = 0, s;
	size_t i, k;

	for(i = 0; i < 5; i++)
		e[i] = entry("w", 7);
	e[1].until_s = 2 * NOW;
	e[2].lifted = true;
	e[3].until_s = 3 * NOW;
	e[4].at_ms = 6;
	for(k = 0; k < 5; k++) {
		list_begin(2);
		for(i = 0; i < 5; i++) {
			e[orders[k][i]].by = (enum ep_barred_by)(k % 3);
			ck_assert_int_eq(put(e[orders[k][i]], 1), EP_OK);
		}
		if(k == 4)
			put(e[0], 1);
		s = sum();
		if(k == 0)
			first = s;
		ck_assert(s == first);
		ck_assert(ep_barred_list_find(list, EP_BARRED_WAF, EP_LIT("w"))->until_s
				  == 0);
		ck_assert(is_barred("w"));
		free(block);
	}
}
END_TEST

START_TEST(barred_sum_tells_lists_apart)
{
	struct ep_barred_entry a = entry("w", 7), b = a;

	b.by = EP_BARRED_BY_NODE;
	ck_assert(ep_barred_entry_sum(&a) == ep_barred_entry_sum(&b));
	b.at_ms = 8;
	ck_assert(ep_barred_entry_sum(&a) != ep_barred_entry_sum(&b));
	b = a;
	b.until_s = 1;
	ck_assert(ep_barred_entry_sum(&a) != ep_barred_entry_sum(&b));
	b = a;
	b.lifted = true;
	ck_assert(ep_barred_entry_sum(&a) != ep_barred_entry_sum(&b));
	b = a;
	b.kind = EP_BARRED_WWSF;
	ck_assert(ep_barred_entry_sum(&a) != ep_barred_entry_sum(&b));
	b = a;
	b.name = EP_LIT("v");
	ck_assert(ep_barred_entry_sum(&a) != ep_barred_entry_sum(&b));
}
END_TEST

START_TEST(barred_list_is_bounded_and_swept)
{
	const struct ep_barred_entry *e;
	struct ep_barred_entry up;
	char name[32];
	int i, n, round;

	list_begin(100);
	for(round = 0; round < 3; round++) {
		int64_t now = NOW + (int64_t)round * 2 * EP_BARRED_KEEP_S;

		for(i = 0; i < 100; i++) {
			snprintf(name, sizeof(name), "w%d-%d", round, i);
			up = entry(name, MS(now));
			up.lifted = i % 2 == 0;
			up.until_s = up.lifted ? 0 : now + 5;
			/* Room is made of what the round before left. */
			ck_assert_int_eq(put(up, now), EP_OK);
		}
		up = entry("more", MS(now));
		up.lifted = true;
		ck_assert_int_eq(put(up, now), EP_ENOSPC);
		ck_assert_uint_eq(ep_barred_list_count(list), 100);
		ck_assert_uint_eq(ep_barred_list_live(list), 50);
		for(i = n = 0; ep_barred_list_at(&e, list, (size_t)i); i++)
			n += e != NULL;
		ck_assert_int_eq(i, 100);
		ck_assert_int_eq(n, 100);
		for(i = 0; i < 100; i++) {
			snprintf(name, sizeof(name), "w%d-%d", round, i);
			ck_assert_int_eq(ep_barred_list_match(
									 list, EP_BARRED_WAF, ep_view_z(name), now),
					i % 2);
		}
	}
	ck_assert_uint_eq(ep_barred_list_sweep(list, INT64_MAX), 100);
	ck_assert_uint_eq(ep_barred_list_live(list), 0);
	free(block);
}
END_TEST

START_TEST(barred_full_list_makes_room_for_what_bars)
{
	struct ep_barred_entry up = entry("up", MS(NOW) - 1);
	struct ep_barred_entry over = entry("over", MS(NOW) - 2);

	up.lifted = true;
	over.until_s = NOW - 1;
	list_begin(4);
	put(entry("a", 5), NOW);
	put(up, NOW);
	put(over, NOW);
	put(entry("b", 6), NOW);
	ck_assert_int_eq(put(entry("c", 7), NOW), EP_OK);
	ck_assert(ep_barred_list_find(list, EP_BARRED_WAF, EP_LIT("over")) == NULL);
	ck_assert_int_eq(put(entry("d", 8), NOW), EP_OK);
	ck_assert(ep_barred_list_find(list, EP_BARRED_WAF, EP_LIT("up")) == NULL);
	ck_assert_int_eq(put(entry("e", 9), NOW), EP_ENOSPC);
	ck_assert(is_barred("a") && is_barred("b") && is_barred("c")
			  && is_barred("d") && !is_barred("e"));
	ck_assert_uint_eq(ep_barred_list_live(list), 4);
	free(block);
}
END_TEST

UNIT_MAIN("tna/barred", barred_full_list_makes_room_for_what_bars,
		barred_names_are_hosts_without_case, barred_kinds_and_their_names,
		barred_line_comes_back_as_it_was, barred_longest_line_fits,
		barred_line_has_one_spelling, barred_line_cut_anywhere_is_refused,
		barred_line_without_memory_is_no_verdict, barred_is_who_is_named,
		barred_until_its_last_second, barred_lifted_is_remembered,
		barred_over_is_remembered, barred_lists_agree_whatever_the_order,
		barred_sum_tells_lists_apart, barred_list_is_bounded_and_swept)
