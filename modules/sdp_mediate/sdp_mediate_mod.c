/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * sdp_mediate: between a browser's session description (ICE, DTLS-SRTP,
 * BUNDLE) and the IMS core's (RTP/AVP), with an unmodified rtpengine
 * (TS 23.228 U.1.1, TS 23.334 6.2.10.3, TS 24.371 7.2).
 */
#include "core/kemi.h"
#include "core/pt.h"
#include "core/sr_module.h"

#include "common/ending.h"
#include "sdp_mediate/agw.h"
#include "sdp_mediate/answers.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/exchange.h"
#include "sdp_mediate/hold.h"
#include "sdp_mediate/message.h"
#include "sdp_mediate/params.h"
#include "sdp_mediate/request.h"
#include "sdp_mediate/script.h"

static int mod_init(void);
static int child_init(int rank);
static void destroy(void);

/* What Kamailio looks up by name in the .so: all else is hidden. */
#pragma GCC visibility push(default)
MODULE_VERSION

// clang-format off
struct module_exports exports = {
	"sdp_mediate",
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
	return 0;
}
#pragma GCC visibility pop

static int mod_init(void)
{
	if(ep_params_check() != 0 || ep_counters_init() != 0
			|| ep_ending_init() != 0 || ep_message_init() != 0
			|| ep_request_init() != 0 || ep_exchange_init() != 0
			|| ep_answers_init() != 0)
		return -1;
	return ep_exchange_enabled() ? ep_hold_init() : 0;
}

static int child_init(int rank)
{
	if(ep_ending_child_init(rank) != 0)
		return -1;
	/* Once, before the workers are there: they inherit it. */
	if(rank == PROC_INIT)
		return ep_exchange_enabled() ? 0 : ep_agw_init();
	return rank == PROC_MAIN ? ep_exchange_fork() : 0;
}

static void destroy(void)
{
	if(!ep_exchange_enabled())
		return;
	ep_hold_fini();
	ep_exchange_fini();
}
