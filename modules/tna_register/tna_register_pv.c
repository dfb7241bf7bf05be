/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* $tna(name): the binding of the message, or of the event, at hand. */
#include "core/pvar.h"

#include "base/buf.h"
#include "tna/auth.h"
#include "common/view.h"
#include "life.h"
#include "message.h"
#include "route.h"
#include "scscf.h"
#include "store.h"

enum name
{
	V_IMPI,
	V_IMPU,
	V_IMPUS,
	V_BINDING,
	V_WAF,
	V_WWSF,
	V_CONTACT,
	V_INSTANCE,
	V_EXPIRES,
	V_STATUS,
	V_CONID,
	V_CAUSE,
	V_CODE,
	V_REASON,
	V_AUTH,
	V_CREDENTIALS,
	V_N
};

static const char *const names[V_N] = {
		[V_IMPI] = "impi",
		[V_IMPU] = "impu",
		[V_IMPUS] = "impus",
		[V_BINDING] = "binding",
		[V_WAF] = "waf",
		[V_WWSF] = "wwsf",
		[V_CONTACT] = "contact",
		[V_INSTANCE] = "instance",
		[V_EXPIRES] = "expires",
		[V_STATUS] = "status",
		[V_CONID] = "conid",
		[V_CAUSE] = "cause",
		[V_CODE] = "code",
		[V_REASON] = "reason",
		[V_AUTH] = "auth",
		[V_CREDENTIALS] = "credentials",
};

/* Which binding this is about: an event's, what a function of ours found, or
 * the connection's. */
static bool id_of(unsigned char *id, sip_msg_t *msg)
{
	const unsigned char *event = tna_life_event_id();
	struct tna_current *cur;

	if(event != NULL) {
		memcpy(id, event, EP_FLOW_ID_LEN);
		return true;
	}
	cur = tna_current_of(msg);
	if(cur->known) {
		memcpy(id, cur->id, EP_FLOW_ID_LEN);
		return true;
	}
	return tna_store_by_conn(id, tna_route_conid(msg), 0);
}

/* The text lives until the next use in this process. */
static int get_text(
		sip_msg_t *msg, pv_param_t *param, pv_value_t *res, struct ep_view text)
{
	static char kept[4096];
	str s = {kept, 0};

	if(text.p == NULL || text.len > sizeof(kept))
		return pv_get_null(msg, param, res);
	memcpy(kept, text.p, text.len);
	s.len = (int)text.len;
	return pv_get_strval(msg, param, res, &s);
}

static int get_impus(sip_msg_t *msg, pv_param_t *param, pv_value_t *res,
		const struct ep_binding *b)
{
	char text[4096];
	struct ep_buf list;
	size_t i;

	ep_buf_init(&list, text, sizeof(text));
	for(i = 0; i < b->impus.n; i++) {
		if(i > 0)
			ep_buf_put_chr(&list, ',');
		ep_buf_put(&list, b->impus.v[i]);
	}
	return get_text(msg, param, res, ep_buf_view(&list));
}

static int get_id(sip_msg_t *msg, pv_param_t *param, pv_value_t *res,
		const unsigned char *id)
{
	char text[2 * EP_FLOW_ID_LEN];
	struct ep_buf hex;

	ep_buf_init(&hex, text, sizeof(text));
	ep_buf_put_hex(&hex, ep_view_of((const char *)id, EP_FLOW_ID_LEN));
	return get_text(msg, param, res, ep_buf_view(&hex));
}

static int get_of_copy(sip_msg_t *msg, pv_param_t *param, pv_value_t *res,
		const struct tna_copy *c, enum name name)
{
	switch(name) {
		case V_IMPI:
			return get_text(msg, param, res, c->b.impi);
		case V_IMPU:
			return get_text(msg, param, res, ep_impus_default(c->b.impus));
		case V_IMPUS:
			return get_impus(msg, param, res, &c->b);
		case V_WAF:
			return get_text(msg, param, res, c->b.waf);
		case V_WWSF:
			return get_text(msg, param, res, c->b.wwsf);
		case V_CONTACT:
			return get_text(msg, param, res, c->b.contact);
		case V_INSTANCE:
			return get_text(msg, param, res, c->b.instance);
		case V_EXPIRES:
			return pv_get_sintval(msg, param, res, (long)c->life.end_s);
		case V_STATUS:
			return get_text(msg, param, res,
					ep_view_z(ep_binding_state_name(c->life.state)));
		case V_CONID:
			return pv_get_sintval(msg, param, res, c->conid);
		case V_AUTH:
			/* An ended one vouches for nobody until it is cleared away. */
			if(c->life.state == EP_BINDING_ENDED)
				return pv_get_null(msg, param, res);
			return get_text(msg, param, res,
					ep_view_z(c->b.auth_done ? "token" : "digest"));
		default:
			return pv_get_null(msg, param, res);
	}
}

static int get_verdict(
		sip_msg_t *msg, pv_param_t *param, pv_value_t *res, enum name name)
{
	enum ep_tna_cause cause = tna_current_of(msg)->cause;

	if(name == V_CODE)
		return pv_get_sintval(msg, param, res, tna_answer_status(cause));
	return get_text(msg, param, res,
			ep_view_z(name == V_CAUSE ? ep_tna_cause_info(cause)->name
									  : tna_answer_reason(cause)));
}

/* What a request tries with, before anybody looked at it: token, digest, or
 * nothing. */
static int get_credentials(sip_msg_t *msg, pv_param_t *param, pv_value_t *res)
{
	enum ep_auth_kind kind = EP_AUTH_NONE;
	struct ep_arena arena;
	struct ep_msg m;
	char first[4096];

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(ep_msg_view(&m, msg, &arena) == EP_OK)
		kind = ep_auth_kind(&m);
	ep_arena_fini(&arena);
	if(kind == EP_AUTH_NONE)
		return pv_get_null(msg, param, res);
	return get_text(msg, param, res,
			ep_view_z(kind == EP_AUTH_BEARER ? "token" : "digest"));
}

/* At the S-CSCF there are no bindings, but what the REGISTER says. */
static int get_of_scscf(
		sip_msg_t *msg, pv_param_t *param, pv_value_t *res, enum name name)
{
	struct tna_scscf_said said;

	if(!tna_scscf_said(&said, msg))
		return pv_get_null(msg, param, res);
	switch(name) {
		case V_IMPI:
			return get_text(msg, param, res, said.impi);
		case V_IMPU:
			return get_text(msg, param, res, said.impu);
		case V_WAF:
			return get_text(msg, param, res, said.waf);
		case V_WWSF:
			return get_text(msg, param, res, said.wwsf);
		default:
			return pv_get_null(msg, param, res);
	}
}

static int tna_pv_get(sip_msg_t *msg, pv_param_t *param, pv_value_t *res)
{
	enum name name = (enum name)param->pvn.u.isname.name.n;
	unsigned char id[EP_FLOW_ID_LEN];
	struct ep_arena arena;
	struct tna_copy c;
	char first[4096];
	int ret;

	if(name == V_CAUSE || name == V_CODE || name == V_REASON)
		return get_verdict(msg, param, res, name);
	if(name == V_CREDENTIALS)
		return get_credentials(msg, param, res);
	if(tna_set.scscf)
		return get_of_scscf(msg, param, res, name);
	if(!id_of(id, msg))
		return pv_get_null(msg, param, res);
	if(name == V_BINDING)
		return get_id(msg, param, res, id);
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	ret = tna_store_get(&c, id, &arena) == EP_OK
				  ? get_of_copy(msg, param, res, &c, name)
				  : pv_get_null(msg, param, res);
	ep_arena_fini(&arena);
	return ret;
}

static int tna_pv_parse(pv_spec_p sp, str *in)
{
	int i;

	for(i = 0; i < V_N; i++)
		if(ep_view_eq(ep_view_str(in), ep_view_z(names[i]))) {
			sp->pvp.pvn.type = PV_NAME_INTSTR;
			sp->pvp.pvn.u.isname.type = 0;
			sp->pvp.pvn.u.isname.name.n = i;
			return 0;
		}
	LM_ERR("$tna(%.*s) is not known\n", in->len, in->s);
	return -1;
}

/* clang-format off */
pv_export_t tna_pvs[] = {
	{{"tna", sizeof("tna") - 1}, PVT_OTHER, tna_pv_get, 0, tna_pv_parse,
		0, 0, 0},
	{{0, 0}, 0, 0, 0, 0, 0, 0, 0}
};
/* clang-format on */
