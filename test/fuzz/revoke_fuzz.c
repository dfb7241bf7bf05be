/* ep_revoke_entry_parse, ep_revoke_entry_make, the list, ep_form_get.
 * Input: lines of a list of revocations, or a form. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "token/form.h"
#include "token/revoke.h"

/* What it covers, it covers by the list as well. */
static void covers_alike(const struct ep_revoke_entry *e)
{
	struct ep_revoke_grant g = {.issuer = e->issuer,
			.jti = e->value,
			.sub = e->value,
			.sid = e->value,
			.impi = e->value,
			.impus = &e->value,
			.impus_n = 1,
			.waf = e->value,
			.wwsf = e->value,
			.iat_s = e->at_ms % 3 == 0 ? -1 : e->issued_s + e->at_ms % 2};
	void *block = malloc(ep_revoke_list_size(4));
	struct ep_revoke_list *list = ep_revoke_list_init(block, 4, 7);
	bool changed;
	int64_t now_s = e->until_s;

	if(e->kind == EP_REVOKE_ISSUER)
		g.issuer = e->value;
	need(ep_revoke_list_put(&changed, list, e, now_s, &heap) == EP_OK
			&& changed);
	need((ep_revoke_list_match(list, &g, now_s) != EP_TOKEN_OK)
			== ep_revoke_entry_covers(e, &g, now_s));
	need(ep_revoke_list_match(list, &g, now_s + 1) == EP_TOKEN_OK);
	need(ep_revoke_list_find(list, e) != NULL);
	need(ep_revoke_list_put(&changed, list, e, now_s, &heap) == EP_OK
			&& !changed);
	ep_revoke_list_fini(list, &heap);
	free(block);
}

/* One text for one entry, one entry for one text. */
static void line_holds(struct ep_view line)
{
	char text[EP_REVOKE_LINE_MAX], first[8192];
	struct ep_revoke_entry e;
	struct ep_arena arena;
	struct ep_buf b;
	enum ep_err err;

	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	err = ep_revoke_entry_parse(&e, line, &arena);
	need(err == EP_OK || err == EP_ESYNTAX || err == EP_ERANGE);
	if(err != EP_OK)
		return;
	need(e.value.len > 0 && e.value.len <= EP_REVOKE_VALUE_MAX);
	ep_buf_init(&b, text, sizeof(text));
	need(ep_revoke_entry_print(&b, &e) == EP_OK);
	need(ep_view_eq(ep_buf_view(&b), line));
	covers_alike(&e);
}

/* What an operator may write can be written to a file and read again. */
static void value_holds(enum ep_revoke_kind kind, struct ep_view value)
{
	char text[EP_REVOKE_LINE_MAX], first[8192], second[8192];
	struct ep_revoke_entry e, again;
	struct ep_arena arena, more;
	struct ep_buf b;

	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	ep_arena_init(&more, second, sizeof(second), NULL, 0);
	if(ep_revoke_entry_make(&e, kind, value, &arena) != EP_OK)
		return;
	ep_buf_init(&b, text, sizeof(text));
	need(ep_revoke_entry_print(&b, &e) == EP_OK);
	need(ep_revoke_entry_parse(&again, ep_buf_view(&b), &more) == EP_OK);
	need(again.kind == kind && ep_view_eq(again.value, e.value));
	need(!ep_revoke_kind_has_issuer(kind)
			|| ep_view_eq(again.issuer, e.issuer));
}

static void form_holds(struct ep_view body)
{
	static char first[1 << 17];
	struct ep_arena arena;
	struct ep_view v;
	enum ep_err err;

	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	err = ep_form_get(&v, body, EP_LIT("t"), &arena);
	need(err == EP_OK || err == EP_ENOENT || err == EP_ESYNTAX);
	need(err != EP_OK || v.len + 2 <= body.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view all = ep_view_of((const char *)data, n), rest = all;

	form_holds(all);
	if(n > 0)
		value_holds((enum ep_revoke_kind)(data[0] % EP_REVOKE_KIND_N),
				ep_view_from(all, 1));
	while(rest.p != NULL)
		line_holds(ep_view_cut(&rest, '\n'));
	return 0;
}
