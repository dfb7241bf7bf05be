/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/bearer.h"

/* What is left to read. */
struct cursor
{
	const char *p;
	const char *end;
};

static bool is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool skip_lws(struct cursor *c)
{
	const char *from = c->p;

	while(c->p < c->end && is_lws(*c->p))
		c->p++;
	return c->p > from;
}

/* RFC 6750 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" /
 * "/" ) *"=" */
static bool is_b64token(struct ep_view v)
{
	size_t i = 0;

	while(i < v.len
			&& (ep_chr_is_alnum(v.p[i])
					|| (v.p[i] != '\0' && strchr("-._~+/", v.p[i]))))
		i++;
	if(i == 0)
		return false;
	while(i < v.len && v.p[i] == '=')
		i++;
	return i == v.len;
}

/* RFC 3261 25.1: token */
static struct ep_view take_token(struct cursor *c)
{
	const char *from = c->p;

	while(c->p < c->end
			&& (ep_chr_is_alnum(*c->p)
					|| (*c->p != '\0' && strchr("-.!%*_+`'~", *c->p))))
		c->p++;
	return ep_view_of(from, (size_t)(c->p - from));
}

/* What stands between the quotes, escapes left in; absent if one is missing,
 * or there is an octet that cannot stand in a quoted-string. */
static struct ep_view take_quoted(struct cursor *c)
{
	const char *from = ++c->p;

	for(; c->p < c->end && *c->p != '"'; c->p++) {
		if(*c->p == '\\' && ++c->p == c->end)
			return ep_view_none();
		if((unsigned char)*c->p < ' ' && !is_lws(*c->p))
			return ep_view_none();
	}
	if(c->p == c->end)
		return ep_view_none();
	return ep_view_of(from, (size_t)(c->p++ - from));
}

/* An unquoted value: up to the next comma or white space. An access_token's
 * may have '/' and '=' in it, which RFC 3261's token has not. */
static struct ep_view take_bare(struct cursor *c)
{
	const char *from = c->p;

	while(c->p < c->end && *c->p != ',' && *c->p != '"' && *c->p > ' '
			&& *c->p < 0x7f)
		c->p++;
	return ep_view_of(from, (size_t)(c->p - from));
}

struct param
{
	struct ep_view name;
	struct ep_view value;
};

/* auth-param = auth-param-name EQUAL ( token / quoted-string ) */
static bool take_param(struct param *out, struct cursor *c)
{
	out->name = take_token(c);
	skip_lws(c);
	if(out->name.len == 0 || c->p == c->end || *c->p++ != '=')
		return false;
	skip_lws(c);
	if(c->p == c->end)
		return false;
	out->value = *c->p == '"' ? take_quoted(c) : take_bare(c);
	if(out->value.p == NULL)
		return false;
	skip_lws(c);
	return true;
}

/* auth-params with exactly one access_token among them. An escape in it is
 * refused with every other octet that no b64token has. */
static enum ep_bearer params_parse(struct ep_view *token, struct cursor *c)
{
	struct ep_view found = ep_view_none();
	struct param param;

	for(;;) {
		if(!take_param(&param, c))
			return EP_BEARER_MALFORMED;
		if(ep_view_ieq(param.name, EP_LIT("access_token"))) {
			if(found.p != NULL || !is_b64token(param.value))
				return EP_BEARER_MALFORMED;
			found = param.value;
		}
		if(c->p == c->end)
			break;
		if(*c->p++ != ',')
			return EP_BEARER_MALFORMED;
		skip_lws(c);
	}
	if(found.p == NULL)
		return EP_BEARER_MALFORMED;
	*token = found;
	return EP_BEARER_OK;
}

enum ep_bearer ep_bearer_parse(struct ep_view *token, struct ep_view value)
{
	struct cursor c;
	struct ep_view scheme;
	struct ep_view rest;

	value = ep_view_trim(value);
	c = (struct cursor){value.p, value.p + value.len};
	scheme = take_token(&c);
	if(!ep_view_ieq(scheme, EP_LIT("Bearer")))
		return EP_BEARER_OTHER;
	if(!skip_lws(&c))
		return EP_BEARER_MALFORMED;
	rest = ep_view_of(c.p, (size_t)(c.end - c.p));
	if(is_b64token(rest)) {
		*token = rest;
		return EP_BEARER_OK;
	}
	return params_parse(token, &c);
}
