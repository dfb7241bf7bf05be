/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/kemi.h"
#include "core/timer_ticks.h"

#include "common/kemi.h"
#include "common/view.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/tcp.h"
#include "webrtc_auth/worker.h"

/* A client that has not answered the close frame by then is cut off. */
#define ECHO_MS 500
/* Sockets held open meanwhile; who comes beyond it waits for a place: he is
 * marked, and nothing of him is processed. */
#define CLOSING_MAX 512

struct closing
{
	int conid;
	int fd;
	ticks_t since;
};

static struct closing closings[CLOSING_MAX];
static size_t closings_n;
static webrtc_auth_closing_f on_closing;
static bool waiting; /* some may not have found a place */

static enum ep_err mark(
		bool *first, int conid, int code, struct ep_view reason, bool hold)
{
	enum ep_err err;

	*first = false;
	if(code < 1000 || code > 4999)
		return EP_ERANGE;
	err = ep_conn_revoke(first, conid, code, reason, hold);
	if(*first)
		counter_inc(ep_counters.closed);
	return err;
}

enum ep_err ep_close_start(int conid, int code, struct ep_view reason)
{
	bool first;
	enum ep_err err = mark(&first, conid, code, reason, false);

	if(first)
		ep_worker_wake_close(conid);
	return err;
}

void ep_close_listen(webrtc_auth_closing_f listener)
{
	on_closing = listener;
}

void ep_close_marked(unsigned n)
{
	if(n == 0)
		return;
	counter_add(ep_counters.closed, (int)n);
	ep_worker_wake_close(EP_CLOSE_ALL);
}

enum ep_err ep_close_hold(
		bool *mine, int conid, int code, struct ep_view reason)
{
	return mark(mine, conid, code, reason, true);
}

void ep_close_go(int conid)
{
	ep_conn_unhold(conid);
	ep_worker_wake_close(conid);
}

static void send_close_frame(const struct ep_conn *conn)
{
	static const int types[6] = {SR_KEMIP_INT, SR_KEMIP_STR, SR_KEMIP_INT,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE};
	typedef int (*close_conid_f)(sip_msg_t *, int, str *, int);
	static sr_kemi_t *found;
	str reason;

	if(found == NULL)
		found = ep_kemi_find("websocket", "close_conid", types);
	if(found == NULL)
		return;
	reason = ep_str_view(ep_view_z(conn->close_reason));
	((close_conid_f)found->func)(NULL, conn->close_code, &reason, conn->id);
}

static void cork(int fd, int on)
{
	if(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)) != 0)
		LM_DBG("no cork: a quick answer may get a second close frame\n");
}

/* Kamailio's own ways to force the end (tcpops' tcp_close_connection_id, or
 * CONN_EOF to tcp main) only unlink the connection: a reader that holds it
 * keeps the socket open for seconds. shutdown() on the socket itself ends TCP
 * now, and every reader takes its usual way out on the end of file. The socket
 * must be asked for before the client answers: websocket then marks the
 * connection bad, and tcp main gives none of a bad one away.
 *
 * websocket notes that it has sent a close frame behind sending it: an answer
 * that is sooner gets another one, with 1000, and a browser that reads a close
 * frame behind a close frame tells its page 1006. So the frame stays in the
 * kernel until that is noted (for 200 ms at most, tcp(7)). */
static void begin(const struct ep_conn *conn)
{
	int fd = ep_tcp_socket(conn->id);

	if(on_closing != NULL)
		on_closing(conn->id);
	if(fd < 0)
		return;
	cork(fd, 1);
	send_close_frame(conn);
	cork(fd, 0);
	closings[closings_n++] = (struct closing){conn->id, fd, get_ticks_raw()};
}

void ep_close_begin(int conid)
{
	struct ep_conn conn;

	while(closings_n < CLOSING_MAX && ep_conn_end(&conn, conid) == EP_OK)
		begin(&conn);
	if(closings_n == CLOSING_MAX)
		waiting = true;
}

/* Gone, or answered: a connection whose client has echoed the close frame is
 * marked bad by websocket and no longer found. */
static bool is_over(const struct closing *c)
{
	return !ep_tcp_is_alive(c->conid)
		   || TICKS_TO_MS(get_ticks_raw() - c->since) >= ECHO_MS;
}

void ep_close_step(void)
{
	size_t i = 0;

	while(i < closings_n) {
		if(!is_over(&closings[i])) {
			i++;
			continue;
		}
		shutdown(closings[i].fd, SHUT_RDWR);
		close(closings[i].fd);
		closings[i] = closings[--closings_n];
	}
	if(waiting && closings_n < CLOSING_MAX) {
		waiting = false;
		ep_close_begin(0);
	}
}

bool ep_close_pending(void)
{
	return closings_n > 0;
}
