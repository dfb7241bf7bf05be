/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the operator wants between WICs and the core, by name:
 *
 *   name=default;core=avp;video=no;codecs=opus,PCMA,PCMU,telephone-event
 *
 *   name            of the profile; needed
 *   core            avp (default), avpf, savp, savpf: what is offered to the
 *                   core. The F is for video: speech is RTP/AVP or RTP/SAVP
 *                   (TS 26.114 6.2.1a). An answer has the transport of its
 *                   offer, whatever this says.
 *   video           no (default), yes
 *   codecs          encoding names that may go to the core
 *   transcode       encoding names that the gateway offers to the core in
 *                   addition; towards the browser it then adds opus
 *   gateway         version of rtpengine, 10.5 without; for who cannot ask it
 *   bundle          auto (default): as the gateway can; needed: an offer that
 *                   has a transport for each section is not bundled (what
 *                   rtpengine 26.0 bundles loses its RTCP towards the core,
 *                   and with it the browser's requests for keyframes); no: as
 *                   if it could not
 *   no_candidates   balanced (default), max-bundle: which policy of a browser
 *                   is meant by an offer that does not say (features.h)
 *   core_source     any (default), strict: media of the core is taken from where
 *                   its SDP says and from nowhere else
 *   access_if, core_if   names of the gateway's interfaces: both or none
 *   access_ip, core_ip   4 or 6; absent: the gateway decides
 *
 * The views point into the text that was parsed.
 */
#ifndef EP_MEDIATE_PROFILE_H
#define EP_MEDIATE_PROFILE_H

#include "base/err.h"
#include "mediate/caps.h"

struct ep_mediate_profile
{
	struct ep_view name;
	bool avpf; /* core=avpf, savpf */
	bool srtp; /* core=savp, savpf */
	bool video;
	bool bundle;
	bool bundle_needed; /* bundle=needed */
	bool max_bundle;    /* no_candidates=max-bundle */
	bool strict;        /* core_source=strict */
	/* Encoding names separated by commas, any case. red, rtx, ulpfec, flexfec
	 * and CN never go to the core, whatever these say. */
	struct ep_view codecs;
	struct ep_view transcode; /* absent: the gateway transcodes nothing */
	struct ep_mediate_caps caps;
	struct ep_view access_if;
	struct ep_view core_if;
	unsigned access_ip; /* 4, 6; 0: not said */
	unsigned core_ip;
};

/* EP_ESYNTAX: *bad (may be NULL) is the part at fault. */
enum ep_err ep_mediate_profile_parse(struct ep_mediate_profile *out,
		struct ep_view *bad, struct ep_view text);
/* Is a name among names separated by commas? Of an absent list: no. */
bool ep_mediate_names_has(struct ep_view names, struct ep_view name);

#define EP_MEDIATE_CODECS                                                      \
	"opus,EVS,AMR-WB,AMR,G722,PCMA,PCMU,G729,telephone-event,VP8,H264,"        \
	"H265"

/* Names in `transcode`, at most: each is a word of the gateway's command. */
#define EP_MEDIATE_TRANSCODE_MAX 16

#endif
