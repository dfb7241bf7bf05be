/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What a session description brings, section by section: may it pass, and if
 * not, why. From a WIC everything that RFC 8827 and TS 24.371 7.1, 7.2 ask
 * for must be there (ICE, DTLS-SRTP, a good hash); from the core plain
 * RTP/AVP(F) or RTP/SAVP(F).
 */
#ifndef EP_MEDIATE_FEATURES_H
#define EP_MEDIATE_FEATURES_H

#include "mediate/cause.h"
#include "mediate/codec.h"

struct ep_mediate_section
{
	/* EP_MEDIATE_OK: may pass. ENOMEDIA: port 0, or a kind of media that the
	 * profile does not let through. Else what is wrong with it. */
	enum ep_mediate_cause verdict;
	struct ep_view mid; /* absent without one */
	bool bundled;       /* named by a=group:BUNDLE */
	bool mux;           /* a=rtcp-mux */
	struct ep_mediate_codecs codecs;
};

struct ep_mediate_features
{
	struct ep_mediate_section *sections; /* sdp->media_n of them */
	size_t passing_n;
	/* Nothing passes: the first verdict that says more than ENOMEDIA, or
	 * that. Otherwise EP_MEDIATE_OK. */
	enum ep_mediate_cause cause;
};

/* EP_OK or EP_ENOMEM. */
enum ep_err ep_mediate_features_get(struct ep_mediate_features *out,
		const struct ep_sdp *sdp, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile, struct ep_arena *arena);

/* RTP/AVP, RTP/AVPF, RTP/SAVP, RTP/SAVPF? */
bool ep_mediate_proto_rtp(struct ep_view proto);
/* Of those, the two with SRTP? */
bool ep_mediate_proto_srtp(struct ep_view proto);

#endif
