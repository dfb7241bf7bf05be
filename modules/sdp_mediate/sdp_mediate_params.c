/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/mem.h"
#include "core/pvar.h"
#include "core/sr_module.h"

#include "common/view.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/script.h"

static struct ep_mediate_profile profiles[EP_PROFILES_MAX];
static size_t profiles_n;

static struct
{
	str leg;
	str warning_agent;
} params = {.warning_agent = str_init("epcscf")};

static pv_elem_t *leg_format;
/* NULL without the dialog module. */
static pv_elem_t *dialog_callid;
static pv_elem_t *dialog_from_tag;

/* modparam profile, any number of times. */
static int profile_add(modparam_t type, void *value)
{
	struct ep_mediate_profile *p = &profiles[profiles_n];
	struct ep_view bad;
	char *text;
	size_t len = strlen(value);

	if(profiles_n == EP_PROFILES_MAX) {
		LM_ERR("more than %d profiles\n", EP_PROFILES_MAX);
		return -1;
	}
	text = pkg_malloc(len + 1);
	if(text == NULL) {
		PKG_MEM_ERROR;
		return -1;
	}
	memcpy(text, value, len + 1);
	if(ep_mediate_profile_parse(p, &bad, ep_view_of(text, len)) != EP_OK) {
		LM_ERR("profile \"%s\": bad part \"%.*s\"\n", text, EP_FMT(bad));
		return -1;
	}
	if(ep_profile_find(p->name) != NULL) {
		LM_ERR("two profiles \"%.*s\"\n", EP_FMT(p->name));
		return -1;
	}
	profiles_n++;
	return 0;
}

// clang-format off
param_export_t ep_params_export[] = {
	{"profile", PARAM_STRING | PARAM_USE_FUNC, (void *)profile_add},
	{"leg", PARAM_STR, &params.leg},
	{"warning_agent", PARAM_STR, &params.warning_agent},
	{0, 0, 0}
};
// clang-format on

static int format_parse(pv_elem_t **out, str *text)
{
	if(pv_parse_format(text, out) >= 0 && *out != NULL)
		return 0;
	LM_ERR("bad format \"%.*s\"\n", text->len, text->s);
	return -1;
}

int ep_params_check(void)
{
	static str callid = str_init("$dlg(callid)");
	static str from_tag = str_init("$dlg(from_tag)");

	if(profiles_n == 0) {
		LM_ERR("modparam profile is missing\n");
		return -1;
	}
	if(params.leg.len > 0 && format_parse(&leg_format, &params.leg) != 0)
		return -1;
	if(module_loaded("dialog")
			&& (format_parse(&dialog_callid, &callid) != 0
					|| format_parse(&dialog_from_tag, &from_tag) != 0))
		return -1;
	return 0;
}

const struct ep_mediate_profile *ep_profile_find(struct ep_view name)
{
	size_t i;

	for(i = 0; i < profiles_n; i++)
		if(ep_view_eq(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}

bool ep_word_check(struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		if((unsigned char)v.p[i] <= ' ' || v.p[i] == 0x7f)
			return false;
	return v.len > 0;
}

/* A word that can stand among the gateway's flags, or absent. A static
 * buffer of Kamailio's. */
static struct ep_view word_get(sip_msg_t *msg, pv_elem_t *format)
{
	str text;

	if(format == NULL || pv_printf_s(msg, format, &text) != 0 || text.len == 0
			|| ep_view_eq(ep_view_str(&text), EP_LIT("<null>")))
		return ep_view_none();
	return ep_word_check(ep_view_str(&text)) ? ep_view_str(&text)
											 : ep_view_none();
}

struct ep_view ep_leg_get(sip_msg_t *msg)
{
	return word_get(msg, leg_format);
}

enum ep_err ep_dialog_get(struct ep_view *callid, struct ep_view *from_tag,
		sip_msg_t *msg, struct ep_arena *arena)
{
	struct ep_view v = word_get(msg, dialog_callid);

	if(v.p == NULL)
		return EP_ENOENT;
	*callid = ep_arena_copy(arena, v);
	v = word_get(msg, dialog_from_tag);
	if(v.p == NULL)
		return EP_ENOENT;
	*from_tag = ep_arena_copy(arena, v);
	return callid->p != NULL && from_tag->p != NULL ? EP_OK : EP_ENOMEM;
}

struct ep_view ep_warning_agent(void)
{
	return ep_view_str(&params.warning_agent);
}
