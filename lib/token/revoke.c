/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipuri.h"
#include "base/word.h"
#include "token/revoke.h"

static const struct
{
	const char *name;
	bool has_issuer;
	enum ep_token_cause cause;
} kinds[EP_REVOKE_KIND_N] = {
		[EP_REVOKE_JTI] = {"jti", true, EP_TOKEN_REVOKED},
		[EP_REVOKE_SUB] = {"sub", true, EP_TOKEN_USER_REVOKED},
		[EP_REVOKE_SID] = {"sid", true, EP_TOKEN_REVOKED},
		[EP_REVOKE_ALONE] = {"sub-alone", true, EP_TOKEN_USER_REVOKED},
		[EP_REVOKE_IMPI] = {"impi", false, EP_TOKEN_USER_REVOKED},
		[EP_REVOKE_IMPU] = {"impu", false, EP_TOKEN_USER_REVOKED},
		[EP_REVOKE_WWSF] = {"wwsf", false, EP_TOKEN_WWSF_REVOKED},
		[EP_REVOKE_WAF] = {"waf", false, EP_TOKEN_WAF_REVOKED},
		[EP_REVOKE_ISSUER] = {"issuer", false, EP_TOKEN_ISSUER_REVOKED},
		[EP_REVOKE_LOGOUT] = {"logout", true, EP_TOKEN_REVOKED},
};

static const char *const by_names[EP_REVOKE_BY_N] = {
		"rpc", "logout", "file", "node"};

const char *ep_revoke_kind_name(enum ep_revoke_kind kind)
{
	return (unsigned)kind < EP_REVOKE_KIND_N ? kinds[kind].name : "?";
}

const char *ep_revoke_by_name(enum ep_revoke_by by)
{
	return (unsigned)by < EP_REVOKE_BY_N ? by_names[by] : "?";
}

enum ep_revoke_kind ep_revoke_kind_find(struct ep_view name)
{
	int k;

	for(k = 0; k < EP_REVOKE_KIND_N; k++)
		if(ep_view_eq(name, ep_view_z(kinds[k].name)))
			break;
	return (enum ep_revoke_kind)k;
}

bool ep_revoke_kind_has_issuer(enum ep_revoke_kind kind)
{
	return (unsigned)kind < EP_REVOKE_KIND_N && kinds[kind].has_issuer;
}

enum ep_token_cause ep_revoke_kind_cause(enum ep_revoke_kind kind)
{
	return (unsigned)kind < EP_REVOKE_KIND_N ? kinds[kind].cause : EP_TOKEN_OK;
}

/* --- making one --- */

static bool length_ok(struct ep_view v)
{
	return v.p != NULL && v.len > 0 && v.len <= EP_REVOKE_VALUE_MAX;
}

static enum ep_err impu_canonical(
		struct ep_view *out, struct ep_view impu, struct ep_arena *arena)
{
	char text[EP_REVOKE_VALUE_MAX];
	struct ep_buf b;
	enum ep_err err;

	ep_buf_init(&b, text, sizeof(text));
	err = ep_impu_print(&b, impu);
	if(err != EP_OK)
		return err == EP_ENOSPC ? EP_ERANGE : err;
	*out = ep_arena_copy(arena, ep_buf_view(&b));
	return out->p != NULL ? EP_OK : EP_ENOMEM;
}

enum ep_err ep_revoke_entry_make(struct ep_revoke_entry *out,
		enum ep_revoke_kind kind, struct ep_view value, struct ep_arena *arena)
{
	struct ep_view rest = value;

	*out = (struct ep_revoke_entry){.kind = kind};
	if((unsigned)kind >= EP_REVOKE_KIND_N || value.p == NULL)
		return EP_ESYNTAX;
	if(kinds[kind].has_issuer) {
		out->issuer = ep_view_cut(&rest, '/');
		if(rest.p == NULL || out->issuer.len == 0)
			return EP_ESYNTAX;
	}
	if(rest.len == 0)
		return EP_ESYNTAX;
	if(kind == EP_REVOKE_IMPU)
		return impu_canonical(&out->value, rest, arena);
	if(!length_ok(rest) || (out->issuer.p != NULL && !length_ok(out->issuer)))
		return EP_ERANGE;
	out->value = ep_arena_copy(arena, rest);
	if(out->issuer.p != NULL)
		out->issuer = ep_arena_copy(arena, out->issuer);
	if(out->value.p == NULL
			|| (kinds[kind].has_issuer && out->issuer.p == NULL))
		return EP_ENOMEM;
	return EP_OK;
}

/* --- the text of one --- */

static void put_number(struct ep_buf *out, int64_t n)
{
	ep_buf_put_u64(out, n > 0 ? (uint64_t)n : 0);
	ep_buf_put_chr(out, ' ');
}

enum ep_err ep_revoke_entry_print(
		struct ep_buf *out, const struct ep_revoke_entry *e)
{
	ep_buf_put_z(out, ep_revoke_kind_name(e->kind));
	ep_buf_put_chr(out, ' ');
	if(kinds[e->kind].has_issuer)
		ep_word_put(out, e->issuer);
	else
		ep_buf_put_chr(out, '-');
	ep_buf_put_chr(out, ' ');
	ep_word_put(out, e->value);
	ep_buf_put_chr(out, ' ');
	put_number(out, e->until_s);
	if(e->only_issued)
		put_number(out, e->issued_s);
	else
		ep_buf_put_z(out, "* ");
	put_number(out, e->at_ms);
	ep_buf_put_z(out, e->lifted ? "lifted " : "revoked ");
	ep_buf_put_z(out, ep_revoke_by_name(e->by));
	return out->overflow ? EP_ENOSPC : EP_OK;
}

/* An IMPU in the list is canonical, or it would not be found. */
static enum ep_err value_check(
		const struct ep_revoke_entry *e, struct ep_arena *arena)
{
	struct ep_view canonical;
	enum ep_err err;

	if(e->kind != EP_REVOKE_IMPU)
		return EP_OK;
	err = impu_canonical(&canonical, e->value, arena);
	if(err != EP_OK)
		return err;
	return ep_view_eq(canonical, e->value) ? EP_OK : EP_ESYNTAX;
}

enum ep_err ep_revoke_entry_parse(struct ep_revoke_entry *out,
		struct ep_view line, struct ep_arena *arena)
{
	struct ep_view f[8], rest = line;
	struct ep_revoke_entry e = {.kind = EP_REVOKE_JTI};
	enum ep_err err;
	size_t i;

	if(line.p == NULL)
		return EP_ESYNTAX;
	for(i = 0; i < 8; i++)
		f[i] = ep_view_cut(&rest, ' ');
	if(rest.p != NULL || f[7].p == NULL)
		return EP_ESYNTAX;
	e.kind = ep_revoke_kind_find(f[0]);
	if(e.kind == EP_REVOKE_KIND_N)
		return EP_ESYNTAX;
	if(kinds[e.kind].has_issuer) {
		err = ep_word_get(&e.issuer, f[1], EP_REVOKE_VALUE_MAX, arena);
		if(err != EP_OK)
			return err;
	} else if(!ep_view_eq(f[1], EP_LIT("-"))) {
		return EP_ESYNTAX;
	}
	err = ep_word_get(&e.value, f[2], EP_REVOKE_VALUE_MAX, arena);
	if(err != EP_OK)
		return err;
	e.by = (enum ep_revoke_by)ep_word_find(by_names, EP_REVOKE_BY_N, f[7]);
	e.only_issued = !ep_view_eq(f[4], EP_LIT("*"));
	if(!ep_word_number(&e.until_s, f[3])
			|| (e.only_issued && !ep_word_number(&e.issued_s, f[4]))
			|| !ep_word_number(&e.at_ms, f[5]) || e.by == EP_REVOKE_BY_N)
		return EP_ESYNTAX;
	e.lifted = ep_view_eq(f[6], EP_LIT("lifted"));
	if(!e.lifted && !ep_view_eq(f[6], EP_LIT("revoked")))
		return EP_ESYNTAX;
	err = value_check(&e, arena);
	if(err != EP_OK)
		return err;
	*out = e;
	return EP_OK;
}

/* --- does it cover? --- */

/* The grant's values of a kind, but for the IMPUs: one, or absent. */
struct ep_view ep_revoke_grant_value(
		const struct ep_revoke_grant *g, enum ep_revoke_kind kind)
{
	switch(kind) {
		case EP_REVOKE_JTI:
			return g->jti;
		case EP_REVOKE_SUB:
			return g->sub;
		case EP_REVOKE_SID:
			return g->sid;
		case EP_REVOKE_ALONE:
			return g->sid.p == NULL ? g->sub : ep_view_none();
		case EP_REVOKE_IMPI:
			return g->impi;
		case EP_REVOKE_WWSF:
			return g->wwsf;
		case EP_REVOKE_WAF:
			return g->waf;
		case EP_REVOKE_ISSUER:
			return g->issuer;
		default:
			return ep_view_none();
	}
}

bool ep_revoke_entry_in_force(const struct ep_revoke_entry *e,
		const struct ep_revoke_grant *g, int64_t now_s)
{
	if(e->lifted || e->until_s < now_s)
		return false;
	return !e->only_issued || g->iat_s < 0 || g->iat_s <= e->issued_s;
}

bool ep_revoke_entry_covers(const struct ep_revoke_entry *e,
		const struct ep_revoke_grant *g, int64_t now_s)
{
	size_t i;

	if(!ep_revoke_entry_in_force(e, g, now_s) || e->kind == EP_REVOKE_LOGOUT)
		return false;
	if(e->kind == EP_REVOKE_IMPU) {
		for(i = 0; i < g->impus_n; i++)
			if(ep_impu_eq(g->impus[i], e->value))
				return true;
		return false;
	}
	if(kinds[e->kind].has_issuer && !ep_view_eq(e->issuer, g->issuer))
		return false;
	return ep_view_eq(e->value, ep_revoke_grant_value(g, e->kind));
}

/* --- a grant as one block --- */

static const size_t grant_texts[] = {
		offsetof(struct ep_revoke_grant, issuer),
		offsetof(struct ep_revoke_grant, jti),
		offsetof(struct ep_revoke_grant, sub),
		offsetof(struct ep_revoke_grant, sid),
		offsetof(struct ep_revoke_grant, impi),
		offsetof(struct ep_revoke_grant, waf),
		offsetof(struct ep_revoke_grant, wwsf),
};
#define GRANT_TEXTS (sizeof(grant_texts) / sizeof(grant_texts[0]))

static struct ep_view grant_text(const struct ep_revoke_grant *g, size_t i)
{
	struct ep_view v;

	memcpy(&v, (const char *)g + grant_texts[i], sizeof(v));
	return v;
}

size_t ep_revoke_grant_size(const struct ep_revoke_grant *g)
{
	size_t n = sizeof(*g) + g->impus_n * sizeof(struct ep_view), i;

	for(i = 0; i < GRANT_TEXTS; i++)
		n += grant_text(g, i).len;
	for(i = 0; i < g->impus_n; i++)
		n += g->impus[i].len;
	return n;
}

/* The text at *to; *to moves on. An absent view stays absent. */
static struct ep_view text_move(char **to, struct ep_view v)
{
	struct ep_view copy = ep_view_of(*to, v.len);

	if(v.p == NULL)
		return v;
	if(v.len > 0)
		memcpy(*to, v.p, v.len);
	*to += v.len;
	return copy;
}

struct ep_revoke_grant *ep_revoke_grant_copy(
		void *block, const struct ep_revoke_grant *g)
{
	struct ep_revoke_grant *out = block;
	struct ep_view *impus = (struct ep_view *)(out + 1);
	char *text = (char *)(impus + g->impus_n);
	struct ep_view v;
	size_t i;

	*out = *g;
	out->impus = impus;
	for(i = 0; i < g->impus_n; i++)
		impus[i] = text_move(&text, g->impus[i]);
	for(i = 0; i < GRANT_TEXTS; i++) {
		v = text_move(&text, grant_text(g, i));
		memcpy((char *)out + grant_texts[i], &v, sizeof(v));
	}
	return out;
}
