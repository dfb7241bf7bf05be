/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * $sdpm(name), of the last sdp_mediate() for this very message:
 *   code     SIP status that says it (200 when all went well)
 *   reason   its reason phrase
 *   cause    short name of the cause
 *   warning  value of a Warning header (RFC 3261 20.43), null if none applies
 *   warnings names of what the call may miss though all went well, separated
 *            by commas (mediate/warning.h), null if there is nothing
 *
 * in event_route[sdpm:media-event], of the event it runs for (events.h):
 *   event, callid, leg, tag, media, detail, node
 *
 * and, for the rtpengine module only, in (read) and out (written).
 */
#include "core/dprint.h"
#include "core/pvapi.h"

#include "base/buf.h"
#include "common/view.h"
#include "sdp_mediate/agw.h"
#include "sdp_mediate/events.h"
#include "sdp_mediate/node.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/result.h"
#include "sdp_mediate/script.h"

enum field
{
	F_CODE,
	F_REASON,
	F_CAUSE,
	F_WARNING,
	F_WARNINGS,
	F_IN,
	F_OUT,
	F_EVENT, /* and all behind it: of an event */
	F_CALLID,
	F_LEG,
	F_TAG,
	F_MEDIA,
	F_DETAIL,
	F_NODE,
	F_N
};

static const char *const names[F_N] = {
		"code", "reason", "cause", "warning", "warnings", "in", "out", "event",
		"callid", "leg", "tag", "media", "detail", "node"};

static int parse_name(pv_spec_p sp, str *in)
{
	int i;

	for(i = 0; i < F_N; i++)
		if(ep_view_eq(ep_view_str(in), ep_view_z(names[i]))) {
			sp->pvp.pvn.type = PV_NAME_INTSTR;
			sp->pvp.pvn.u.isname.type = 0;
			sp->pvp.pvn.u.isname.name.n = i;
			return 0;
		}
	LM_ERR("$sdpm(%.*s) is not known\n", in->len, in->s);
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

/* warn-code SP warn-agent SP warn-text */
static struct ep_view warning(const struct ep_mediate_cause_info *info)
{
	static char text[256];
	struct ep_buf b;

	if(info->warning == 0)
		return ep_view_none();
	ep_buf_init(&b, text, sizeof(text));
	ep_buf_put_u64(&b, info->warning);
	ep_buf_put_chr(&b, ' ');
	ep_buf_put(&b, ep_warning_agent());
	ep_buf_put_chr(&b, ' ');
	ep_buf_put_quoted(&b, ep_view_z(info->text));
	return ep_buf_view(&b);
}

static int event_get(
		sip_msg_t *msg, pv_param_t *param, pv_value_t *res, int field)
{
	const struct ep_event *e = ep_event_current();
	struct ep_node_view node;

	if(e == NULL)
		return pv_get_null(msg, param, res);
	switch(field) {
		case F_EVENT:
			return view_value(msg, param, res, e->event);
		case F_CALLID:
			return view_value(msg, param, res, e->callid);
		case F_LEG:
			return view_value(msg, param, res, e->leg);
		case F_TAG:
			return view_value(msg, param, res, e->tag);
		case F_MEDIA:
			return e->media > 0 ? pv_get_uintval(msg, param, res, e->media)
								: pv_get_null(msg, param, res);
		case F_DETAIL:
			return view_value(msg, param, res, e->detail);
		default:
			return ep_node_get(&node, e->node)
						   ? view_value(msg, param, res, node.name)
						   : pv_get_null(msg, param, res);
	}
}

static struct ep_view warnings(unsigned set)
{
	static char text[256];
	struct ep_buf b;
	int i;

	if(set == 0)
		return ep_view_none();
	ep_buf_init(&b, text, sizeof(text));
	for(i = 0; i < EP_MEDIATE_WARNING_N; i++) {
		if(!(set & ep_mediate_warning_bit((enum ep_mediate_warning)i)))
			continue;
		if(b.len > 0)
			ep_buf_put_chr(&b, ',');
		ep_buf_put_z(
				&b, ep_mediate_warning_get((enum ep_mediate_warning)i)->name);
	}
	return ep_buf_view(&b);
}

static int get(sip_msg_t *msg, pv_param_t *param, pv_value_t *res)
{
	int field = param->pvn.u.isname.name.n;
	const struct ep_mediate_cause_info *info = ep_result_get(msg);

	if(field >= F_EVENT)
		return event_get(msg, param, res, field);
	if(field == F_IN)
		return view_value(msg, param, res, ep_agw_in(msg));
	if(info == NULL || field == F_OUT)
		return pv_get_null(msg, param, res);
	switch(field) {
		case F_CODE:
			return pv_get_uintval(msg, param, res, info->status);
		case F_REASON:
			return view_value(msg, param, res, ep_view_z(info->reason));
		case F_CAUSE:
			return view_value(msg, param, res, ep_view_z(info->name));
		case F_WARNINGS:
			return view_value(
					msg, param, res, warnings(ep_result_warnings(msg)));
		default:
			return view_value(msg, param, res, warning(info));
	}
}

static int set(sip_msg_t *msg, pv_param_t *param, int op, pv_value_t *val)
{
	if(param->pvn.u.isname.name.n != F_OUT || val == NULL
			|| !(val->flags & PV_VAL_STR)
			|| ep_agw_out_set(msg, ep_view_str(&val->rs)) != 0) {
		LM_ERR("$sdpm(…) is not for scripts to write\n");
		return -1;
	}
	return 0;
}

// clang-format off
pv_export_t ep_pvs[] = {
	/* Not PVT_OTHER: rtpengine.so takes AVPs and script variables only. */
	{{"sdpm", sizeof("sdpm") - 1}, PVT_SCRIPTVAR, get, set, parse_name, 0, 0, 0},
	{{0, 0}, 0, 0, 0, 0, 0, 0, 0}
};
// clang-format on
