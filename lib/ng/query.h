/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What rtpengine's answer to `query` says of a call, per side and m= section.
 * Measured with 10.5, 12.5 and 26.0: the keys are the same, and one flag means
 * another thing (`confirmed`, below).
 */
#ifndef EP_NG_QUERY_H
#define EP_NG_QUERY_H

#include "ng/bencode.h"

#define EP_NG_MEDIAS_MAX 128

struct ep_ng_media
{
	struct ep_view tag; /* whose side: the tag its SDP came with */
	unsigned index;     /* 1: the first m= section */
	unsigned transport; /* the first section that has its port: a bundle's */
	bool recv;          /* packets are expected from this side (not on hold) */
	bool dtls;          /* the side speaks DTLS-SRTP */
	bool ice;           /* and ICE */
	bool verified;      /* DTLS is done, the certificate the announced one */
	/* Since 14: an address is agreed on; of ICE, a pair works. Before: packets
	 * came in for some seconds, ICE or not. */
	bool confirmed;
	/* Packets go to another address than the SDP's: what ICE found. */
	bool moved;
	/* The SDP had no address to send to (RFC 8840: port 9, all zeros): where
	 * packets go to can only be what ICE found. */
	bool blank;
	uint64_t packets; /* received from this side */
	uint64_t errors;  /* towards it, that could not be sent */
};

struct ep_ng_query
{
	struct ep_ng_media *media; /* in the order of the answer */
	size_t media_n;
	int64_t created_s;     /* since 1970; 0: not said */
	int64_t last_signal_s; /* its last offer or answer */
};

/* `answer`: the dictionary of an answer with result ok, read at the top
 * (ep_ng_decode_top) or as a whole. What is not as
 * expected counts as not said; sections without SDP of their own yet are left
 * out, and so are those behind EP_NG_MEDIAS_MAX. Views are into the answer.
 * EP_ENOENT: it has no `tags`. EP_ENOMEM. */
enum ep_err ep_ng_query_decode(struct ep_ng_query *out,
		const struct ep_ng_val *answer, struct ep_arena *arena);

#endif
