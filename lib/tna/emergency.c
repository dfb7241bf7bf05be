/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/emergency.h"
#include "base/buf.h"
#include "base/sipuri.h"
#include "tna/build.h"

enum
{
	NUMBER_MAX = 32
};

/* What is left of a number when separators and escapes are gone; absent when
 * that is too much for one of ours. */
static struct ep_view digits_of(char *out, struct ep_view v)
{
	size_t i, n = 0;

	for(i = 0; i < v.len; i++) {
		char c = v.p[i];

		if(c == '%' && v.len - i >= 3 && ep_chr_hex(v.p[i + 1]) >= 0
				&& ep_chr_hex(v.p[i + 2]) >= 0) {
			c = (char)(ep_chr_hex(v.p[i + 1]) * 16 + ep_chr_hex(v.p[i + 2]));
			i += 2;
		}
		if(c == ';')
			break;
		if(c == '\0' || memchr("-.() ", c, 5) != NULL)
			continue;
		if(n == NUMBER_MAX)
			return ep_view_none();
		out[n++] = c;
	}
	return ep_view_of(out, n);
}

static bool is_number(struct ep_view user, const struct ep_tna_cfg *cfg)
{
	char text[NUMBER_MAX], one[NUMBER_MAX];
	struct ep_view number = digits_of(text, user), rest, item;

	rest = cfg->emergency_numbers;
	while(number.len > 0 && rest.p != NULL) {
		item = digits_of(one, ep_view_cut(&rest, ','));
		if(item.len > 0 && ep_view_ieq(item, number))
			return true;
	}
	return false;
}

/* Is `text` a URI, or a host with or without a port, of this host? */
static bool host_is(struct ep_view host, struct ep_view text)
{
	size_t at;

	if(text.len == 0)
		return false;
	if(ep_view_istarts(text, EP_LIT("sip:")))
		text = ep_view_from(text, 4);
	/* An IPv6 address ends with its bracket. */
	at = text.len > 0 && text.p[0] == '[' ? ep_view_find_chr(text, ']')
										  : ep_view_find_chr(text, ':');
	if(at != SIZE_MAX)
		text = ep_view_head(text, text.p[0] == '[' ? at + 1 : at);
	return ep_view_ieq(host, text);
}

static bool is_ours(struct ep_view host, const struct ep_tna_cfg *cfg)
{
	/* A name may be written with the dot of the root. */
	if(host.len > 1 && host.p[host.len - 1] == '.')
		host = ep_view_head(host, host.len - 1);
	return host_is(host, cfg->home_domain) || host_is(host, cfg->realm)
		   || host_is(host, cfg->home_uri) || host_is(host, cfg->own_host);
}

static bool is_dialled(const struct ep_uri *u)
{
	struct ep_view how;

	return ep_param_get(&how, u->params, EP_LIT("user")) && how.p != NULL
		   && (ep_view_ieq(how, EP_LIT("phone"))
				   || ep_view_ieq(how, EP_LIT("dialstring")));
}

bool ep_emergency_uri(struct ep_view uri, const struct ep_tna_cfg *cfg)
{
	struct ep_uri u;

	if(ep_uri_is_emergency(uri))
		return true;
	if(ep_uri_parse(&u, uri) != EP_OK || u.user.p == NULL)
		return false;
	if(u.scheme == EP_URI_TEL)
		return is_number(u.user, cfg);
	return (is_dialled(&u) || is_ours(u.host, cfg)) && is_number(u.user, cfg);
}

bool ep_emergency_refer(const struct ep_msg *m, const struct ep_tna_cfg *cfg)
{
	struct ep_view name = EP_LIT("Refer-To"), rest;
	struct ep_nameaddr na;
	size_t i;

	if(m->status != 0 || !ep_view_eq(m->method, EP_LIT("REFER")))
		return false;
	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		rest = m->hdrs[i].value;
		while(ep_nameaddr_next(&na, &rest) == EP_OK)
			if(ep_emergency_uri(na.uri, cfg))
				return true;
	}
	return false;
}

bool ep_emergency_request(const struct ep_msg *m, const struct ep_tna_cfg *cfg)
{
	return m->status == 0
		   && (ep_emergency_uri(m->ruri, cfg) || ep_emergency_refer(m, cfg));
}

static void put_xml(struct ep_buf *out, struct ep_view text)
{
	size_t i;

	for(i = 0; i < text.len; i++) {
		switch(text.p[i]) {
			case '&':
				ep_buf_put_z(out, "&amp;");
				break;
			case '<':
				ep_buf_put_z(out, "&lt;");
				break;
			case '>':
				ep_buf_put_z(out, "&gt;");
				break;
			default:
				ep_buf_put_chr(out, text.p[i]);
		}
	}
}

struct ep_view ep_emergency_body(struct ep_view reason, struct ep_arena *arena)
{
	size_t cap = 5 * reason.len + 256;
	char *p = ep_arena_get(arena, cap);
	struct ep_buf out;

	if(p == NULL)
		return ep_view_none();
	ep_buf_init(&out, p, cap);
	ep_buf_put_z(&out,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<ims-3gpp version=\"1\"><alternative-service>"
			"<type>emergency</type><reason>");
	put_xml(&out, reason);
	ep_buf_put_z(&out, "</reason></alternative-service></ims-3gpp>\n");
	return ep_buf_view(&out);
}
