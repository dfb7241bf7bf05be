/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "token/form.h"

static const struct
{
	const char *body;
	enum ep_err err;
	const char *value;
} forms[] = {
		{"t=abc", EP_OK, "abc"},
		{"t=", EP_OK, ""},
		{"a=b&t=abc&c", EP_OK, "abc"},
		{"&&t=a=b&", EP_OK, "a=b"},
		{"t=a%2Eb%2ec+d", EP_OK, "a.b.c d"},
		{"", EP_ENOENT, NULL},
		{"T=x", EP_ENOENT, NULL},
		{"tt=x", EP_ENOENT, NULL},
		{"t", EP_ESYNTAX, NULL},
		{"t=a&t=a", EP_ESYNTAX, NULL},
		{"t&t=a", EP_ESYNTAX, NULL},
		{"t=%", EP_ESYNTAX, NULL},
		{"t=%2", EP_ESYNTAX, NULL},
		{"t=%2&x", EP_ESYNTAX, NULL},
		{"t=%zz", EP_ESYNTAX, NULL},
};

START_TEST(form_field_is_found_once)
{
	struct ep_arena arena;
	struct ep_view v, body;
	size_t i;

	for(i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		plain_arena_init(&arena);
		body = block_of(ep_view_z(forms[i].body));
		ck_assert_msg(
				ep_form_get(&v, body, EP_LIT("t"), &arena) == forms[i].err,
				"%s", forms[i].body);
		if(forms[i].err == EP_OK)
			ck_assert_view_eq(v, forms[i].value);
		block_free(body);
		ep_arena_fini(&arena);
	}
	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_form_get(&v, ep_view_none(), EP_LIT("t"), &arena), EP_ENOENT);
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err get_in(struct ep_arena *arena, void *ctx)
{
	struct ep_view v;

	(void)ctx;
	return ep_form_get(&v, EP_LIT("t=a%20b"), EP_LIT("t"), arena);
}

START_TEST(form_without_memory)
{
	every_alloc_failure(get_in, NULL);
}
END_TEST

UNIT_MAIN("token/form", form_field_is_found_once, form_without_memory)
