/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/section.h"

/* HTAB may stand in text; the others only do where somebody tries a terminal,
 * a log or a parser in C. */
static bool control_free(struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++)
		if(((unsigned char)v.p[i] < ' ' && v.p[i] != '\t') || v.p[i] == 0x7f)
			return false;
	return true;
}

static bool digits(struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++)
		if(v.p[i] < '0' || v.p[i] > '9')
			return false;
	return v.len > 0 && v.len <= 20;
}

/* o=<username> <sess-id> <sess-version> IN IP4|IP6 <address> (RFC 8866 5.2) */
static bool origin_check(struct ep_view rest)
{
	struct ep_view word[6];

	for(size_t i = 0; i < 6; i++) {
		word[i] = ep_sdp_word_cut(&rest);
		if(!word[i].p)
			return false;
	}
	return !ep_sdp_word_cut(&rest).p && digits(word[1]) && digits(word[2])
		   && ep_view_eq(word[3], EP_LIT("IN"))
		   && (ep_view_eq(word[4], EP_LIT("IP4"))
				   || ep_view_eq(word[4], EP_LIT("IP6")))
		   && ep_view_only(word[5], ".:-");
}

/* t=<start> <stop> (RFC 8866 5.9) */
static bool time_check(struct ep_view rest)
{
	bool good = digits(ep_sdp_word_cut(&rest));

	return good && digits(ep_sdp_word_cut(&rest)) && !ep_sdp_word_cut(&rest).p;
}

bool ep_mediate_form_check(const struct ep_sdp *sdp)
{
	for(size_t i = 0; i < sdp->lines_n; i++) {
		const struct ep_sdp_line *line = &sdp->lines[i];
		if(!control_free(line->value)
				|| (line->type == 'o' && !origin_check(line->value))
				|| (line->type == 't' && !time_check(line->value)))
			return false;
	}
	return true;
}

static bool zero(struct ep_view digits_of)
{
	for(size_t i = 0; i < digits_of.len; i++)
		if(digits_of.p[i] != '0')
			return false;
	return true;
}

/* o= with another version or address, each unless absent. */
static enum ep_err origin_set(struct ep_mediate_edit *e, size_t at,
		struct ep_view version, struct ep_view address)
{
	struct ep_view rest = e->sdp->lines[at].value;
	struct ep_view word[6];

	for(size_t i = 0; i < 6; i++)
		word[i] = ep_sdp_word_cut(&rest);
	if(!version.p)
		version = word[2];
	const struct ep_view parts[] = {EP_LIT("o="), word[0], EP_LIT(" "), word[1],
			EP_LIT(" "), version, EP_LIT(" "), word[3], EP_LIT(" "),
			address.p ? EP_LIT("IP4") : word[4], EP_LIT(" "),
			address.p ? address : word[5]};
	struct ep_view line =
			ep_arena_join(e->plan->arena, parts, sizeof parts / sizeof *parts);
	return line.p ? ep_sdp_edits_replace(&e->edits, at, line) : EP_ENOMEM;
}

enum ep_err ep_mediate_origin_plan(struct ep_mediate_edit *e)
{
	for(size_t i = 0; i < e->sdp->session_end; i++) {
		struct ep_view rest = e->sdp->lines[i].value;
		if(e->sdp->lines[i].type != 'o')
			continue;
		ep_sdp_word_cut(&rest);
		ep_sdp_word_cut(&rest);
		return zero(ep_sdp_word_cut(&rest))
					   ? origin_set(e, i, EP_LIT("1"), ep_view_none())
					   : EP_OK;
	}
	return EP_OK;
}

enum ep_err ep_mediate_addresses_hide(struct ep_mediate_edit *e)
{
	enum ep_err err = EP_OK;

	for(size_t i = 0; i < e->sdp->session_end && !err; i++) {
		if(e->sdp->lines[i].type == 'o')
			err = origin_set(e, i, ep_view_none(), EP_LIT("0.0.0.0"));
		else if(e->sdp->lines[i].type == 'c')
			err = ep_sdp_edits_replace(
					&e->edits, i, EP_LIT("c=IN IP4 0.0.0.0"));
	}
	return err;
}

/* RFC 8866 5: the order of lines at session level, and behind an m= line. */
static const char session_order[] = "vosiuepcbtzka";
static const char media_order[] = "icbka";

/* One level's lines. */
struct level
{
	size_t first;
	size_t end;
	const char *order;
	bool of_session;
};

static size_t rank_of(const struct level *l, char type)
{
	const char *at = strchr(l->order, type == 'r' ? 't' : type);

	return at ? (size_t)(at - l->order) : strlen(l->order);
}

static bool level_proper(const struct level *l, const struct ep_sdp *sdp)
{
	bool name = !l->of_session;
	bool time = !l->of_session;
	size_t rank = 0;

	for(size_t i = l->first; i < l->end; i++) {
		char type = sdp->lines[i].type;
		if(rank_of(l, type) < rank)
			return false;
		rank = rank_of(l, type);
		name |= type == 's' && sdp->lines[i].value.len;
		time |= type == 't';
	}
	return name && time;
}

/* Those of one rank behind all that is there, or what stands for them. */
static enum ep_err rank_move(struct ep_sdp_edits *e, const struct level *l,
		char type, struct ep_view instead)
{
	enum ep_err err = EP_OK;
	bool any = false;

	for(size_t i = l->first; i < l->end && !err; i++) {
		const struct ep_sdp_line *line = &e->sdp->lines[i];
		if(rank_of(l, line->type) != rank_of(l, type)
				|| ep_sdp_edits_dropped(e, i))
			continue;
		struct ep_view text = ep_sdp_edits_text(e, i);
		err = ep_sdp_edits_drop(e, i);
		if(err || (type == 's' && (!line->value.len || any)))
			continue;
		any = true;
		err = ep_sdp_edits_insert(e, l->end, text);
	}
	if(err || any || !instead.p)
		return err;
	return ep_sdp_edits_insert(e, l->end, instead);
}

/* media: an index, or EP_SDP_SESSION. */
static struct level level_get(const struct ep_sdp *sdp, size_t media)
{
	struct level l = {.order = session_order, .of_session = true};

	ep_sdp_section_get(&l.first, &l.end, sdp, media);
	if(media != EP_SDP_SESSION) {
		l.first++; /* the m= line */
		l.order = media_order;
		l.of_session = false;
	}
	return l;
}

static enum ep_err level_order(struct ep_sdp_edits *e, const struct level *l)
{
	enum ep_err err = EP_OK;

	if(level_proper(l, e->sdp))
		return EP_OK;
	for(const char *t = l->order; *t && !err; t++)
		err = rank_move(e, l, *t,
				l->of_session && *t == 's'   ? EP_LIT("s=-")
				: l->of_session && *t == 't' ? EP_LIT("t=0 0")
											 : ep_view_none());
	return err;
}

static bool all_proper(const struct ep_sdp *sdp)
{
	struct level l = level_get(sdp, EP_SDP_SESSION);
	bool proper = level_proper(&l, sdp);

	for(size_t i = 0; i < sdp->media_n && proper; i++) {
		l = level_get(sdp, i);
		proper = level_proper(&l, sdp);
	}
	return proper;
}

enum ep_err ep_mediate_order_apply(struct ep_sdp *sdp, struct ep_arena *arena)
{
	const struct ep_sdp was = *sdp;
	struct ep_sdp_edits edits;

	if(all_proper(sdp))
		return EP_OK;
	enum ep_err err = ep_sdp_edits_init(&edits, &was, arena);
	struct level l = level_get(&was, EP_SDP_SESSION);
	if(!err)
		err = level_order(&edits, &l);
	for(size_t i = 0; i < was.media_n && !err; i++) {
		l = level_get(&was, i);
		err = level_order(&edits, &l);
	}
	if(err)
		return err;
	struct ep_view text = ep_sdp_print_arena(&edits);
	return text.p ? ep_sdp_parse(sdp, NULL, text, arena) : EP_ENOMEM;
}
