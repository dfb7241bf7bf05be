/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/reply.h"
#include "tna/auth.h"
#include "tna/build.h"
#include "tna/trust.h"

/* Room for every element of every header `name`, and one more. */
static struct ep_view *list_room(
		const struct ep_msg *m, struct ep_view name, struct ep_arena *arena)
{
	size_t i, k, n = 1;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1))
		for(k = 0, n++; k < m->hdrs[i].value.len; k++)
			n += m->hdrs[i].value.p[k] == ',';
	return ep_arena_array(arena, n, sizeof(struct ep_view));
}

/* TS 24.229 5.2.2.1: the registered identities; the first is the default. */
static enum ep_tna_cause associated_read(struct ep_tna_reply *out,
		const struct ep_msg *m, struct ep_view registered,
		struct ep_arena *arena)
{
	struct ep_view name = EP_LIT("P-Associated-URI"), rest;
	struct ep_view *impus = list_room(m, name, arena);
	struct ep_view *wildcards = list_room(m, name, arena);
	struct ep_nameaddr na;
	struct ep_uri uri;
	enum ep_err err;
	size_t i, n = 0, w = 0;

	if(!impus || !wildcards)
		return EP_TNA_INTERNAL;
	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		rest = m->hdrs[i].value;
		while((err = ep_nameaddr_next(&na, &rest)) == EP_OK && !na.star) {
			if(ep_impu_is_wildcard(na.uri))
				wildcards[w++] = na.uri;
			else if(ep_uri_parse(&uri, na.uri))
				return EP_TNA_MALFORMED;
			else if(uri.scheme != EP_URI_OTHER)
				impus[n++] = na.uri;
		}
		if(err != EP_ENOENT)
			return EP_TNA_MALFORMED;
	}
	if(n == 0)
		impus[n++] = registered;
	out->impus = (struct ep_impus){impus, n};
	out->wildcards = (struct ep_impus){wildcards, w};
	return EP_TNA_OK;
}

/* RFC 3608: whole elements, in order; what a Route will be made of. */
static enum ep_tna_cause service_route_read(struct ep_tna_reply *out,
		const struct ep_msg *m, struct ep_arena *arena)
{
	struct ep_view name = EP_LIT("Service-Route"), rest;
	struct ep_view *route = list_room(m, name, arena);
	struct ep_nameaddr na;
	struct ep_uri uri;
	enum ep_err err;
	size_t i, n = 0;

	if(!route)
		return EP_TNA_INTERNAL;
	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		rest = m->hdrs[i].value;
		while((err = ep_nameaddr_next(&na, &rest)) == EP_OK) {
			if(!na.bracketed || ep_uri_parse(&uri, na.uri) || !uri.host.p)
				return EP_TNA_MALFORMED;
			route[n++] = na.all;
		}
		if(err != EP_ENOENT)
			return EP_TNA_MALFORMED;
	}
	out->service_route = (struct ep_impus){route, n};
	return EP_TNA_OK;
}

/* All lines of P-Charging-Function-Addresses as one value. */
static enum ep_tna_cause charging_read(struct ep_tna_reply *out,
		const struct ep_msg *m, struct ep_arena *arena)
{
	struct ep_view name = EP_LIT("P-Charging-Function-Addresses"), ioi;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		const struct ep_view parts[] = {
				out->charging, EP_LIT(";"), m->hdrs[i].value};

		if(m->hdrs[i].value.len == 0)
			continue;
		out->charging = out->charging.p ? ep_build_join(arena, parts, 3)
										: m->hdrs[i].value;
		if(!out->charging.p)
			return EP_TNA_INTERNAL;
	}
	i = ep_msg_find(m, EP_LIT("P-Charging-Vector"), 0);
	if(i != SIZE_MAX
			&& ep_param_get(&ioi, m->hdrs[i].value, EP_LIT("term-ioi")))
		out->term_ioi = ep_unquote(ioi);
	return EP_TNA_OK;
}

/* Never longer than the token lives; but what the core has registered is at
 * least a second long, so that it is not mistaken for nothing. */
static uint32_t limit_of(const struct ep_tna_cfg *cfg,
		const struct ep_tna_sent *sent, uint64_t now_s)
{
	uint64_t left =
			ep_token_left_s(sent->token_end_s, cfg->token_skew_s, now_s);

	if(left > cfg->expires_max_s)
		left = cfg->expires_max_s;
	return left ? (uint32_t)left : 1;
}

static enum ep_tna_cause success_plan(struct ep_tna_reply *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_sent *sent, uint64_t now_s, struct ep_arena *arena)
{
	enum ep_tna_cause cause;

	cause = associated_read(out, m, sent->impu, arena);
	if(!cause)
		cause = service_route_read(out, m, arena);
	if(!cause)
		cause = charging_read(out, m, arena);
	if(!cause)
		cause = ep_tna_contacts_reply_plan(&out->expires_s, &out->edits, m,
				sent->contact, limit_of(cfg, sent, now_s), arena);
	return cause == EP_TNA_MALFORMED ? EP_TNA_CORE_MALFORMED : cause;
}

/* RFC 3261 21.4.17: the page is to ask for more than its token has left. It
 * cannot: asking again would go on for ever. A new token can. */
static bool is_beyond_token(const struct ep_msg *m,
		const struct ep_tna_cfg *cfg, const struct ep_tna_sent *sent,
		uint64_t now_s)
{
	size_t i = ep_msg_find(m, EP_LIT("Min-Expires"), 0);

	if(m->status != 423 || !sent->auth_done || i == SIZE_MAX)
		return false;
	return ep_expires_parse(m->hdrs[i].value) > limit_of(cfg, sent, now_s);
}

static enum ep_tna_cause renew_plan(struct ep_tna_reply *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		struct ep_arena *arena)
{
	const struct ep_view parts[] = {EP_LIT("Bearer realm="),
			ep_build_quoted(arena,
					cfg->home_domain.len ? cfg->home_domain : cfg->realm),
			EP_LIT(", error=\"invalid_token\"")};
	enum ep_err err =
			ep_hdredits_del_all(&out->edits, m, EP_LIT("Min-Expires"));

	if(!err)
		err = ep_build_append(&out->edits, EP_LIT("WWW-Authenticate"),
				ep_build_join(arena, parts, 3));
	return err ? EP_TNA_INTERNAL : EP_TNA_TOKEN_ENDING;
}

enum ep_tna_cause ep_tna_reply_plan(struct ep_tna_reply *out,
		const struct ep_msg *m, const struct ep_tna_cfg *cfg,
		const struct ep_tna_sent *sent, uint64_t now_s, struct ep_arena *arena)
{
	enum ep_err err;

	*out = (struct ep_tna_reply){.status = m->status};
	ep_hdredits_init(&out->edits, arena);
	if(m->status == 0 || !ep_view_eq(m->method, EP_LIT("REGISTER")))
		return EP_TNA_METHOD;
	if(sent->auth_done && (m->status == 401 || m->status == 407))
		return EP_TNA_CORE_CHALLENGED;
	err = ep_trust_strip(&out->edits, m, EP_TRUST_TO_WIC);
	if(!err)
		err = ep_auth_challenge_clean(&out->edits, m);
	/* A redirection names nodes of the core; a page goes where its WWSF and its
	 * Origin let it. 305 says what it says without (TS 24.229 5.1.1.2). */
	if(!err && m->status / 100 == 3)
		err = ep_hdredits_del_all(&out->edits, m, EP_LIT("Contact"));
	if(err)
		return EP_TNA_INTERNAL;
	if(is_beyond_token(m, cfg, sent, now_s))
		return renew_plan(out, m, cfg, arena);
	if(m->status / 100 != 2)
		return EP_TNA_OK;
	return success_plan(out, m, cfg, sent, now_s, arena);
}
