/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Which payload types of a section survive.
 *
 * Never, in either direction: red, rtx, ulpfec, flexfec, CN (the gateway does
 * not terminate them). Towards the core: only codecs of the profile, and
 * telephone-event (RFC 4733) at 8000 Hz or at the clock rate of a codec that
 * stays. A gateway that transcodes is given, of a browser, also what it can
 * transcode from. Towards the browser everything else passes.
 *
 * The order is that of who wrote the SDP (RFC 3264 5.1: a preference), and
 * what the gateway adds stands behind it.
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
		enum ep_mediate_step step, const struct ep_mediate_profile *profile);
bool ep_mediate_codecs_has(const struct ep_mediate_codecs *c, unsigned pt);
/* As has(), and from now on it is not there any more. */
bool ep_mediate_codecs_take(struct ep_mediate_codecs *c, unsigned pt);
/* The payload type that an m= line's word names, or false. */
bool ep_mediate_pt_parse(unsigned *pt, struct ep_view word);

/* Keeps of `c`, which is section `media` of `sdp`, what section `media` of
 * `other` has under the same number with the same name and clock. */
void ep_mediate_codecs_match(struct ep_mediate_codecs *c,
		const struct ep_sdp *sdp, const struct ep_sdp *other, size_t media);
/* Does the gateway transcode: is there a stream in `c` that the section of
 * `other` has under no number? */
bool ep_mediate_codecs_differ(const struct ep_mediate_codecs *c,
		const struct ep_sdp *sdp, const struct ep_sdp *other, size_t media);
/* Name of the first kept stream, and so on by `from` (a payload type, moved
 * behind it); absent at the end. */
struct ep_view ep_mediate_codecs_next(unsigned *from,
		const struct ep_mediate_codecs *c, const struct ep_sdp *sdp,
		size_t media);

/* May an encoding be named towards the core? */
bool ep_mediate_codec_wanted(
		const struct ep_mediate_profile *p, struct ep_view encoding);
/* The i-th encoding of browsers that the gateway can transcode; absent behind
 * the last. */
struct ep_view ep_mediate_codec_transcoded(size_t i);

#endif
