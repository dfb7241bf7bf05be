/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/section.h"

/* Where one attribute line stands. */
struct place
{
	size_t media; /* or EP_SDP_SESSION */
	size_t line;
	const struct ep_mediate_codecs *codecs; /* NULL at session level */
};

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

/* RFC 4585 4.2: with AVPF only, that is when the core's side has it. */
static bool feedback_passes(const struct ep_mediate_edit *e,
		const struct place *at, const struct ep_sdp_ptval *v)
{
	bool negotiated = e->feedback ? e->feedback[at->media]
								  : ep_mediate_feedback(e->plan, at->media);

	return negotiated && feedback_served(v->rest)
		   && (v->pt == EP_SDP_PT_ANY
				   || ep_mediate_codecs_has(at->codecs, v->pt));
}

static bool codec_passes(const struct ep_mediate_edit *e,
		const struct place *at, enum ep_mediate_rule rule, struct ep_view value)
{
	struct ep_sdp_ptval v;

	if(!at->codecs || !ep_sdp_ptval_parse(&v, value))
		return false;
	if(rule == EP_MEDIATE_FEEDBACK)
		return feedback_passes(e, at, &v);
	/* Without parameters it is none (RFC 8866 6.15); browsers refuse it. */
	return v.rest.len && ep_mediate_codecs_has(at->codecs, v.pt);
}

static bool ptime_passes(struct ep_view value)
{
	unsigned ms;

	return ep_sdp_ptime_parse(&ms, value) && ms;
}

static bool address_literal(struct ep_view a)
{
	if(ep_view_find_chr(a, ':') != SIZE_MAX)
		return true;
	for(size_t i = 0; i < a.len; i++)
		if(a.p[i] != '.' && (a.p[i] < '0' || a.p[i] > '9'))
			return false;
	return a.len > 0;
}

bool ep_mediate_candidate_serves(const struct ep_sdp_candidate *c)
{
	return ep_view_ieq(c->transport, EP_LIT("udp"))
		   && address_literal(c->address);
}

static bool candidate_passes(
		const struct ep_mediate_edit *e, struct ep_view value)
{
	struct ep_sdp_candidate c;

	if(e->step == EP_MEDIATE_OUT)
		return true;
	return ep_sdp_candidate_parse(&c, value) && ep_mediate_candidate_serves(&c);
}

/* The gateway is given one fingerprint of each section. */
static bool fingerprint_passes(
		const struct ep_mediate_edit *e, const struct place *at)
{
	const struct ep_mediate_plan *plan = e->plan;

	if(e->step == EP_MEDIATE_OUT)
		return true;
	if(at->media != EP_SDP_SESSION)
		return plan->features.sections[at->media].fingerprint == at->line;
	for(size_t i = 0; i < plan->in.media_n; i++)
		if(plan->live[i] && plan->features.sections[i].fingerprint == at->line)
			return true;
	return false;
}

/* An answer has one only if its offer has (RFC 8842 5.3). */
static bool tls_id_passes(
		const struct ep_mediate_edit *e, const struct place *at)
{
	const struct ep_mediate_plan *plan = e->plan;
	struct ep_sdp_attr a;

	if(plan->kind != EP_MEDIATE_C2W_ANSWER)
		return true;
	if(!plan->has_offer || at->media == EP_SDP_SESSION)
		return plan->has_offer
			   && ep_sdp_attr_lookup(
					   &a, &plan->offer, EP_SDP_SESSION, EP_LIT("tls-id"));
	return ep_mediate_transport_lookup(&a, &plan->offer, at->media,
			plan->offer_features.sections[at->media].transport,
			EP_LIT("tls-id"));
}

/* a=extmap:<n>[/<direction>] <uri> … of the section's name (RFC 9143 16.2),
 * between browser and gateway where that takes bundles apart. */
static bool extmap_passes(const struct ep_mediate_edit *e, struct ep_view value)
{
	struct ep_view rest = value;

	ep_sdp_word_cut(&rest);
	return ep_view_eq(ep_sdp_word_cut(&rest),
				   EP_LIT("urn:ietf:params:rtp-hdrext:sdes:mid"))
		   && ep_mediate_bundles(e->plan);
}

/* Of the gateway's own keys, where the core's transport has them. */
static bool sdes_passes(const struct ep_mediate_edit *e, const struct place *at)
{
	if(at->media == EP_SDP_SESSION)
		return false;
	struct ep_view proto = ep_mediate_core_proto(e->plan, at->media);
	return ep_mediate_proto_srtp(
			proto.p ? proto : e->sdp->media[at->media].proto);
}

static bool attr_passes(const struct ep_mediate_edit *e, const struct place *at,
		const struct ep_sdp_attr *a)
{
	enum ep_mediate_rule rule = ep_mediate_matrix_get(e->plan->kind, a->name);

	if(!ep_mediate_rule_passes(rule, e->step))
		return false;
	switch(rule) {
		case EP_MEDIATE_PT:
		case EP_MEDIATE_FEEDBACK:
			return codec_passes(e, at, rule, a->value);
		case EP_MEDIATE_MIDEXT_TO_AGW:
		case EP_MEDIATE_MIDEXT_FROM_AGW:
			return extmap_passes(e, a->value);
		case EP_MEDIATE_SDES:
			return sdes_passes(e, at);
		default:
			break;
	}
	if(ep_view_ieq(a->name, EP_LIT("candidate")))
		return candidate_passes(e, a->value);
	if(ep_view_ieq(a->name, EP_LIT("fingerprint")))
		return fingerprint_passes(e, at);
	if(ep_view_ieq(a->name, EP_LIT("tls-id")))
		return tls_id_passes(e, at);
	if(ep_view_ieq(a->name, EP_LIT("ptime"))
			|| ep_view_ieq(a->name, EP_LIT("maxptime")))
		return ptime_passes(a->value);
	return true;
}

/* Browsers refuse a whole description for one line without a value, or with a
 * blank in front of it (RFC 8866 5). */
static bool value_stands(
		const struct ep_mediate_edit *e, const struct ep_sdp_line *line)
{
	return line->type == 's' || ep_mediate_case_to_core(e->plan->kind)
		   || (line->value.len && line->value.p[0] != ' ');
}

static bool line_passes(const struct ep_mediate_edit *e, const struct place *at)
{
	const struct ep_sdp_line *line = &e->sdp->lines[at->line];
	struct ep_sdp_attr a;

	if(!value_stands(e, line))
		return false;
	switch(line->type) {
		case 'a':
			return ep_sdp_attr_get(&a, line) && attr_passes(e, at, &a);
		case 'b':
			return ep_mediate_bandwidth_check(line->value);
		case 'k': /* obsolete, and a key in the clear (RFC 8866 5.12) */
			return false;
		default:
			return strchr(at->media == EP_SDP_SESSION ? "vosiuepctrz" : "ic",
						   line->type)
				   != NULL;
	}
}

/* a=rtpmap as browsers want it: one blank, and opus with its two channels,
 * which it always has (RFC 7587 7). Absent: it is written so. */
static struct ep_view rtpmap_proper(
		const struct ep_mediate_edit *e, const struct ep_sdp_line *line)
{
	struct ep_sdp_attr a;
	struct ep_sdp_rtpmap map;
	struct ep_view rest;

	if(ep_mediate_case_to_core(e->plan->kind) || e->step != EP_MEDIATE_OUT
			|| !ep_sdp_attr_get(&a, line)
			|| !ep_view_ieq(a.name, EP_LIT("rtpmap"))
			|| !ep_sdp_rtpmap_parse(&map, a.value))
		return ep_view_none();
	rest = a.value;
	const struct ep_view pt = ep_sdp_word_cut(&rest);
	const struct ep_view name = ep_sdp_word_cut(&rest);
	bool mono = ep_view_ieq(map.encoding, EP_LIT("opus")) && !map.params.p;
	const struct ep_view parts[] = {EP_LIT("a=rtpmap:"), pt, EP_LIT(" "), name,
			mono ? EP_LIT("/2") : EP_LIT("")};
	struct ep_view text =
			ep_arena_join(e->plan->arena, parts, sizeof parts / sizeof *parts);
	return ep_view_eq(ep_view_from(text, 2), line->value) ? ep_view_none()
														  : text;
}

/* RFC 8866 5: a line ends with CRLF, whatever its writer thought. */
static enum ep_err line_plan(struct ep_mediate_edit *e, size_t i)
{
	const struct ep_sdp_line *line = &e->sdp->lines[i];
	struct ep_view text = rtpmap_proper(e, line);

	if(text.p)
		return ep_sdp_edits_replace(&e->edits, i, text);
	if(line->raw.len == line->value.len + 4
			&& ep_view_ends(line->raw, EP_LIT("\r\n")))
		return EP_OK;
	return ep_sdp_edits_replace(
			&e->edits, i, ep_view_of(line->raw.p, 2 + line->value.len));
}

enum ep_err ep_mediate_lines_plan(struct ep_mediate_edit *e, size_t media,
		const struct ep_mediate_codecs *codecs)
{
	struct place at = {.media = media, .codecs = codecs};
	size_t end;
	enum ep_err err = EP_OK;

	ep_sdp_section_get(&at.line, &end, e->sdp, media);
	/* An m= line has been written already. */
	for(at.line += media != EP_SDP_SESSION; at.line < end && !err; at.line++)
		err = line_passes(e, &at) ? line_plan(e, at.line)
								  : ep_sdp_edits_drop(&e->edits, at.line);
	return err;
}
