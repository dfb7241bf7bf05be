/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Bencode without a tree: from member to member of a text, for who wants a few
 * of many. Any text will do; where it is none the walk ends.
 */
#ifndef EP_NG_WALK_H
#define EP_NG_WALK_H

#include "base/view.h"

struct ep_ng_walk
{
	const char *p, *end;
};

/* The first value of `text` as it is written; absent when there is none. Its
 * brackets and lengths are looked at, what stands between them is not. */
struct ep_view ep_ng_walk_value(struct ep_view text);

/* Over the members of a list, or keys and values of a dictionary, as it is
 * written (`raw` of a value). Nothing to walk over in anything else. */
void ep_ng_walk_begin(struct ep_ng_walk *w, struct ep_view raw);
/* The next member as it is written; absent: no more. */
struct ep_view ep_ng_walk_next(struct ep_ng_walk *w);

/* The values of keys, as they are written; absent without it. Of a key that is
 * there twice, the first. */
void ep_ng_walk_pick(struct ep_view *out, const struct ep_view *keys, size_t n,
		struct ep_view dict);

/* Of a string as it is written, its octets; absent when it is none. */
struct ep_view ep_ng_walk_str(struct ep_view raw);
/* Of an integer, or of a string of digits, what it says; else `otherwise`. */
int64_t ep_ng_walk_int(struct ep_view raw, int64_t otherwise);

#endif
