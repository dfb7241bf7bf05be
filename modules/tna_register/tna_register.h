/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What the files of tna_register share inside one process: settings (fixed
 * after mod_init), the other modules' functions, and which binding the
 * message at hand belongs to.
 */
#ifndef EP_TNA_REGISTER_H
#define EP_TNA_REGISTER_H

#include "core/counters.h"
#include "core/kemi.h"
#include "core/pvar.h"
#include "core/rpc.h"
#include "modules/dialog/dlg_load.h"
#include "modules/tm/tm_load.h"

#include "tna/binding.h"
#include "tna/cause.h"
#include "tna/cfg.h"
#include "webrtc_auth/api.h"

struct tna_settings
{
	struct ep_tna_cfg cfg;
	struct ep_binding_policy policy;
	struct ep_flow_keys keys;
	uint32_t node;
	uint32_t epoch;
	struct ep_view icscf_uri;  /* of a REGISTER we send ourselves; or absent */
	struct ep_view core_hosts; /* host[:port], comma separated; or absent */
	struct ep_view event_callback; /* KEMI function for events; or absent */
	unsigned max_bindings;
	unsigned max_call_s; /* 0: no limit */
	unsigned hash_size;
	bool digest; /* scenario 1 is allowed */
};

extern struct tna_settings tna_set;
extern webrtc_auth_api_t tna_auth;
extern struct tm_binds tna_tm;
extern struct dlg_binds tna_dlg;
extern bool tna_has_dlg; /* the dialog module is loaded */

extern param_export_t tna_params[];
extern pv_export_t tna_pvs[];
extern rpc_export_t tna_rpc[];
extern sr_kemi_t tna_kemi[];
extern cmd_export_t tna_cmds[];

/* Drops answers of pages that must not reach tm (guard.c). 0 or -1. */
int tna_guard_init(void);

/* Reads modparams into tna_set. 0, or -1 with the reason in the log. */
int tna_params_init(void);

/* The binding and the verdict of the message this process works on. */
struct tna_current
{
	unsigned msg_id;
	int pid;
	bool known; /* `id` is set */
	unsigned char id[EP_FLOW_ID_LEN];
	enum ep_tna_cause cause;
};
extern struct tna_current tna_current;
/* Starts anew for `msg` unless it is the current one already. */
struct tna_current *tna_current_of(sip_msg_t *msg);

/* Counters, registered in mod_register. */
enum tna_counter
{
	TNA_N_REGISTERS,   /* REGISTER sent to the core */
	TNA_N_BOUND,       /* first 200 OK */
	TNA_N_REFRESHED,   /* 200 OK on the same connection */
	TNA_N_MOVED,       /* 200 OK on a new connection */
	TNA_N_LOST,        /* connections lost */
	TNA_N_EXPIRED,     /* bindings ended by time */
	TNA_N_ENDED,       /* bindings ended otherwise */
	TNA_N_REFUSED,     /* requests refused */
	TNA_N_CHALLENGED,  /* "auth-done" was not believed */
	TNA_N_FLOW_FAILED, /* 430 */
	TNA_N_TAMPERED,    /* forged or misplaced flow tokens */
	TNA_N_CALLS_ENDED, /* calls ended by us */
	TNA_N_DESTINATION, /* limits of a WWSF */
	TNA_N_CALLS_FULL,
	TNA_N_CALL_TIME,
	TNA_N_FROM_REFUSED,
	TNA_N_FROM_REPLACED,
	TNA_COUNTERS_N
};
int tna_counters_init(void);
void tna_count(enum tna_counter which);

static inline uint64_t tna_now_s(void)
{
	return (uint64_t)time(NULL);
}

#endif
