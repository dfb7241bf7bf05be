/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/tel.h"
#include "base/buf.h"
#include "base/sipuri.h"

enum
{
	PARAMS_MAX = 16
};

bool ep_tel_is(struct ep_view uri)
{
	struct ep_uri u;

	return ep_uri_parse(&u, uri) == EP_OK && u.scheme == EP_URI_TEL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* RFC 3261 25.1: unreserved, escaped, user-unreserved */
static void put_user_chr(struct ep_buf *out, char c)
{
	static const char hex[] = "0123456789ABCDEF";

	if(ep_chr_is_alnum(c) || memchr("-_.!~*'()%&=+$,?/", c, 17) != NULL) {
		ep_buf_put_chr(out, c);
		return;
	}
	ep_buf_put_chr(out, '%');
	ep_buf_put_chr(out, hex[(unsigned char)c >> 4]);
	ep_buf_put_chr(out, hex[(unsigned char)c & 15]);
}

static void put_number(struct ep_buf *out, struct ep_view number)
{
	size_t i;

	for(i = 0; i < number.len; i++)
		if(memchr("-.()", number.p[i], 4) == NULL)
			put_user_chr(out, number.p[i]);
}

static void put_lower(struct ep_buf *out, struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		put_user_chr(out, lower(v.p[i]));
}

static unsigned rank(struct ep_view name)
{
	if(ep_view_ieq(name, EP_LIT("isub")) || ep_view_ieq(name, EP_LIT("ext")))
		return 0;
	return ep_view_ieq(name, EP_LIT("phone-context")) ? 1 : 2;
}

static bool is_before(struct ep_view a, struct ep_view b)
{
	size_t i;

	if(rank(a) != rank(b))
		return rank(a) < rank(b);
	for(i = 0; i < a.len && i < b.len; i++)
		if(lower(a.p[i]) != lower(b.p[i]))
			return lower(a.p[i]) < lower(b.p[i]);
	return a.len < b.len;
}

/* False: too many, or they do not parse. */
static bool params_read(struct ep_param *all, size_t *n, struct ep_view params)
{
	struct ep_param p;
	enum ep_err err;
	size_t at;

	*n = 0;
	if(params.p == NULL)
		return true;
	while((err = ep_param_next(&p, &params)) == EP_OK) {
		if(*n == PARAMS_MAX)
			return false;
		for(at = (*n)++; at > 0 && is_before(p.name, all[at - 1].name); at--)
			all[at] = all[at - 1];
		all[at] = p;
	}
	return err == EP_ENOENT;
}

struct ep_view ep_tel_to_sip(
		struct ep_view uri, struct ep_view domain, struct ep_arena *arena)
{
	struct ep_param params[PARAMS_MAX];
	size_t n, i, cap = 3 * uri.len + domain.len + 32;
	struct ep_uri u;
	struct ep_buf out;
	char *p;

	if(ep_uri_parse(&u, uri) != EP_OK || u.scheme != EP_URI_TEL
			|| !params_read(params, &n, u.params)
			|| (p = ep_arena_get(arena, cap)) == NULL)
		return ep_view_none();
	ep_buf_init(&out, p, cap);
	ep_buf_put_z(&out, "sip:");
	put_number(&out, u.user);
	for(i = 0; i < n; i++) {
		ep_buf_put_chr(&out, ';');
		put_lower(&out, params[i].name);
		if(params[i].value.p == NULL)
			continue;
		ep_buf_put_chr(&out, '=');
		put_lower(&out, params[i].value);
	}
	ep_buf_put_chr(&out, '@');
	ep_buf_put(&out, domain);
	ep_buf_put_z(&out, ";user=phone");
	return ep_buf_view(&out);
}
