/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "common/listfile.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/revfile.h"

static void failed(void)
{
	counter_inc(ep_counters.revoked_file_failed);
}

static struct ep_listfile file = {.param = "revoked_file",
		.limit = "more entries than max_revoked",
		.head = "# webrtc_auth revoked 1",
		.list = &ep_revoke_lines,
		.failed = failed};

int ep_revfile_init(void)
{
	return ep_listfile_init(&file, ep_params()->revoked_file);
}

void ep_revfile_fini(void)
{
	ep_listfile_fini(&file);
}

bool ep_revfile_exists(void)
{
	return ep_listfile_exists(&file);
}

bool ep_revfile_wait(int ms)
{
	return ep_listfile_wait(&file, ms);
}

void ep_revfile_step(void)
{
	ep_listfile_step(&file);
}
