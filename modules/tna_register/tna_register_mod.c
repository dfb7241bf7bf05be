/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* tna_register: Trusted Node Authentication and the bindings of web pages. */
#include "core/dprint.h"
#include "core/rpc_lookup.h"
#include "core/sr_module.h"

#include "common/ending.h"
#include "barred.h"
#include "calls.h"
#include "credentials.h"
#include "life.h"
#include "limits.h"
#include "regevent.h"
#include "regs.h"
#include "scscf.h"
#include "store.h"
#include "subs.h"
#include "tna_register.h"

/* Of the tables of calls and subscriptions. */
#define CALL_BUCKETS 4096

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
		{&counters[TNA_N_BINDING_CALLS], "binding_calls_full", 0, NULL, NULL,
				"calls refused at binding_calls"},
		{&counters[TNA_N_CALL_TIME], "call_time_used", 0, NULL, NULL,
				"calls refused because the WWSF's call_s_per_day are used"},
		{&counters[TNA_N_FROM_REFUSED], "from_refused", 0, NULL, NULL,
				"requests of lent identities under another name"},
		{&counters[TNA_N_FROM_REPLACED], "from_replaced", 0, NULL, NULL,
				"requests of lent identities whose From was replaced"},
		{&counters[TNA_N_BARRED], "barred_refused", 0, NULL, NULL,
				"REGISTER requests through a barred WAF or WWSF"},
		{&counters[TNA_N_BARRED_ENDED], "barred_ended", 0, NULL, NULL,
				"registrations ended because their WAF or WWSF was barred"},
		{&counters[TNA_N_BARRED_FILE_FAILED], "barred_file_failed", 0, NULL,
				NULL, "times barred_file could not be written"},
		{&counters[TNA_N_NODE_TAKEN], "node_taken", 0, NULL, NULL,
				"payloads taken from other nodes"},
		{&counters[TNA_N_NODE_REFUSED], "node_refused", 0, NULL, NULL,
				"payloads that no node of ours sent as they came"},
		{&counters[TNA_N_NODE_REPLAYED], "node_replayed", 0, NULL, NULL,
				"payloads of other nodes that were old or came twice"},
		{&counters[TNA_N_NODE_UNDELIVERED], "node_undelivered", 0, NULL, NULL,
				"payloads that another node did not take"},
		{&counters[TNA_N_SCSCF_ACCEPTED], "scscf_accepted", 0, NULL, NULL,
				"REGISTER with auth-done that were let through"},
		{&counters[TNA_N_SCSCF_UNTRUSTED], "scscf_untrusted", 0, NULL, NULL,
				"REGISTER with a claim of a node that is not trusted"},
		{&counters[TNA_N_SCSCF_AMBIGUOUS], "scscf_ambiguous", 0, NULL, NULL,
				"REGISTER with credentials that can be read in two ways"},
		{&counters[TNA_N_SCSCF_NOT_ALLOWED], "scscf_not_allowed", 0, NULL, NULL,
				"REGISTER through a WAF or WWSF that the HSS does not list"},
		{&counters[TNA_N_SCSCF_HSS], "scscf_hss_failed", 0, NULL, NULL,
				"REGISTER refused because the HSS could not be asked"},
		{&counters[TNA_N_SCSCF_ASKED], "scscf_asked", 0, NULL, NULL,
				"questions to the HSS for a list"},
		{&counters[TNA_N_SCSCF_UNDONE], "scscf_undone", 0, NULL, NULL,
				"registrations at the HSS taken back after a refusal"},
		{&counters[TNA_N_SCSCF_PUSHED], "scscf_pushed", 0, NULL, NULL,
				"lists that the HSS pushed"},
		{&counters[TNA_N_REG_SUBSCRIBES], "reg_subscribes", 0, NULL, NULL,
				"SUBSCRIBE requests for the registration event"},
		{&counters[TNA_N_REG_SUBSCRIBE_FAILED], "reg_subscribe_failed", 0,
				NULL, NULL, "of them refused, or not answered"},
		{&counters[TNA_N_REG_NOTIFIES], "reg_notifies", 0, NULL, NULL,
				"NOTIFY requests of the registration event taken"},
		{&counters[TNA_N_REG_NOTIFY_REFUSED], "reg_notify_refused", 0, NULL,
				NULL, "NOTIFY requests to our subscriptions refused"},
		{&counters[TNA_N_REG_ENDED], "reg_ended", 0, NULL, NULL,
				"bindings ended by the network"},
		{&counters[TNA_N_REG_SHORTENED], "reg_shortened", 0, NULL, NULL,
				"bindings shortened by the network"},
		{&counters[TNA_N_EMERGENCY], "emergency_refused", 0, NULL, NULL,
				"requests for emergency services, refused"},
		{&counters[TNA_N_SUBS_FULL], "subscriptions_full", 0, NULL, NULL,
				"subscriptions refused because there were too many"},
		{&counters[TNA_N_REDIRECTS], "redirects_removed", 0, NULL, NULL,
				"3xx answers of pages that lost a destination"},
		{&counters[TNA_N_ANSWERED], "answered", 0, NULL, NULL,
				"challenges of the core answered for a user"},
		{&counters[TNA_N_NO_CREDENTIALS], "no_credentials", 0, NULL, NULL,
				"challenges of the core for which the user has no password"},
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

void tna_count_more(enum tna_counter which, unsigned n)
{
	if(n > 0)
		counter_add(counters[which], (int)n);
}

static int epcscf_init(void)
{
	if(webrtc_auth_load_api(&tna_auth) != 0) {
		LM_ERR("load webrtc_auth before this module\n");
		return -1;
	}
	if(tna_guard_init() != 0)
		return -1;
	if(find_export("load_dlg", 0, 0) != NULL)
		tna_has_dlg = load_dlg_api(&tna_dlg) == 0;
	if(!tna_has_dlg)
		LM_WARN("dialog is not loaded: calls do not end with their"
				" registration\n");
	tna_auth.on_register(tna_limits_admit);
	if(tna_usage_init() != 0
			|| tna_store_init(tna_set.hash_size, tna_set.max_bindings) != 0
			|| tna_calls_init(CALL_BUCKETS) != 0
			|| tna_subs_init(CALL_BUCKETS, tna_set.max_subs,
					   tna_set.max_subs_each)
					   != 0) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	if(tna_credentials_init(tna_set.credentials) != 0)
		return -1;
	return tna_regevent_init() != 0 ? -1 : tna_life_init();
}

static int mod_init(void)
{
	if(ep_ending_init() != 0 || tna_params_init() != 0
			|| tna_barred_init() != 0)
		return -1;
	if(load_tm_api(&tna_tm) != 0) {
		LM_ERR("load tm before this module\n");
		return -1;
	}
	if(!tna_set.scscf)
		return epcscf_init();
	return tna_regs_init() != 0 ? -1 : tna_scscf_init();
}

static int child_init(int rank)
{
	if(ep_ending_child_init(rank) != 0 || tna_barred_child_init(rank) != 0
			|| (tna_set.scscf && tna_regs_child_init(rank) != 0))
		return -1;
	return tna_set.scscf ? tna_scscf_child_init(rank)
						 : tna_life_child_init(rank);
}

static void mod_destroy(void)
{
	tna_barred_destroy();
	if(tna_set.scscf) {
		tna_scscf_destroy();
		tna_regs_destroy();
		return;
	}
	tna_regevent_destroy();
	tna_life_destroy();
	tna_subs_destroy();
	tna_store_destroy();
	tna_usage_destroy();
	tna_credentials_destroy();
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
