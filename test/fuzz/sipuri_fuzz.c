/* ep_uri_parse, ep_nameaddr_next, ep_param_next, ep_impu_eq, ep_impu_print,
 * ep_impu_wildcard_match. Input: two values, one a line. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "base/sipuri.h"
#include "tna/identity.h"

static void inside(struct ep_view part, struct ep_view all)
{
	need(!part.p || (part.p >= all.p && part.p + part.len <= all.p + all.len));
}

static void uri_holds(struct ep_view text)
{
	struct ep_uri u;
	struct ep_param p;
	struct ep_view rest;
	char canon[2048];
	struct ep_buf buf;

	if(ep_uri_parse(&u, text) != EP_OK) {
		need(!ep_impu_eq(text, text));
		return;
	}
	inside(u.user, text);
	inside(u.password, text);
	inside(u.host, text);
	inside(u.params, text);
	inside(u.headers, text);
	need(u.port <= 65535);
	rest = u.params;
	while(ep_param_next(&p, &rest) == EP_OK)
		inside(p.name, text);
	if(u.scheme == EP_URI_OTHER || text.len > 600)
		return;
	/* an identity equals itself and its canonical text, which prints as it
	 * is */
	need(ep_impu_eq(text, text));
	ep_buf_init(&buf, canon, 1024);
	need(ep_impu_print(&buf, text) == EP_OK);
	need(ep_impu_eq(text, ep_buf_view(&buf)));
	rest = ep_buf_view(&buf);
	ep_buf_init(&buf, canon + 1024, 1024);
	need(ep_impu_print(&buf, rest) == EP_OK);
	need(ep_view_eq(rest, ep_buf_view(&buf)));
}

static void pair_holds(struct ep_view a, struct ep_view b)
{
	char ta[4096], tb[4096];
	struct ep_buf ba, bb;
	enum ep_err ea, eb;

	ep_buf_init(&ba, ta, sizeof(ta));
	ep_buf_init(&bb, tb, sizeof(tb));
	ea = ep_impu_print(&ba, a);
	eb = ep_impu_print(&bb, b);
	need(ep_impu_eq(a, b) == ep_impu_eq(b, a));
	if(ea != EP_ENOSPC && eb != EP_ENOSPC)
		need(ep_impu_eq(a, b)
				== (!ea && !eb
						&& ep_view_eq(ep_buf_view(&ba), ep_buf_view(&bb))));
	if(ep_impu_wildcard_match(a, b))
		need(ep_impu_is_wildcard(a) && ep_impu_eq(b, b));
}

static void list_holds(struct ep_view text)
{
	struct ep_view rest = text;
	struct ep_nameaddr na, again;
	enum ep_err err;

	while((err = ep_nameaddr_next(&na, &rest)) == EP_OK) {
		inside(na.all, text);
		inside(na.display, na.all);
		inside(na.uri, na.all);
		inside(na.params, na.all);
		need(na.star || na.uri.len);
		need(ep_nameaddr_parse(&again, na.all) == EP_OK);
		need(again.uri.p == na.uri.p && again.uri.len == na.uri.len);
		if(na.uri.p)
			uri_holds(na.uri);
	}
	need(err == EP_ENOENT || err == EP_ESYNTAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view b = ep_view_of((const char *)data, n);
	struct ep_view a = ep_view_cut(&b, '\n');

	uri_holds(a);
	list_holds(a);
	if(b.p) {
		list_holds(b);
		uri_holds(b);
		pair_holds(a, b);
	}
	return 0;
}
