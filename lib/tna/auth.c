/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/auth.h"
#include "tna/build.h"

bool ep_auth_is_credentials(const struct ep_hdr *h)
{
	struct ep_view name = ep_view_trim(h->name);

	return ep_view_ieq(name, EP_LIT("Authorization"))
		   || ep_view_ieq(name, EP_LIT("Proxy-Authorization"));
}

enum ep_err ep_auth_strip(struct ep_hdredits *l, const struct ep_msg *m)
{
	enum ep_err err = EP_OK;
	size_t i;

	for(i = 0; i < m->hdrs_n && !err; i++)
		if(ep_auth_is_credentials(&m->hdrs[i]))
			err = ep_hdredits_del(l, i);
	return err;
}

static struct ep_view auth_first(const struct ep_tna_cfg *cfg,
		const struct ep_tna_identity *id, struct ep_arena *arena)
{
	const struct ep_view parts[] = {EP_LIT("Digest username="),
			ep_build_quoted(arena, id->impi), EP_LIT(", realm="),
			ep_build_quoted(arena, cfg->core_realm),
			EP_LIT(", nonce=\"\", uri="), ep_build_quoted(arena, cfg->home_uri),
			EP_LIT(", response=\"\"")};

	return ep_build_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}

struct ep_view ep_auth_tna(const struct ep_tna_cfg *cfg,
		const struct ep_tna_identity *id, struct ep_arena *arena)
{
	bool wwsf = id->add_entity && cfg->wwsf_param.len && id->wwsf.len;
	const struct ep_view parts[] = {EP_LIT("Digest username="),
			ep_build_quoted(arena, id->impi), EP_LIT(", realm="),
			ep_build_quoted(arena, cfg->realm), EP_LIT(", nonce=\"\", uri="),
			ep_build_quoted(arena, cfg->home_uri),
			EP_LIT(", response=\"\", integrity-protected=\"auth-done\""),
			id->add_entity ? EP_LIT(", authorization-entity=") : EP_LIT(""),
			id->add_entity ? ep_build_quoted(arena, id->waf) : EP_LIT(""),
			wwsf ? EP_LIT(", ") : EP_LIT(""),
			wwsf ? cfg->wwsf_param : EP_LIT(""),
			wwsf ? EP_LIT("=") : EP_LIT(""),
			wwsf ? ep_build_quoted(arena, id->wwsf) : EP_LIT("")};

	if(cfg->core_digest)
		return auth_first(cfg, id, arena);
	return ep_build_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}

/* --- Digest --- */

/* One quoted-string, no octet in it that could end a line. */
static bool is_quoted(struct ep_view v)
{
	size_t i;

	if(v.len < 2 || v.p[0] != '"')
		return false;
	for(i = 1; i < v.len && v.p[i] != '"'; i++) {
		if(v.p[i] == '\\')
			i++;
		if(i < v.len && (unsigned char)v.p[i] < ' ' && v.p[i] != '\t')
			return false;
	}
	return i + 1 == v.len;
}

bool ep_auth_scheme_is(struct ep_view *value, struct ep_view name)
{
	*value = ep_view_trim(*value);
	if(!ep_view_istarts(*value, name))
		return false;
	*value = ep_view_from(*value, name.len);
	return value->len == 0 || memchr(" \t\r\n", value->p[0], 4);
}

enum ep_err ep_auth_param_next(struct ep_param *p, struct ep_view *rest)
{
	struct ep_view item;
	enum ep_err err = ep_list_next(&item, rest);

	if(err)
		return err;
	if(ep_param_next(p, &item) || item.p)
		return EP_ESYNTAX;
	if(!ep_text_is_token(p->name) || !p->value.p)
		return EP_ESYNTAX;
	return ep_text_is_token(p->value) || is_quoted(p->value) ? EP_OK
															 : EP_ESYNTAX;
}

/* What only we may say; `wwsf_param` is absent or one more. */
static bool is_ours(struct ep_view name, struct ep_view wwsf_param)
{
	return ep_view_ieq(name, EP_LIT("integrity-protected"))
		   || ep_view_ieq(name, EP_LIT("authorization-entity"))
		   || (wwsf_param.len && ep_view_ieq(name, wwsf_param));
}

static void digest_note(struct ep_digest *out, const struct ep_param *p)
{
	struct ep_view value = ep_unquote(p->value);

	if(ep_view_ieq(p->name, EP_LIT("username")))
		out->username = value;
	else if(ep_view_ieq(p->name, EP_LIT("response")))
		out->response = value;
	else if(ep_view_ieq(p->name, EP_LIT("algorithm")))
		out->algorithm = value;
}

enum ep_err ep_digest_params(
		struct ep_param *out, size_t cap, size_t *n, struct ep_view value)
{
	struct ep_param p;
	enum ep_err err;
	size_t i;

	*n = 0;
	if(!ep_auth_scheme_is(&value, EP_LIT("Digest")))
		return EP_ENOENT;
	while((err = ep_auth_param_next(&p, &value)) == EP_OK) {
		if(*n == cap)
			return EP_ERANGE;
		for(i = 0; i < *n; i++)
			if(ep_view_ieq(out[i].name, p.name))
				return EP_ESYNTAX;
		out[(*n)++] = p;
	}
	return err == EP_ENOENT && *n > 0 ? EP_OK : EP_ESYNTAX;
}

static enum ep_err digest_read(struct ep_digest *out, struct ep_view value,
		struct ep_view wwsf_param, struct ep_arena *arena)
{
	struct ep_param p[EP_DIGEST_PARAMS_MAX];
	struct ep_buf buf;
	size_t n, i, cap = 2 * value.len + 8;
	enum ep_err err;
	char *mem;

	*out = (struct ep_digest){.clean = ep_view_none()};
	err = ep_digest_params(p, EP_DIGEST_PARAMS_MAX, &n, value);
	if(err)
		return err == EP_ERANGE ? EP_ESYNTAX : err;
	mem = ep_arena_get(arena, cap);
	if(!mem)
		return EP_ENOMEM;
	ep_buf_init(&buf, mem, cap);
	ep_buf_put_z(&buf, "Digest");
	for(i = 0; i < n; i++) {
		if(is_ours(p[i].name, wwsf_param))
			continue;
		digest_note(out, &p[i]);
		ep_buf_put_z(&buf, buf.len == 6 ? " " : ", ");
		ep_buf_put(&buf, p[i].name);
		ep_buf_put_chr(&buf, '=');
		ep_buf_put(&buf, p[i].value);
	}
	out->clean = ep_buf_view(&buf);
	return buf.len > 6 && out->clean.p ? EP_OK : EP_ESYNTAX;
}

enum ep_err ep_digest_parse(
		struct ep_digest *out, struct ep_view value, struct ep_arena *arena)
{
	return digest_read(out, value, ep_view_none(), arena);
}

enum ep_err ep_auth_clean(struct ep_hdredits *l, const struct ep_msg *m)
{
	enum ep_err err = EP_OK;
	struct ep_digest d;
	size_t i;

	for(i = 0; i < m->hdrs_n && !err; i++) {
		if(!ep_auth_is_credentials(&m->hdrs[i]))
			continue;
		err = ep_digest_parse(&d, m->hdrs[i].value, l->arena);
		if(err == EP_ENOENT || err == EP_ESYNTAX)
			err = ep_hdredits_del(l, i);
		else if(!err && !ep_view_eq(d.clean, m->hdrs[i].value))
			err = ep_hdredits_replace(l, i, d.clean);
	}
	return err;
}

enum ep_auth_kind ep_auth_kind(const struct ep_msg *m)
{
	enum ep_auth_kind kind = EP_AUTH_NONE;
	struct ep_view value;
	size_t i;

	for(i = 0; i < m->hdrs_n; i++) {
		if(!ep_auth_is_credentials(&m->hdrs[i]))
			continue;
		value = m->hdrs[i].value;
		if(ep_auth_scheme_is(&value, EP_LIT("Bearer")))
			return EP_AUTH_BEARER;
		if(ep_hdr_is(&m->hdrs[i], EP_LIT("Authorization"))
				&& ep_auth_scheme_is(&value, EP_LIT("Digest")))
			kind = EP_AUTH_DIGEST;
	}
	return kind;
}

/* Of two credentials of one user the one that answers; false: there is no
 * telling which counts. */
static bool digest_prefer(struct ep_digest *one, size_t *index,
		const struct ep_digest *other, size_t other_index)
{
	if(!one->username.len || !ep_view_eq(one->username, other->username)
			|| (one->response.len > 0) == (other->response.len > 0))
		return false;
	if(other->response.len) {
		*one = *other;
		*index = other_index;
	}
	return true;
}

enum ep_tna_cause ep_auth_digest_find(struct ep_digest *out, size_t *index,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		struct ep_arena *arena)
{
	struct ep_view name = EP_LIT("Authorization");
	struct ep_digest d;
	enum ep_err err;
	size_t i;

	*index = SIZE_MAX;
	*out = (struct ep_digest){.clean = ep_view_none()};
	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		err = digest_read(&d, m->hdrs[i].value, cfg->wwsf_param, arena);
		if(err == EP_ENOENT)
			continue;
		if(err == EP_ENOMEM)
			return EP_TNA_INTERNAL;
		if(err)
			return EP_TNA_CREDENTIALS;
		if(*index == SIZE_MAX) {
			*out = d;
			*index = i;
		} else if(!digest_prefer(out, index, &d, i)) {
			return EP_TNA_CREDENTIALS;
		}
	}
	return EP_TNA_OK;
}

/* --- challenges --- */

static bool is_key(struct ep_view item)
{
	struct ep_param p;

	return ep_param_next(&p, &item) == EP_OK
		   && (ep_view_ieq(p.name, EP_LIT("ik"))
				   || ep_view_ieq(p.name, EP_LIT("ck")));
}

/* `value` without the two; as it was when it has none; EP_ESYNTAX for a list
 * that cannot be read. */
static enum ep_err challenge_clean(
		struct ep_view *value, struct ep_arena *arena)
{
	struct ep_view item, rest = *value;
	struct ep_buf buf;
	size_t cap = 2 * value->len + 8, n = 0;
	bool found = false;
	enum ep_err err;
	char *mem;

	if(!ep_auth_scheme_is(&rest, EP_LIT("Digest")))
		return EP_OK;
	mem = ep_arena_get(arena, cap);
	if(!mem)
		return EP_ENOMEM;
	ep_buf_init(&buf, mem, cap);
	ep_buf_put_z(&buf, "Digest ");
	while((err = ep_list_next(&item, &rest)) == EP_OK) {
		if(is_key(item)) {
			found = true;
			continue;
		}
		if(n++)
			ep_buf_put_z(&buf, ", ");
		ep_buf_put(&buf, item);
	}
	if(err != EP_ENOENT)
		return EP_ESYNTAX;
	if(found)
		*value = ep_buf_view(&buf);
	return EP_OK;
}

enum ep_err ep_auth_challenge_clean(
		struct ep_hdredits *l, const struct ep_msg *m)
{
	struct ep_view name = EP_LIT("WWW-Authenticate"), value;
	enum ep_err err = EP_OK;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX && !err;
			i = ep_msg_find(m, name, i + 1)) {
		value = m->hdrs[i].value;
		err = challenge_clean(&value, l->arena);
		if(err == EP_ESYNTAX || (!err && value.len == 7))
			err = ep_hdredits_del(l, i);
		else if(!err && !ep_view_eq(value, m->hdrs[i].value))
			err = ep_hdredits_replace(l, i, value);
	}
	return err;
}
