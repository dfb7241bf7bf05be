/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/section.h"

static bool live_at(
		const struct ep_sdp *sdp, const struct ep_mediate_section *s, size_t i)
{
	return sdp->media[i].port != 0 || s[i].bundle_only;
}

size_t ep_mediate_carrier_find(
		const struct ep_mediate_plan *plan, const bool *live, size_t i)
{
	const struct ep_mediate_section *s = plan->offer_features.sections;
	size_t user = SIZE_MAX;
	bool shared = false;

	if(plan->kind != EP_MEDIATE_C2W_ANSWER || !plan->has_offer || live[i]
			|| !s[i].bundle || !live_at(&plan->offer, s, i)
			|| (!ep_view_eq(plan->offer.media[i].kind, EP_LIT("audio"))
					&& !ep_view_eq(plan->offer.media[i].kind, EP_LIT("video"))))
		return SIZE_MAX;
	for(size_t k = 0; k < plan->offer.media_n; k++) {
		if(s[k].bundle != s[i].bundle || !live_at(&plan->offer, s, k))
			continue;
		if(k < i)
			return SIZE_MAX; /* another one is the first */
		shared |= s[k].needs_bundle;
		if(live[k] && user == SIZE_MAX)
			user = k;
	}
	return shared ? user : SIZE_MAX;
}

/* The offer's lines about one payload type. */
static enum ep_err codec_copy(
		struct ep_mediate_edit *e, size_t media, struct ep_view pt)
{
	static const char *const names[] = {"rtpmap", "fmtp"};
	const struct ep_sdp *offer = &e->plan->offer;
	struct ep_sdp_attr a;
	enum ep_err err = EP_OK;

	for(size_t i = 0; i < 2; i++) {
		size_t at = 0;
		while(!err
				&& (at = ep_sdp_attr_find(
							&a, offer, media, ep_view_z(names[i]), at))
						   != SIZE_MAX) {
			struct ep_view rest = a.value;
			at++;
			if(ep_view_eq(ep_sdp_word_cut(&rest), pt))
				err = ep_mediate_attr_plan(e, media, names[i], a.value);
		}
	}
	return err;
}

/* What makes the other section's transport, and where it is. */
static enum ep_err transport_copy(
		struct ep_mediate_edit *e, size_t media, size_t user)
{
	static const char *const names[] = {"rtcp-mux", "setup", "fingerprint",
			"tls-id", "ice-ufrag", "ice-pwd", "candidate", "end-of-candidates"};
	const struct ep_sdp_media *m = &e->sdp->media[user];
	enum ep_err err = EP_OK;

	for(size_t i = m->first + 1; i < m->end && !err; i++)
		if(e->sdp->lines[i].type == 'c') {
			const struct ep_view parts[] = {
					EP_LIT("c="), e->sdp->lines[i].value};
			struct ep_view c = ep_arena_join(e->plan->arena, parts, 2);
			err = c.p ? ep_sdp_edits_insert(
						  &e->edits, e->sdp->media[media].end, c)
					  : EP_ENOMEM;
		}
	for(size_t k = 0; k < sizeof names / sizeof *names && !err; k++) {
		struct ep_sdp_attr a;
		size_t at = 0;
		while(!err
				&& (at = ep_sdp_attr_find(
							&a, e->sdp, user, ep_view_z(names[k]), at))
						   != SIZE_MAX) {
			at++;
			err = ep_mediate_attr_plan(e, media, names[k], a.value);
		}
	}
	return err;
}

enum ep_err ep_mediate_carrier_plan(struct ep_mediate_edit *e, size_t media,
		size_t user, struct ep_view proto, struct ep_view mid)
{
	const struct ep_sdp_media *m = &e->sdp->media[media];
	struct ep_view rest = e->plan->offer.media[media].fmts;
	struct ep_view pt = ep_sdp_word_cut(&rest);
	enum ep_err err =
			ep_mediate_mline_set(e, media, e->sdp->media[user].port, proto, pt);

	for(size_t i = m->first + 1; i < m->end && !err; i++)
		err = ep_sdp_edits_drop(&e->edits, i);
	if(!err)
		err = transport_copy(e, media, user);
	if(!err)
		err = codec_copy(e, media, pt);
	if(!err)
		err = ep_mediate_attr_plan(e, media, "inactive", ep_view_none());
	return err ? err : ep_mediate_attr_plan(e, media, "mid", mid);
}
