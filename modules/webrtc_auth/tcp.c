/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/atomic_ops.h"
#include "core/dprint.h"
#include "core/globals.h"
#include "core/pass_fd.h"
#include "core/tcp_conn.h"

#include "webrtc_auth/tcp.h"

/* Gives a reference of tcpconn_get() back. The table's own reference keeps a
 * live connection above 1. If ours is the last one, tcp main has dropped the
 * connection meanwhile and nobody else would free it (tcpconn_put() does not):
 * then tcp main gets the reference. */
static void release(struct tcp_connection *con)
{
	long cmd[2] = {(long)con, CONN_EOF};
	int n;

	do {
		n = atomic_get(&con->refcnt);
		if(n <= 1) {
			if(send_all(unix_tcp_sock, cmd, sizeof(cmd)) <= 0)
				LM_ERR("tcp main does not listen: %s\n", strerror(errno));
			return;
		}
	} while(atomic_cmpxchg(&con->refcnt, n, n - 1) != n);
}

bool ep_tcp_is_alive(int conid)
{
	struct tcp_connection *con = tcpconn_get(conid, 0, 0, 0, 0);

	if(con == NULL)
		return false;
	release(con);
	return true;
}

int ep_tcp_socket(int conid)
{
	struct tcp_connection *con, *got = NULL;
	long cmd[2];
	int fd = -1;

	con = tcpconn_get(conid, 0, 0, 0, 0);
	if(con == NULL)
		return -1;
	cmd[0] = (long)con;
	cmd[1] = CONN_GET_FD;
	if(send_all(unix_tcp_sock, cmd, sizeof(cmd)) <= 0
			|| receive_fd(unix_tcp_sock, &got, sizeof(got), &fd, MSG_WAITALL)
					   <= 0)
		LM_ERR("no socket of connection %d: %s\n", conid, strerror(errno));
	if(fd >= 0 && got != con) {
		close(fd);
		fd = -1;
	}
	release(con);
	return fd;
}
