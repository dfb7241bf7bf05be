/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipframe.h"
#include "base/sipuri.h"

#define CRLF EP_LIT("\r\n")
#define CSEQ_MAX 0x7fffffffu /* RFC 3261 8.1.1.5: less than 2**31 */

enum once
{
	CSEQ,
	FROM,
	TO,
	CALL_ID,
	CONTENT_LENGTH,
	MAX_FORWARDS,
	ONCE_N
};

struct reader
{
	struct ep_view rest;   /* not read yet */
	struct ep_view method; /* absent in a response */
	struct ep_view content_length;
	unsigned seen[ONCE_N];
	unsigned vias;
};

static bool is_ws(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_printable(char c)
{
	return c > 0x20 && c < 0x7f;
}

static bool is_token_chr(char c)
{
	return ep_chr_is_alnum(c) || (c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

/* Of what a token may contain, what names of headers do. */
static bool is_name_chr(char c)
{
	return ep_chr_is_alnum(c) || (c != '\0' && strchr("-._+~", c) != NULL);
}

static bool is_host_chr(char c)
{
	return ep_chr_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

static bool is_ip6_chr(char c)
{
	return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
		   || (c >= '0' && c <= ':') || c == '.';
}

/* Beyond token and host: values of other elements come back in responses. */
static bool is_value_chr(char c)
{
	return is_printable(c) && strchr("\",;=<>\\", c) == NULL;
}

/* The same in From and To, where "=" does not end a value. */
static bool is_tag_chr(char c)
{
	return c == '=' || is_value_chr(c);
}

/* Takes the octets of one kind from the front. */
static struct ep_view take(struct ep_view *v, bool (*is)(char))
{
	size_t n = 0;
	struct ep_view taken;

	while(n < v->len && is(v->p[n]))
		n++;
	taken = ep_view_head(*v, n);
	*v = ep_view_from(*v, n);
	return taken;
}

static bool take_chr(struct ep_view *v, char c)
{
	if(v->len == 0 || v->p[0] != c)
		return false;
	*v = ep_view_from(*v, 1);
	return true;
}

static bool all(struct ep_view v, bool (*is)(char))
{
	return v.len != 0 && take(&v, is).len != 0 && v.len == 0;
}

/* A quoted-string without comma and quoted-pair: what Via parsers differ on. */
static bool take_plain_quoted(struct ep_view *v)
{
	if(!take_chr(v, '"'))
		return false;
	while(v->len != 0 && v->p[0] != '"' && v->p[0] != ',' && v->p[0] != '\\')
		*v = ep_view_from(*v, 1);
	return take_chr(v, '"');
}

/* One line without its CRLF. */
static enum ep_sipframe_flaw line_take(
		struct ep_view *line, struct ep_view *rest)
{
	size_t n = ep_view_find_chr(*rest, '\n');

	*line = ep_view_head(*rest, n);
	if(ep_view_find_chr(*line, '\0') != SIZE_MAX)
		return EP_SIPFRAME_LINE_END;
	if(n == SIZE_MAX)
		return ep_view_find_chr(*line, '\r') < line->len - 1
					   ? EP_SIPFRAME_LINE_END
					   : EP_SIPFRAME_NO_END;
	if(n == 0 || ep_view_find_chr(*line, '\r') != n - 1)
		return EP_SIPFRAME_LINE_END;
	line->len--;
	*rest = ep_view_from(*rest, n + 1);
	return EP_SIPFRAME_OK;
}

/* Status-Line: SIP-Version SP 3DIGIT SP Reason-Phrase */
static bool status_line_is_good(struct ep_view line)
{
	uint64_t status;

	return line.len >= 12 && line.p[11] == ' '
		   && ep_view_u64(&status, ep_view_head(ep_view_from(line, 8), 3), 699)
		   && status >= 100;
}

/* Request-Line: Method SP Request-URI SP SIP-Version */
static enum ep_sipframe_flaw start_line_check(
		struct reader *r, struct ep_view line)
{
	if(ep_view_starts(line, EP_LIT("SIP/2.0 ")))
		return status_line_is_good(line) ? EP_SIPFRAME_OK
										 : EP_SIPFRAME_START_LINE;
	r->method = take(&line, is_token_chr);
	if(r->method.len == 0 || !take_chr(&line, ' ')
			|| take(&line, is_printable).len == 0
			|| !ep_view_eq(line, EP_LIT(" SIP/2.0")))
		return EP_SIPFRAME_START_LINE;
	return EP_SIPFRAME_OK;
}

/* sent-by: host [COLON port] */
static bool sent_by_take(struct ep_view *v)
{
	struct ep_view after;
	uint64_t port;

	if(take_chr(v, '[')) {
		if(take(v, is_ip6_chr).len == 0 || !take_chr(v, ']'))
			return false;
	} else if(take(v, is_host_chr).len == 0) {
		return false;
	}
	after = *v;
	take(&after, is_ws);
	if(!take_chr(&after, ':'))
		return true;
	take(&after, is_ws);
	*v = after;
	return ep_view_u64(&port, take(v, ep_chr_is_alnum), 65535) && port > 0;
}

static bool name_is_in(struct ep_view name, const char *const *list)
{
	for(; *list != NULL; list++)
		if(ep_view_ieq(name, ep_view_z(*list)))
			return true;
	return false;
}

/* via-params, behind the semicolon. The values of those with a meaning are
 * what the grammar says: there, or not. */
static bool via_param_take(struct ep_view *v)
{
	static const char *const with[] = {
			"branch", "ttl", "maddr", "received", "i", "comp", NULL};
	static const char *const without[] = {"hidden", "alias", NULL};
	struct ep_view name, after;

	take(v, is_ws);
	name = take(v, is_token_chr);
	if(name.len == 0)
		return false;
	after = *v;
	take(&after, is_ws);
	if(!take_chr(&after, '=')) {
		/* white space, then a comma: not every parser sees the next Via */
		if(after.len != v->len && after.len != 0 && after.p[0] == ',')
			return false;
		*v = after;
		return !name_is_in(name, with);
	}
	take(&after, is_ws);
	*v = after;
	if(name_is_in(name, without))
		return false;
	if(v->len != 0 && v->p[0] == '"')
		return !name_is_in(name, with) && take_plain_quoted(v);
	return take(v, is_value_chr).len != 0;
}

/* via-parm: sent-protocol LWS sent-by *( SEMI via-params ) */
static bool via_parm_take(struct ep_view *v)
{
	if(!ep_view_istarts(*v, EP_LIT("SIP/2.0/")))
		return false;
	*v = ep_view_from(*v, 8);
	if(take(v, is_token_chr).len == 0 || take(v, is_ws).len == 0
			|| !sent_by_take(v))
		return false;
	take(v, is_ws);
	while(take_chr(v, ';')) {
		if(!via_param_take(v))
			return false;
		take(v, is_ws);
	}
	return true;
}

static bool via_is_good(struct ep_view value)
{
	do {
		take(&value, is_ws);
		if(!via_parm_take(&value))
			return false;
	} while(take_chr(&value, ','));
	return value.len == 0;
}

static bool cseq_is_good(struct ep_view value, struct ep_view method)
{
	uint64_t number;

	if(!ep_view_u64(&number, take(&value, ep_chr_is_alnum), CSEQ_MAX)
			|| take(&value, is_ws).len == 0)
		return false;
	return method.p ? ep_view_eq(value, method) : all(value, is_token_chr);
}

/* display-name: a quoted-string, or tokens and white space */
static bool display_is_good(struct ep_view display)
{
	if(display.len != 0 && display.p[0] == '"')
		return display.len >= 2 && display.p[display.len - 1] == '"';
	while(display.len != 0)
		if(take(&display, is_token_chr).len + take(&display, is_ws).len == 0)
			return false;
	return true;
}

static bool address_params_are_good(struct ep_view params)
{
	struct ep_param p;

	while(ep_param_next(&p, &params) == EP_OK) {
		if(!all(p.name, is_token_chr))
			return false;
		if(p.value.p && !all(p.value, is_tag_chr)
				&& (p.value.len < 2 || p.value.p[0] != '"'
						|| p.value.p[p.value.len - 1] != '"'))
			return false;
	}
	return true;
}

static bool address_is_good(struct ep_view value)
{
	struct ep_nameaddr na;

	return ep_nameaddr_parse(&na, value) == EP_OK && !na.star
		   && !ep_view_ends(na.all, EP_LIT(";")) && all(na.uri, is_printable)
		   && ep_view_find_chr(na.uri, '\\') == SIZE_MAX
		   && ep_view_find_chr(na.uri, ':') != SIZE_MAX
		   && display_is_good(na.display) && address_params_are_good(na.params);
}

/* delta-seconds [ comment ] *( SEMI retry-param ), of which the number */
static bool retry_after_is_good(struct ep_view value)
{
	uint64_t seconds;

	if(!ep_view_u64(&seconds, take(&value, ep_chr_is_alnum), UINT32_MAX))
		return false;
	return value.len == 0 || is_ws(value.p[0]) || value.p[0] == ';';
}

/* Those that are there once. False: a second one. */
static bool once(struct reader *r, enum once which)
{
	return r->seen[which]++ == 0;
}

static bool named(struct ep_view name, const char *text, const char *compact)
{
	return ep_view_ieq(name, ep_view_z(text))
		   || (compact && ep_view_ieq(name, ep_view_z(compact)));
}

static enum ep_sipframe_flaw header_check(
		struct reader *r, struct ep_view name, struct ep_view value)
{
	bool folded = ep_view_find_chr(value, '\n') != SIZE_MAX;

	value = ep_view_trim(value);
	if(named(name, "via", "v")) {
		r->vias++;
		return !folded && via_is_good(value) ? EP_SIPFRAME_OK : EP_SIPFRAME_VIA;
	}
	if(named(name, "cseq", NULL))
		return once(r, CSEQ) && !folded && cseq_is_good(value, r->method)
					   ? EP_SIPFRAME_OK
					   : EP_SIPFRAME_CSEQ;
	if(named(name, "from", "f"))
		return once(r, FROM) && !folded && address_is_good(value)
					   ? EP_SIPFRAME_OK
					   : EP_SIPFRAME_FROM;
	if(named(name, "to", "t"))
		return once(r, TO) && !folded && address_is_good(value)
					   ? EP_SIPFRAME_OK
					   : EP_SIPFRAME_TO;
	if(named(name, "call-id", "i"))
		return once(r, CALL_ID) && all(value, is_printable)
					   ? EP_SIPFRAME_OK
					   : EP_SIPFRAME_CALL_ID;
	if(named(name, "content-length", "l")) {
		r->content_length = value;
		return once(r, CONTENT_LENGTH) && !folded ? EP_SIPFRAME_OK
												  : EP_SIPFRAME_CONTENT_LENGTH;
	}
	if(named(name, "max-forwards", NULL))
		return once(r, MAX_FORWARDS) ? EP_SIPFRAME_OK
									 : EP_SIPFRAME_MAX_FORWARDS;
	if(named(name, "retry-after", NULL))
		return !folded && retry_after_is_good(value) ? EP_SIPFRAME_OK
													 : EP_SIPFRAME_RETRY_AFTER;
	return EP_SIPFRAME_OK;
}

/* message-header: its name, colon, value and the lines that continue it */
static enum ep_sipframe_flaw header_read(struct reader *r)
{
	struct ep_view line, name, more;
	enum ep_sipframe_flaw flaw = line_take(&line, &r->rest);

	if(flaw != EP_SIPFRAME_OK)
		return flaw;
	while(r->rest.len != 0 && is_ws(r->rest.p[0])) {
		flaw = line_take(&more, &r->rest);
		if(flaw != EP_SIPFRAME_OK)
			return flaw;
		line.len = (size_t)(more.p + more.len - line.p);
	}
	name = take(&line, is_name_chr);
	take(&line, is_ws);
	if(name.len == 0 || !take_chr(&line, ':'))
		return EP_SIPFRAME_HEADER_NAME;
	return header_check(r, name, line);
}

/* What must be there, and Content-Length against what is behind the end. */
static enum ep_sipframe_flaw whole_check(const struct reader *r)
{
	uint64_t n;

	if(r->vias == 0)
		return EP_SIPFRAME_VIA;
	if(r->seen[CSEQ] == 0)
		return EP_SIPFRAME_CSEQ;
	if(r->seen[FROM] == 0)
		return EP_SIPFRAME_FROM;
	if(r->seen[TO] == 0)
		return EP_SIPFRAME_TO;
	if(r->seen[CALL_ID] == 0)
		return EP_SIPFRAME_CALL_ID;
	if(r->seen[CONTENT_LENGTH] != 0
			&& !ep_view_u64(&n, r->content_length, r->rest.len))
		return EP_SIPFRAME_CONTENT_LENGTH;
	return EP_SIPFRAME_OK;
}

enum ep_sipframe_flaw ep_sipframe_check(struct ep_view frame)
{
	struct reader r = {.rest = frame};
	enum ep_sipframe_flaw flaw;
	struct ep_view line;

	while(ep_view_starts(r.rest, CRLF))
		r.rest = ep_view_from(r.rest, 2);
	if(r.rest.len == 0)
		return EP_SIPFRAME_OK;
	flaw = line_take(&line, &r.rest);
	if(flaw == EP_SIPFRAME_OK)
		flaw = start_line_check(&r, line);
	while(flaw == EP_SIPFRAME_OK && !ep_view_starts(r.rest, CRLF))
		flaw = r.rest.len != 0 ? header_read(&r) : EP_SIPFRAME_NO_END;
	if(flaw != EP_SIPFRAME_OK)
		return flaw;
	r.rest = ep_view_from(r.rest, 2);
	return whole_check(&r);
}

const char *ep_sipframe_flaw_text(enum ep_sipframe_flaw flaw)
{
	static const char *const text[EP_SIPFRAME_FLAW_N] = {
			[EP_SIPFRAME_OK] = "none",
			[EP_SIPFRAME_START_LINE] = "start line",
			[EP_SIPFRAME_LINE_END] = "line without CRLF, or NUL",
			[EP_SIPFRAME_NO_END] = "no end of the headers",
			[EP_SIPFRAME_HEADER_NAME] = "header name",
			[EP_SIPFRAME_VIA] = "Via",
			[EP_SIPFRAME_CSEQ] = "CSeq",
			[EP_SIPFRAME_FROM] = "From",
			[EP_SIPFRAME_TO] = "To",
			[EP_SIPFRAME_CALL_ID] = "Call-ID",
			[EP_SIPFRAME_CONTENT_LENGTH] = "Content-Length",
			[EP_SIPFRAME_MAX_FORWARDS] = "Max-Forwards",
			[EP_SIPFRAME_RETRY_AFTER] = "Retry-After",
	};

	return (unsigned)flaw < EP_SIPFRAME_FLAW_N ? text[flaw] : "unknown";
}
