/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Views in modules: as str (the same two words), and copied into a block. */
#ifndef EP_COMMON_VIEW_H
#define EP_COMMON_VIEW_H

#include <string.h>

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

/* A copy of `v` at *at, which has room for it and goes on behind it. An absent
 * view stays absent, and takes no room. */
static inline struct ep_view ep_view_place(char **at, struct ep_view v)
{
	char *p = *at;

	if(v.p == NULL)
		return v;
	if(v.len > 0)
		memcpy(p, v.p, v.len);
	*at += v.len;
	return ep_view_of(p, v.len);
}

#endif
