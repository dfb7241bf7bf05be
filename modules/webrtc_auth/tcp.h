/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Kamailio's TCP connections, as far as the worker process needs them. */
#ifndef EP_WEBRTC_AUTH_TCP_H
#define EP_WEBRTC_AUTH_TCP_H

#include <stdbool.h>

/* Only in a process that was forked with a socket to tcp main. */

/* False also for one that websocket has marked bad because the client has
 * answered our close frame. */
bool ep_tcp_is_alive(int conid);
/* Its socket, which the caller closes; -1 if there is none. Does not work any
 * more when the connection is marked bad. */
int ep_tcp_socket(int conid);

#endif
