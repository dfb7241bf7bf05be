/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/glob.h"

static struct ep_view head_of(struct ep_view pattern)
{
	return ep_view_head(pattern, ep_view_find_chr(pattern, '*'));
}

static struct ep_view tail_of(struct ep_view pattern)
{
	size_t from = pattern.len;

	while(from > 0 && pattern.p[from - 1] != '*')
		from--;
	return ep_view_from(pattern, from);
}

/* With a star on both sides only the fixed ends can contradict each other: the
 * longer head, the runs between the stars of one, then of the other, and the
 * longer tail make a string that both match. */
bool ep_glob_overlap(struct ep_view a, struct ep_view b)
{
	if(a.p == NULL || b.p == NULL)
		return false;
	if(ep_view_find_chr(a, '*') == SIZE_MAX)
		return ep_view_glob(b, a);
	if(ep_view_find_chr(b, '*') == SIZE_MAX)
		return ep_view_glob(a, b);
	return (ep_view_starts(head_of(a), head_of(b))
				   || ep_view_starts(head_of(b), head_of(a)))
		   && (ep_view_ends(tail_of(a), tail_of(b))
				   || ep_view_ends(tail_of(b), tail_of(a)));
}

/* The inner pattern taken as a string is the test: no octet of the outer one
 * stands for a '*' but a star of its own, so that it has to match there
 * whatever stands in the star's place. */
bool ep_glob_within(struct ep_view inner, struct ep_view outer)
{
	return ep_view_glob(outer, inner);
}
