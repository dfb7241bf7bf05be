/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/timer.h"

#include "common/ending.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/http.h"
#include "webrtc_auth/introspect.h"
#include "webrtc_auth/logout.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/revoke.h"
#include "webrtc_auth/shmfix.h"
#include "webrtc_auth/source.h"
#include "webrtc_auth/tcp.h"
#include "webrtc_auth/worker.h"

/* How long the process sleeps when nothing is going on, and while it waits
 * for clients to answer a close frame. */
#define IDLE_MS 1000
#define CLOSING_MS 10
/* ... and while the async workers' socket is full. */
#define UNTAKEN_MS 2
#define REVOKING_MS 50
#define SWEEP_S 5

/* 0: fetch; else the id of a connection to end. */
static int wake_socks[2] = {-1, -1};

int ep_worker_init(void)
{
	int i;

	if(socketpair(AF_UNIX, SOCK_DGRAM, 0, wake_socks) != 0) {
		LM_ERR("socketpair: %s\n", strerror(errno));
		return -1;
	}
	for(i = 0; i < 2; i++)
		if(fcntl(wake_socks[i], F_SETFL, O_NONBLOCK) != 0) {
			LM_ERR("fcntl: %s\n", strerror(errno));
			return -1;
		}
	return 0;
}

void ep_worker_fini(void)
{
	int i;

	for(i = 0; i < 2; i++)
		if(wake_socks[i] >= 0)
			close(wake_socks[i]);
	wake_socks[0] = wake_socks[1] = -1;
}

/* A full socket loses the note, not the wish: the process also looks for
 * itself, once a second. */
static void wake(int conid)
{
	while(send(wake_socks[1], &conid, sizeof(conid), 0) < 0 && errno == EINTR)
		;
}

void ep_worker_wake_close(int conid)
{
	wake(conid);
}

void ep_worker_wake_fetch(void)
{
	wake(0);
}

/* Is its TCP connection still there? Called with a bucket locked: Kamailio's
 * own lock is never held when a connection is looked up here. */
static bool is_alive(const struct ep_conn *conn, void *ctx)
{
	if(conn->revoked && !conn->held && !conn->ending)
		return true;
	return ep_tcp_is_alive(conn->id);
}

static void read_notes(void)
{
	int conid;

	while(recv(wake_socks[0], &conid, sizeof(conid), 0)
			== (ssize_t)sizeof(conid))
		if(conid != 0)
			ep_close_begin(conid == EP_CLOSE_ALL ? 0 : conid);
}

void ep_worker_run(void)
{
	unsigned swept_s = get_ticks(), looked_s = 0;

	ep_shmfix_begin();
	if(ep_http_init() != 0)
		LM_ERR("no keys will be fetched\n");
	ep_pending_start();
	for(;;) {
		ep_ending_stop_here();
		cfg_update();
		read_notes();
		if(get_ticks() != looked_s) {
			looked_s = get_ticks();
			ep_close_begin(0);
		}
		ep_logout_step(); /* before the sources, which hold the policy */
		ep_revoke_step();
		ep_close_step();
		ep_sources_step();
		ep_introspect_step();
		ep_http_step(wake_socks[0], ep_pending_step()     ? UNTAKEN_MS
									: ep_close_pending()  ? CLOSING_MS
									: ep_revoke_pending() ? REVOKING_MS
														  : IDLE_MS);
		if(get_ticks() - swept_s >= SWEEP_S) {
			ep_conns_walk(is_alive, NULL);
			swept_s = get_ticks();
		}
	}
}
