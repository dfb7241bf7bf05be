/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* $wauth(name): what the last webrtc_auth_check() of this message found. */
#include "core/dprint.h"
#include "core/pvapi.h"

#include "base/buf.h"
#include "common/view.h"
#include "webrtc_auth/result.h"
#include "webrtc_auth/script.h"

enum field
{
	F_STATUS,
	F_CAUSE,
	F_IMPI,
	F_IMPU,  /* the first */
	F_IMPUS, /* all, with commas; one by one: $xavp(wauth[0]=>impus[i]) */
	F_WAF,
	F_WWSF,
	F_SCOPE,
	F_EXPIRES,
	F_SUB,
	F_JTI,
	F_THIRD_PARTY,
	F_ENTITY,
	F_ISSUER,
	F_N
};

static const char *const field_names[F_N] = {"status", "cause", "impi", "impu",
		"impus", "waf", "wwsf", "scope", "expires", "sub", "jti", "third_party",
		"entity", "issuer"};

static int parse_name(pv_spec_p sp, str *in)
{
	int i;

	for(i = 0; i < F_N; i++)
		if(ep_view_eq(ep_view_str(in), ep_view_z(field_names[i]))) {
			sp->pvp.pvn.type = PV_NAME_INTSTR;
			sp->pvp.pvn.u.isname.type = 0;
			sp->pvp.pvn.u.isname.name.n = i;
			return 0;
		}
	LM_ERR("$wauth(%.*s) is not known\n", in->len, in->s);
	return -1;
}

static int view_value(
		sip_msg_t *msg, pv_param_t *param, pv_value_t *res, struct ep_view v)
{
	str s = ep_str_view(v);

	if(v.p == NULL)
		return pv_get_null(msg, param, res);
	return pv_get_strval(msg, param, res, &s);
}

static int impus_value(sip_msg_t *msg, pv_param_t *param, pv_value_t *res,
		const struct webrtc_auth_result *r)
{
	static char text[8192];
	struct ep_buf b;
	size_t i;

	ep_buf_init(&b, text, sizeof(text));
	for(i = 0; i < r->impus_n; i++) {
		if(i > 0)
			ep_buf_put_chr(&b, ',');
		ep_buf_put(&b, r->impus[i]);
	}
	return view_value(
			msg, param, res, r->impus_n > 0 ? ep_buf_view(&b) : ep_view_none());
}

static int text_value(sip_msg_t *msg, pv_param_t *param, pv_value_t *res,
		const struct webrtc_auth_result *r, int field)
{
	switch(field) {
		case F_CAUSE:
			return view_value(msg, param, res, r->cause);
		case F_IMPI:
			return view_value(msg, param, res, r->impi);
		case F_IMPU:
			return view_value(msg, param, res, r->impus[0]);
		case F_WAF:
			return view_value(msg, param, res, r->waf);
		case F_WWSF:
			return view_value(msg, param, res, r->wwsf);
		case F_SCOPE:
			return view_value(msg, param, res, r->scope);
		case F_SUB:
			return view_value(msg, param, res, r->sub);
		case F_JTI:
			return view_value(msg, param, res, r->jti);
		case F_ENTITY:
			return view_value(msg, param, res, r->entity);
		default:
			return view_value(msg, param, res, r->issuer);
	}
}

static int get(sip_msg_t *msg, pv_param_t *param, pv_value_t *res)
{
	int field = param->pvn.u.isname.name.n;
	struct webrtc_auth_result r;

	if(ep_result_load(&r) != EP_OK)
		return pv_get_null(msg, param, res);
	if(field == F_STATUS)
		return pv_get_sintval(msg, param, res, r.status);
	if(field == F_IMPUS)
		return impus_value(msg, param, res, &r);
	if((field == F_EXPIRES || field == F_THIRD_PARTY) && r.impi.p == NULL)
		return pv_get_null(msg, param, res);
	if(field == F_EXPIRES)
		return pv_get_sintval(msg, param, res, r.expires_s);
	if(field == F_THIRD_PARTY)
		return pv_get_sintval(msg, param, res, r.third_party);
	return text_value(msg, param, res, &r, field);
}

// clang-format off
pv_export_t ep_pvs[] = {
	{{"wauth", sizeof("wauth") - 1}, PVT_OTHER, get, 0, parse_name, 0, 0, 0},
	{{0, 0}, 0, 0, 0, 0, 0, 0, 0}
};
// clang-format on
