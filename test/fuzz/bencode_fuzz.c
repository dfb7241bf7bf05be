// Aims at ep_ng_decode and the put functions: what is read, is written back
// octet for octet, whichever way; a walk sees what the tree has, and the top
// alone what the whole has there.
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "ng/bencode.h"
#include "ng/walk.h"

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

static void walk(const struct ep_ng_val *v)
{
	const struct ep_ng_val *m = ep_ng_first(v);
	struct ep_view raw, picked;
	struct ep_ng_walk w;

	ep_ng_walk_begin(&w, v->raw);
	for(; (raw = ep_ng_walk_next(&w)).p; m = m->next) {
		need(m && ep_view_eq(raw, m->raw));
		if(m->type == EP_NG_STR)
			need(ep_view_eq(ep_ng_walk_str(raw), m->str));
		if(m->type == EP_NG_INT)
			need(ep_ng_walk_int(raw, m->num + 1) == m->num);
		walk(m);
	}
	need(!m);
	if(v->type != EP_NG_DICT)
		return;
	for(m = ep_ng_first(v); m; m = m->next->next) {
		ep_ng_walk_pick(&picked, &m->str, 1, v->raw);
		need(ep_view_eq(picked, m->next->raw));
	}
}

/* Of any text: it ends, inside. */
static void stray(struct ep_view raw)
{
	struct ep_ng_walk w;
	struct ep_view m;

	ep_ng_walk_begin(&w, raw);
	while((m = ep_ng_walk_next(&w)).p) {
		need(m.len && inside(m, raw));
		ep_ng_walk_str(m);
		ep_ng_walk_int(m, 0);
	}
}

static void top(const struct ep_ng_val *whole, struct ep_view in)
{
	struct ep_arena arena;
	struct ep_ng_val *v;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 24);
	need(ep_ng_decode_top(&v, in, &arena) == EP_OK);
	const struct ep_ng_val *a = ep_ng_first(whole), *b = ep_ng_first(v);
	for(; a && b; a = a->next, b = b->next)
		need(a->type == b->type && ep_view_eq(a->raw, b->raw));
	need(!a && !b);
	ep_arena_fini(&arena);
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
		walk(v);
		top(v, in);
		ep_buf_init(&b, text, sizeof(text));
		rewrite(&b, v);
		need(ep_view_eq(ep_buf_view(&b), in));
	}
	ep_arena_fini(&arena);
	stray(in);
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 24);
	ep_ng_decode_top(&v, in, &arena);
	ep_arena_fini(&arena);
	return 0;
}
