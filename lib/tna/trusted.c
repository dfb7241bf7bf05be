/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/trusted.h"
#include "base/sipuri.h"

/* --- addresses --- */

static bool ipv4_parse(unsigned char *out, struct ep_view text)
{
	uint64_t n;
	int i;

	for(i = 0; i < 4; i++) {
		if(!text.p)
			return false;
		if(!ep_view_u64(&n, ep_view_cut(&text, '.'), 255))
			return false;
		out[i] = (unsigned char)n;
	}
	return !text.p;
}

/* One group of hexadecimal digits. */
static bool group_parse(unsigned char *out, struct ep_view text)
{
	unsigned n = 0;
	size_t i;

	if(text.len < 1 || text.len > 4)
		return false;
	for(i = 0; i < text.len; i++) {
		int digit = ep_chr_hex(text.p[i]);

		if(digit < 0)
			return false;
		n = n << 4 | (unsigned)digit;
	}
	out[0] = (unsigned char)(n >> 8);
	out[1] = (unsigned char)n;
	return true;
}

/* Groups separated by ':', where `v4` says so the last perhaps an IPv4 address.
 * False for more than `max` octets. */
static bool groups_parse(
		unsigned char *out, size_t *n, size_t max, struct ep_view text, bool v4)
{
	*n = 0;
	if(text.len == 0)
		return true;
	while(text.p) {
		struct ep_view group = ep_view_cut(&text, ':');

		if(v4 && !text.p && ep_view_find_chr(group, '.') != SIZE_MAX) {
			if(*n + 4 > max || !ipv4_parse(out + *n, group))
				return false;
			*n += 4;
		} else {
			if(*n + 2 > max || !group_parse(out + *n, group))
				return false;
			*n += 2;
		}
	}
	return true;
}

/* RFC 4291 2.2 */
static bool ipv6_parse(unsigned char *out, struct ep_view text)
{
	size_t gap = ep_view_find(text, EP_LIT("::")), n, tail_n;
	unsigned char tail[16];

	if(gap == SIZE_MAX)
		return groups_parse(out, &n, 16, text, true) && n == 16;
	if(!groups_parse(out, &n, 14, ep_view_head(text, gap), false)
			|| !groups_parse(
					tail, &tail_n, 14 - n, ep_view_from(text, gap + 2), true))
		return false;
	memset(out + n, 0, 16 - n);
	memcpy(out + 16 - tail_n, tail, tail_n);
	return true;
}

static enum ep_err address_parse(struct ep_trusted *out, struct ep_view text)
{
	struct ep_view prefix = text, addr = ep_view_cut(&prefix, '/');
	uint64_t bits;

	if(addr.len > 2 && addr.p[0] == '[' && addr.p[addr.len - 1] == ']')
		addr = ep_view_of(addr.p + 1, addr.len - 2);
	if(ipv4_parse(out->addr, addr))
		out->addr_len = 4;
	else if(ipv6_parse(out->addr, addr))
		out->addr_len = 16;
	else
		return EP_ESYNTAX;
	out->prefix = 8 * out->addr_len;
	if(!prefix.p)
		return EP_OK;
	if(!ep_view_u64(&bits, prefix, 128))
		return EP_ESYNTAX;
	if(bits == 0 || bits > out->prefix)
		return EP_ERANGE;
	out->prefix = (unsigned)bits;
	return EP_OK;
}

/* --- parameters --- */

static unsigned transport_of(struct ep_view v)
{
	if(ep_view_ieq(v, EP_LIT("udp")))
		return EP_TRUSTED_UDP;
	if(ep_view_ieq(v, EP_LIT("tcp")))
		return EP_TRUSTED_TCP;
	return ep_view_ieq(v, EP_LIT("tls")) ? EP_TRUSTED_TLS : 0;
}

static enum ep_err param_take(
		struct ep_trusted *out, const struct ep_param *param)
{
	struct ep_view value = ep_unquote(param->value);

	if(ep_view_ieq(param->name, EP_LIT("transport")) && !out->transports) {
		out->transports = transport_of(value);
		return out->transports ? EP_OK : EP_ESYNTAX;
	}
	if(ep_view_ieq(param->name, EP_LIT("name")) && !out->name.p
			&& value.len > 0) {
		out->name = value;
		return EP_OK;
	}
	return EP_ESYNTAX;
}

enum ep_err ep_trusted_parse(
		struct ep_trusted *out, struct ep_view text, bool udp)
{
	struct ep_view rest = text, addr = ep_view_cut(&rest, ';');
	struct ep_param param;
	enum ep_err err;

	*out = (struct ep_trusted){.addr_len = 0};
	err = address_parse(out, ep_view_trim(addr));
	while(!err && rest.p && (err = ep_param_next(&param, &rest)) == EP_OK)
		err = param_take(out, &param);
	if(err && err != EP_ENOENT)
		return err;
	if(out->name.p && (out->transports & ~(unsigned)EP_TRUSTED_TLS))
		return EP_ESYNTAX;
	if(out->name.p)
		out->transports = EP_TRUSTED_TLS;
	else if(!out->transports)
		out->transports =
				EP_TRUSTED_TCP | EP_TRUSTED_TLS | (udp ? EP_TRUSTED_UDP : 0);
	return EP_OK;
}

/* --- the match --- */

static bool address_is_in(
		const struct ep_trusted *node, const struct ep_trusted_peer *peer)
{
	unsigned octets = node->prefix / 8, bits = node->prefix % 8;

	if(node->addr_len != peer->addr_len
			|| memcmp(node->addr, peer->addr, octets) != 0)
		return false;
	return bits == 0
		   || ((node->addr[octets] ^ peer->addr[octets]) >> (8 - bits)) == 0;
}

static bool name_is(
		const struct ep_trusted *node, const struct ep_trusted_peer *peer)
{
	size_t i;

	if(!node->name.p)
		return true;
	for(i = 0; i < peer->names_n; i++)
		if(ep_view_ieq(node->name, peer->names[i]))
			return true;
	return false;
}

bool ep_trusted_match(const struct ep_trusted *nodes, size_t n,
		const struct ep_trusted_peer *peer)
{
	size_t i;

	for(i = 0; i < n; i++)
		if((nodes[i].transports & peer->transport)
				&& address_is_in(&nodes[i], peer) && name_is(&nodes[i], peer))
			return true;
	return false;
}
