/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The list of revocations as lines: for its file, and for the other nodes. */
#include "webrtc_auth/revfile.h"
#include "webrtc_auth/revoke.h"

static enum ep_err take(
		bool *changed, struct ep_view line, enum ep_lines_from from)
{
	struct ep_revoke_entry e;
	struct ep_arena arena;
	char first[8192];
	enum ep_err err;

	*changed = false;
	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	err = ep_revoke_entry_parse(&e, line, &arena);
	if(err != EP_OK)
		return err;
	e.by = from == EP_LINES_FILE ? EP_REVOKE_BY_FILE : EP_REVOKE_BY_NODE;
	return ep_revoke_put(changed, &e);
}

static void line_put(const struct ep_revoke_entry *e, void *ctx)
{
	struct ep_lines_out *out = ctx;
	size_t from = out->text.len;

	ep_revoke_entry_print(&out->text, e);
	ep_lines_end(out, from);
}

static bool print(struct ep_lines_out *out, size_t chain)
{
	return ep_revoke_walk(chain, line_put, out);
}

static void sum_add(const struct ep_revoke_entry *e, void *ctx)
{
	struct ep_lines_sum *s = ctx;

	if(e->until_s <= s->until_s)
		return;
	s->n++;
	s->sum += ep_revoke_entry_sum(e);
}

static bool sum(struct ep_lines_sum *s, size_t chain)
{
	return ep_revoke_walk(chain, sum_add, s);
}

const struct ep_lines ep_revoke_lines = {.take = take,
		.print = print,
		.sum = sum,
		.generation = ep_revoke_generation};
