/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* tna_register: Trusted Node Authentication and the bindings of web pages. */
#include "core/dprint.h"
#include "core/rpc_lookup.h"
#include "core/sr_module.h"

#include "calls.h"
#include "life.h"
#include "limits.h"
#include "store.h"
#include "tna_register.h"

webrtc_auth_api_t tna_auth;
struct tm_binds tna_tm;
struct dlg_binds tna_dlg;
bool tna_has_dlg;

static counter_handle_t counters[TNA_COUNTERS_N];
static counter_def_t counter_defs[] = {
		{&counters[TNA_N_REGISTERS], "registers", 0, NULL, NULL,
				"REGISTER requests sent to the core"},
		{&counters[TNA_N_BOUND], "bound", 0, NULL, NULL, "new bindings"},
		{&counters[TNA_N_REFRESHED], "refreshed", 0, NULL, NULL,
				"bindings refreshed on the same connection"},
		{&counters[TNA_N_MOVED], "moved", 0, NULL, NULL,
				"bindings moved to a new connection"},
		{&counters[TNA_N_LOST], "lost", 0, NULL, NULL,
				"connections of bindings lost"},
		{&counters[TNA_N_EXPIRED], "expired", 0, NULL, NULL,
				"bindings ended by time"},
		{&counters[TNA_N_ENDED], "ended", 0, NULL, NULL,
				"bindings ended by deregistration or by force"},
		{&counters[TNA_N_REFUSED], "refused", 0, NULL, NULL,
				"requests refused"},
		{&counters[TNA_N_CHALLENGED], "challenged", 0, NULL, NULL,
				"auth-done was answered with a challenge"},
		{&counters[TNA_N_FLOW_FAILED], "flow_failed", 0, NULL, NULL,
				"requests towards a page that is gone"},
		{&counters[TNA_N_TAMPERED], "flow_tampered", 0, NULL, NULL,
				"requests with a forged or misplaced flow token"},
		{&counters[TNA_N_CALLS_ENDED], "calls_ended", 0, NULL, NULL,
				"calls ended by this node"},
		{&counters[TNA_N_DESTINATION], "destination_refused", 0, NULL, NULL,
				"requests to a destination the WWSF's pages may not reach"},
		{&counters[TNA_N_CALLS_FULL], "calls_full", 0, NULL, NULL,
				"calls refused at the WWSF's max_calls"},
		{&counters[TNA_N_CALL_TIME], "call_time_used", 0, NULL, NULL,
				"calls refused because the WWSF's call_s_per_day are used"},
		{&counters[TNA_N_FROM_REFUSED], "from_refused", 0, NULL, NULL,
				"requests of lent identities under another name"},
		{&counters[TNA_N_FROM_REPLACED], "from_replaced", 0, NULL, NULL,
				"requests of lent identities whose From was replaced"},
		{NULL, NULL, 0, NULL, NULL, NULL},
};

int tna_counters_init(void)
{
	return counter_register_array("tna_register", counter_defs);
}

void tna_count(enum tna_counter which)
{
	counter_inc(counters[which]);
}

static int mod_init(void)
{
	if(tna_params_init() != 0)
		return -1;
	if(webrtc_auth_load_api(&tna_auth) != 0) {
		LM_ERR("load webrtc_auth before this module\n");
		return -1;
	}
	if(tna_guard_init() != 0)
		return -1;
	if(load_tm_api(&tna_tm) != 0) {
		LM_ERR("load tm before this module\n");
		return -1;
	}
	if(find_export("load_dlg", 0, 0) != NULL)
		tna_has_dlg = load_dlg_api(&tna_dlg) == 0;
	if(!tna_has_dlg)
		LM_WARN("dialog is not loaded: calls do not end with their"
				" registration\n");
	tna_auth.on_register(tna_limits_admit);
	if(tna_usage_init() != 0
			|| tna_store_init(tna_set.hash_size, tna_set.max_bindings) != 0
			|| tna_calls_init(tna_set.hash_size) != 0) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	return tna_life_init();
}

static int child_init(int rank)
{
	return tna_life_child_init(rank);
}

static void mod_destroy(void)
{
	tna_life_destroy();
	tna_store_destroy();
	tna_usage_destroy();
}

/* What Kamailio looks up by name. */
#pragma GCC visibility push(default)
MODULE_VERSION

/* clang-format off */
struct module_exports exports = {
	"tna_register", DEFAULT_DLFLAGS, tna_cmds, tna_params,
	NULL, /* rpc: registered in mod_register */
	tna_pvs, NULL, mod_init, child_init, mod_destroy,
};
/* clang-format on */

int mod_register(char *path, int *dlflags, void *p1, void *p2)
{
	sr_kemi_modules_add(tna_kemi);
	if(tna_counters_init() != 0 || rpc_register_array(tna_rpc) != 0
			|| tna_life_register() != 0)
		return -1;
	return 0;
}
#pragma GCC visibility pop
