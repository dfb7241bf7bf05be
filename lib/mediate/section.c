/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/section.h"

/* What the gateway serves (RFC 4585, 5104); goog-remb, transport-cc, rrtr and
 * the like are a browser's own matter. */
static bool feedback_served(struct ep_view type)
{
	static const char *const served[] = {
			"nack", "nack pli", "ccm fir", "ccm tmmbr"};

	for(size_t i = 0; i < sizeof served / sizeof *served; i++)
		if(ep_view_ieq(type, ep_view_z(served[i])))
			return true;
	return false;
}

/* A browser hides addresses behind mDNS names; nobody here resolves them. */
static bool address_literal(struct ep_view a)
{
	if(ep_view_find_chr(a, ':') != SIZE_MAX)
		return true;
	for(size_t i = 0; i < a.len; i++)
		if(a.p[i] != '.' && (a.p[i] < '0' || a.p[i] > '9'))
			return false;
	return a.len > 0;
}

static bool candidate_passes(
		const struct ep_mediate_edit *e, struct ep_view value)
{
	struct ep_sdp_candidate c;

	if(e->step == EP_MEDIATE_OUT)
		return true;
	return ep_sdp_candidate_parse(&c, value) && address_literal(c.address);
}

static bool codec_passes(const struct ep_mediate_edit *e,
		const struct ep_mediate_codecs *codecs, enum ep_mediate_rule rule,
		struct ep_view value)
{
	struct ep_sdp_ptval v;

	if(!codecs || !ep_sdp_ptval_parse(&v, value))
		return false;
	if(rule == EP_MEDIATE_FEEDBACK
			&& (!e->plan->profile->avpf || !feedback_served(v.rest)))
		return false;
	return (rule == EP_MEDIATE_FEEDBACK && v.pt == EP_SDP_PT_ANY)
		   || ep_mediate_codecs_has(codecs, v.pt);
}

static bool attr_passes(const struct ep_mediate_edit *e,
		const struct ep_mediate_codecs *codecs, const struct ep_sdp_attr *a)
{
	enum ep_mediate_rule rule = ep_mediate_matrix_get(e->plan->kind, a->name);

	if(!ep_mediate_rule_passes(rule, e->step))
		return false;
	if(rule == EP_MEDIATE_CODEC || rule == EP_MEDIATE_FEEDBACK)
		return codec_passes(e, codecs, rule, a->value);
	if(rule == EP_MEDIATE_SDES)
		return e->step == EP_MEDIATE_OUT
			   && ep_mediate_proto_srtp(ep_mediate_core_proto(e->plan));
	if(ep_view_ieq(a->name, EP_LIT("candidate")))
		return candidate_passes(e, a->value);
	return true;
}

enum ep_err ep_mediate_lines_plan(struct ep_mediate_edit *e, size_t media,
		const struct ep_mediate_codecs *codecs)
{
	struct ep_sdp_attr a;
	size_t first;
	size_t end;
	enum ep_err err = EP_OK;

	ep_sdp_section_get(&first, &end, e->sdp, media);
	for(size_t i = first; i < end && !err; i++) {
		const struct ep_sdp_line *line = &e->sdp->lines[i];
		/* k= is obsolete and a key in the clear (RFC 8866 5.12). */
		bool pass = line->type != 'k';
		if(ep_sdp_attr_get(&a, line))
			pass = attr_passes(e, codecs, &a);
		if(!pass)
			err = ep_sdp_edits_drop(&e->edits, i);
	}
	return err;
}

/* m=<kind> <port> <proto> <fmts> in the place of the section's m= line. */
static enum ep_err mline_set(struct ep_mediate_edit *e, size_t media,
		uint64_t port, struct ep_view proto, struct ep_view fmts)
{
	const struct ep_sdp_media *m = &e->sdp->media[media];
	char digits[20];
	struct ep_buf number;

	ep_buf_init(&number, digits, sizeof digits);
	ep_buf_put_u64(&number, port);
	const struct ep_view parts[] = {EP_LIT("m="), m->kind, EP_LIT(" "),
			ep_buf_view(&number), EP_LIT(" "), proto, EP_LIT(" "), fmts};
	struct ep_view line =
			ep_arena_join(e->plan->arena, parts, sizeof parts / sizeof *parts);
	if(!line.p)
		return EP_ENOMEM;
	if(ep_view_eq(ep_view_from(line, 2), e->sdp->lines[m->first].value))
		return EP_OK;
	return ep_sdp_edits_replace(&e->edits, m->first, line);
}

enum ep_err ep_mediate_mline_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, const struct ep_mediate_codecs *codecs)
{
	const struct ep_sdp_media *m = &e->sdp->media[media];
	struct ep_view rest = m->fmts;
	struct ep_view word;
	struct ep_mediate_codecs left = *codecs; /* each payload type once */
	struct ep_buf kept;
	unsigned pt;

	char *p = ep_arena_get(e->plan->arena, m->fmts.len + 1);
	if(!p)
		return EP_ENOMEM;
	ep_buf_init(&kept, p, m->fmts.len + 1);
	while((word = ep_sdp_word_cut(&rest)).p) {
		if(!ep_mediate_pt_parse(&pt, word)
				|| !ep_mediate_codecs_take(&left, pt))
			continue;
		if(kept.len)
			ep_buf_put_chr(&kept, ' ');
		ep_buf_put(&kept, word);
	}
	return mline_set(e, media, m->port, proto, ep_buf_view(&kept));
}

static enum ep_err insert(
		struct ep_mediate_edit *e, size_t line, struct ep_view text)
{
	return text.p ? ep_sdp_edits_insert(&e->edits, line, text) : EP_ENOMEM;
}

enum ep_err ep_mediate_attr_plan(struct ep_mediate_edit *e, size_t media,
		const char *name, struct ep_view value)
{
	const struct ep_view parts[] = {
			EP_LIT("a="), ep_view_z(name), EP_LIT(":"), value};
	size_t first;
	size_t end;

	ep_sdp_section_get(&first, &end, e->sdp, media);
	return insert(e, end, ep_arena_join(e->plan->arena, parts, 4));
}

enum ep_err ep_mediate_reject_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, struct ep_view fmts, struct ep_view mid)
{
	const struct ep_sdp_media *m = &e->sdp->media[media];
	enum ep_err err = mline_set(e, media, 0, proto, fmts);

	for(size_t i = m->first + 1; i < m->end && !err; i++)
		err = ep_sdp_edits_drop(&e->edits, i);
	if(!err && !ep_sdp_connection_get(e->sdp, EP_SDP_SESSION).p)
		err = insert(e, m->end, EP_LIT("c=IN IP4 0.0.0.0"));
	if(!err && mid.len)
		err = ep_mediate_attr_plan(e, media, "mid", mid);
	return err;
}

enum ep_err ep_mediate_hold_plan(struct ep_mediate_edit *e, size_t media)
{
	enum ep_sdp_direction direction = ep_sdp_direction_get(e->sdp, media);
	const struct ep_sdp_media *m = &e->sdp->media[media];
	struct ep_sdp_attr a;
	enum ep_sdp_direction d;
	enum ep_err err = EP_OK;

	if(!ep_view_eq(ep_sdp_connection_get(e->sdp, media), EP_LIT("0.0.0.0"))
			|| direction == EP_SDP_SENDONLY || direction == EP_SDP_INACTIVE)
		return EP_OK;
	for(size_t i = m->first; i < m->end && !err; i++)
		if(ep_sdp_attr_get(&a, &e->sdp->lines[i])
				&& ep_sdp_direction_parse(&d, a.name))
			err = ep_sdp_edits_drop(&e->edits, i);
	if(err)
		return err;
	return insert(e, m->end,
			direction == EP_SDP_SENDRECV ? EP_LIT("a=sendonly")
										 : EP_LIT("a=inactive"));
}
