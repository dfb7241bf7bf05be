/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The side of the SIP proxies: ng over UDP.
 *
 *   datagram -> allowed? -> readable? -> a command of our own (local.h):
 * answered
 *                                     -> seen before (cookies.h): same answer
 *                                     -> shim -> south -> calls -> answer
 */
#ifndef EP_IQ_NORTH_H
#define EP_IQ_NORTH_H

#include "iq.h"
#include "ng/message.h"

/* Where a datagram came from, and where an answer goes: the remote address,
 * and which of our sockets. */
struct ep_peer
{
	struct ep_addr addr;
	unsigned socket;
};

/* A command that rtpengine-iq answers itself. All of it dies with the call. */
struct ep_request
{
	struct ep_peer from;
	const struct ep_ng_message *msg;
};

/* Sockets are bound. 0, or -1 with a line in the log. */
int ep_north_init(struct ep_iq *iq);
void ep_north_fini(struct ep_iq *iq);

/* False: it could not be sent (counted). */
bool ep_north_send(
		struct ep_iq *iq, const struct ep_peer *to, struct ep_view datagram);
/* The same: address and socket. */
bool ep_peer_eq(const struct ep_peer *a, const struct ep_peer *b);

#endif
