/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/mask.h"

#define BEARER EP_LIT("Bearer")
#define WORD_MIN 20 /* behind "Bearer ": shorter ones are English */
#define PART_MIN 16 /* of each of the three parts of a JWT */

static bool is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* base64url (RFC 4648 5) */
static bool is_part_chr(char c)
{
	return ep_chr_is_alnum(c) || c == '-' || c == '_';
}

/* RFC 6750 2.1: b64token, its '=' taken together with the rest */
static bool is_b64token_chr(char c)
{
	return ep_chr_is_alnum(c) || (c != '\0' && strchr("-._~+/=", c) != NULL);
}

/* RFC 3261 25.1: token */
static bool is_token_chr(char c)
{
	return ep_chr_is_alnum(c) || (c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

/* Up to what ends the value of a parameter in a header, a URI, JSON. */
static bool is_value_chr(char c)
{
	return !is_lws(c) && (c == '\0' || strchr("\"'&;,<>#\\{}", c) == NULL);
}

static size_t run(struct ep_view v, size_t from, bool (*is)(char))
{
	size_t n = from;

	while(n < v.len && is(v.p[n]))
		n++;
	return n - from;
}

static size_t skip(struct ep_view v, size_t from, bool (*is)(char))
{
	return from + run(v, from, is);
}

/* --- what looks like a token --- */

/* The length of a JWT that begins at `at`: "{" and one more octet of JSON in
 * base64url is "e" and one of w-z, 0-9, -, _; three parts or more. */
static size_t jwt_len(struct ep_view v, size_t at)
{
	size_t end = at, n, parts = 0;

	if(v.p[at] != 'e' || at + 1 >= v.len
			|| (v.p[at + 1] != 'y' && v.p[at + 1] != 'w'))
		return 0;
	for(;;) {
		n = run(v, end, is_part_chr);
		if(parts < 3 && n < PART_MIN)
			return 0;
		end += n;
		parts++;
		if(end == v.len || v.p[end] != '.')
			return parts < 3 ? 0 : end - at;
		end++;
	}
}

/* Does a word begin here? Behind %20 it does. (Not behind "-": what runs of
 * such edges cost would grow with the square of their length.) */
static bool is_edge(struct ep_view v, size_t at)
{
	return at == 0 || !is_part_chr(v.p[at - 1])
		   || (at >= 3 && v.p[at - 3] == '%');
}

/* Where the value of a parameter named like this begins; 0: it is none. */
static size_t param_value_at(struct ep_view v, size_t at, struct ep_view name)
{
	if(!ep_view_istarts(ep_view_from(v, at), name))
		return 0;
	at += name.len;
	if(at < v.len && v.p[at] == '"')
		at++;
	at = skip(v, at, is_lws);
	if(ep_view_istarts(ep_view_from(v, at), EP_LIT("%3d")))
		at += 3;
	else if(at < v.len && (v.p[at] == '=' || v.p[at] == ':'))
		at++;
	else
		return 0;
	at = skip(v, at, is_lws);
	if(at < v.len && (v.p[at] == '"' || v.p[at] == '\''))
		at++;
	return at;
}

/* The value of an access_token and its like that is named at `at`. */
static bool token_param(struct ep_view *found, struct ep_view v, size_t at)
{
	static const char *const names[] = {
			"access_token", "id_token", "refresh_token"};
	size_t i, from, n;

	for(i = 0; i < sizeof(names) / sizeof(*names); i++) {
		from = param_value_at(v, at, ep_view_z(names[i]));
		n = from ? run(v, from, is_value_chr) : 0;
		if(n == 0)
			continue;
		*found = ep_view_of(v.p + from, n);
		return true;
	}
	return false;
}

/* "Bearer" LWS and a word of some length. */
static bool bearer_word(struct ep_view *found, struct ep_view v, size_t at)
{
	size_t from, n;

	if(!ep_view_istarts(ep_view_from(v, at), BEARER))
		return false;
	at += BEARER.len;
	from = skip(v, at, is_lws);
	n = run(v, from, is_b64token_chr);
	if(from == at || n < WORD_MIN)
		return false;
	*found = ep_view_of(v.p + from, n);
	return true;
}

/* The first that looks like a token. False: none. */
static bool stray_find(struct ep_view *found, struct ep_view v)
{
	size_t i, n;

	for(i = 0; i < v.len; i++) {
		if(v.p[i] == '\0' || strchr("aAbBeiIrR", v.p[i]) == NULL)
			continue;
		if(token_param(found, v, i))
			return true;
		if(!is_edge(v, i))
			continue;
		n = jwt_len(v, i);
		if(n > 0) {
			*found = ep_view_of(v.p + i, n);
			return true;
		}
		if(bearer_word(found, v, i))
			return true;
	}
	return false;
}

/* --- Digest --- */

struct param
{
	struct ep_view name;
	struct ep_view value; /* without the quotes */
};

/* auth-param = auth-param-name EQUAL ( token / quoted-string ), and the comma
 * behind it. */
static bool param_take(struct param *out, struct ep_view *rest)
{
	struct ep_view v = *rest;
	size_t at = skip(v, 0, is_lws), n = run(v, at, is_token_chr);

	out->name = ep_view_of(v.p + at, n);
	at = skip(v, at + n, is_lws);
	if(n == 0 || at == v.len || v.p[at] != '=')
		return false;
	at = skip(v, at + 1, is_lws);
	if(at < v.len && v.p[at] == '"') {
		for(n = ++at; n < v.len && v.p[n] != '"'; n++)
			if(v.p[n] == '\\')
				n++;
		if(n >= v.len)
			return false;
		out->value = ep_view_of(v.p + at, n - at);
		at = n + 1;
	} else {
		n = run(v, at, is_token_chr);
		out->value = ep_view_of(v.p + at, n);
		at += n;
		if(n == 0)
			return false;
	}
	at = skip(v, at, is_lws);
	if(at < v.len && v.p[at++] != ',')
		return false;
	*rest = ep_view_from(v, at);
	return true;
}

/* RFC 3261 25.1 dig-resp, RFC 3310, RFC 7616, TS 24.229 7.2A.2 */
static bool is_listed(struct ep_view name)
{
	static const char *const names[] = {"username", "username*", "userhash",
			"realm", "nonce", "uri", "response", "algorithm", "cnonce",
			"opaque", "qop", "nc", "auts", "integrity-protected",
			"authorization-entity"};
	size_t i;

	for(i = 0; i < sizeof(names) / sizeof(*names); i++)
		if(ep_view_ieq(name, ep_view_z(names[i])))
			return true;
	return false;
}

/* The parameters of a Digest that can be read to its end; else absent. */
static struct ep_view digest_params(struct ep_view value)
{
	struct ep_view scheme = EP_LIT("Digest"), params, rest;
	struct param p;

	if(!ep_view_istarts(value, scheme))
		return ep_view_none();
	params = ep_view_from(value, scheme.len);
	if(params.len == 0 || !is_lws(params.p[0]))
		return ep_view_none();
	rest = params;
	while(rest.len != 0)
		if(!param_take(&p, &rest))
			return ep_view_none();
	return params;
}

/* A parameter that no Digest has, or has something else in it. */
static bool digest_stray_find(struct ep_view *found, struct ep_view *rest)
{
	struct ep_view inside;
	struct param p;

	while(rest->len != 0 && param_take(&p, rest)) {
		if(p.value.len == 0
				|| (is_listed(p.name) && !stray_find(&inside, p.value)))
			continue;
		*found = p.value;
		return true;
	}
	return false;
}

/* --- the walk --- */

/* The next line with those that continue it, its end cut off; absent at the
 * end of the headers. */
static struct ep_view header_take(struct ep_mask_walk *w)
{
	struct ep_view rest = ep_view_from(w->text, w->next);
	size_t n = 0, end;

	for(;;) {
		end = ep_view_find_chr(ep_view_from(rest, n), '\n');
		n = end == SIZE_MAX ? rest.len : n + end + 1;
		if(n == rest.len || (rest.p[n] != ' ' && rest.p[n] != '\t'))
			break;
	}
	w->next += n;
	rest = ep_view_trim(ep_view_head(rest, n));
	return rest.len != 0 ? rest : ep_view_none();
}

static bool is_credentials_name(struct ep_view name)
{
	return ep_view_ieq(name, EP_LIT("Authorization"))
		   || ep_view_ieq(name, EP_LIT("Proxy-Authorization"));
}

static size_t at_of(const struct ep_mask_walk *w, struct ep_view v)
{
	return (size_t)(v.p - w->text.p);
}

static size_t keep_of(struct ep_view value)
{
	return ep_view_istarts(value, BEARER) && value.len > BEARER.len
						   && is_lws(value.p[BEARER.len])
				   ? BEARER.len
				   : 0;
}

/* Begins with a header: true when all of it is one span. */
static bool header_begin(
		struct ep_mask_span *out, struct ep_mask_walk *w, struct ep_view line)
{
	struct ep_view value = line, name = ep_view_cut(&value, ':'), params;

	w->left = line;
	w->is_digest = false;
	if(w->is_start_line || value.p == NULL
			|| !is_credentials_name(ep_view_trim(name)))
		return false;
	value = ep_view_trim(value);
	params = digest_params(value);
	if(params.p != NULL) {
		w->is_digest = true;
		w->left = params;
		return false;
	}
	w->left = ep_view_none();
	if(value.len == 0)
		return false;
	*out = (struct ep_mask_span){
			EP_MASK_CREDENTIALS, at_of(w, value), value.len, keep_of(value)};
	return true;
}

static bool left_next(struct ep_mask_span *out, struct ep_mask_walk *w)
{
	struct ep_view found;

	if(w->left.len == 0)
		return false;
	if(w->is_digest) {
		if(!digest_stray_find(&found, &w->left))
			return false;
	} else {
		if(!stray_find(&found, w->left))
			return false;
		w->left = ep_view_from(
				w->left, (size_t)(found.p - w->left.p) + found.len);
	}
	*out = (struct ep_mask_span){EP_MASK_STRAY, at_of(w, found), found.len, 0};
	return true;
}

void ep_mask_walk_init(struct ep_mask_walk *w, struct ep_view text)
{
	*w = (struct ep_mask_walk){.text = text, .is_start_line = true};
	while(w->next < text.len
			&& (text.p[w->next] == '\r' || text.p[w->next] == '\n'))
		w->next++;
}

bool ep_mask_walk_next(struct ep_mask_span *out, struct ep_mask_walk *w)
{
	struct ep_view line;
	bool all;

	for(;;) {
		if(left_next(out, w))
			return true;
		w->left = ep_view_none();
		if(w->next >= w->text.len)
			return false;
		line = header_take(w);
		if(line.p == NULL) {
			w->next = SIZE_MAX;
			return false;
		}
		all = header_begin(out, w, line);
		w->is_start_line = false;
		if(all)
			return true;
	}
}

bool ep_mask_is_upgrade(struct ep_view text)
{
	struct ep_mask_walk w;
	struct ep_view line, name;

	if(!ep_view_starts(text, EP_LIT("GET ")))
		return false;
	ep_mask_walk_init(&w, text);
	while(w.next < text.len && (line = header_take(&w)).p != NULL) {
		name = ep_view_trim(ep_view_cut(&line, ':'));
		if(line.p != NULL && ep_view_ieq(name, EP_LIT("Upgrade"))
				&& ep_view_ieq(ep_view_trim(line), EP_LIT("websocket")))
			return true;
	}
	return false;
}

void ep_mask_write(char *text, const struct ep_mask_span *span)
{
	char chr = span->kind == EP_MASK_STRAY ? EP_MASK_STRAY_CHR : EP_MASK_CHR;
	size_t i;

	for(i = span->at + span->keep; i < span->at + span->len; i++)
		if(!is_lws(text[i]))
			text[i] = chr;
}

bool ep_mask_is_of(struct ep_view masked, struct ep_view value, size_t keep)
{
	size_t i;

	if(masked.len != value.len)
		return false;
	for(i = 0; i < value.len; i++)
		if(masked.p[i]
				!= (i < keep || is_lws(value.p[i]) ? value.p[i] : EP_MASK_CHR))
			return false;
	return true;
}
