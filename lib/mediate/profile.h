/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the operator wants between WICs and the core, by name:
 *
 *   name=default;core=avp;video=no;codecs=opus,PCMA,PCMU,telephone-event
 *
 * The views point into the text that was parsed.
 */
#ifndef EP_MEDIATE_PROFILE_H
#define EP_MEDIATE_PROFILE_H

#include "base/err.h"
#include "base/view.h"

struct ep_mediate_profile
{
	struct ep_view name;
	bool avpf;  /* core=avpf: RTP/AVPF towards the core, else RTP/AVP */
	bool video; /* video=yes: m=video passes, else it is rejected */
	/* Encoding names that may go to the core, separated by commas, any case.
	 * red, rtx, ulpfec, flexfec and CN never do. */
	struct ep_view codecs;
	/* Names of the gateway's interfaces; absent: the gateway's default. */
	struct ep_view access_if;
	struct ep_view core_if;
};

/* EP_ESYNTAX: *bad (may be NULL) is the part at fault. Left out: core=avp,
 * video=no, the codecs of EP_MEDIATE_CODECS. A name is needed. */
enum ep_err ep_mediate_profile_parse(struct ep_mediate_profile *out,
		struct ep_view *bad, struct ep_view text);
bool ep_mediate_profile_keeps(
		const struct ep_mediate_profile *p, struct ep_view encoding);

#define EP_MEDIATE_CODECS                                                      \
	"opus,EVS,AMR-WB,AMR,G722,PCMA,PCMU,G729,telephone-event,VP8,H264,"        \
	"H265"

#endif
