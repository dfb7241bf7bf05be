/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What a session description brings, section by section: may it pass, and if
 * not, why. From a WIC everything that RFC 8827 and TS 24.371 7.1, 7.2 ask
 * for must be there (ICE, DTLS-SRTP, a good hash); from the core plain
 * RTP/AVP(F) or RTP/SAVP(F).
 *
 * A browser's bundlePolicy shows in its offer: under max-bundle (and for what
 * it adds to a bundle later) a section has no transport of its own: it has
 * the ICE credentials of the bundle's first section, no candidate, and the
 * port 9, or 0 with a=bundle-only (RFC 9143 6). With bundlePolicy balanced
 * every section has candidates and a port. An offer without any candidate (it
 * trickles) looks the same under both; the profile says what it counts as.
 *
 * Where the gateway cannot take bundles apart one section of such a bundle can
 * pass, audio first: the others are left out.
 */
#ifndef EP_MEDIATE_FEATURES_H
#define EP_MEDIATE_FEATURES_H

#include "mediate/cause.h"
#include "mediate/codec.h"

struct ep_mediate_section
{
	/* EP_MEDIATE_OK: may pass. ENOMEDIA: port 0, or a kind of media that the
	 * profile does not let through, or that only a bundle carries. Else what
	 * is wrong with it. */
	enum ep_mediate_cause verdict;
	struct ep_view mid; /* absent without one */
	unsigned bundle;    /* number of its a=group:BUNDLE; 0: in none */
	bool bundle_only;   /* a=bundle-only: port 0 is no refusal */
	/* Whose ICE and DTLS attributes it has: its own number, or that of the
	 * section of its bundle that says them (RFC 8829 5.2.1). */
	size_t transport;
	/* It shares the transport of another one: fine in a bundle only. */
	bool needs_bundle;
	bool mux; /* a=rtcp-mux, or -only (RFC 8858) */
	/* From a WIC: the line of the one fingerprint that the gateway is given
	 * (RFC 8122 5: the strongest), SIZE_MAX without; and are there others of
	 * its hash? */
	size_t fingerprint;
	bool fingerprints_more;
	enum ep_sdp_setup setup;
	struct ep_mediate_codecs codecs;
};

struct ep_mediate_features
{
	struct ep_mediate_section *sections; /* sdp->media_n of them */
	size_t passing_n;
	size_t unbundled_n; /* left out for want of a gateway that unbundles */
	bool unclear;       /* no candidates: max-bundle or balanced? */
	/* Nothing passes: the first verdict that says more than ENOMEDIA, or
	 * that. Otherwise EP_MEDIATE_OK. */
	enum ep_mediate_cause cause;
};

/* `unbundles`: the gateway takes bundles apart. EP_OK or EP_ENOMEM. */
enum ep_err ep_mediate_features_get(struct ep_mediate_features *out,
		const struct ep_sdp *sdp, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile, bool unbundles,
		struct ep_arena *arena);

/* An attribute of a section's transport: its own, that of the section which
 * has the transport, or the session's. */
bool ep_mediate_transport_lookup(struct ep_sdp_attr *out,
		const struct ep_sdp *sdp, size_t media, size_t transport,
		struct ep_view name);

/* The name of a section (RFC 5888 4: a token); absent without one. */
struct ep_view ep_mediate_mid_get(const struct ep_sdp *sdp, size_t media);

/* RTP/AVP, RTP/AVPF, RTP/SAVP, RTP/SAVPF? */
bool ep_mediate_proto_rtp(struct ep_view proto);
/* Of those, the two with SRTP? */
bool ep_mediate_proto_srtp(struct ep_view proto);
/* Of those, the two with feedback (RFC 4585, 5124)? */
bool ep_mediate_proto_feedback(struct ep_view proto);

#endif
