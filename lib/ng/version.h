/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Versions of rtpengine, and what they stand for where it matters to a call.
 */
#ifndef EP_NG_VERSION_H
#define EP_NG_VERSION_H

#include "base/view.h"

struct ep_ng_version
{
	bool known;
	unsigned major, minor, patch, build;
};

/* The first `N.N[.N[.N]]` of a text (`Version: 10.5.3.5-1+deb12u1`,
 * `mr14.0.1.1`); false (and not known) without one. */
bool ep_ng_version_parse(struct ep_ng_version *out, struct ep_view text);
/* An unknown version is as old as the oldest that is supported: 10.5. */
bool ep_ng_version_reaches(
		const struct ep_ng_version *v, unsigned major, unsigned minor);

/* Media of one bundle on one port. */
bool ep_ng_version_bundle(const struct ep_ng_version *v);
/* `fragment` (RFC 8840) does no harm. In 10.5 it ends the audio towards the
 * browser; 12.5 is not known to be better and counts as 10.5. */
bool ep_ng_version_fragment(const struct ep_ng_version *v);
/* Knows a=tls-id; without one it ends DTLS at an ICE restart (sdp.h). */
bool ep_ng_version_tls_id(const struct ep_ng_version *v);
/* Takes DTLS=passive in an answer as what it is by then: too late. Older ones
 * start DTLS anew with it, and the browser never answers. */
bool ep_ng_version_late_passive(const struct ep_ng_version *v);

#endif
