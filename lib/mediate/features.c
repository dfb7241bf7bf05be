/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/features.h"

bool ep_mediate_proto_srtp(struct ep_view proto)
{
	return ep_view_ieq(proto, EP_LIT("RTP/SAVP"))
		   || ep_view_ieq(proto, EP_LIT("RTP/SAVPF"));
}

bool ep_mediate_proto_feedback(struct ep_view proto)
{
	return ep_view_ieq(proto, EP_LIT("RTP/AVPF"))
		   || ep_view_ieq(proto, EP_LIT("RTP/SAVPF"));
}

bool ep_mediate_proto_rtp(struct ep_view proto)
{
	return ep_view_ieq(proto, EP_LIT("RTP/AVP")) || ep_mediate_proto_srtp(proto)
		   || ep_mediate_proto_feedback(proto);
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

/* RFC 8827 6.5 and RFC 8122 5: sha-256 or better, the better the higher; 0:
 * not good enough, or not well formed. */
static unsigned hash_rank(struct ep_view value)
{
	static const char *const good[] = {"sha-256", "sha-384", "sha-512"};
	struct ep_sdp_fingerprint f;

	if(!ep_sdp_fingerprint_parse(&f, value))
		return 0;
	for(unsigned i = 0; i < sizeof good / sizeof *good; i++)
		if(ep_view_ieq(f.hash, ep_view_z(good[i])))
			return i + 1;
	return 0;
}

bool ep_mediate_transport_lookup(struct ep_sdp_attr *out,
		const struct ep_sdp *sdp, size_t media, size_t transport,
		struct ep_view name)
{
	return ep_sdp_attr_find(out, sdp, media, name, 0) != SIZE_MAX
		   || ep_sdp_attr_lookup(out, sdp, transport, name);
}

/* There may be several fingerprints. Those of the section hide those of the
 * session (RFC 8122 5); the gateway knows one, so it gets the best. */
static void fingerprint_choose(
		struct ep_mediate_section *s, const struct ep_sdp *sdp, size_t media)
{
	static const struct ep_view name = {"fingerprint", 11};
	struct ep_sdp_attr a;
	unsigned best = 0;
	size_t at = 0;
	size_t level = media;

	s->fingerprint = SIZE_MAX;
	if(ep_sdp_attr_find(NULL, sdp, level, name, 0) == SIZE_MAX)
		level = s->transport;
	if(ep_sdp_attr_find(NULL, sdp, level, name, 0) == SIZE_MAX)
		level = EP_SDP_SESSION;
	while((at = ep_sdp_attr_find(&a, sdp, level, name, at)) != SIZE_MAX) {
		unsigned rank = hash_rank(a.value);
		if(rank > best) {
			best = rank;
			s->fingerprint = at;
			s->fingerprints_more = false;
		} else if(rank && rank == best) {
			s->fingerprints_more = true;
		}
		at++;
	}
}

static enum ep_mediate_cause wic_check(const struct ep_mediate_section *s,
		const struct ep_sdp *sdp, size_t media, bool offer)
{
	struct ep_sdp_attr a;
	size_t from = s->transport;
	bool dtls = ep_mediate_transport_lookup(
			&a, sdp, media, from, EP_LIT("fingerprint"));

	if(!dtls && ep_sdp_attr_lookup(&a, sdp, media, EP_LIT("crypto")))
		return EP_MEDIATE_ESDES;
	if(!proto_webrtc(sdp->media[media].proto))
		return EP_MEDIATE_ETRANSPORT;
	if(!dtls)
		return EP_MEDIATE_ENODTLS;
	if(s->fingerprint == SIZE_MAX)
		return EP_MEDIATE_EHASH;
	/* RFC 5763 5: no holdconn; an answer has made up its mind. */
	if(ep_mediate_transport_lookup(&a, sdp, media, from, EP_LIT("setup"))
			&& (s->setup == EP_SDP_SETUP_NONE
					|| s->setup == EP_SDP_SETUP_HOLDCONN
					|| (s->setup == EP_SDP_SETUP_ACTPASS && !offer)))
		return EP_MEDIATE_ENODTLS;
	if(!ep_mediate_transport_lookup(&a, sdp, media, from, EP_LIT("ice-ufrag"))
			|| !ep_mediate_transport_lookup(
					&a, sdp, media, from, EP_LIT("ice-pwd")))
		return EP_MEDIATE_ENOICE;
	return EP_MEDIATE_OK;
}

static enum ep_mediate_cause verdict_of(const struct ep_sdp *sdp, size_t media,
		const struct ep_mediate_section *s, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile)
{
	const struct ep_sdp_media *m = &sdp->media[media];
	bool audio = ep_view_eq(m->kind, EP_LIT("audio"));
	bool video = ep_view_eq(m->kind, EP_LIT("video"));

	if(m->port == 0 && !(s->bundle_only && s->bundle))
		return EP_MEDIATE_ENOMEDIA;
	if(!audio && !(video && profile->video))
		return EP_MEDIATE_ENOMEDIA;
	if(ep_mediate_case_to_core(c)) {
		enum ep_mediate_cause cause =
				wic_check(s, sdp, media, ep_mediate_case_offer(c));
		if(cause)
			return cause;
	} else if(!ep_mediate_proto_rtp(m->proto)) {
		return EP_MEDIATE_ETRANSPORT;
	}
	return s->codecs.streams_n ? EP_MEDIATE_OK : EP_MEDIATE_ENOCODEC;
}

struct ep_view ep_mediate_mid_get(const struct ep_sdp *sdp, size_t media)
{
	struct ep_sdp_attr a;

	if(ep_sdp_attr_find(&a, sdp, media, EP_LIT("mid"), 0) == SIZE_MAX)
		return ep_view_none();
	struct ep_view rest = a.value;
	struct ep_view mid = ep_sdp_word_cut(&rest);
	return ep_sdp_word_cut(&rest).p ? ep_view_none() : mid;
}

/* Which a=group:BUNDLE names `mid`: 1 for the first one; 0: none. */
static unsigned bundle_of(const struct ep_sdp *sdp, struct ep_view mid)
{
	struct ep_sdp_attr a;
	struct ep_sdp_group g;
	unsigned n = 0;
	size_t at = 0;

	if(!mid.p)
		return 0;
	while((at = ep_sdp_attr_find(&a, sdp, EP_SDP_SESSION, EP_LIT("group"), at))
			!= SIZE_MAX) {
		at++;
		if(!ep_sdp_group_parse(&g, a.value)
				|| !ep_view_eq(g.semantics, EP_LIT("BUNDLE")))
			continue;
		n++;
		if(ep_sdp_group_has(&g, mid))
			return n;
	}
	return 0;
}

static void names_read(
		struct ep_mediate_section *s, const struct ep_sdp *sdp, size_t i)
{
	s->mid = ep_mediate_mid_get(sdp, i);
	s->bundle = bundle_of(sdp, s->mid);
	s->bundle_only = ep_sdp_attr_find(NULL, sdp, i, EP_LIT("bundle-only"), 0)
					 != SIZE_MAX;
	s->transport = i;
}

static bool has_ice(const struct ep_sdp *sdp, size_t media)
{
	return ep_sdp_attr_find(NULL, sdp, media, EP_LIT("ice-ufrag"), 0)
		   != SIZE_MAX;
}

/* What is bundled with another section says nothing of the transport (RFC 8829
 * 5.2.1, 5.3.1: in offers a=bundle-only, in answers all but one). The first
 * one that does is the one that the bundle is named by: browsers write the
 * names in the order of the sections. */
static void transport_choose(
		struct ep_mediate_section *sections, const struct ep_sdp *sdp, size_t i)
{
	struct ep_mediate_section *s = &sections[i];

	if(!s->bundle || has_ice(sdp, i) || has_ice(sdp, EP_SDP_SESSION))
		return;
	for(size_t k = 0; k < sdp->media_n && s->transport == i; k++)
		if(sections[k].bundle == s->bundle && sdp->media[k].port != 0
				&& has_ice(sdp, k))
			s->transport = k;
}

static void section_read(struct ep_mediate_section *s, const struct ep_sdp *sdp,
		size_t i, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile)
{
	struct ep_sdp_attr a;
	size_t from = s->transport;

	s->mux = ep_mediate_transport_lookup(&a, sdp, i, from, EP_LIT("rtcp-mux"))
			 || ep_mediate_transport_lookup(
					 &a, sdp, i, from, EP_LIT("rtcp-mux-only"));
	s->setup = ep_mediate_transport_lookup(&a, sdp, i, from, EP_LIT("setup"))
					   ? ep_sdp_setup_parse(a.value)
					   : EP_SDP_SETUP_NONE;
	if(ep_mediate_case_to_core(c))
		fingerprint_choose(s, sdp, i);
	ep_mediate_codecs_get(&s->codecs, sdp, i, c, EP_MEDIATE_IN, profile);
	s->verdict = verdict_of(sdp, i, s, c, profile);
}

/* ---- bundles that the gateway cannot take apart ---- */

#define PORT_DISCARD 9

static bool candidates_own(const struct ep_sdp *sdp, size_t media)
{
	return ep_sdp_attr_find(NULL, sdp, media, EP_LIT("candidate"), 0)
		   != SIZE_MAX;
}

static bool same_ice(const struct ep_sdp *sdp, size_t i, size_t k)
{
	struct ep_sdp_attr a;
	struct ep_sdp_attr b;

	return ep_sdp_attr_lookup(&a, sdp, i, EP_LIT("ice-ufrag"))
		   && ep_sdp_attr_lookup(&b, sdp, k, EP_LIT("ice-ufrag"))
		   && ep_view_eq(a.value, b.value);
}

/* Has a section of a bundle no transport but that of the first one? */
static bool shares_transport(struct ep_mediate_features *out,
		const struct ep_sdp *sdp, size_t first, size_t i,
		const struct ep_mediate_profile *profile)
{
	const struct ep_sdp_media *m = &sdp->media[i];

	if(out->sections[i].bundle != out->sections[first].bundle || i == first)
		return false;
	if(out->sections[i].transport != i)
		return true;
	if(candidates_own(sdp, i) || !same_ice(sdp, first, i))
		return false;
	if(out->sections[i].bundle_only && m->port == 0)
		return true;
	if(m->port != PORT_DISCARD)
		return false;
	if(sdp->media[first].port != PORT_DISCARD || candidates_own(sdp, first))
		return true;
	out->unclear = true;
	return profile->max_bundle;
}

/* Audio that may pass, else anything that may: SIZE_MAX without. */
static size_t carried_choose(const struct ep_sdp *sdp,
		const struct ep_mediate_section *sections, unsigned bundle)
{
	size_t any = SIZE_MAX;

	for(size_t i = sdp->media_n; i-- > 0;)
		if(sections[i].bundle == bundle && sections[i].verdict == EP_MEDIATE_OK
				&& (any == SIZE_MAX
						|| ep_view_eq(sdp->media[i].kind, EP_LIT("audio"))
						|| !ep_view_eq(sdp->media[any].kind, EP_LIT("audio"))))
			any = i;
	return any;
}

/* One transport of a bundle carries one section. */
static void bundle_mark(struct ep_mediate_features *out,
		const struct ep_sdp *sdp, size_t first,
		const struct ep_mediate_profile *profile)
{
	struct ep_mediate_section *s = out->sections;
	bool shared = false;

	for(size_t i = first; i < sdp->media_n; i++) {
		if(!shares_transport(out, sdp, first, i, profile))
			continue;
		s[i].needs_bundle = true;
		s[s[i].transport].needs_bundle = true;
		shared = true;
	}
	if(s[first].transport != first) {
		s[s[first].transport].needs_bundle = true;
		shared = true;
	}
	if(!shared)
		return;
	s[first].needs_bundle = true;
	size_t carried = carried_choose(sdp, s, s[first].bundle);
	if(carried != SIZE_MAX)
		s[carried].needs_bundle = false;
}

/* Is `i` the first live section of its bundle? One that is over has no
 * transport to share. */
static bool bundle_first(const struct ep_sdp *sdp,
		const struct ep_mediate_section *sections, size_t i)
{
	for(size_t k = 0; k <= i; k++)
		if(sections[k].bundle == sections[i].bundle
				&& (sdp->media[k].port != 0 || sections[k].bundle_only))
			return k == i;
	return false;
}

static void bundles_mark(struct ep_mediate_features *out,
		const struct ep_sdp *sdp, const struct ep_mediate_profile *profile)
{
	for(size_t i = 0; i < sdp->media_n; i++)
		if(out->sections[i].bundle && bundle_first(sdp, out->sections, i))
			bundle_mark(out, sdp, i, profile);
}

static void bundles_thin(
		struct ep_mediate_features *out, const struct ep_sdp *sdp)
{
	for(size_t i = 0; i < sdp->media_n; i++) {
		struct ep_mediate_section *s = &out->sections[i];
		if(!s->needs_bundle || s->verdict != EP_MEDIATE_OK)
			continue;
		s->verdict = EP_MEDIATE_ENOMEDIA;
		out->unbundled_n++;
	}
}

enum ep_err ep_mediate_features_get(struct ep_mediate_features *out,
		const struct ep_sdp *sdp, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile, bool unbundles,
		struct ep_arena *arena)
{
	memset(out, 0, sizeof *out);
	/* One more: an array of none would look like no memory. */
	out->sections =
			ep_arena_array(arena, sdp->media_n + 1, sizeof *out->sections);
	if(!out->sections)
		return EP_ENOMEM;

	for(size_t i = 0; i < sdp->media_n; i++)
		names_read(&out->sections[i], sdp, i);
	for(size_t i = 0; i < sdp->media_n && ep_mediate_case_to_core(c); i++)
		transport_choose(out->sections, sdp, i);
	for(size_t i = 0; i < sdp->media_n; i++)
		section_read(&out->sections[i], sdp, i, c, profile);
	if(c == EP_MEDIATE_W2C_OFFER)
		bundles_mark(out, sdp, profile);
	if(!unbundles)
		bundles_thin(out, sdp);

	out->cause = EP_MEDIATE_ENOMEDIA;
	for(size_t i = 0; i < sdp->media_n; i++) {
		if(out->sections[i].verdict == EP_MEDIATE_OK)
			out->passing_n++;
		else if(out->cause == EP_MEDIATE_ENOMEDIA)
			out->cause = out->sections[i].verdict;
	}
	if(out->passing_n)
		out->cause = EP_MEDIATE_OK;
	return EP_OK;
}
