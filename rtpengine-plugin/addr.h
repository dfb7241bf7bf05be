/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Addresses and networks, IPv4 and IPv6, never names.
 */
#ifndef EP_IQ_ADDR_H
#define EP_IQ_ADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include "base/view.h"

#define EP_ADDR_TEXT_MAX 64

struct ep_addr
{
	union
	{
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

struct ep_net
{
	int family;
	unsigned char ip[16];
	unsigned bits;
};

/* `192.0.2.1:2223`, `[2001:db8::1]:2223`; the port is not 0. */
bool ep_addr_parse(struct ep_addr *out, struct ep_view text);
/* With the port; into `out`, returned. */
const char *ep_addr_print(
		char out[EP_ADDR_TEXT_MAX], const struct ep_addr *addr);
bool ep_addr_loopback(const struct ep_addr *addr);
bool ep_addr_eq(const struct ep_addr *a, const struct ep_addr *b);
/* The octets of the IP address, without the port. */
struct ep_view ep_addr_ip(const struct ep_addr *addr);

/* `192.0.2.0/24`, `2001:db8::/32`, an address alone. Bits behind the prefix
 * are zero, and the prefix is not 0. */
bool ep_net_parse(struct ep_net *out, struct ep_view text);
bool ep_net_has(const struct ep_net *net, const struct ep_addr *addr);

/* A bound, non-blocking UDP socket, or -1 (errno). */
int ep_addr_udp(const struct ep_addr *addr);

#endif
