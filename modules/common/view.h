/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* str <-> struct ep_view: the same two words. */
#ifndef EP_COMMON_VIEW_H
#define EP_COMMON_VIEW_H

#include "core/str.h"
#include "base/view.h"

static inline struct ep_view ep_view_str(const str *s)
{
	if(s == NULL || s->s == NULL || s->len < 0)
		return ep_view_none();
	return ep_view_of(s->s, (size_t)s->len);
}

/* For Kamailio functions that take a str they only read. */
static inline str ep_str_view(struct ep_view v)
{
	union
	{
		const char *in;
		char *out;
	} p = {.in = v.p};
	return (str){p.out, (int)v.len};
}

#endif
