/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/option.h"
#include "support.h"

static char text[128];

/* NULL: nothing to strip. */
static const char *strip(struct ep_view value)
{
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text - 1);
	if(!ep_mediate_options_strip(&b, value)) {
		ck_assert_uint_eq(b.len, 0);
		return NULL;
	}
	ck_assert(!b.overflow);
	text[b.len] = '\0';
	return text;
}

START_TEST(option_strips_preconditions_only)
{
	static const char *const cases[][2] = {{"precondition", ""},
			{"100rel, precondition,timer", "100rel, timer"},
			{" Precondition , 100rel ", "100rel"}, {"precondition,", ""},
			{"a,precondition,precondition", "a"},
			{"a\r\n ,precondition,\r\n b", "a, b"}};
	static const char *const none[] = {
			"", "100rel", "preconditions", "pre condition", "a;precondition"};

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(strip(ep_view_z(cases[i][0])), cases[i][1]);
	for(size_t i = 0; i < sizeof none / sizeof *none; i++)
		ck_assert_ptr_null(strip(ep_view_z(none[i])));
	ck_assert_ptr_null(strip(ep_view_none()));
}
END_TEST

static void cut(struct ep_view v, void *ctx)
{
	(void)ctx;
	const char *s = strip(v);
	if(s)
		ck_assert_uint_lt(strlen(s), v.len);
}

START_TEST(option_survives_every_cut)
{
	every_cut(EP_LIT("100rel,precondition, timer ,precondition"), cut, NULL);
}
END_TEST

UNIT_MAIN("mediate/option", option_strips_preconditions_only,
		option_survives_every_cut)
