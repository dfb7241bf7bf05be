/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Nodes whose word that a user is authenticated counts (TS 33.203 U.1; NDS/IP
 * of TS 33.210 stands behind the addresses).
 *
 *   address[/prefix][;transport=udp|tcp|tls][;name=NAME]
 *
 * address: IPv4, or IPv6 with or without brackets. The rule for transports:
 *   - one that is written is the only one;
 *   - with a name, and without a transport, TLS is the only one;
 *   - else TCP and TLS, and UDP only if the caller says so (modparam
 *     trusted_udp): whoever can send to us can forge the source of a datagram.
 * name: of the TLS peer's certificate, in any case; `transport=tls` only.
 */
#ifndef EP_TNA_TRUSTED_H
#define EP_TNA_TRUSTED_H

#include "base/err.h"
#include "base/view.h"

enum ep_trusted_transport
{
	EP_TRUSTED_UDP = 1,
	EP_TRUSTED_TCP = 2,
	EP_TRUSTED_TLS = 4
};

struct ep_trusted
{
	unsigned char addr[16];
	unsigned addr_len;   /* 4 or 16 octets */
	unsigned prefix;     /* bits that count, never 0 */
	unsigned transports; /* enum ep_trusted_transport, or-ed */
	struct ep_view name; /* view into the text; or absent */
};

/* Who sent a message. */
struct ep_trusted_peer
{
	const unsigned char *addr;
	unsigned addr_len;
	unsigned transport;          /* one of them, or 0: any other */
	const struct ep_view *names; /* of its verified TLS certificate */
	size_t names_n;
};

/* EP_ESYNTAX; EP_ERANGE for a prefix that is 0 or too long. */
enum ep_err ep_trusted_parse(
		struct ep_trusted *out, struct ep_view text, bool udp);
/* Is the peer one of the nodes? */
bool ep_trusted_match(const struct ep_trusted *nodes, size_t n,
		const struct ep_trusted_peer *peer);

#endif
