/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * webrtc_auth: lets a browser page in by its Origin, and a SIP request by its
 * access token (TS 33.203 Annex X, TS 24.371 7.2.1, RFC 8898).
 */
#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/events.h"
#include "core/kemi.h"
#include "core/pt.h"
#include "core/sr_module.h"

#include "common/ending.h"
#include "webrtc_auth/cache.h"
#include "webrtc_auth/challenge.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/flood.h"
#include "webrtc_auth/dmq.h"
#include "webrtc_auth/forks.h"
#include "webrtc_auth/guard.h"
#include "webrtc_auth/keeper.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/listeners.h"
#include "webrtc_auth/logout.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/replay.h"
#include "webrtc_auth/revfile.h"
#include "webrtc_auth/revoke.h"
#include "webrtc_auth/script.h"
#include "webrtc_auth/worker.h"

int ep_rank;

static int mod_init(void);
static int child_init(int rank);
static void destroy(void);

/* What Kamailio looks up by name in the .so: all else is hidden. */
#pragma GCC visibility push(default)
MODULE_VERSION

// clang-format off
struct module_exports exports = {
	"webrtc_auth",
	DEFAULT_DLFLAGS,
	ep_cmds,
	ep_params_export,
	ep_rpcs,
	ep_pvs,
	0,
	mod_init,
	child_init,
	destroy
};
// clang-format on

int mod_register(char *path, int *dlflags, void *p1, void *p2)
{
	sr_kemi_modules_add(ep_kemi);
	return ep_guard_register();
}
#pragma GCC visibility pop

/* The WebSocket is gone. (event_route[websocket:closed] is not run for every
 * end in Kamailio before 6.1; this callback is.) */
static int on_ws_close(sr_event_param_t *evp)
{
	ep_conn_del(evp->rcv->proto_reserved1);
	return 0;
}

static int mod_init(void)
{
	if(ep_params_check() != 0 || ep_counters_init() != 0
			|| ep_ending_init() != 0 || ep_guard_init() != 0
			|| ep_script_init() != 0 || ep_challenge_init() != 0
			|| ep_forks_init() != 0 || ep_worker_init() != 0
			|| ep_pending_init() != 0)
		return -1;
	if(ep_conns_init((unsigned)ep_params()->max_connections) != EP_OK
			|| ep_floods_init((unsigned)ep_params()->max_sources) != EP_OK
			|| ep_keystore_init() != EP_OK || ep_replay_init() != EP_OK
			|| ep_cache_init((unsigned)ep_params()->cache_size) != EP_OK
			|| ep_revoke_init((size_t)ep_params()->max_revoked) != EP_OK) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	if(ep_policy_init(ep_params()->config) != 0)
		return -1;
	if(sr_event_register_cb(SREV_TCP_WS_CLOSE, on_ws_close) != 0) {
		LM_ERR("no place for a WebSocket callback\n");
		return -1;
	}
	if(ep_revfile_init() != 0 || ep_keeper_init() != 0 || ep_dmq_init() != 0
			|| ep_logout_init() != 0)
		return -1;
	register_procs(ep_keeper_exists() ? 2 : 1);
	cfg_register_child(ep_keeper_exists() ? 2 : 1);
	return 0;
}

static int child_init(int rank)
{
	int pid;

	ep_listeners_quiet();
	ep_rank = rank;
	if(ep_ending_child_init(rank) != 0)
		return -1;
	if(rank != PROC_MAIN)
		return 0;
	pid = fork_process(PROC_RPC, "webrtc_auth", 1);
	if(pid < 0)
		return -1;
	if(pid == 0) {
		if(cfg_child_init())
			return -1;
		ep_worker_run();
	}
	if(!ep_keeper_exists())
		return 0;
	pid = fork_process(PROC_RPC, "webrtc_auth keeper", 1);
	if(pid < 0)
		return -1;
	if(pid == 0) {
		if(cfg_child_init())
			return -1;
		ep_keeper_run();
	}
	return 0;
}

static void destroy(void)
{
	ep_logout_fini();
	ep_dmq_fini();
	ep_keeper_fini();
	ep_revfile_fini();
	ep_revoke_fini();
	ep_policy_fini();
	ep_cache_fini();
	ep_keystore_fini();
	ep_replay_fini();
	ep_floods_fini();
	ep_conns_fini();
	ep_pending_fini();
	ep_worker_fini();
}
