/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <unistd.h>

#include "core/dprint.h"
#include "core/mem/mem.h"
#include "core/pvar.h"
#include "core/sr_module.h"
#include "core/timer.h"

#include "common/view.h"
#include "sdp_mediate/hold.h"
#include "sdp_mediate/node.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/script.h"

/* Lines about calls that one process writes a second. */
#define LOG_RATE 10

static struct ep_mediate_profile profiles[EP_PROFILES_MAX];
static size_t profiles_n;

static unsigned sets[EP_PROFILES_MAX]; /* of profiles, in their order */

static struct
{
	str leg;
	str warning_agent;
	str subscriber;
	str event_callback;
	char *set[EP_PROFILES_MAX];
	size_t set_n;
} params = {.warning_agent = str_init("epcscf")};

static struct ep_async_params async = {
		.timeout_ms = 1000,
		.max_pending = 5000,
		.max_calls = 100000,
		.call_expire = 12 * 3600,
		.async_group = str_init("media"),
};

static pv_elem_t *leg_format;
/* NULL without the dialog module. */
static pv_elem_t *dialog_callid;

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

/* modparam agw, any number of times. */
static int agw_add(modparam_t type, void *value)
{
	return ep_node_add(ep_view_z(value));
}

/* modparam agw_set, "<profile>=<set>": looked at when all profiles are there.
 */
static int set_add(modparam_t type, void *value)
{
	if(params.set_n == EP_PROFILES_MAX)
		return -1;
	params.set[params.set_n++] = value;
	return 0;
}

static int sets_parse(void)
{
	const struct ep_mediate_profile *p;
	struct ep_view text;
	uint64_t n;
	size_t i;

	for(i = 0; i < params.set_n; i++) {
		text = ep_view_z(params.set[i]);
		p = ep_profile_find(ep_view_trim(ep_view_cut(&text, '=')));
		if(p == NULL || text.p == NULL
				|| !ep_view_u64(&n, ep_view_trim(text), 1000000)) {
			LM_ERR("agw_set \"%s\" is not <profile>=<set>\n", params.set[i]);
			return -1;
		}
		sets[p - profiles] = (unsigned)n;
	}
	return 0;
}

// clang-format off
param_export_t ep_params_export[] = {
	{"profile", PARAM_STRING | PARAM_USE_FUNC, (void *)profile_add},
	{"leg", PARAM_STR, &params.leg},
	{"warning_agent", PARAM_STR, &params.warning_agent},
	/* hold.h */
	{"hold_calls", PARAM_INT, &ep_hold_params.calls_max},
	{"hold_memory", PARAM_INT, &ep_hold_params.memory_mb},
	{"hold_cache", PARAM_INT, &ep_hold_params.keep_s},
	{"agw", PARAM_STRING | PARAM_USE_FUNC, (void *)agw_add},
	{"agw_set", PARAM_STRING | PARAM_USE_FUNC, (void *)set_add},
	{"agw_timeout_ms", PARAM_INT, &async.timeout_ms},
	{"async_group", PARAM_STR, &async.async_group},
	{"max_pending", PARAM_INT, &async.max_pending},
	{"max_calls", PARAM_INT, &async.max_calls},
	{"call_expire", PARAM_INT, &async.call_expire},
	{"subscriber", PARAM_STR, &params.subscriber},
	{"event_callback", PARAM_STR, &params.event_callback},
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

static int async_check(void)
{
	static char host[64];

	if(async.timeout_ms < 100 || async.timeout_ms > 30000
			|| async.max_pending < 1 || async.max_calls < 1
			|| async.call_expire < 60 || async.async_group.len == 0) {
		LM_ERR("agw_timeout_ms (100 to 30000), max_pending, max_calls (1 or "
			   "more), call_expire (60 or more) or async_group is wrong\n");
		return -1;
	}
	/* The same after every restart, and another one on each machine. */
	async.subscriber = ep_view_str(&params.subscriber);
	if(async.subscriber.len == 0 && gethostname(host, sizeof(host) - 1) == 0)
		async.subscriber = ep_view_z(host);
	if(async.subscriber.len > 128 || !ep_word_check(async.subscriber)) {
		LM_ERR("subscriber must be one word\n");
		return -1;
	}
	async.event_callback = ep_view_str(&params.event_callback);
	return sets_parse();
}

int ep_params_check(void)
{
	static str callid = str_init("$dlg(callid)");

	if(profiles_n == 0) {
		LM_ERR("modparam profile is missing\n");
		return -1;
	}
	if(async_check() != 0)
		return -1;
	if(params.leg.len > 0 && format_parse(&leg_format, &params.leg) != 0)
		return -1;
	if(module_loaded("dialog") && format_parse(&dialog_callid, &callid) != 0)
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
	return v.len > 0 && v.len <= EP_WORD_MAX;
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

bool ep_leg_configured(void)
{
	return leg_format != NULL;
}

const struct ep_async_params *ep_async_params(void)
{
	return &async;
}

unsigned ep_profile_set(const struct ep_mediate_profile *p)
{
	return sets[p - profiles];
}

bool ep_log_may(void)
{
	static ticks_t second;
	static int lines;

	if(get_ticks() != second) {
		second = get_ticks();
		lines = 0;
	}
	return ++lines <= LOG_RATE;
}

enum ep_err ep_dialog_callid(
		struct ep_view *callid, sip_msg_t *msg, struct ep_arena *arena)
{
	struct ep_view v = word_get(msg, dialog_callid);

	if(v.p == NULL)
		return EP_ENOENT;
	*callid = ep_arena_copy(arena, v);
	return callid->p != NULL ? EP_OK : EP_ENOMEM;
}

bool ep_dialog_known(sip_msg_t *msg)
{
	return dialog_callid == NULL || word_get(msg, dialog_callid).p != NULL;
}

struct ep_view ep_warning_agent(void)
{
	return ep_view_str(&params.warning_agent);
}
