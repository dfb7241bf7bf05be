/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/capneg.h"

#define NUMBER_MAX 0x7fffffff

/* a=tcap:<first number> <proto> <proto> …: the protocol with number `n`, of
 * the section or, there or not, of the session. */
static struct ep_view tcap_find(
		const struct ep_sdp *sdp, size_t media, uint64_t n)
{
	const size_t levels[] = {media, EP_SDP_SESSION};
	struct ep_sdp_attr a;
	uint64_t first;

	for(size_t l = 0; l < 2; l++) {
		size_t at = 0;
		while((at = ep_sdp_attr_find(&a, sdp, levels[l], EP_LIT("tcap"), at))
				!= SIZE_MAX) {
			struct ep_view rest = a.value;
			struct ep_view proto = ep_view_none();
			at++;
			if(!ep_view_u64(&first, ep_sdp_word_cut(&rest), NUMBER_MAX)
					|| n < first || n - first > EP_SDP_MEDIA_MAX)
				continue;
			for(uint64_t i = first; i <= n; i++)
				proto = ep_sdp_word_cut(&rest);
			if(proto.p)
				return proto;
		}
	}
	return ep_view_none();
}

/* RTP/AVP with feedback is RTP/AVPF, RTP/SAVP is RTP/SAVPF. */
static bool adds_feedback(struct ep_view from, struct ep_view to)
{
	return to.len == from.len + 1 && ep_view_istarts(to, from)
		   && ep_view_istarts(from, EP_LIT("RTP/"))
		   && (ep_view_ieq(to, EP_LIT("RTP/AVPF"))
				   || ep_view_ieq(to, EP_LIT("RTP/SAVPF")));
}

/* a=pcfg:<number> t=<n>[|<n>…] and no other word. */
static bool pcfg_read(struct ep_mediate_capneg *out, const struct ep_sdp *sdp,
		size_t media, struct ep_view value)
{
	struct ep_view rest = value;
	uint64_t config;
	uint64_t n;

	if(!ep_view_u64(&config, ep_sdp_word_cut(&rest), NUMBER_MAX))
		return false;
	struct ep_view transports = ep_sdp_word_cut(&rest);
	if(!ep_view_starts(transports, EP_LIT("t=")) || ep_sdp_word_cut(&rest).p)
		return false;
	transports = ep_view_from(transports, 2);
	while(transports.p) {
		if(!ep_view_u64(&n, ep_view_cut(&transports, '|'), NUMBER_MAX))
			return false;
		struct ep_view proto = tcap_find(sdp, media, n);
		if(!adds_feedback(sdp->media[media].proto, proto))
			continue;
		*out = (struct ep_mediate_capneg){(unsigned)config, (unsigned)n, proto};
		return true;
	}
	return false;
}

bool ep_mediate_capneg_find(
		struct ep_mediate_capneg *out, const struct ep_sdp *sdp, size_t media)
{
	struct ep_mediate_capneg one;
	struct ep_sdp_attr a;
	bool found = false;
	size_t at = 0;

	while((at = ep_sdp_attr_find(&a, sdp, media, EP_LIT("pcfg"), at))
			!= SIZE_MAX) {
		at++;
		if(!pcfg_read(&one, sdp, media, a.value)
				|| (found && one.config >= out->config))
			continue;
		*out = one;
		found = true;
	}
	return found;
}
