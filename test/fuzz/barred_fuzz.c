/* ep_barred_entry_parse, ep_barred_name, the list. Input: lines of a list of
 * barred names; also, as a whole, a name. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "tna/barred.h"

static const unsigned char key[16];

/* In a list it bars while it is in force, and only its own name. */
static void list_holds(const struct ep_barred_entry *e)
{
	size_t size = ep_barred_list_size(2);
	void *block = malloc(size);
	struct ep_barred_list *list = ep_barred_list_init(block, 2, key);
	enum ep_barred_kind other =
			e->kind == EP_BARRED_WAF ? EP_BARRED_WWSF : EP_BARRED_WAF;
	int64_t now_s = e->until_s > 0 ? e->until_s : 1;
	bool changed;

	need(ep_barred_list_put(&changed, list, e, 0) == EP_OK && changed);
	need(ep_barred_list_match(list, e->kind, e->name, now_s)
			== ep_barred_entry_in_force(e, now_s));
	need(!ep_barred_list_match(list, other, e->name, now_s));
	need(ep_barred_list_live(list) == !e->lifted);
	need(ep_barred_list_put(&changed, list, e, 0) == EP_OK && !changed);
	need(ep_barred_list_count(list) == 1);
	need(ep_barred_list_sweep(list, ep_barred_entry_kept_s(e)) == 0);
	free(block);
}

/* One text for one entry, one entry for one text. */
static void line_holds(struct ep_view line)
{
	char text[EP_BARRED_LINE_MAX], first[2048];
	struct ep_barred_entry e;
	struct ep_arena arena;
	struct ep_buf b;
	enum ep_err err;

	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	err = ep_barred_entry_parse(&e, line, &arena);
	need(err == EP_OK || err == EP_ESYNTAX || err == EP_ERANGE);
	if(err != EP_OK)
		return;
	ep_buf_init(&b, text, sizeof(text));
	need(ep_barred_entry_print(&b, &e) == EP_OK);
	need(ep_view_eq(ep_buf_view(&b), line));
	list_holds(&e);
}

/* What an operator may write is a name that can be written to a file, and
 * stays what it is. */
static void name_holds(struct ep_view name)
{
	char text[EP_BARRED_NAME_MAX], again[EP_BARRED_NAME_MAX];
	char line[EP_BARRED_LINE_MAX];
	struct ep_barred_entry e = {.kind = EP_BARRED_WWSF, .at_ms = 1};
	struct ep_buf b, c;
	enum ep_err err;

	ep_buf_init(&b, text, sizeof(text));
	err = ep_barred_name(&b, name);
	need((err == EP_OK) == (name.len > 0 && name.len <= EP_BARRED_NAME_MAX));
	if(err != EP_OK)
		return;
	need(b.len == name.len);
	e.name = ep_buf_view(&b);
	need(ep_view_ieq(e.name, name));
	ep_buf_init(&c, again, sizeof(again));
	need(ep_barred_name(&c, e.name) == EP_OK);
	need(ep_view_eq(ep_buf_view(&c), e.name));
	ep_buf_init(&c, line, sizeof(line));
	need(ep_barred_entry_print(&c, &e) == EP_OK);
	line_holds(ep_buf_view(&c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view all = ep_view_of((const char *)data, n), rest = all;

	name_holds(all);
	while(rest.p != NULL)
		line_holds(ep_view_cut(&rest, '\n'));
	return 0;
}
