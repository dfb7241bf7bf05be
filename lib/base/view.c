/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/view.h"

bool ep_view_eq(struct ep_view a, struct ep_view b)
{
	if(a.p == NULL || b.p == NULL)
		return a.p == b.p;
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ep_view_ieq(struct ep_view a, struct ep_view b)
{
	if(a.p == NULL || b.p == NULL)
		return a.p == b.p;
	if(a.len != b.len)
		return false;
	for(size_t i = 0; i < a.len; i++)
		if(lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool ep_view_starts(struct ep_view v, struct ep_view prefix)
{
	if(v.p == NULL || prefix.p == NULL || v.len < prefix.len)
		return false;
	return memcmp(v.p, prefix.p, prefix.len) == 0;
}

bool ep_view_istarts(struct ep_view v, struct ep_view prefix)
{
	if(v.p == NULL || prefix.p == NULL || v.len < prefix.len)
		return false;
	return ep_view_ieq(ep_view_of(v.p, prefix.len), prefix);
}

bool ep_view_ends(struct ep_view v, struct ep_view suffix)
{
	if(v.p == NULL || suffix.p == NULL || v.len < suffix.len)
		return false;
	return memcmp(v.p + (v.len - suffix.len), suffix.p, suffix.len) == 0;
}

struct ep_view ep_view_from(struct ep_view v, size_t from)
{
	if(v.p == NULL)
		return v;
	if(from > v.len)
		from = v.len;
	return ep_view_of(v.p + from, v.len - from);
}

struct ep_view ep_view_head(struct ep_view v, size_t n)
{
	return ep_view_of(v.p, n < v.len ? n : v.len);
}

static bool is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct ep_view ep_view_trim(struct ep_view v)
{
	while(v.len > 0 && is_lws(v.p[v.len - 1]))
		v.len--;
	while(v.len > 0 && is_lws(v.p[0])) {
		v.p++;
		v.len--;
	}
	return v;
}

int ep_chr_hex(char c)
{
	if(c >= '0' && c <= '9')
		return c - '0';
	if(c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if(c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool ep_view_only(struct ep_view v, const char *marks)
{
	for(size_t i = 0; i < v.len; i++)
		if(!ep_chr_is_alnum(v.p[i])
				&& (v.p[i] == '\0' || strchr(marks, v.p[i]) == NULL))
			return false;
	return true;
}

size_t ep_view_find_chr(struct ep_view v, char c)
{
	const char *hit = v.len > 0 ? memchr(v.p, c, v.len) : NULL;

	return hit ? (size_t)(hit - v.p) : SIZE_MAX;
}

size_t ep_view_find(struct ep_view v, struct ep_view needle)
{
	if(v.p == NULL || needle.p == NULL)
		return SIZE_MAX;
	for(size_t i = 0; needle.len <= v.len - i; i++) {
		if(memcmp(v.p + i, needle.p, needle.len) == 0)
			return i;
		if(i == v.len)
			break;
	}
	return SIZE_MAX;
}

struct ep_view ep_view_cut(struct ep_view *rest, char sep)
{
	struct ep_view all = *rest;
	size_t at = ep_view_find_chr(all, sep);

	if(at == SIZE_MAX) {
		*rest = ep_view_none();
		return all;
	}
	*rest = ep_view_from(all, at + 1);
	return ep_view_head(all, at);
}

bool ep_view_u64(uint64_t *out, struct ep_view v, uint64_t max)
{
	uint64_t n = 0;

	if(v.p == NULL || v.len == 0)
		return false;
	for(size_t i = 0; i < v.len; i++) {
		unsigned digit = (unsigned char)v.p[i] - (unsigned)'0';

		if(digit > 9 || n > max / 10 || digit > max - n * 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

/* The octets between two stars are looked for leftmost-first: a match further
 * right leaves less for what follows, so it is never needed. Each octet of `v`
 * is passed over once per star at most, because a found run is not undone. */
bool ep_view_glob(struct ep_view pattern, struct ep_view v)
{
	size_t star = ep_view_find_chr(pattern, '*');
	struct ep_view run;

	if(pattern.p == NULL || v.p == NULL)
		return false;
	if(star == SIZE_MAX)
		return ep_view_eq(pattern, v);
	run = ep_view_head(pattern, star);
	if(!ep_view_starts(v, run))
		return false;
	v = ep_view_from(v, star);
	pattern = ep_view_from(pattern, star + 1);
	for(;;) {
		size_t at;

		run = ep_view_cut(&pattern, '*');
		if(pattern.p == NULL)
			return ep_view_ends(v, run);
		at = ep_view_find(v, run);
		if(at == SIZE_MAX)
			return false;
		v = ep_view_from(v, at + run.len);
	}
}
