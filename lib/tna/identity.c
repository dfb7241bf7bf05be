/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/identity.h"
#include "base/sipuri.h"

#define IMPU_MAX                                                               \
	512 /* canonical text we match or assert; RFC 3261 sets none               \
		 */
#define ELEMENTS_MAX 63

struct ep_view ep_impus_find(struct ep_impus set, struct ep_view impu)
{
	size_t i;

	for(i = 0; i < set.n; i++)
		if(ep_impu_eq(set.v[i], impu))
			return set.v[i];
	return ep_view_none();
}

struct ep_view ep_impus_default(struct ep_impus set)
{
	size_t i;

	for(i = 0; i < set.n; i++)
		if(ep_view_istarts(set.v[i], EP_LIT("sip:")))
			return set.v[i];
	return set.n ? set.v[0] : ep_view_none();
}

/* --- wildcarded identities --- */

/* One element of the regular expression: what it matches, how often. */
struct element
{
	struct ep_view set; /* a character, or what stands in [...] */
	enum
	{
		ONE,
		ANY,
		CLASS
	} kind;
	char repeat; /* '*', '+', '?' or 0 */
};

/* Cuts one element off `re`; false for what we do not know. */
static bool element_cut(struct element *e, struct ep_view *re)
{
	size_t n = 1, close;

	*e = (struct element){.kind = ONE, .set = ep_view_head(*re, 1)};
	if(memchr("*+?{}()|^$]", re->p[0], 11))
		return false;
	if(re->p[0] == '.') {
		e->kind = ANY;
	} else if(re->p[0] == '\\') {
		if(re->len < 2)
			return false;
		e->set = ep_view_of(re->p + 1, 1);
		n = 2;
	} else if(re->p[0] == '[') {
		/* a ']' that comes first stands for itself */
		size_t from = re->len > 1 && re->p[1] == '^' ? 3 : 2;

		close = ep_view_find_chr(ep_view_from(*re, from), ']');
		if(close == SIZE_MAX)
			return false;
		e->kind = CLASS;
		e->set = ep_view_of(re->p + 1, from + close - 1);
		n = from + close + 1;
	}
	*re = ep_view_from(*re, n);
	if(re->len && memchr("*+?", re->p[0], 3)) {
		e->repeat = re->p[0];
		*re = ep_view_from(*re, 1);
	}
	return true;
}

static bool class_has(struct ep_view set, char c)
{
	bool not = set.len && set.p[0] == '^', found = false;
	size_t i;

	if(not )
		set = ep_view_from(set, 1);
	for(i = 0; i < set.len; i++) {
		if(i + 2 < set.len && set.p[i + 1] == '-') {
			found |= c >= set.p[i] && c <= set.p[i + 2];
			i += 2;
		} else {
			found |= c == set.p[i];
		}
	}
	return found != not ;
}

static bool element_takes(const struct element *e, char c)
{
	switch(e->kind) {
		case ANY:
			return true;
		case CLASS:
			return class_has(e->set, c);
		default:
			return e->set.p[0] == c;
	}
}

/* Does the whole of `text` match? All positions at once, a bit each, so time
 * is linear whatever the pattern. */
static bool regex_match(struct ep_view re, struct ep_view text)
{
	struct element e[ELEMENTS_MAX];
	uint64_t at = 1, next;
	size_t n = 0, i, k;

	while(re.len)
		if(n == ELEMENTS_MAX || !element_cut(&e[n++], &re))
			return false;
	for(k = 0;; k++) {
		for(i = 0; i < n; i++) /* what may be left out */
			if((at >> i & 1) && (e[i].repeat == '*' || e[i].repeat == '?'))
				at |= (uint64_t)1 << (i + 1);
		if(k == text.len)
			return at >> n & 1;
		for(next = 0, i = 0; i < n; i++) {
			if(!(at >> i & 1) || !element_takes(&e[i], text.p[k]))
				continue;
			next |= (uint64_t)1 << (i + 1);
			if(e[i].repeat == '*' || e[i].repeat == '+')
				next |= (uint64_t)1 << i;
		}
		at = next;
	}
}

/* Cuts `w` at its first and last '!'. */
static bool wildcard_cut(struct ep_view *before, struct ep_view *re,
		struct ep_view *behind, struct ep_view w)
{
	size_t first = ep_view_find_chr(w, '!'), last = w.len;

	if(first == SIZE_MAX)
		return false;
	while(w.p[last - 1] != '!')
		last--;
	last--;
	if(first == last)
		return false;
	*before = ep_view_head(w, first);
	*re = ep_view_of(w.p + first + 1, last - first - 1);
	*behind = ep_view_from(w, last + 1);
	return true;
}

bool ep_impu_is_wildcard(struct ep_view uri)
{
	struct ep_view before, re, behind;

	return wildcard_cut(&before, &re, &behind, uri)
		   && ep_view_find_chr(before, '@') == SIZE_MAX;
}

/* Cuts `scheme:` (any case) off both. */
static bool scheme_cut_eq(struct ep_view *a, struct ep_view *b)
{
	size_t n = ep_view_find_chr(*a, ':');

	if(n == SIZE_MAX
			|| !ep_view_ieq(ep_view_head(*a, n + 1), ep_view_head(*b, n + 1)))
		return false;
	*a = ep_view_from(*a, n + 1);
	*b = ep_view_from(*b, n + 1);
	return true;
}

bool ep_impu_wildcard_match(struct ep_view wildcard, struct ep_view impu)
{
	char text[IMPU_MAX];
	struct ep_buf buf;
	struct ep_view v, before, re, behind, host;
	size_t at;

	if(!ep_impu_is_wildcard(wildcard))
		return false;
	wildcard_cut(&before, &re, &behind, wildcard);
	ep_buf_init(&buf, text, sizeof(text));
	if(ep_impu_print(&buf, impu))
		return false;
	v = ep_buf_view(&buf);
	if(!scheme_cut_eq(&before, &v) || !ep_view_starts(v, before))
		return false;
	v = ep_view_from(v, before.len);

	/* a sip pattern fixes the host; without one it would match them all */
	at = ep_view_find_chr(v, '@');
	host = at == SIZE_MAX ? EP_LIT("") : ep_view_from(v, at);
	v = ep_view_head(v, at);
	at = ep_view_find_chr(behind, '@');
	if(!ep_view_ieq(
			   at == SIZE_MAX ? EP_LIT("") : ep_view_from(behind, at), host))
		return false;
	behind = ep_view_head(behind, at);
	if(!ep_view_ends(v, behind))
		return false;
	return regex_match(re, ep_view_head(v, v.len - behind.len));
}

/* --- the identity to assert --- */

static enum ep_err preferred_find(struct ep_view *out, struct ep_impus set,
		struct ep_impus wildcards, struct ep_view uri, struct ep_arena *arena)
{
	char text[IMPU_MAX];
	struct ep_buf buf;
	size_t i;

	*out = ep_impus_find(set, uri);
	for(i = 0; i < wildcards.n && !out->p; i++) {
		if(!ep_impu_wildcard_match(wildcards.v[i], uri))
			continue;
		ep_buf_init(&buf, text, sizeof(text));
		ep_impu_print(&buf, uri); /* did fit when it matched */
		*out = ep_arena_copy(arena, ep_buf_view(&buf));
		if(!out->p)
			return EP_ENOMEM;
	}
	return EP_OK;
}

enum ep_err ep_identity_choose(struct ep_view *out, struct ep_impus set,
		struct ep_impus wildcards, const struct ep_msg *m,
		struct ep_arena *arena)
{
	struct ep_view name = EP_LIT("P-Preferred-Identity"), rest;
	struct ep_nameaddr na;
	enum ep_err err;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		rest = m->hdrs[i].value;
		while(ep_nameaddr_next(&na, &rest) == EP_OK) {
			err = preferred_find(out, set, wildcards, na.uri, arena);
			if(err || out->p)
				return err;
		}
	}
	*out = ep_impus_default(set);
	return EP_OK;
}
