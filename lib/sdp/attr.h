/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Attributes of a session description, read on demand. Every reader fills a
 * plain struct with views into the text and says false (leaving *out
 * undefined) when the value does not follow its grammar.
 */
#ifndef EP_SDP_ATTR_H
#define EP_SDP_ATTR_H

#include "sdp/parse.h"

struct ep_sdp_attr
{
	struct ep_view name;
	struct ep_view value; /* absent for a property attribute (a=rtcp-mux) */
};

/* False: the line is not an a= line. */
bool ep_sdp_attr_get(struct ep_sdp_attr *out, const struct ep_sdp_line *line);
/* Index of the first a=<name> line at or behind line `from` in a section (or
 * EP_SDP_SESSION), SIZE_MAX without one. Names are case-sensitive (RFC 8866
 * 5.13). *out may be NULL. */
size_t ep_sdp_attr_find(struct ep_sdp_attr *out, const struct ep_sdp *sdp,
		size_t media, struct ep_view name, size_t from);
/* As find, at media level and, if not there, at session level. */
bool ep_sdp_attr_lookup(struct ep_sdp_attr *out, const struct ep_sdp *sdp,
		size_t media, struct ep_view name);

/* a=rtpmap:<pt> <encoding>/<clock>[/<parameters>]  (RFC 8866 6.6) */
struct ep_sdp_rtpmap
{
	unsigned pt; /* 0..127 */
	struct ep_view encoding;
	unsigned clock_hz;
	struct ep_view params; /* channels for audio; absent if not there */
};
bool ep_sdp_rtpmap_parse(struct ep_sdp_rtpmap *out, struct ep_view value);

/* a=fmtp:<pt> <parameters> (RFC 8866 6.15), a=rtcp-fb:<pt>|* <type> (RFC 4585
 * 4.2): a payload type and the rest. */
struct ep_sdp_ptval
{
	unsigned pt; /* 0..127, or EP_SDP_PT_ANY for `*` */
	struct ep_view rest;
};
#define EP_SDP_PT_ANY 256
bool ep_sdp_ptval_parse(struct ep_sdp_ptval *out, struct ep_view value);

/* a=group:<semantics> <mid> … (RFC 5888 5) */
struct ep_sdp_group
{
	struct ep_view semantics;
	struct ep_view mids; /* words separated by SP, may be empty */
};
bool ep_sdp_group_parse(struct ep_sdp_group *out, struct ep_view value);
bool ep_sdp_group_has(const struct ep_sdp_group *g, struct ep_view mid);

/* a=setup (RFC 4145 4, RFC 8842 5.2) */
enum ep_sdp_setup
{
	EP_SDP_SETUP_NONE, /* absent or unknown */
	EP_SDP_SETUP_ACTIVE,
	EP_SDP_SETUP_PASSIVE,
	EP_SDP_SETUP_ACTPASS,
	EP_SDP_SETUP_HOLDCONN
};
enum ep_sdp_setup ep_sdp_setup_parse(struct ep_view value);

/* a=fingerprint:<hash> <XX:XX…> (RFC 8122 5). octets_n agrees with the hash
 * where the hash is one of RFC 8122. */
struct ep_sdp_fingerprint
{
	struct ep_view hash; /* sha-256 … as written */
	struct ep_view hex;
	size_t octets_n;
};
bool ep_sdp_fingerprint_parse(
		struct ep_sdp_fingerprint *out, struct ep_view value);

/* a=candidate (RFC 8839 5.1), as far as a proxy needs it. */
struct ep_sdp_candidate
{
	struct ep_view foundation;
	unsigned component;
	struct ep_view transport; /* udp, tcp as written */
	uint32_t priority;
	struct ep_view address; /* an IP literal or a name (mDNS) */
	unsigned port;
	struct ep_view type; /* host, srflx, prflx, relay */
};
bool ep_sdp_candidate_parse(struct ep_sdp_candidate *out, struct ep_view value);

/* a=rtcp:<port> [IN IP4 addr] (RFC 3605 2.1) */
bool ep_sdp_rtcp_parse(unsigned *port, struct ep_view value);
/* a=ptime, a=maxptime: milliseconds. */
bool ep_sdp_ptime_parse(unsigned *ms, struct ep_view value);

/* Direction of a stream (RFC 8866 6.7), seen from who wrote the SDP. */
enum ep_sdp_direction
{
	EP_SDP_SENDRECV, /* also the default */
	EP_SDP_SENDONLY,
	EP_SDP_RECVONLY,
	EP_SDP_INACTIVE
};
/* False: `name` is not one of the four. */
bool ep_sdp_direction_parse(enum ep_sdp_direction *out, struct ep_view name);
/* Of a section: its own, else the session's, else sendrecv. */
enum ep_sdp_direction ep_sdp_direction_get(
		const struct ep_sdp *sdp, size_t media);

/* The address of c=<net> <type> <address> that holds for a section; absent
 * without one. */
struct ep_view ep_sdp_connection_get(const struct ep_sdp *sdp, size_t media);

#endif
