/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Which payload types of a section survive.
 *
 * Never, in either direction: red, rtx, ulpfec, flexfec, CN (the gateway does
 * not terminate them). Towards the core: only codecs of the profile, and
 * telephone-event (RFC 4733) at 8000 Hz or at the clock rate of a codec that
 * stays. Towards the browser everything else passes.
 */
#ifndef EP_MEDIATE_CODEC_H
#define EP_MEDIATE_CODEC_H

#include "mediate/matrix.h"
#include "mediate/profile.h"
#include "sdp/attr.h"

struct ep_mediate_codecs
{
	uint64_t kept[2];   /* one bit per payload type 0..127 */
	unsigned streams_n; /* kept ones other than telephone-event */
};

void ep_mediate_codecs_get(struct ep_mediate_codecs *out,
		const struct ep_sdp *sdp, size_t media, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile);
bool ep_mediate_codecs_has(const struct ep_mediate_codecs *c, unsigned pt);
/* As has(), and from now on it is not there any more. */
bool ep_mediate_codecs_take(struct ep_mediate_codecs *c, unsigned pt);
/* The payload type that an m= line's word names, or false. */
bool ep_mediate_pt_parse(unsigned *pt, struct ep_view word);

#endif
