/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/build.h"

struct ep_view ep_build_join(
		struct ep_arena *arena, const struct ep_view *parts, size_t n)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(!parts[i].p)
			return ep_view_none();
	return ep_arena_join(arena, parts, n);
}

struct ep_view ep_build_quoted(struct ep_arena *arena, struct ep_view v)
{
	struct ep_buf buf;
	size_t cap = 2 * v.len + 2;
	char *p = ep_arena_get(arena, cap);

	if(!p)
		return ep_view_none();
	ep_buf_init(&buf, p, cap);
	ep_buf_put_quoted(&buf, v);
	return ep_buf_view(&buf);
}

struct ep_view ep_build_u64(struct ep_arena *arena, uint64_t n)
{
	char text[20];
	struct ep_buf buf;

	ep_buf_init(&buf, text, sizeof(text));
	ep_buf_put_u64(&buf, n);
	return ep_arena_copy(arena, ep_buf_view(&buf));
}

struct ep_view ep_build_own_route(const struct ep_tna_cfg *cfg,
		struct ep_view flow, bool ob, struct ep_arena *arena)
{
	bool more = cfg->own_params.len != 0;
	const struct ep_view parts[] = {EP_LIT("<sip:"), flow, EP_LIT("@"),
			cfg->own_host, more ? EP_LIT(";") : EP_LIT(""),
			more ? cfg->own_params : EP_LIT(""), EP_LIT(";lr"),
			ob ? EP_LIT(";ob>") : EP_LIT(">")};

	return ep_build_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}

struct ep_view ep_build_charging_vector(const struct ep_tna_cfg *cfg,
		struct ep_view icid, struct ep_arena *arena)
{
	const struct ep_view type1[] = {EP_LIT("Type 1"), cfg->ioi};
	bool at = cfg->icid_generated_at.len != 0, ioi = cfg->ioi.len != 0;
	const struct ep_view parts[] = {EP_LIT("icid-value="),
			ep_build_quoted(arena, icid),
			at ? EP_LIT(";icid-generated-at=") : EP_LIT(""),
			at ? cfg->icid_generated_at : EP_LIT(""),
			ioi ? EP_LIT(";orig-ioi=") : EP_LIT(""),
			ioi ? ep_build_quoted(arena, ep_build_join(arena, type1, 2))
				: EP_LIT("")};

	return ep_build_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}

bool ep_text_is_token(struct ep_view v)
{
	return v.len > 0 && ep_view_only(v, "-.!%*_+`'~");
}

struct ep_view ep_build_visited_network(
		const struct ep_tna_cfg *cfg, struct ep_arena *arena)
{
	if(ep_text_is_token(cfg->visited_network))
		return cfg->visited_network;
	return ep_build_quoted(arena, cfg->visited_network);
}

struct ep_view ep_build_list(struct ep_arena *arena, struct ep_impus list)
{
	struct ep_view *parts;
	size_t i;

	if(list.n == 0)
		return EP_LIT("");
	parts = ep_arena_array(arena, 2 * list.n, sizeof(*parts));
	if(!parts)
		return ep_view_none();
	for(i = 0; i < list.n; i++) {
		parts[2 * i] = i ? EP_LIT(", ") : EP_LIT("");
		parts[2 * i + 1] = list.v[i];
	}
	return ep_build_join(arena, parts, 2 * list.n);
}

enum ep_err ep_build_prepend(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value)
{
	return value.p ? ep_hdredits_prepend(l, name, value) : EP_ENOMEM;
}

enum ep_err ep_build_append(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value)
{
	return value.p ? ep_hdredits_append(l, name, value) : EP_ENOMEM;
}

bool ep_msg_one_nameaddr(
		struct ep_nameaddr *out, const struct ep_msg *m, struct ep_view name)
{
	size_t i = ep_msg_find(m, name, 0);

	if(i == SIZE_MAX || ep_msg_find(m, name, i + 1) != SIZE_MAX)
		return false;
	return ep_nameaddr_parse(out, m->hdrs[i].value) == EP_OK && !out->star;
}

bool ep_uri_is_emergency(struct ep_view uri)
{
	struct ep_view sos = EP_LIT("urn:service:sos");

	if(!ep_view_istarts(uri, sos))
		return false;
	uri = ep_view_from(uri, sos.len);
	return uri.len == 0 || uri.p[0] == '.' || uri.p[0] == ';';
}

bool ep_msg_has_token(
		const struct ep_msg *m, struct ep_view name, struct ep_view tag)
{
	struct ep_view item, rest;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		rest = m->hdrs[i].value;
		while(ep_list_next(&item, &rest) == EP_OK)
			if(ep_view_ieq(item, tag))
				return true;
	}
	return false;
}

/* The list `value` without `tag`; as it was when `tag` is not in it; absent
 * without memory. */
/* sec-agree is between a UE and its P-CSCF (RFC 3329), trickle ICE between a
 * WIC and the gateway here (RFC 8840). */
static bool ends_here(struct ep_view tag)
{
	return ep_view_ieq(tag, EP_LIT("sec-agree"))
		   || ep_view_ieq(tag, EP_LIT("trickle-ice"));
}

static struct ep_view list_without(
		struct ep_view value, struct ep_arena *arena)
{
	struct ep_view item, rest = value;
	struct ep_buf buf;
	bool found = false;
	size_t cap = 2 * value.len; /* "a,b" grows by a space a comma */
	char *p = ep_arena_get(arena, cap ? cap : 1);

	if(!p)
		return ep_view_none();
	ep_buf_init(&buf, p, cap);
	while(ep_list_next(&item, &rest) == EP_OK) {
		if(ends_here(item)) {
			found = true;
			continue;
		}
		if(buf.len)
			ep_buf_put_z(&buf, ", ");
		ep_buf_put(&buf, item);
	}
	return found ? ep_buf_view(&buf) : value;
}

enum ep_err ep_options_clean(
		struct ep_hdredits *l, const struct ep_msg *m, struct ep_view name)
{
	enum ep_err err = EP_OK;
	struct ep_view left;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX && !err;
			i = ep_msg_find(m, name, i + 1)) {
		left = list_without(m->hdrs[i].value, l->arena);
		if(!left.p)
			err = EP_ENOMEM;
		else if(left.len == 0)
			err = ep_hdredits_del(l, i);
		else if(!ep_view_eq(left, m->hdrs[i].value))
			err = ep_hdredits_replace(l, i, left);
	}
	return err;
}

uint64_t ep_token_left_s(uint64_t end_s, uint32_t skew_s, uint64_t now_s)
{
	if(end_s == UINT64_MAX)
		return UINT64_MAX;
	if(end_s <= now_s || end_s - now_s <= skew_s)
		return 0;
	return end_s - now_s - skew_s;
}

enum ep_tna_cause ep_tna_cause_of(enum ep_err err)
{
	switch(err) {
		case EP_OK:
			return EP_TNA_OK;
		case EP_ESYNTAX:
			return EP_TNA_MALFORMED;
		default:
			return EP_TNA_INTERNAL;
	}
}
