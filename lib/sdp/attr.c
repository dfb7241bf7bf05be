/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/attr.h"

#define PT_MAX 127

bool ep_sdp_attr_get(struct ep_sdp_attr *out, const struct ep_sdp_line *line)
{
	if(line->type != 'a')
		return false;
	struct ep_view rest = line->value;
	out->name = ep_view_cut(&rest, ':');
	out->value = rest;
	return true;
}

/* Is it a=<name>, whatever the value? Most lines are told by one octet. */
static bool named(const struct ep_sdp_line *line, struct ep_view name)
{
	const struct ep_view v = line->value;

	if(line->type != 'a' || v.len < name.len
			|| (v.len > name.len && v.p[name.len] != ':'))
		return false;
	return ep_view_ieq(ep_view_of(v.p, name.len), name);
}

size_t ep_sdp_attr_find(struct ep_sdp_attr *out, const struct ep_sdp *sdp,
		size_t media, struct ep_view name, size_t from)
{
	size_t first;
	size_t end;

	ep_sdp_section_get(&first, &end, sdp, media);
	for(size_t i = from > first ? from : first; i < end; i++) {
		if(!named(&sdp->lines[i], name))
			continue;
		if(out)
			ep_sdp_attr_get(out, &sdp->lines[i]);
		return i;
	}
	return SIZE_MAX;
}

bool ep_sdp_attr_lookup(struct ep_sdp_attr *out, const struct ep_sdp *sdp,
		size_t media, struct ep_view name)
{
	return ep_sdp_attr_find(out, sdp, media, name, 0) != SIZE_MAX
		   || ep_sdp_attr_find(out, sdp, EP_SDP_SESSION, name, 0) != SIZE_MAX;
}

static bool u32_parse(unsigned *out, struct ep_view v, uint64_t max)
{
	uint64_t n;

	if(!ep_view_u64(&n, v, max))
		return false;
	*out = (unsigned)n;
	return true;
}

bool ep_sdp_rtpmap_parse(struct ep_sdp_rtpmap *out, struct ep_view value)
{
	struct ep_view rest = value;
	struct ep_view pt = ep_sdp_word_cut(&rest);
	struct ep_view map = ep_sdp_word_cut(&rest);
	if(!pt.p || !map.p || !u32_parse(&out->pt, pt, PT_MAX))
		return false;
	out->encoding = ep_view_cut(&map, '/');
	if(!map.p || !out->encoding.len)
		return false;
	struct ep_view clock = ep_view_cut(&map, '/');
	out->params = map;
	if(map.p && (!map.len || ep_view_find_chr(map, '/') != SIZE_MAX))
		return false;
	return u32_parse(&out->clock_hz, clock, UINT32_MAX);
}

bool ep_sdp_ptval_parse(struct ep_sdp_ptval *out, struct ep_view value)
{
	struct ep_view rest = value;
	struct ep_view pt = ep_sdp_word_cut(&rest);
	if(!pt.p)
		return false;
	out->rest = ep_view_trim(rest);
	if(ep_view_eq(pt, EP_LIT("*"))) {
		out->pt = EP_SDP_PT_ANY;
		return true;
	}
	return u32_parse(&out->pt, pt, PT_MAX);
}

bool ep_sdp_group_parse(struct ep_sdp_group *out, struct ep_view value)
{
	struct ep_view rest = value;
	out->semantics = ep_sdp_word_cut(&rest);
	out->mids = ep_view_trim(rest);
	return out->semantics.p != NULL;
}

bool ep_sdp_group_has(const struct ep_sdp_group *g, struct ep_view mid)
{
	struct ep_view rest = g->mids;
	struct ep_view word;

	while((word = ep_sdp_word_cut(&rest)).p)
		if(ep_view_eq(word, mid))
			return true;
	return false;
}

enum ep_sdp_setup ep_sdp_setup_parse(struct ep_view value)
{
	static const struct
	{
		const char *name;
		enum ep_sdp_setup setup;
	} table[] = {{"active", EP_SDP_SETUP_ACTIVE},
			{"passive", EP_SDP_SETUP_PASSIVE},
			{"actpass", EP_SDP_SETUP_ACTPASS},
			{"holdconn", EP_SDP_SETUP_HOLDCONN}};

	struct ep_view v = ep_view_trim(value);
	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(ep_view_ieq(v, ep_view_z(table[i].name)))
			return table[i].setup;
	return EP_SDP_SETUP_NONE;
}

static bool hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')
		   || (c >= 'a' && c <= 'f');
}

/* Number of octets in XX:XX:…, 0 if it is not that. */
static size_t hex_octets(struct ep_view v)
{
	if(v.len % 3 != 2)
		return 0;
	for(size_t i = 0; i < v.len; i++)
		if(i % 3 == 2 ? v.p[i] != ':' : !hex_digit(v.p[i]))
			return 0;
	return (v.len + 1) / 3;
}

bool ep_sdp_fingerprint_parse(
		struct ep_sdp_fingerprint *out, struct ep_view value)
{
	static const struct
	{
		const char *name;
		size_t octets_n;
	} hashes[] = {{"sha-1", 20}, {"sha-224", 28}, {"sha-256", 32},
			{"sha-384", 48}, {"sha-512", 64}, {"md5", 16}, {"md2", 16}};

	struct ep_view rest = value;
	out->hash = ep_sdp_word_cut(&rest);
	out->hex = ep_sdp_word_cut(&rest);
	if(!out->hash.p || !out->hex.p)
		return false;
	out->octets_n = hex_octets(out->hex);
	for(size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if(ep_view_ieq(out->hash, ep_view_z(hashes[i].name)))
			return out->octets_n == hashes[i].octets_n;
	return out->octets_n > 0;
}

bool ep_sdp_candidate_parse(struct ep_sdp_candidate *out, struct ep_view value)
{
	struct ep_view rest = value;
	out->foundation = ep_sdp_word_cut(&rest);
	struct ep_view component = ep_sdp_word_cut(&rest);
	out->transport = ep_sdp_word_cut(&rest);
	struct ep_view priority = ep_sdp_word_cut(&rest);
	out->address = ep_sdp_word_cut(&rest);
	struct ep_view port = ep_sdp_word_cut(&rest);
	struct ep_view typ = ep_sdp_word_cut(&rest);
	out->type = ep_sdp_word_cut(&rest);

	unsigned prio;
	if(!out->type.p || !ep_view_eq(typ, EP_LIT("typ"))
			|| !u32_parse(&out->component, component, 256)
			|| !u32_parse(&prio, priority, UINT32_MAX)
			|| !u32_parse(&out->port, port, 65535))
		return false;
	out->priority = prio;
	return true;
}

bool ep_sdp_rtcp_parse(unsigned *port, struct ep_view value)
{
	struct ep_view rest = value;
	struct ep_view word = ep_sdp_word_cut(&rest);
	return word.p && u32_parse(port, word, 65535);
}

bool ep_sdp_ptime_parse(unsigned *ms, struct ep_view value)
{
	return value.p && u32_parse(ms, ep_view_trim(value), 10000);
}

bool ep_sdp_direction_parse(enum ep_sdp_direction *out, struct ep_view name)
{
	static const char *const names[] = {[EP_SDP_SENDRECV] = "sendrecv",
			[EP_SDP_SENDONLY] = "sendonly",
			[EP_SDP_RECVONLY] = "recvonly",
			[EP_SDP_INACTIVE] = "inactive"};

	for(size_t i = 0; i < sizeof names / sizeof *names; i++)
		if(ep_view_eq(name, ep_view_z(names[i]))) {
			*out = (enum ep_sdp_direction)i;
			return true;
		}
	return false;
}

enum ep_sdp_direction ep_sdp_direction_get(
		const struct ep_sdp *sdp, size_t media)
{
	const size_t levels[] = {media, EP_SDP_SESSION};

	for(size_t l = 0; l < 2; l++) {
		enum ep_sdp_direction d;
		struct ep_sdp_attr a;
		size_t first;
		size_t end;
		ep_sdp_section_get(&first, &end, sdp, levels[l]);
		for(size_t i = first; i < end; i++)
			if(ep_sdp_attr_get(&a, &sdp->lines[i])
					&& ep_sdp_direction_parse(&d, a.name))
				return d;
	}
	return EP_SDP_SENDRECV;
}

struct ep_view ep_sdp_connection_get(const struct ep_sdp *sdp, size_t media)
{
	const size_t levels[] = {media, EP_SDP_SESSION};

	for(size_t l = 0; l < 2; l++) {
		size_t first;
		size_t end;
		ep_sdp_section_get(&first, &end, sdp, levels[l]);
		for(size_t i = first; i < end; i++) {
			struct ep_view rest = sdp->lines[i].value;
			/* A blank in front, and it is none (RFC 8866 9). */
			if(sdp->lines[i].type != 'c' || (rest.len && rest.p[0] == ' '))
				continue;
			ep_sdp_word_cut(&rest);
			ep_sdp_word_cut(&rest);
			return ep_sdp_word_cut(&rest);
		}
	}
	return ep_view_none();
}
