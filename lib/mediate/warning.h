/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What a mediation did that somebody may miss in the call: not a reason to
 * refuse it, but never silent either. A set of bits; glue counts and logs
 * them, scripts see their names.
 */
#ifndef EP_MEDIATE_WARNING_H
#define EP_MEDIATE_WARNING_H

enum ep_mediate_warning
{
	/* Video without AVPF on the core's side, or with it and neither `nack pli`
	 * nor `ccm fir`: nobody can ask for a keyframe (RFC 4585 3.6.2, RFC 5104
	 * 4.3.1, TS 26.114 7.3). */
	EP_MEDIATE_WKEYFRAME,
	/* Sections that only a bundle carries were left out: the gateway cannot
	 * take bundles apart. */
	EP_MEDIATE_WUNBUNDLE,
	/* An offer without candidates for a gateway that cannot take bundles apart:
	 * a browser's bundlePolicy does not show, the profile's guess counts. */
	EP_MEDIATE_WUNCLEAR,
	/* Several fingerprints of one hash: the gateway knows the first only. */
	EP_MEDIATE_WFINGERPRINT,
	EP_MEDIATE_WARNING_N
};

struct ep_mediate_warning_info
{
	const char *name; /* short, for counters and scripts */
	const char *text; /* for people */
};

/* Never NULL; an unknown value has the name "unknown". */
const struct ep_mediate_warning_info *ep_mediate_warning_get(
		enum ep_mediate_warning warning);

static inline unsigned ep_mediate_warning_bit(enum ep_mediate_warning w)
{
	return 1u << w;
}

#endif
