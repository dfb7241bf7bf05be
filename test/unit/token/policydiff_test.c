/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/config_keys.h"
#include "token/maptable.h"
#include "token/policydiff.h"
#include "fixture.h"

static const struct ep_token_policy *parse(
		const char *text, struct ep_arena *arena)
{
	const struct ep_token_policy *policy;
	struct ep_config_error error;

	ck_assert_msg(ep_token_config_parse(&policy, ep_view_z(text), arena, &error)
						  == EP_OK,
			"%s: line %u: %s", text, error.line, error.text);
	return policy;
}

static void assert_diff(const char *old, const char *now, const char *text)
{
	struct ep_arena arena;
	char out[300];
	struct ep_buf b;

	plain_arena_init(&arena);
	ep_buf_init(&b, out, sizeof(out));
	ep_policy_diff_print(&b, parse(old, &arena), parse(now, &arena));
	ck_assert_view_eq(ep_buf_view(&b), text);
	ep_arena_fini(&arena);
}

/* The text with the first `from` replaced. */
static char *with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *all = mint_get(strlen(text) + strlen(to) + 1);

	ck_assert_ptr_nonnull(at);
	memcpy(all, text, (size_t)(at - text));
	strcpy(all + (at - text), to);
	return mint_cat(all, at + strlen(from));
}

static const char more[] =
		"[wwsf:kiosk]\norigin = https://kiosk.example\nissuer = home\n"
		"client_id = kiosk\nimpi = k*@k.net\nimpu = sip:*@k.net\n";

START_TEST(policydiff_names_what_changed)
{
	const char *base = fixture_config;
	char *longer = mint_cat(mint_cat(NULL, base), more);

	assert_diff(base, base, "nothing");
	assert_diff(base, with(base, "iss = ", "# a comment\niss =   "), "nothing");
	assert_diff(base, longer, "wwsfs: +kiosk");
	assert_diff(longer, base, "wwsfs: -kiosk");
	assert_diff(base, with(longer, "7200", "7201"),
			"issuers: ~home; wwsfs: +kiosk");
	assert_diff(base, with(base, "[wwsf:mall]", "[wwsf:mall2]"),
			"wwsfs: +mall2 -mall");
	assert_diff(base, with(base, "*@mall.home1.net", "*@mall"), "wwsfs: ~mall");
	assert_diff(base, with(base, "impi = {p", "impi = x{p"), "maps: ~partner");
	assert_diff(base,
			with(base, "[issuer:home]",
					"[global]\nidentity_status = 401\n[issuer:home]"),
			"global");
	assert_diff(base,
			with(with(base, "[issuer:home]",
						 "[global]\ncache_s=1\n[issuer:home]"),
					"jwks = /etc/waf.jwks", "jwks = /etc/waf2.jwks"),
			"issuers: ~home; global");
}
END_TEST

/* Any one key with another value is a change, by the key table itself. */
START_TEST(policydiff_sees_every_key)
{
	static const char *const changes[][2] = {{"max_token_len", "300"},
			{"max_jwks_len", "2000"}, {"max_jwks_keys", "2"}, {"cache_s", "1"},
			{"max_pending", "2"}, {"source_failures_per_minute", "1"},
			{"source_cost_ms", "1"}, {"identity_status", "401"}};
	const char *base = "[global]\n";

	for(size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *text = mint_cat(mint_cat(NULL, base), changes[i][0]);

		text = mint_cat(mint_cat(text, " = "), changes[i][1]);
		assert_diff(base, text, "global");
	}
	for(size_t i = 0; i < ep_config_keys_n; i++) {
		const struct ep_config_key *key = &ep_config_keys[i];
		struct ep_issuer issuers[2] = {{.line = 0}};
		struct ep_wwsf wwsfs[2] = {{.line = 0}};
		struct ep_map maps[2] = {{.line = 0}};
		struct ep_token_policy policies[2] = {{.cache_s = 0}};
		static const char *const values[] = {"https://v", "/v", "401", "10000",
				"12", "2", "3600", "ES256", "{v}", "1000", "300", "2000"};
		struct ep_arena arena;
		char *a, *b;
		bool set = false;

		a = key->section == EP_SECTION_ISSUER ? (char *)&issuers[0]
			: key->section == EP_SECTION_WWSF ? (char *)&wwsfs[0]
			: key->section == EP_SECTION_MAP  ? (char *)&maps[0]
											  : (char *)&policies[0];
		b = key->section == EP_SECTION_ISSUER ? (char *)&issuers[1]
			: key->section == EP_SECTION_WWSF ? (char *)&wwsfs[1]
			: key->section == EP_SECTION_MAP  ? (char *)&maps[1]
											  : (char *)&policies[1];
		plain_arena_init(&arena);
		ck_assert(ep_config_key_same(key, a, b));
		if(key->words != NULL)
			set = key->set(key, b + key->offset, ep_view_z(key->words[1]),
						  &arena)
				  == EP_OK;
		for(size_t v = 0; v < sizeof(values) / sizeof(values[0]) && !set; v++)
			set = key->set(key, b + key->offset, ep_view_z(values[v]), &arena)
				  == EP_OK;
		ck_assert_msg(set, "no value for %s", key->name);
		ck_assert_msg(!ep_config_key_same(key, a, b), "%s", key->name);
		ck_assert(ep_config_key_same(key, b, b));
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(policydiff_sees_the_content_of_a_table)
{
	static const char text[] = "[map:m]\ntable = /t\n";
	static const char *const contents[] = {
			"a, a@h, sip:a@h\n", "a, a@h, sip:a@h\n", "a, b@h, sip:b@h\n"};
	const struct ep_token_policy *p[3];
	const struct ep_maptable *table;
	struct ep_config_error error;
	struct ep_arena arena;
	char out[100];
	struct ep_buf b;

	plain_arena_init(&arena);
	for(size_t i = 0; i < 3; i++) {
		p[i] = parse(text, &arena);
		ck_assert_int_eq(ep_maptable_parse(&table, ep_view_z(contents[i]),
								 &arena, &error),
				EP_OK);
		ep_token_config_table(p[i], 0, table);
	}
	ep_buf_init(&b, out, sizeof(out));
	ep_policy_diff_print(&b, p[0], p[1]);
	ck_assert_view_eq(ep_buf_view(&b), "nothing");
	ep_buf_init(&b, out, sizeof(out));
	ep_policy_diff_print(&b, p[1], p[2]);
	ck_assert_view_eq(ep_buf_view(&b), "maps: ~m");
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(policydiff_is_cut_with_dots)
{
	struct ep_arena arena;
	const struct ep_token_policy *old, *now;

	plain_arena_init(&arena);
	old = parse("", &arena);
	now = parse(mint_cat(mint_cat(NULL, fixture_config), more), &arena);
	for(size_t cap = 16; cap < 200; cap++) {
		char *out = mint_get(cap);
		struct ep_buf b;

		ep_buf_init(&b, out, cap);
		ep_policy_diff_print(&b, old, now);
		ck_assert(!b.overflow);
		ck_assert_uint_le(b.len, cap);
		ck_assert(ep_view_ends(ep_buf_view(&b), EP_LIT("..."))
				  || ep_view_ends(ep_buf_view(&b), EP_LIT("maps: +partner")));
	}
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(policydiff_shared_patterns)
{
	struct ep_arena arena;
	char out[100];
	struct ep_buf b;
	char *text = mint_cat(mint_cat(NULL, fixture_config), more);

	plain_arena_init(&arena);
	ep_buf_init(&b, out, sizeof(out));
	ck_assert(!ep_policy_shared_print(&b, parse(fixture_config, &arena)));
	ck_assert_uint_eq(b.len, 0);
	text = with(text, "*@mall.home1.net", "*@*home1.net");
	ck_assert(ep_policy_shared_print(&b, parse(text, &arena)));
	ck_assert_view_eq(ep_buf_view(&b), "shop and mall, bank and mall");
	ep_buf_init(&b, out, 20);
	ck_assert(ep_policy_shared_print(&b, parse(text, &arena)));
	ck_assert_view_eq(ep_buf_view(&b), "shop and mall...");
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("token/policydiff", policydiff_names_what_changed,
		policydiff_sees_every_key, policydiff_sees_the_content_of_a_table,
		policydiff_is_cut_with_dots, policydiff_shared_patterns)
