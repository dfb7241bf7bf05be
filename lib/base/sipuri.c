/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipuri.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_in(char c, const char *set)
{
	return memchr(set, c, strlen(set)) != NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* RFC 3261 25.1 unreserved */
static bool is_unreserved(char c)
{
	return is_alpha(c) || is_digit(c) || is_in(c, "-_.!~*'()");
}

/* unreserved, escaped, and `more` */
static bool is_text_of(struct ep_view v, const char *more)
{
	size_t i;

	for(i = 0; i < v.len; i++) {
		if(v.p[i] == '%') {
			if(v.len - i < 3 || ep_chr_hex(v.p[i + 1]) < 0
					|| ep_chr_hex(v.p[i + 2]) < 0)
				return false;
			i += 2;
		} else if(!is_unreserved(v.p[i]) && !is_in(v.p[i], more)) {
			return false;
		}
	}
	return true;
}

/* --- URIs --- */

static bool is_host(struct ep_view host)
{
	size_t i;
	bool v6 = host.len > 2 && host.p[0] == '[';

	if(host.len == 0)
		return false;
	if(v6 && host.p[host.len - 1] != ']')
		return false;
	for(i = v6 ? 1 : 0; i < host.len - (v6 ? 1 : 0); i++) {
		char c = host.p[i];

		if(v6 ? ep_chr_hex(c) < 0 && !is_in(c, ":.")
			  : !is_alpha(c) && !is_digit(c) && !is_in(c, "-._"))
			return false;
	}
	return true;
}

static enum ep_err hostport_parse(struct ep_uri *out, struct ep_view hostport)
{
	struct ep_view port = ep_view_none();
	size_t close = 0, colon;
	uint64_t n;

	if(hostport.len && hostport.p[0] == '[') {
		close = ep_view_find_chr(hostport, ']');
		if(close == SIZE_MAX)
			return EP_ESYNTAX;
	}
	colon = ep_view_find_chr(ep_view_from(hostport, close), ':');
	out->host = hostport;
	if(colon != SIZE_MAX) {
		out->host = ep_view_head(hostport, close + colon);
		port = ep_view_from(hostport, close + colon + 1);
		if(!ep_view_u64(&n, port, 65535) || n == 0)
			return EP_ESYNTAX;
		out->port = (unsigned)n;
	}
	return is_host(out->host) ? EP_OK : EP_ESYNTAX;
}

static enum ep_err userinfo_parse(struct ep_uri *out, struct ep_view userinfo)
{
	out->password = userinfo;
	out->user = ep_view_cut(&out->password, ':');
	if(out->user.len == 0 || !is_text_of(out->user, "&=+$,;?/"))
		return EP_ESYNTAX;
	if(out->password.p && !is_text_of(out->password, "&=+$,"))
		return EP_ESYNTAX;
	return EP_OK;
}

/* RFC 3261 25.1 SIP-URI. The user may hold ';' and '?', so the '@' is looked
 * for first; nothing else may hold one. */
static enum ep_err sip_parse(struct ep_uri *out, struct ep_view rest)
{
	size_t at = ep_view_find_chr(rest, '@');

	if(at != SIZE_MAX) {
		if(userinfo_parse(out, ep_view_head(rest, at)))
			return EP_ESYNTAX;
		rest = ep_view_from(rest, at + 1);
		if(ep_view_find_chr(rest, '@') != SIZE_MAX)
			return EP_ESYNTAX;
	}
	out->headers = rest;
	rest = ep_view_cut(&out->headers, '?');
	out->params = rest;
	rest = ep_view_cut(&out->params, ';');
	if(out->params.p && !is_text_of(out->params, "[]/:&+$=;"))
		return EP_ESYNTAX;
	if(out->headers.p && !is_text_of(out->headers, "[]/?:+$=&"))
		return EP_ESYNTAX;
	return hostport_parse(out, rest);
}

static bool is_tel_separator(char c)
{
	return is_in(c, "-.()");
}

/* RFC 3966 3: a number is digits and visual separators, at least one digit */
static enum ep_err tel_parse(struct ep_uri *out, struct ep_view rest)
{
	size_t i, digits = 0;

	out->params = rest;
	out->user = ep_view_cut(&out->params, ';');
	for(i = 0; i < out->user.len; i++) {
		char c = out->user.p[i];
		bool global = out->user.p[0] == '+';

		if(is_digit(c) || (!global && (ep_chr_hex(c) >= 0 || is_in(c, "*#"))))
			digits++;
		else if(!is_tel_separator(c) && !(c == '+' && i == 0))
			return EP_ESYNTAX;
	}
	if(out->params.p && !is_text_of(out->params, "[]/:&+$=;"))
		return EP_ESYNTAX;
	return digits ? EP_OK : EP_ESYNTAX;
}

static bool is_scheme(struct ep_view v)
{
	size_t i;

	if(v.len == 0 || !is_alpha(v.p[0]))
		return false;
	for(i = 1; i < v.len; i++)
		if(!is_alpha(v.p[i]) && !is_digit(v.p[i]) && !is_in(v.p[i], "+-."))
			return false;
	return true;
}

enum ep_err ep_uri_parse(struct ep_uri *out, struct ep_view text)
{
	struct ep_view rest = text, scheme;
	size_t i;

	*out = (struct ep_uri){.all = text};
	scheme = ep_view_cut(&rest, ':');
	if(!rest.p || rest.len == 0 || !is_scheme(scheme))
		return EP_ESYNTAX;
	for(i = 0; i < rest.len; i++)
		if((unsigned char)rest.p[i] <= ' ' || (unsigned char)rest.p[i] >= 0x7f
				|| is_in(rest.p[i], "<>\""))
			return EP_ESYNTAX;
	if(ep_view_ieq(scheme, EP_LIT("tel"))) {
		out->scheme = EP_URI_TEL;
		return tel_parse(out, rest);
	}
	if(ep_view_ieq(scheme, EP_LIT("sip")))
		out->scheme = EP_URI_SIP;
	else if(ep_view_ieq(scheme, EP_LIT("sips")))
		out->scheme = EP_URI_SIPS;
	else
		return EP_OK;
	return sip_parse(out, rest);
}

/* --- parameters --- */

/* Index of the first octet of `set` outside quoted strings and, if `angle`,
 * outside <...>; v.len if there is none; SIZE_MAX if a quote or bracket is
 * left open. */
static size_t scan(struct ep_view v, const char *set, bool angle)
{
	size_t i;
	bool quoted = false, inside = false;

	for(i = 0; i < v.len; i++) {
		char c = v.p[i];

		if(quoted) {
			if(c == '\\')
				i++;
			else if(c == '"')
				quoted = false;
		} else if(inside) {
			if(c == '<')
				return SIZE_MAX;
			inside = c != '>';
		} else if(is_in(c, set)) {
			return i;
		} else if(c == '"') {
			quoted = true;
		} else if(c == '<' && angle) {
			inside = true;
		}
	}
	return quoted || inside ? SIZE_MAX : v.len;
}

enum ep_err ep_param_next(struct ep_param *out, struct ep_view *rest)
{
	struct ep_view item;
	size_t n, eq;

	if(!rest->p)
		return EP_ENOENT;
	n = scan(*rest, ";", false);
	if(n == SIZE_MAX) {
		*rest = ep_view_none();
		return EP_ESYNTAX;
	}
	item = ep_view_head(*rest, n);
	*rest = n < rest->len ? ep_view_from(*rest, n + 1) : ep_view_none();

	eq = scan(item, "=", false);
	*out = (struct ep_param){.name = ep_view_trim(ep_view_head(item, eq))};
	if(eq < item.len)
		out->value = ep_view_trim(ep_view_from(item, eq + 1));
	if(out->name.len == 0) {
		*rest = ep_view_none();
		return EP_ESYNTAX;
	}
	return EP_OK;
}

bool ep_param_get(
		struct ep_view *value, struct ep_view params, struct ep_view name)
{
	struct ep_param param;

	while(ep_param_next(&param, &params) == EP_OK) {
		if(!ep_view_ieq(param.name, name))
			continue;
		if(value)
			*value = param.value;
		return true;
	}
	return false;
}

struct ep_view ep_unquote(struct ep_view v)
{
	if(v.len >= 2 && v.p[0] == '"' && v.p[v.len - 1] == '"')
		return ep_view_of(v.p + 1, v.len - 2);
	return v;
}

/* --- name-addr --- */

enum ep_err ep_list_next(struct ep_view *item, struct ep_view *rest)
{
	size_t n;

	while(rest->p) {
		n = scan(*rest, ",", true);
		if(n == SIZE_MAX) {
			*rest = ep_view_none();
			return EP_ESYNTAX;
		}
		*item = ep_view_trim(ep_view_head(*rest, n));
		*rest = n < rest->len ? ep_view_from(*rest, n + 1) : ep_view_none();
		if(item->len)
			return EP_OK;
	}
	return EP_ENOENT;
}

/* One quoted string, or words without an octet that could start a URI or a
 * parameter. */
static bool is_display(struct ep_view v)
{
	size_t i;

	if(v.len && v.p[0] == '"') {
		for(i = 1; i < v.len && v.p[i] != '"'; i++)
			if(v.p[i] == '\\')
				i++;
		return i + 1 == v.len;
	}
	for(i = 0; i < v.len; i++)
		if(is_in(v.p[i], "\"<>;,:@") || v.p[i] == '\0')
			return false;
	return true;
}

/* A bracket in a parameter would hide a comma from some readers only. */
static enum ep_err params_check(struct ep_view params)
{
	return scan(params, "<>", false) == params.len ? EP_OK : EP_ESYNTAX;
}

static enum ep_err bracketed_parse(struct ep_nameaddr *out, size_t open)
{
	struct ep_view rest;
	size_t close;

	out->bracketed = true;
	if(open)
		out->display = ep_view_trim(ep_view_head(out->all, open));
	if(out->display.p && !is_display(out->display))
		return EP_ESYNTAX;
	rest = ep_view_from(out->all, open + 1);
	close = ep_view_find_chr(rest, '>');
	if(close == SIZE_MAX || close == 0)
		return EP_ESYNTAX;
	out->uri = ep_view_head(rest, close);
	rest = ep_view_trim(ep_view_from(rest, close + 1));
	if(rest.len == 0)
		return EP_OK;
	if(rest.p[0] != ';')
		return EP_ESYNTAX;
	out->params = ep_view_from(rest, 1);
	return params_check(out->params);
}

enum ep_err ep_nameaddr_parse(struct ep_nameaddr *out, struct ep_view value)
{
	size_t n, i;

	*out = (struct ep_nameaddr){.all = ep_view_trim(value)};
	if(ep_view_eq(out->all, EP_LIT("*"))) {
		out->star = true;
		return EP_OK;
	}
	n = scan(out->all, ",", true);
	if(out->all.len == 0 || n != out->all.len)
		return EP_ESYNTAX;
	n = scan(out->all, "<", false);
	if(n < out->all.len)
		return bracketed_parse(out, n);
	out->params = out->all;
	out->uri = ep_view_trim(ep_view_cut(&out->params, ';'));
	for(i = 0; i < out->uri.len; i++)
		if(is_lws(out->uri.p[i]) || is_in(out->uri.p[i], "\"<>"))
			return EP_ESYNTAX;
	return out->uri.len ? params_check(out->params) : EP_ESYNTAX;
}

enum ep_err ep_nameaddr_next(struct ep_nameaddr *out, struct ep_view *rest)
{
	struct ep_view item;
	enum ep_err err = ep_list_next(&item, rest);

	return err ? err : ep_nameaddr_parse(out, item);
}

/* --- equality of identities --- */

enum canon
{
	CANON_ESCAPED, /* escapes of unreserved characters decoded */
	CANON_LOWER,   /* any case */
	CANON_TEL,     /* no visual separators, any case */
};

/* Writes the next canonical characters (one, or an escape's three) into
 * `out` and says how many; 0 at the end. */
static size_t canon_next(char out[3], struct ep_view *v, enum canon how)
{
	while(v->len && how == CANON_TEL && is_tel_separator(v->p[0]))
		*v = ep_view_from(*v, 1);
	if(v->len == 0)
		return 0;
	out[0] = how == CANON_ESCAPED ? v->p[0] : lower(v->p[0]);
	if(v->p[0] == '%' && v->len >= 3 && how == CANON_ESCAPED) {
		static const char digits[] = "0123456789ABCDEF";
		int hi = ep_chr_hex(v->p[1]), lo = ep_chr_hex(v->p[2]);
		char c = (char)(hi * 16 + lo);

		*v = ep_view_from(*v, 3);
		if(is_unreserved(c)) {
			out[0] = c;
			return 1;
		}
		out[1] = digits[hi];
		out[2] = digits[lo];
		return 3;
	}
	*v = ep_view_from(*v, 1);
	return 1;
}

static void canon_print(struct ep_buf *out, struct ep_view v, enum canon how)
{
	char c[3];
	size_t n;

	while((n = canon_next(c, &v, how)) != 0)
		ep_buf_put(out, ep_view_of(c, n));
}

static bool canon_eq(struct ep_view a, struct ep_view b, enum canon how)
{
	char ca[3], cb[3];
	size_t na, nb;

	if(!a.p != !b.p)
		return false;
	do {
		na = canon_next(ca, &a, how);
		nb = canon_next(cb, &b, how);
		if(na != nb || memcmp(ca, cb, na) != 0)
			return false;
	} while(na);
	return true;
}

/* The parameters of a tel URI that are part of the identity. */
static const struct
{
	struct ep_view name;
	enum canon how;
} tel_params[] = {
		{{"ext", 3}, CANON_TEL},
		{{"isub", 4}, CANON_ESCAPED},
		{{"phone-context", 13}, CANON_LOWER},
};
#define TEL_PARAMS_N (sizeof(tel_params) / sizeof(tel_params[0]))

static struct ep_view tel_param(const struct ep_uri *u, size_t i)
{
	struct ep_view value = ep_view_none();

	if(ep_param_get(&value, u->params, tel_params[i].name) && !value.p)
		value = EP_LIT("");
	return value;
}

/* phone-context of a global number is itself a number */
static enum canon tel_how(size_t i, struct ep_view value)
{
	return value.len && value.p[0] == '+' ? CANON_TEL : tel_params[i].how;
}

static bool tel_eq(const struct ep_uri *a, const struct ep_uri *b)
{
	size_t i;

	if(!canon_eq(a->user, b->user, CANON_TEL))
		return false;
	for(i = 0; i < TEL_PARAMS_N; i++) {
		struct ep_view va = tel_param(a, i), vb = tel_param(b, i);

		if(tel_how(i, va) != tel_how(i, vb)
				|| !canon_eq(va, vb, tel_how(i, va)))
			return false;
	}
	return true;
}

static unsigned uri_port(const struct ep_uri *u)
{
	if(u->port)
		return u->port;
	return u->scheme == EP_URI_SIPS ? 5061 : 5060;
}

bool ep_impu_eq(struct ep_view a, struct ep_view b)
{
	struct ep_uri ua, ub;

	if(ep_uri_parse(&ua, a) || ep_uri_parse(&ub, b))
		return false;
	if(ua.scheme != ub.scheme || ua.scheme == EP_URI_OTHER)
		return false;
	if(ua.scheme == EP_URI_TEL)
		return tel_eq(&ua, &ub);
	return uri_port(&ua) == uri_port(&ub)
		   && canon_eq(ua.host, ub.host, CANON_LOWER)
		   && canon_eq(ua.user, ub.user, CANON_ESCAPED)
		   && canon_eq(ua.password, ub.password, CANON_ESCAPED);
}

static void tel_print(struct ep_buf *out, const struct ep_uri *u)
{
	size_t i;

	ep_buf_put_z(out, "tel:");
	canon_print(out, u->user, CANON_TEL);
	for(i = 0; i < TEL_PARAMS_N; i++) {
		struct ep_view value = tel_param(u, i);

		if(!value.p)
			continue;
		ep_buf_put_chr(out, ';');
		ep_buf_put(out, tel_params[i].name);
		ep_buf_put_chr(out, '=');
		canon_print(out, value, tel_how(i, value));
	}
}

enum ep_err ep_impu_print(struct ep_buf *out, struct ep_view impu)
{
	struct ep_uri u;

	if(ep_uri_parse(&u, impu) || u.scheme == EP_URI_OTHER)
		return EP_ESYNTAX;
	if(u.scheme == EP_URI_TEL) {
		tel_print(out, &u);
		return out->overflow ? EP_ENOSPC : EP_OK;
	}
	ep_buf_put_z(out, u.scheme == EP_URI_SIPS ? "sips:" : "sip:");
	if(u.user.p) {
		canon_print(out, u.user, CANON_ESCAPED);
		if(u.password.p) {
			ep_buf_put_chr(out, ':');
			canon_print(out, u.password, CANON_ESCAPED);
		}
		ep_buf_put_chr(out, '@');
	}
	canon_print(out, u.host, CANON_LOWER);
	if(uri_port(&u) != (u.scheme == EP_URI_SIPS ? 5061u : 5060u)) {
		ep_buf_put_chr(out, ':');
		ep_buf_put_u64(out, uri_port(&u));
	}
	return out->overflow ? EP_ENOSPC : EP_OK;
}
