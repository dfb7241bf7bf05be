/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/dprint.h"

#include "common/keeper.h"

int ep_keeper_open(struct ep_keeper *k)
{
	int i;

	if(socketpair(AF_UNIX, SOCK_DGRAM, 0, k->socks) != 0) {
		LM_ERR("socketpair: %s\n", strerror(errno));
		return -1;
	}
	for(i = 0; i < 2; i++)
		if(fcntl(k->socks[i], F_SETFL, O_NONBLOCK) != 0) {
			LM_ERR("fcntl: %s\n", strerror(errno));
			return -1;
		}
	return 0;
}

void ep_keeper_close(struct ep_keeper *k)
{
	int i;

	for(i = 0; i < 2; i++)
		if(k->socks[i] >= 0)
			close(k->socks[i]);
	k->socks[0] = k->socks[1] = -1;
}

/* A full socket loses the note, not the wish. */
void ep_keeper_ring(const struct ep_keeper *k)
{
	char note = 0;

	if(k->socks[1] < 0)
		return;
	while(send(k->socks[1], &note, 1, 0) < 0 && errno == EINTR)
		;
}

void ep_keeper_sleep(const struct ep_keeper *k, int ms)
{
	struct pollfd p = {.fd = k->socks[0], .events = POLLIN};
	char notes[64];

	poll(&p, 1, ms);
	while(recv(k->socks[0], notes, sizeof(notes), 0) > 0)
		;
}
