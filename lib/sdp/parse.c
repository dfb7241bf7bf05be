/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/parse.h"

/* Mail-like senders leave empty lines behind a body. */
static struct ep_view empty_tail_cut(struct ep_view text)
{
	for(;;) {
		struct ep_view t = text;
		if(ep_view_ends(t, EP_LIT("\r\n")))
			t.len -= 2;
		else if(ep_view_ends(t, EP_LIT("\n")))
			t.len -= 1;
		else
			return text;
		if(!ep_view_ends(t, EP_LIT("\n")))
			return text;
		text = t;
	}
}

/* First pass: how many lines and sections at most, up to one more than there
 * may be. What is no line, fill() finds. */
static void count(size_t *lines_n, size_t *media_n, struct ep_view text)
{
	struct ep_view rest = text;

	*lines_n = *media_n = 0;
	while(rest.len && *lines_n <= EP_SDP_LINES_MAX
			&& *media_n <= EP_SDP_MEDIA_MAX) {
		size_t lf = ep_view_find_chr(rest, '\n');
		++*lines_n;
		*media_n += rest.p[0] == 'm';
		rest = ep_view_from(rest, lf == SIZE_MAX ? rest.len : lf + 1);
	}
}

/* RFC 8866 9: a token besides letters and digits. */
#define TOKEN "!#$%&'*+-.^_`{|}~"

/* media SP port ["/" integer] SP proto 1*(SP fmt) */
static enum ep_err media_parse(struct ep_sdp_media *m, struct ep_view value)
{
	struct ep_view rest = value;
	m->kind = ep_sdp_word_cut(&rest);
	struct ep_view ports = ep_sdp_word_cut(&rest);
	m->proto = ep_sdp_word_cut(&rest);
	m->fmts = ep_view_trim(rest);
	if(!m->kind.p || !ports.p || !m->proto.p || !m->fmts.len
			|| !ep_view_only(m->kind, TOKEN)
			|| !ep_view_only(m->proto, TOKEN "/"))
		return EP_ESYNTAX;

	uint64_t port;
	uint64_t n = 1;
	struct ep_view count_of = ports;
	struct ep_view first = ep_view_cut(&count_of, '/');
	if(!ep_view_u64(&port, first, 65535))
		return EP_ESYNTAX;
	if(count_of.p && (!ep_view_u64(&n, count_of, 65535) || n == 0))
		return EP_ESYNTAX;
	m->port = (unsigned)port;
	m->ports_n = (unsigned)n;
	return EP_OK;
}

/* v= is the first line and stands nowhere else; one o=, at session level. */
static enum ep_err place_check(const struct ep_sdp *sdp, size_t index,
		const struct ep_sdp_line *line, bool *origin)
{
	if((index == 0) != (line->type == 'v'))
		return EP_ESYNTAX;
	if(line->type == 'v' && !ep_view_eq(line->value, EP_LIT("0")))
		return EP_ESYNTAX;
	if(line->type == 'o') {
		if(*origin || sdp->media_n || !line->value.len
				|| line->value.p[0] == ' ')
			return EP_ESYNTAX;
		*origin = true;
	}
	return EP_OK;
}

/* `whole`: a description, not a part of one. */
static enum ep_err fill(struct ep_sdp *sdp, size_t *err_at, bool whole)
{
	struct ep_sdp_scan scan;
	bool origin = false;

	ep_sdp_scan_init(&scan, sdp->text);
	for(;;) {
		struct ep_sdp_line *line = &sdp->lines[sdp->lines_n];
		*err_at = scan.at;
		if(scan.at >= sdp->text.len)
			return origin || !whole ? EP_OK : EP_ESYNTAX;
		if(ep_sdp_scan_step(line, &scan))
			return EP_ESYNTAX;
		if(sdp->lines_n == EP_SDP_LINES_MAX
				|| (line->type == 'm' && sdp->media_n == EP_SDP_MEDIA_MAX))
			return EP_ERANGE;
		if(whole && place_check(sdp, sdp->lines_n, line, &origin))
			return EP_ESYNTAX;
		if(line->type == 'm') {
			struct ep_sdp_media *m = &sdp->media[sdp->media_n];
			if(media_parse(m, line->value))
				return EP_ESYNTAX;
			m->first = sdp->lines_n;
			sdp->media_n++;
		}
		sdp->lines_n++;
		if(sdp->media_n)
			sdp->media[sdp->media_n - 1].end = sdp->lines_n;
		else
			sdp->session_end = sdp->lines_n;
	}
}

static enum ep_err parse(struct ep_sdp *out, size_t *err_at,
		struct ep_view text, bool whole, struct ep_arena *arena)
{
	size_t lines_n;
	size_t media_n;
	size_t at = 0;

	memset(out, 0, sizeof *out);
	if(!err_at)
		err_at = &at;
	*err_at = 0;
	if(!text.p)
		return EP_ESYNTAX;
	if(text.len > EP_SDP_LEN_MAX)
		return EP_ERANGE;
	out->text = empty_tail_cut(text);

	count(&lines_n, &media_n, out->text);
	/* One more of each: fill() looks at the next one before it is there. */
	out->lines = ep_arena_array(arena, lines_n + 1, sizeof *out->lines);
	out->media = ep_arena_array(arena, media_n + 1, sizeof *out->media);
	if(!out->lines || !out->media)
		return EP_ENOMEM;
	return fill(out, err_at, whole);
}

enum ep_err ep_sdp_parse(struct ep_sdp *out, size_t *err_at,
		struct ep_view text, struct ep_arena *arena)
{
	return parse(out, err_at, text, true, arena);
}

enum ep_err ep_sdp_parse_part(struct ep_sdp *out, size_t *err_at,
		struct ep_view text, struct ep_arena *arena)
{
	return parse(out, err_at, text, false, arena);
}

void ep_sdp_section_get(
		size_t *first, size_t *end, const struct ep_sdp *sdp, size_t media)
{
	if(media < sdp->media_n) {
		*first = sdp->media[media].first;
		*end = sdp->media[media].end;
	} else {
		*first = 0;
		*end = media == EP_SDP_SESSION ? sdp->session_end : 0;
	}
}
