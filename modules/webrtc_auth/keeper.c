/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"

#include "webrtc_auth/dmq.h"
#include "webrtc_auth/keeper.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/revfile.h"

#define IDLE_MS 1000

static int socks[2] = {-1, -1};

bool ep_keeper_exists(void)
{
	return ep_params()->revoked_file != NULL || ep_params()->dmq;
}

int ep_keeper_init(void)
{
	int i;

	if(!ep_keeper_exists())
		return 0;
	if(socketpair(AF_UNIX, SOCK_DGRAM, 0, socks) != 0) {
		LM_ERR("socketpair: %s\n", strerror(errno));
		return -1;
	}
	for(i = 0; i < 2; i++)
		if(fcntl(socks[i], F_SETFL, O_NONBLOCK) != 0) {
			LM_ERR("fcntl: %s\n", strerror(errno));
			return -1;
		}
	return 0;
}

void ep_keeper_fini(void)
{
	int i;

	for(i = 0; i < 2; i++)
		if(socks[i] >= 0)
			close(socks[i]);
	socks[0] = socks[1] = -1;
}

/* A full socket loses the note, not the wish. */
void ep_keeper_wake(void)
{
	char note = 0;

	if(socks[1] < 0)
		return;
	while(send(socks[1], &note, 1, 0) < 0 && errno == EINTR)
		;
}

static void sleep_until_woken(int ms)
{
	struct pollfd p = {.fd = socks[0], .events = POLLIN};
	char notes[64];

	poll(&p, 1, ms);
	while(recv(socks[0], notes, sizeof(notes), 0) > 0)
		;
}

void ep_keeper_run(void)
{
	for(;;) {
		cfg_update();
		ep_dmq_step(); /* first: the disk may be slow */
		ep_revfile_step();
		sleep_until_woken(IDLE_MS);
	}
}
