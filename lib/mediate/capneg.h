/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * SDP capability negotiation (RFC 5939), as far as IMS UEs use it: video that
 * is offered as RTP/AVP with RTP/AVPF as the potential configuration (TS
 * 26.114 6.2.3.2):
 *
 *   m=video 49154 RTP/AVP 99
 *   a=tcap:1 RTP/AVPF
 *   a=pcfg:1 t=1
 *
 * It is taken: the answer is RTP/AVPF with a=acfg:1 t=1. A configuration that
 * wants more than another transport is not.
 */
#ifndef EP_MEDIATE_CAPNEG_H
#define EP_MEDIATE_CAPNEG_H

#include "sdp/attr.h"

struct ep_mediate_capneg
{
	unsigned config;      /* number of the a=pcfg */
	unsigned transport;   /* number in the a=tcap */
	struct ep_view proto; /* RTP/AVPF, RTP/SAVPF */
};

/* The first configuration of a section (in order of preference: the lower
 * number) that adds feedback to its transport and nothing else. False: none. */
bool ep_mediate_capneg_find(
		struct ep_mediate_capneg *out, const struct ep_sdp *sdp, size_t media);

#endif
