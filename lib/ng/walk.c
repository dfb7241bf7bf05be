/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/walk.h"

/* Behind a string; NULL: there is none. *str are its octets. */
static const char *str_end(struct ep_view *str, const char *p, const char *end)
{
	size_t n = 0, left = (size_t)(end - p);
	const char *from = p;

	while(p < end && *p >= '0' && *p <= '9') {
		n = n * 10 + (size_t)(*p++ - '0');
		if(n > left)
			return NULL;
	}
	if(p == from || p == end || *p != ':' || n > (size_t)(end - p - 1))
		return NULL;
	*str = ep_view_of(p + 1, n);
	return p + 1 + n;
}

/* Behind the value at `p`, without going into it one by one: brackets are
 * counted. NULL: there is none. */
static const char *value_end(const char *p, const char *end)
{
	struct ep_view str;
	size_t open = 0;

	do {
		if(p == end)
			return NULL;
		switch(*p) {
			case 'd':
			case 'l':
				open++;
				p++;
				break;
			case 'e':
				if(!open)
					return NULL;
				open--;
				p++;
				break;
			case 'i':
				p = memchr(p, 'e', (size_t)(end - p));
				if(!p)
					return NULL;
				p++;
				break;
			default:
				p = str_end(&str, p, end);
				if(!p)
					return NULL;
		}
	} while(open);
	return p;
}

struct ep_view ep_ng_walk_value(struct ep_view text)
{
	const char *end = text.len ? value_end(text.p, text.p + text.len) : NULL;

	return end ? ep_view_of(text.p, (size_t)(end - text.p)) : ep_view_none();
}

void ep_ng_walk_begin(struct ep_ng_walk *w, struct ep_view raw)
{
	bool some = raw.len && (raw.p[0] == 'd' || raw.p[0] == 'l');

	w->p = some ? raw.p + 1 : NULL;
	w->end = some ? raw.p + raw.len : NULL;
}

struct ep_view ep_ng_walk_next(struct ep_ng_walk *w)
{
	const char *from = w->p;
	const char *end = from == w->end ? NULL : value_end(from, w->end);

	if(!end) {
		w->p = w->end;
		return ep_view_none();
	}
	w->p = end;
	return ep_view_of(from, (size_t)(end - from));
}

void ep_ng_walk_pick(struct ep_view *out, const struct ep_view *keys, size_t n,
		struct ep_view dict)
{
	struct ep_ng_walk w;
	struct ep_view key, value;

	for(size_t i = 0; i < n; i++)
		out[i] = ep_view_none();
	if(!dict.len || dict.p[0] != 'd')
		return;
	ep_ng_walk_begin(&w, dict);
	while((key = ep_ng_walk_next(&w)).p && (value = ep_ng_walk_next(&w)).p) {
		struct ep_view name = ep_ng_walk_str(key);
		for(size_t i = 0; i < n; i++)
			if(!out[i].p && name.len == keys[i].len
					&& ep_view_eq(name, keys[i]))
				out[i] = value;
	}
}

struct ep_view ep_ng_walk_str(struct ep_view raw)
{
	struct ep_view str = ep_view_none();

	if(raw.len && !str_end(&str, raw.p, raw.p + raw.len))
		return ep_view_none();
	return str;
}

int64_t ep_ng_walk_int(struct ep_view raw, int64_t otherwise)
{
	struct ep_view digits = ep_ng_walk_str(raw);
	bool minus = false;
	uint64_t n;

	if(raw.len >= 2 && raw.p[0] == 'i') {
		minus = raw.p[1] == '-';
		digits = ep_view_of(raw.p + 1 + minus, raw.len - 2 - minus);
	}
	if(!ep_view_u64(&n, digits, INT64_MAX))
		return otherwise;
	return minus ? -(int64_t)n : (int64_t)n;
}
