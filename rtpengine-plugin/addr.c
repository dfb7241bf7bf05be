/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* The octets of an address; 0: it is none. */
static size_t ip_parse(unsigned char ip[16], int *family, struct ep_view text)
{
	char z[INET6_ADDRSTRLEN];

	if(!text.len || text.len >= sizeof z)
		return 0;
	memcpy(z, text.p, text.len);
	z[text.len] = 0;
	*family = ep_view_find_chr(text, ':') == SIZE_MAX ? AF_INET : AF_INET6;
	if(inet_pton(*family, z, ip) != 1)
		return 0;
	return *family == AF_INET ? 4 : 16;
}

bool ep_addr_parse(struct ep_addr *out, struct ep_view text)
{
	unsigned char ip[16];
	struct ep_view host, rest = text;
	uint64_t port;
	int family;
	bool v6 = ep_view_starts(text, EP_LIT("["));

	if(v6) {
		rest = ep_view_from(text, 1);
		host = ep_view_cut(&rest, ']');
		if(!ep_view_starts(rest, EP_LIT(":")))
			return false;
		rest = ep_view_from(rest, 1);
	} else {
		host = ep_view_cut(&rest, ':');
	}
	if(!rest.p || !ep_view_u64(&port, rest, 65535) || !port)
		return false;
	if(ip_parse(ip, &family, host) != (v6 ? 16 : 4))
		return false;
	memset(out, 0, sizeof *out);
	if(v6) {
		out->in6.sin6_family = AF_INET6;
		out->in6.sin6_port = htons((uint16_t)port);
		memcpy(&out->in6.sin6_addr, ip, 16);
		out->len = sizeof out->in6;
	} else {
		out->in.sin_family = AF_INET;
		out->in.sin_port = htons((uint16_t)port);
		memcpy(&out->in.sin_addr, ip, 4);
		out->len = sizeof out->in;
	}
	return true;
}

static bool is_v6(const struct ep_addr *addr)
{
	return addr->sa.sa_family == AF_INET6;
}

static unsigned port_of(const struct ep_addr *addr)
{
	return ntohs(is_v6(addr) ? addr->in6.sin6_port : addr->in.sin_port);
}

struct ep_view ep_addr_ip(const struct ep_addr *addr)
{
	if(is_v6(addr))
		return ep_view_of((const char *)&addr->in6.sin6_addr, 16);
	return ep_view_of((const char *)&addr->in.sin_addr, 4);
}

const char *ep_addr_print(
		char out[EP_ADDR_TEXT_MAX], const struct ep_addr *addr)
{
	char ip[INET6_ADDRSTRLEN] = "?";
	bool v6 = is_v6(addr);

	inet_ntop(v6 ? AF_INET6 : AF_INET, ep_addr_ip(addr).p, ip, sizeof ip);
	snprintf(
			out, EP_ADDR_TEXT_MAX, v6 ? "[%s]:%u" : "%s:%u", ip, port_of(addr));
	return out;
}

bool ep_addr_loopback(const struct ep_addr *addr)
{
	struct ep_view ip = ep_addr_ip(addr);

	if(ip.len == 4)
		return ip.p[0] == 127;
	return memcmp(ip.p, &in6addr_loopback, 16) == 0;
}

bool ep_addr_eq(const struct ep_addr *a, const struct ep_addr *b)
{
	return a->sa.sa_family == b->sa.sa_family && port_of(a) == port_of(b)
		   && ep_view_eq(ep_addr_ip(a), ep_addr_ip(b));
}

/* The first `bits` of both are the same. */
static bool prefix_eq(
		const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, left = bits % 8;

	if(memcmp(a, b, whole))
		return false;
	return !left || (a[whole] >> (8 - left)) == (b[whole] >> (8 - left));
}

bool ep_net_parse(struct ep_net *out, struct ep_view text)
{
	struct ep_view rest = text, ip = ep_view_cut(&rest, '/');
	uint64_t bits;

	memset(out, 0, sizeof *out);
	unsigned max = 8 * (unsigned)ip_parse(out->ip, &out->family, ip);
	bits = max;
	if(!max || (rest.p && !ep_view_u64(&bits, rest, max)) || !bits)
		return false;
	out->bits = (unsigned)bits;
	for(unsigned i = out->bits; i < max; i++)
		if(out->ip[i / 8] & (0x80 >> i % 8))
			return false;
	return true;
}

bool ep_net_has(const struct ep_net *net, const struct ep_addr *addr)
{
	return net->family == addr->sa.sa_family
		   && prefix_eq(net->ip, (const unsigned char *)ep_addr_ip(addr).p,
				   net->bits);
}

int ep_addr_udp(const struct ep_addr *addr)
{
	int family = addr->sa.sa_family, on = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if(fd < 0)
		return -1;
	if(family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if(bind(fd, &addr->sa, addr->len)) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}
