/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/cfg/cfg_struct.h"

#include "common/ending.h"
#include "common/keeper.h"
#include "webrtc_auth/dmq.h"
#include "webrtc_auth/keeper.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/revfile.h"

#define IDLE_MS 1000

static struct ep_keeper keeper = EP_KEEPER_NONE;

bool ep_keeper_exists(void)
{
	return ep_revfile_exists() || ep_params()->dmq;
}

int ep_keeper_init(void)
{
	return ep_keeper_exists() ? ep_keeper_open(&keeper) : 0;
}

void ep_keeper_fini(void)
{
	ep_keeper_close(&keeper);
}

void ep_keeper_wake(void)
{
	ep_keeper_ring(&keeper);
}

void ep_keeper_run(void)
{
	for(;;) {
		ep_ending_stop_here();
		cfg_update();
		ep_dmq_step(); /* first: the disk may be slow */
		ep_revfile_step();
		ep_keeper_sleep(&keeper, IDLE_MS);
	}
}
