// Aims at ep_ng_decode and the put functions: what is read, is written back
// octet for octet, whichever way.
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "ng/bencode.h"

static char text[1 << 17];

/* Value by value, without what was written. */
static void rewrite(struct ep_buf *out, const struct ep_ng_val *v)
{
	switch(v->type) {
		case EP_NG_STR:
			ep_ng_put_str(out, v->str);
			return;
		case EP_NG_INT:
			ep_ng_put_int(out, v->num);
			return;
		case EP_NG_LIST:
			ep_ng_list_open(out);
			break;
		case EP_NG_DICT:
		default:
			ep_ng_dict_open(out);
	}
	for(const struct ep_ng_val *m = ep_ng_first(v); m; m = m->next)
		rewrite(out, m);
	ep_ng_close(out);
}

static bool inside(struct ep_view part, struct ep_view whole)
{
	return part.p >= whole.p && part.p + part.len <= whole.p + whole.len;
}

static void look(const struct ep_ng_val *v)
{
	need(v->raw.len >= 2);
	if(v->type == EP_NG_STR)
		need(inside(v->str, v->raw));
	for(const struct ep_ng_val *m = ep_ng_first(v); m; m = m->next) {
		need(inside(m->raw, v->raw));
		look(m);
	}
	if(v->type != EP_NG_DICT)
		return;
	/* Every key is found, and its value with it: there is none twice. */
	for(const struct ep_ng_val *k = ep_ng_first(v); k; k = k->next->next) {
		need(k->type == EP_NG_STR && k->next);
		need(ep_ng_get(v, k->str) == k->next);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_arena arena;
	struct ep_ng_val *v;
	struct ep_buf b;

	struct ep_view in = ep_view_of((const char *)data, size);
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 24);
	if(ep_ng_decode(&v, in, &arena) == EP_OK) {
		need(ep_view_eq(v->raw, in));
		look(v);
		ep_buf_init(&b, text, sizeof(text));
		rewrite(&b, v);
		need(ep_view_eq(ep_buf_view(&b), in));
	}
	ep_arena_fini(&arena);
	return 0;
}
