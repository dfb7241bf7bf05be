/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <time.h>
#include "token/maptable.h"
#include "support.h"
#include "token/mint.h"

static const char example[] =
		"# key, IMPI, IMPU[, IMPU ...]\r\n"
		"\n"
		"248289761001,alice_private@home1.net,sip:alice@home1.net\r\n"
		"  auth0|6507c ,\tbob@home1.net , sip:bob@home1.net , tel:+1-555-0100\n"
		"\"with space, comma\", c@home1.net, sip:c@home1.net\n"
		"\"a \\\"quoted\\\" \\\\ one\", d@home1.net, sip:d@home1.net\n"
		"\"\xc3\xa9ric\", e@home1.net, sip:e@home1.net\n"
		"x#y, f@home1.net, sip:f@home1.net\n"
		"\"#z\", g@home1.net, sip:g@home1.net\n"
		"last, h@home1.net, sip:h@home1.net";

static enum ep_err parse(const struct ep_maptable **table, const char *text,
		struct ep_arena *arena, struct ep_config_error *error)
{
	return ep_maptable_parse(table, ep_view_z(text), arena, error);
}

static const char *const found[][3] = {
		{"248289761001", "alice_private@home1.net", "sip:alice@home1.net"},
		{"auth0|6507c", "bob@home1.net", "sip:bob@home1.net"},
		{"with space, comma", "c@home1.net", "sip:c@home1.net"},
		{"a \"quoted\" \\ one", "d@home1.net", "sip:d@home1.net"},
		{"\xc3\xa9ric", "e@home1.net", "sip:e@home1.net"},
		{"x#y", "f@home1.net", "sip:f@home1.net"},
		{"#z", "g@home1.net", "sip:g@home1.net"},
		{"last", "h@home1.net", "sip:h@home1.net"},
};
#define FOUND_N (sizeof(found) / sizeof(found[0]))

START_TEST(maptable_finds_every_row)
{
	static const char *const absent[] = {"", "24828976100", "2482897610011",
			"Last", "last ", "a \\\"quoted\\\" \\\\ one", "\"#z\"", "#", "key",
			"with space", "x", "\xc3"};
	const struct ep_maptable *table;
	struct ep_config_error error;
	struct ep_map_row row;
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_msg(parse(&table, example, &arena, &error) == EP_OK,
			"line %u: %s", error.line, error.text);
	ck_assert_uint_eq(table->rows_n, FOUND_N);
	for(size_t i = 0; i < FOUND_N; i++) {
		struct ep_view key = block_of(ep_view_z(found[i][0]));

		ck_assert_msg(
				ep_maptable_find(&row, table, key) == EP_OK, "%s", found[i][0]);
		ck_assert_view_eq(row.impi, found[i][1]);
		ck_assert_uint_eq(row.impus_n, i == 1 ? 2 : 1);
		ck_assert_view_eq(row.impus[0], found[i][2]);
		block_free(key);
	}
	for(size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		ck_assert_msg(ep_maptable_find(&row, table, ep_view_z(absent[i]))
							  == EP_ENOENT,
				"'%s'", absent[i]);
	ck_assert_int_eq(ep_maptable_find(&row, table, ep_view_none()), EP_ENOENT);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(maptable_may_be_empty)
{
	static const char *const texts[] = {"", "\n\n", "# nobody yet\n"};
	const struct ep_maptable *table;
	struct ep_config_error error;
	struct ep_map_row row;
	struct ep_arena arena;

	plain_arena_init(&arena);
	for(size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(parse(&table, texts[i], &arena, &error), EP_OK);
		ck_assert_uint_eq(table->rows_n, 0);
		ck_assert_int_eq(ep_maptable_find(&row, table, EP_LIT("x")), EP_ENOENT);
	}
	ck_assert_int_eq(ep_maptable_parse(&table, ep_view_none(), &arena, &error),
			EP_ESYNTAX);
	ep_arena_fini(&arena);
}
END_TEST

static const struct
{
	const char *text;
	unsigned line;
	const char *says;
} refused[] = {
		{"alice\n", 1, "expected key, IMPI, IMPU"},
		{"alice, a@h\n", 1, "expected key, IMPI, IMPU"},
		{"# x\n\nalice, a@h, sip:a@h\nalice, b@h, sip:b@h\n", 4, "repeated"},
		{"alice, a@h, sip:a@h\n\"alice\", b@h, sip:b@h\n", 2, "repeated"},
		{"\"a\\\\b\", a@h, sip:a@h\n\"a\\\\b\", b@h, sip:b@h\n", 2, "repeated"},
		{", a@h, sip:a@h\n", 1, "key is empty"},
		{"\"\", a@h, sip:a@h\n", 1, "key is empty"},
		{"a b, a@h, sip:a@h\n", 1, "needs quotes"},
		{"a\\b, a@h, sip:a@h\n", 1, "needs quotes"},
		{"a\"b, a@h, sip:a@h\n", 1, "needs quotes"},
		{"\xc3\xa9, a@h, sip:a@h\n", 1, "needs quotes"},
		{"\xef\xbb\xbf"
		 "a, a@h, sip:a@h\n",
				1, "needs quotes"},
		{"\"alice, a@h, sip:a@h\n", 1, "quotes"},
		{"\"alice\\\", a@h, sip:a@h\n", 1, "quotes"},
		{"\"alice\\n\", a@h, sip:a@h\n", 1, "quotes"},
		{"\"alice\"x, a@h, sip:a@h\n", 1, "quotes"},
		{"\"alice\" a@h, sip:a@h\n", 1, "quotes"},
		{"\"a\x01\", a@h, sip:a@h\n", 1, "quotes"},
		{"alice, a, sip:a@h\n", 1, "IMPI"},
		{"alice, , sip:a@h\n", 1, "IMPI"},
		{"alice, \"a@h\", sip:a@h\n", 1, "IMPI"},
		{"alice, a@h, a@h\n", 1, "IMPU"},
		{"alice, a@h, sip:a@h,\n", 1, "IMPU"},
		{"alice, a@h, sip:a@h # no comment here\n", 1, "IMPU"},
		{"alice, a@h, sip:a:pw@h\n", 1, "IMPU"},
		{"alice, a@h, <sip:a@h>\n", 1, "IMPU"},
};

START_TEST(maptable_says_what_is_wrong_and_where)
{
	for(size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct ep_maptable *table = NULL;
		struct ep_config_error error;
		struct ep_arena arena;

		plain_arena_init(&arena);
		ck_assert_msg(
				parse(&table, refused[i].text, &arena, &error) == EP_ESYNTAX,
				"taken: %s", refused[i].text);
		ck_assert_ptr_null(table);
		ck_assert_msg(error.line == refused[i].line
							  && strstr(error.text, refused[i].says) != NULL,
				"%s: line %u: %s", refused[i].text, error.line, error.text);
		ck_assert_ptr_null(strstr(error.text, "alice"));
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(maptable_has_limits)
{
	char *text = mint_cat(NULL, "k,a@h");
	char *key = mint_get(EP_MAPTABLE_KEY_MAX + 30);
	const struct ep_maptable *table;
	struct ep_config_error error;
	struct ep_arena arena;
	struct ep_map_row row;

	plain_arena_init(&arena);
	for(size_t i = 0; i < EP_CLAIM_LIST_MAX; i++)
		text = mint_cat(text, ",sip:a@h");
	ck_assert_int_eq(parse(&table, text, &arena, &error), EP_OK);
	ck_assert_int_eq(ep_maptable_find(&row, table, EP_LIT("k")), EP_OK);
	ck_assert_uint_eq(row.impus_n, EP_CLAIM_LIST_MAX);
	ck_assert_int_eq(parse(&table, mint_cat(text, ",sip:a@h"), &arena, &error),
			EP_ESYNTAX);
	memset(key, 'k', EP_MAPTABLE_KEY_MAX);
	strcpy(key + EP_MAPTABLE_KEY_MAX, ",a@h,sip:a@h");
	ck_assert_int_eq(parse(&table, key, &arena, &error), EP_OK);
	strcpy(key + EP_MAPTABLE_KEY_MAX, "k,a@h,sip:a@h");
	ck_assert_int_eq(parse(&table, key, &arena, &error), EP_ESYNTAX);
	ck_assert_int_eq(
			ep_maptable_parse(&table, ep_view_of(key, EP_MAPTABLE_TEXT_MAX + 1),
					&arena, &error),
			EP_ERANGE);
	ep_arena_fini(&arena);
}
END_TEST

/* 100 000 rows: looking one up costs as much as in a table of ten. */
START_TEST(maptable_is_fast_with_many_rows)
{
	enum
	{
		ROWS = 100000,
		FINDS = 200000
	};
	char *text = mint_get(ROWS * 80);
	const struct ep_maptable *table;
	struct ep_config_error error;
	struct timespec from, to;
	struct ep_map_row row;
	struct ep_arena arena;
	size_t n = 0;
	double us;
	char key[40];

	for(int i = 0; i < ROWS; i++)
		n += (size_t)sprintf(text + n,
				"auth0|%08x, u%d@home1.net, "
				"sip:u%d@home1.net\n",
				i * 7919, i, i);
	plain_arena_init(&arena);
	ck_assert_msg(ep_maptable_parse(&table, ep_view_of(text, n), &arena, &error)
						  == EP_OK,
			"line %u: %s", error.line, error.text);
	ck_assert_uint_eq(table->rows_n, ROWS);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for(int i = 0; i < FINDS; i++) {
		bool there = i % 2 == 0;

		sprintf(key, "auth0|%08x%s", (i / 2 % ROWS) * 7919, there ? "" : "x");
		ck_assert_int_eq(ep_maptable_find(&row, table, ep_view_z(key)),
				there ? EP_OK : EP_ENOENT);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	us = ((double)(to.tv_sec - from.tv_sec) * 1e9
				 + (double)(to.tv_nsec - from.tv_nsec))
		 / 1e3 / FINDS;
	/* A walk through the rows would take a thousand times as long. */
	ck_assert_msg(us < 50, "%.1f us for one", us);
	printf("maptable: %.2f us for one of %d rows\n", us, ROWS);
	ep_arena_fini(&arena);
}
END_TEST

static void cut_in_bounds(struct ep_view cut, void *ctx)
{
	const struct ep_maptable *table;
	struct ep_config_error error;
	struct ep_arena arena;
	enum ep_err err;

	(void)ctx;
	plain_arena_init(&arena);
	err = ep_maptable_parse(&table, cut, &arena, &error);
	ck_assert_int_ne(err, EP_ENOMEM);
	ck_assert_int_eq(err == EP_OK, error.text[0] == '\0');
	ep_arena_fini(&arena);
}

START_TEST(maptable_every_cut)
{
	every_cut(ep_view_z(example), cut_in_bounds, NULL);
}
END_TEST

static enum ep_err parse_in(struct ep_arena *arena, void *ctx)
{
	const struct ep_maptable *table;
	struct ep_config_error error;

	(void)ctx;
	return parse(&table, example, arena, &error);
}

START_TEST(maptable_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(parse_in, NULL), 3);
}
END_TEST

UNIT_MAIN("token/maptable", maptable_finds_every_row, maptable_may_be_empty,
		maptable_says_what_is_wrong_and_where, maptable_has_limits,
		maptable_is_fast_with_many_rows, maptable_every_cut,
		maptable_every_alloc_failure)
