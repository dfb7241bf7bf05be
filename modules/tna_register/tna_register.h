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
	const char *credentials;       /* path; NULL: none */
	unsigned max_bindings;
	unsigned max_call_s; /* 0: no limit */
	unsigned max_subs, max_subs_each; /* subscriptions; of one binding */
	unsigned max_calls_each;          /* calls of one binding; 0: no limit */
	unsigned hash_size; /* 0: as max_bindings needs */
	unsigned emergency; /* the answer to an emergency call */
	struct ep_view emergency_reason; /* for its caller */
	bool digest; /* scenario 1 is allowed */
	bool reg_event; /* the registration event is subscribed to */
	uint32_t reg_event_expires_s;
	bool scscf;  /* role: the S-CSCF's check, nothing of a page's */
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
	TNA_N_BINDING_CALLS,
	TNA_N_CALL_TIME,
	TNA_N_FROM_REFUSED,
	TNA_N_FROM_REPLACED,
	TNA_N_BARRED,       /* REGISTERs refused: WAF or WWSF barred */
	TNA_N_BARRED_ENDED, /* registrations ended by barring */
	TNA_N_BARRED_FILE_FAILED,
	TNA_N_NODE_TAKEN, /* payloads of other nodes */
	TNA_N_NODE_REFUSED,
	TNA_N_NODE_REPLAYED,
	TNA_N_NODE_UNDELIVERED,
	TNA_N_SCSCF_ACCEPTED,    /* auth-done believed */
	TNA_N_SCSCF_UNTRUSTED,   /* auth-done of a node that is not trusted */
	TNA_N_SCSCF_AMBIGUOUS,   /* credentials that can be read in two ways */
	TNA_N_SCSCF_NOT_ALLOWED, /* not in the user's list, or no list */
	TNA_N_SCSCF_HSS,         /* no answer of the HSS */
	TNA_N_SCSCF_ASKED,       /* the HSS was asked for a list */
	TNA_N_SCSCF_UNDONE,      /* SAR that took an own registration back */
	TNA_N_SCSCF_PUSHED,      /* lists that the HSS pushed */
	TNA_N_REG_SUBSCRIBES, /* regevent.h */
	TNA_N_REG_SUBSCRIBE_FAILED,
	TNA_N_REG_NOTIFIES,
	TNA_N_REG_NOTIFY_REFUSED,
	TNA_N_REG_ENDED,
	TNA_N_REG_SHORTENED,
	TNA_N_EMERGENCY, /* emergency calls refused */
	TNA_N_SUBS_FULL, /* too many subscriptions */
	TNA_N_REDIRECTS, /* 3xx answers that lost a destination */
	TNA_N_ANSWERED,       /* challenges of the core answered */
	TNA_N_NO_CREDENTIALS, /* not, for lack of a password */
	TNA_COUNTERS_N
};
int tna_counters_init(void);
void tna_count(enum tna_counter which);
void tna_count_more(enum tna_counter which, unsigned n);

/* Of a table with a record for each binding, or contact. */
static inline unsigned tna_buckets(void)
{
	return tna_set.hash_size > 0 ? tna_set.hash_size : tna_set.max_bindings;
}

static inline uint64_t tna_now_s(void)
{
	return (uint64_t)time(NULL);
}

#endif
