/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "common/view.h"
#include "webrtc_auth/result.h"

_Static_assert(WEBRTC_AUTH_IMPUS_MAX >= EP_CLAIM_LIST_MAX,
		"a token's IMPUs fit in a result");

static str xavp_name = str_init("wauth");

struct fields
{
	sr_xavp_t *list;
	bool failed;
};

static void put(struct fields *f, const char *name, sr_xval_t *val)
{
	str n = ep_str_view(ep_view_z(name));

	if(!f->failed && xavp_add_value(&n, val, &f->list) == NULL)
		f->failed = true;
}

static void put_view(struct fields *f, const char *name, struct ep_view v)
{
	sr_xval_t val = {.type = SR_XTYPE_STR};

	if(v.p == NULL)
		return;
	val.v.s = ep_str_view(v);
	put(f, name, &val);
}

static void put_long(struct fields *f, const char *name, long n)
{
	sr_xval_t val = {.type = SR_XTYPE_LONG};

	val.v.l = n;
	put(f, name, &val);
}

/* A list grows at its head: the last of several IMPUs goes in first, so that
 * [0] is the token's first. */
static void put_token(struct fields *f, const struct ep_token_result *t)
{
	size_t i;

	for(i = t->impus_n; i > 0; i--)
		put_view(f, "impus", t->impus[i - 1]);
	put_view(f, "impi", t->impi);
	put_view(f, "waf", t->waf);
	put_view(f, "scope", t->scope);
	put_view(f, "sub", t->sub);
	put_view(f, "jti", t->jti);
	put_view(f, "sid", t->sid);
	put_long(f, "iat", (long)t->iat_s);
	put_view(f, "issuer", t->issuer);
	put_long(f, "expires", (long)t->exp_s);
	put_long(f, "third_party", t->third_party);
	if(t->name_waf)
		put_view(f, "entity", t->waf);
}

enum ep_err ep_result_store(const struct ep_check *check)
{
	const struct ep_token_cause_info *info = ep_token_cause_get(check->cause);
	struct fields f = {NULL, false};
	sr_xval_t val = {.type = SR_XTYPE_XAVP};

	xavp_rm_by_name(&xavp_name, 1, NULL);
	if(check->is_verified)
		put_token(&f, &check->token);
	if(check->has_conn)
		put_view(&f, "wwsf", ep_view_z(check->conn.wwsf));
	put_view(&f, "cause", ep_view_z(info->name));
	put_long(&f, "status", info->script);
	put_long(&f, "number", check->cause);
	val.v.xavp = f.list;
	if(f.failed || xavp_add_value(&xavp_name, &val, NULL) == NULL) {
		xavp_destroy_list(&f.list);
		return EP_ENOMEM;
	}
	return EP_OK;
}

static sr_xavp_t *fields_get(void)
{
	sr_xavp_t *x = xavp_get(&xavp_name, NULL);

	return x != NULL && x->val.type == SR_XTYPE_XAVP ? x->val.v.xavp : NULL;
}

static bool is_named(const sr_xavp_t *x, const char *name)
{
	return ep_view_eq(ep_view_str(&x->name), ep_view_z(name));
}

static void take(struct webrtc_auth_result *out, const sr_xavp_t *x)
{
	const struct
	{
		const char *name;
		struct ep_view *v;
	} views[] = {{"cause", &out->cause}, {"impi", &out->impi},
			{"waf", &out->waf}, {"wwsf", &out->wwsf}, {"scope", &out->scope},
			{"sub", &out->sub}, {"jti", &out->jti}, {"sid", &out->sid},
			{"issuer", &out->issuer}, {"entity", &out->entity}};
	size_t i;

	if(x->val.type == SR_XTYPE_LONG) {
		if(is_named(x, "status"))
			out->status = (int)x->val.v.l;
		else if(is_named(x, "expires"))
			out->expires_s = x->val.v.l;
		else if(is_named(x, "iat"))
			out->iat_s = x->val.v.l;
		else if(is_named(x, "third_party"))
			out->third_party = x->val.v.l != 0;
		return;
	}
	if(x->val.type != SR_XTYPE_STR)
		return;
	if(is_named(x, "impus") && out->impus_n < WEBRTC_AUTH_IMPUS_MAX)
		out->impus[out->impus_n++] = ep_view_str(&x->val.v.s);
	for(i = 0; i < sizeof(views) / sizeof(*views); i++)
		if(is_named(x, views[i].name))
			*views[i].v = ep_view_str(&x->val.v.s);
}

enum ep_err ep_result_load(struct webrtc_auth_result *out)
{
	sr_xavp_t *x = fields_get();

	*out = (struct webrtc_auth_result){.iat_s = -1};
	if(x == NULL)
		return EP_ENOENT;
	for(; x != NULL; x = x->next)
		take(out, x);
	return EP_OK;
}

enum ep_err ep_result_cause(enum ep_token_cause *out)
{
	sr_xavp_t *x;

	for(x = fields_get(); x != NULL; x = x->next)
		if(x->val.type == SR_XTYPE_LONG && is_named(x, "number")) {
			*out = (enum ep_token_cause)x->val.v.l;
			return EP_OK;
		}
	return EP_ENOENT;
}
