/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * A list whose entries are lines of text, as the file that keeps it
 * (listfile.h) and the other nodes (replica.h) see it. Its module owns it, and
 * says here how to get at it.
 */
#ifndef EP_COMMON_LINES_H
#define EP_COMMON_LINES_H

#include "base/buf.h"
#include "base/err.h"

enum ep_lines_from
{
	EP_LINES_FILE,
	EP_LINES_NODE
};

struct ep_lines_out
{
	struct ep_buf text;
	unsigned n; /* lines put */
	bool cut;   /* one did not fit, and is left out as a whole */
};

/* What a list amounts to, of entries that must be remembered behind `until_s`
 * (others some node may have forgotten already). */
struct ep_lines_sum
{
	int64_t until_s;
	uint64_t n;
	uint64_t sum;
};

/* All functions may be called from any process. A list has chains 0, 1, ...,
 * and an entry never moves to another chain: print and sum lock for one chain
 * only, and return false behind the last. */
struct ep_lines
{
	/* Puts the entry of a line in. *changed: the list is another now. EP_OK;
	 * EP_ESYNTAX, EP_ERANGE: not an entry; EP_ENOSPC: full; EP_ENOMEM. */
	enum ep_err (*take)(
			bool *changed, struct ep_view line, enum ep_lines_from from);
	/* Each entry's line, then ep_lines_end(). */
	bool (*print)(struct ep_lines_out *out, size_t chain);
	bool (*sum)(struct ep_lines_sum *sum, size_t chain);
	/* Grows with every change; never 0. */
	unsigned (*generation)(void);
};

/* Behind a line that began at text.len == from: ends it, or takes it back. */
static inline void ep_lines_end(struct ep_lines_out *out, size_t from)
{
	ep_buf_put_chr(&out->text, '\n');
	if(!out->text.overflow) {
		out->n++;
		return;
	}
	out->text.len = from;
	out->text.overflow = false;
	out->cut = true;
}

#endif
