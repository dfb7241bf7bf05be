/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/features.h"

#define PORT_DISCARD 9

bool ep_mediate_proto_srtp(struct ep_view proto)
{
	return ep_view_ieq(proto, EP_LIT("RTP/SAVP"))
		   || ep_view_ieq(proto, EP_LIT("RTP/SAVPF"));
}

bool ep_mediate_proto_rtp(struct ep_view proto)
{
	return ep_view_ieq(proto, EP_LIT("RTP/AVP"))
		   || ep_view_ieq(proto, EP_LIT("RTP/AVPF"))
		   || ep_mediate_proto_srtp(proto);
}

/* What RFC 8829 5.1.2 lets a browser write for DTLS-SRTP. */
static bool proto_webrtc(struct ep_view proto)
{
	return ep_view_ieq(proto, EP_LIT("UDP/TLS/RTP/SAVPF"))
		   || ep_view_ieq(proto, EP_LIT("UDP/TLS/RTP/SAVP"))
		   || ep_view_ieq(proto, EP_LIT("TCP/TLS/RTP/SAVPF"))
		   || ep_view_ieq(proto, EP_LIT("TCP/TLS/RTP/SAVP"))
		   || ep_mediate_proto_srtp(proto);
}

/* RFC 8827 6.5 and RFC 8122 5: sha-256 or better; there may be several. */
static bool good_hash(const struct ep_sdp *sdp, size_t level)
{
	static const char *const good[] = {"sha-256", "sha-384", "sha-512"};
	struct ep_sdp_attr a;
	struct ep_sdp_fingerprint f;
	size_t at = 0;

	while((at = ep_sdp_attr_find(&a, sdp, level, EP_LIT("fingerprint"), at))
			!= SIZE_MAX) {
		at++;
		if(!ep_sdp_fingerprint_parse(&f, a.value))
			continue;
		for(size_t i = 0; i < sizeof good / sizeof *good; i++)
			if(ep_view_ieq(f.hash, ep_view_z(good[i])))
				return true;
	}
	return false;
}

static enum ep_mediate_cause wic_check(const struct ep_sdp *sdp, size_t media)
{
	struct ep_sdp_attr a;
	bool dtls = ep_sdp_attr_lookup(&a, sdp, media, EP_LIT("fingerprint"));

	if(!dtls && ep_sdp_attr_lookup(&a, sdp, media, EP_LIT("crypto")))
		return EP_MEDIATE_ESDES;
	if(!proto_webrtc(sdp->media[media].proto))
		return EP_MEDIATE_ETRANSPORT;
	if(!dtls)
		return EP_MEDIATE_ENODTLS;
	if(!good_hash(sdp, media) && !good_hash(sdp, EP_SDP_SESSION))
		return EP_MEDIATE_EHASH;
	if(!ep_sdp_attr_lookup(&a, sdp, media, EP_LIT("ice-ufrag"))
			|| !ep_sdp_attr_lookup(&a, sdp, media, EP_LIT("ice-pwd")))
		return EP_MEDIATE_ENOICE;
	return EP_MEDIATE_OK;
}

/* A section that shares the transport of the first one of its bundle and has
 * none itself (bundlePolicy max-bundle): its port is a place holder while the
 * first one's is not. A gateway that cannot unbundle must leave it out. */
static bool needs_bundle(const struct ep_sdp *sdp,
		const struct ep_mediate_section *sections, size_t media)
{
	size_t first = 0;

	if(!sections[media].bundled || sdp->media[media].port != PORT_DISCARD)
		return false;
	while(first < media && !sections[first].bundled)
		first++;
	return first < media && sdp->media[first].port != PORT_DISCARD
		   && sdp->media[first].port != 0
		   && ep_sdp_attr_find(NULL, sdp, media, EP_LIT("candidate"), 0)
					  == SIZE_MAX;
}

static enum ep_mediate_cause verdict_of(const struct ep_sdp *sdp, size_t media,
		const struct ep_mediate_section *sections, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile)
{
	const struct ep_sdp_media *m = &sdp->media[media];
	bool audio = ep_view_eq(m->kind, EP_LIT("audio"));
	bool video = ep_view_eq(m->kind, EP_LIT("video"));

	if(m->port == 0 || !(audio || (video && profile->video)))
		return EP_MEDIATE_ENOMEDIA;
	if(c == EP_MEDIATE_W2C_OFFER && needs_bundle(sdp, sections, media))
		return EP_MEDIATE_ENOMEDIA;
	if(ep_mediate_case_to_core(c)) {
		enum ep_mediate_cause cause = wic_check(sdp, media);
		if(cause)
			return cause;
	} else if(!ep_mediate_proto_rtp(m->proto)) {
		return EP_MEDIATE_ETRANSPORT;
	}
	if(!sections[media].codecs.streams_n)
		return EP_MEDIATE_ENOCODEC;
	return EP_MEDIATE_OK;
}

static bool in_bundle(const struct ep_sdp *sdp, struct ep_view mid)
{
	struct ep_sdp_attr a;
	struct ep_sdp_group g;
	size_t at = 0;

	if(!mid.p)
		return false;
	while((at = ep_sdp_attr_find(&a, sdp, EP_SDP_SESSION, EP_LIT("group"), at))
			!= SIZE_MAX) {
		at++;
		if(ep_sdp_group_parse(&g, a.value)
				&& ep_view_eq(g.semantics, EP_LIT("BUNDLE"))
				&& ep_sdp_group_has(&g, mid))
			return true;
	}
	return false;
}

enum ep_err ep_mediate_features_get(struct ep_mediate_features *out,
		const struct ep_sdp *sdp, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile, struct ep_arena *arena)
{
	memset(out, 0, sizeof *out);
	/* One more: an array of none would look like no memory. */
	out->sections =
			ep_arena_array(arena, sdp->media_n + 1, sizeof *out->sections);
	if(!out->sections)
		return EP_ENOMEM;

	out->cause = EP_MEDIATE_ENOMEDIA;
	for(size_t i = 0; i < sdp->media_n; i++) {
		struct ep_mediate_section *s = &out->sections[i];
		struct ep_sdp_attr mid;
		if(ep_sdp_attr_find(&mid, sdp, i, EP_LIT("mid"), 0) != SIZE_MAX)
			s->mid = ep_view_trim(mid.value);
		s->bundled = in_bundle(sdp, s->mid);
		s->mux = ep_sdp_attr_lookup(&mid, sdp, i, EP_LIT("rtcp-mux"));
		ep_mediate_codecs_get(&s->codecs, sdp, i, c, profile);
		s->verdict = verdict_of(sdp, i, out->sections, c, profile);
		if(s->verdict == EP_MEDIATE_OK)
			out->passing_n++;
		else if(out->cause == EP_MEDIATE_ENOMEDIA)
			out->cause = s->verdict;
	}
	if(out->passing_n)
		out->cause = EP_MEDIATE_OK;
	return EP_OK;
}
