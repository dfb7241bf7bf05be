/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The end of a connection: mark, close frame, TCP.
 *
 * The mark decides: from then on nothing that arrives is processed. The close
 * frame and the end of TCP are the worker process's.
 */
#ifndef EP_WEBRTC_AUTH_CLOSE_H
#define EP_WEBRTC_AUTH_CLOSE_H

#include "base/err.h"
#include "base/view.h"
#include "webrtc_auth/api.h"

/* From any process; returns at once. EP_OK (also for the second time),
 * EP_ENOENT, EP_ERANGE (code not in 1000..4999). */
enum ep_err ep_close_start(int conid, int code, struct ep_view reason);

/* The same in two steps, for who has an answer to send in between: marked by
 * the first, ended from the second on. ep_close_hold() as ep_close_start();
 * when it is not EP_OK, or says *mine = false (somebody else ends it already),
 * there is nothing to go on with. */
enum ep_err ep_close_hold(
		bool *mine, int conid, int code, struct ep_view reason);
void ep_close_go(int conid);

/* `n` connections were marked as revoked elsewhere (ep_conns_cut()). */
void ep_close_marked(unsigned n);
/* mod_init: who is told of each connection whose end begins. */
void ep_close_listen(webrtc_auth_closing_f listener);

/* Instead of an id, in a note to the worker: all that wait for their end. */
#define EP_CLOSE_ALL (-1)

/* The following only in the worker process. */

/* Sends the close frame; 0: of all connections that wait for theirs. */
void ep_close_begin(int conid);
/* Ends TCP where the client has answered, or its time is over. */
void ep_close_step(void);
/* Does somebody still have to answer? */
bool ep_close_pending(void);

#endif
