/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/frag.h"

/* RFC 8839 5.4: lengths of ice-char runs. */
#define UFRAG_MIN 4
#define PWD_MIN 22
#define ICE_CHARS_MAX 256
#define FOUNDATION_MAX 32

static bool ice_chars(struct ep_view v, size_t min, size_t max)
{
	return v.p && v.len >= min && v.len <= max && ep_view_only(v, "+/");
}

/* RFC 8866 9: the characters of a token that are not letters or digits. */
static bool token(struct ep_view v)
{
	return v.len > 0 && ep_view_only(v, "!#$%&'*+-.^_`{|}~");
}

/* candidate-attribute, with its extensions in pairs (RFC 8839 5.1). */
static bool candidate_check(struct ep_view value)
{
	struct ep_sdp_candidate c;
	struct ep_view rest = value;

	if(!ep_sdp_candidate_parse(&c, value) || c.component < 1
			|| !ice_chars(c.foundation, 1, FOUNDATION_MAX))
		return false;
	for(int i = 0; i < 8; i++)
		ep_sdp_word_cut(&rest);
	for(;;) {
		if(!ep_sdp_word_cut(&rest).p)
			return true;
		if(!ep_sdp_word_cut(&rest).p)
			return false;
	}
}

/* What one level may say once. */
struct level
{
	struct ep_view mid;
	struct ep_view ufrag;
	struct ep_view pwd;
	bool options;
	bool ended;
	size_t candidates_n;
};

static bool once(struct ep_view *slot, struct ep_view value)
{
	if(slot->p || !value.p)
		return false;
	*slot = value;
	return true;
}

static bool flag_once(bool *slot, struct ep_view value)
{
	if(*slot || value.p)
		return false;
	*slot = true;
	return true;
}

static bool attr_take(
		struct level *l, const struct ep_sdp_attr *a, bool in_section)
{
	if(ep_view_eq(a->name, EP_LIT("candidate"))) {
		l->candidates_n++;
		return in_section && candidate_check(a->value);
	}
	if(ep_view_eq(a->name, EP_LIT("ice-ufrag")))
		return ice_chars(a->value, UFRAG_MIN, ICE_CHARS_MAX)
			   && once(&l->ufrag, a->value);
	if(ep_view_eq(a->name, EP_LIT("ice-pwd")))
		return ice_chars(a->value, PWD_MIN, ICE_CHARS_MAX)
			   && once(&l->pwd, a->value);
	if(ep_view_eq(a->name, EP_LIT("end-of-candidates")))
		return flag_once(&l->ended, a->value);
	if(ep_view_eq(a->name, EP_LIT("mid")))
		return in_section && token(a->value) && once(&l->mid, a->value);
	if(ep_view_eq(a->name, EP_LIT("ice-options"))) {
		bool first = !l->options;
		l->options = true;
		return first && a->value.len > 0;
	}
	return true;
}

/* EP_OK, or EP_ESYNTAX with the line at fault. */
static enum ep_err level_read(struct level *out, size_t *err_at,
		const struct ep_sdp *sdp, size_t media)
{
	struct ep_sdp_attr a;
	size_t first;
	size_t end;

	memset(out, 0, sizeof *out);
	ep_sdp_section_get(&first, &end, sdp, media);
	if(media != EP_SDP_SESSION)
		first++; /* the m= line */
	for(size_t i = first; i < end; i++) {
		if(ep_sdp_attr_get(&a, &sdp->lines[i])
				&& attr_take(out, &a, media != EP_SDP_SESSION))
			continue;
		*err_at = (size_t)(sdp->lines[i].raw.p - sdp->text.p);
		return EP_ESYNTAX;
	}
	/* One without the other is no credential. */
	return (out->ufrag.p == NULL) == (out->pwd.p == NULL) ? EP_OK : EP_ESYNTAX;
}

static bool mid_taken(const struct ep_sdp_frag *f, size_t media)
{
	for(size_t i = 0; i < media; i++)
		if(ep_view_eq(f->media[i].mid, f->media[media].mid))
			return true;
	return false;
}

static enum ep_err section_read(
		struct ep_sdp_frag *f, size_t *err_at, size_t media)
{
	struct level l;
	enum ep_err err = level_read(&l, err_at, &f->sdp, media);

	if(err)
		return err;
	f->media[media] = (struct ep_sdp_frag_media){.mid = l.mid,
			.ufrag = l.ufrag.p ? l.ufrag : f->ufrag,
			.pwd = l.pwd.p ? l.pwd : f->pwd,
			.candidates_n = l.candidates_n,
			.ended = l.ended || f->ended};
	return l.mid.p && f->media[media].ufrag.p && !mid_taken(f, media)
				   ? EP_OK
				   : EP_ESYNTAX;
}

enum ep_err ep_sdp_frag_parse(struct ep_sdp_frag *out, size_t *err_at,
		struct ep_view text, struct ep_arena *arena)
{
	struct level session;
	size_t at;

	memset(out, 0, sizeof *out);
	if(!err_at)
		err_at = &at;
	*err_at = 0;
	if(text.len > EP_SDP_FRAG_LEN_MAX)
		return EP_ERANGE;
	enum ep_err err = ep_sdp_parse_part(&out->sdp, err_at, text, arena);
	if(err)
		return err;
	out->media =
			ep_arena_array(arena, out->sdp.media_n + 1, sizeof *out->media);
	if(!out->media)
		return EP_ENOMEM;

	*err_at = text.len;
	err = level_read(&session, err_at, &out->sdp, EP_SDP_SESSION);
	out->ufrag = session.ufrag;
	out->pwd = session.pwd;
	out->ended = session.ended;
	for(size_t i = 0; i < out->sdp.media_n && !err; i++)
		err = section_read(out, err_at, i);
	/* Whose candidates these are, or of whom there are no more. */
	if(!err && !out->sdp.media_n && !out->ufrag.p)
		err = EP_ESYNTAX;
	return err;
}

static void line_put(struct ep_buf *out, const struct ep_sdp_line *line)
{
	ep_buf_put_chr(out, line->type);
	ep_buf_put_chr(out, '=');
	ep_buf_put(out, line->value);
	ep_buf_put_z(out, "\r\n");
}

/* The lines of a level that are a=<name>. */
static void attrs_put(struct ep_buf *out, const struct ep_sdp *sdp,
		size_t media, const char *name)
{
	size_t at = 0;

	while((at = ep_sdp_attr_find(NULL, sdp, media, ep_view_z(name), at))
			!= SIZE_MAX)
		line_put(out, &sdp->lines[at++]);
}

static void candidates_put(struct ep_buf *out, const struct ep_sdp *sdp,
		size_t media, ep_sdp_frag_keep_f keep)
{
	struct ep_sdp_candidate c;
	struct ep_sdp_attr a;
	size_t at = 0;

	while((at = ep_sdp_attr_find(&a, sdp, media, EP_LIT("candidate"), at))
			!= SIZE_MAX) {
		const struct ep_sdp_line *line = &sdp->lines[at++];
		if(ep_sdp_candidate_parse(&c, a.value) && (!keep || keep(&c)))
			line_put(out, line);
	}
}

static void level_put(struct ep_buf *out, const struct ep_sdp *sdp,
		size_t media, ep_sdp_frag_keep_f keep)
{
	attrs_put(out, sdp, media, "ice-ufrag");
	attrs_put(out, sdp, media, "ice-pwd");
	attrs_put(out, sdp, media, "ice-options");
	if(media != EP_SDP_SESSION)
		candidates_put(out, sdp, media, keep);
	attrs_put(out, sdp, media, "end-of-candidates");
}

void ep_sdp_frag_print(struct ep_buf *out, const struct ep_sdp_frag *f,
		ep_sdp_frag_keep_f keep)
{
	level_put(out, &f->sdp, EP_SDP_SESSION, keep);
	for(size_t i = 0; i < f->sdp.media_n; i++) {
		line_put(out, &f->sdp.lines[f->sdp.media[i].first]);
		attrs_put(out, &f->sdp, i, "mid");
		level_put(out, &f->sdp, i, keep);
	}
}

struct ep_view ep_sdp_frag_print_arena(const struct ep_sdp_frag *f,
		ep_sdp_frag_keep_f keep, struct ep_arena *arena)
{
	/* No line is longer than it came, but for a CR. */
	size_t cap = f->sdp.text.len + f->sdp.lines_n + 2;
	struct ep_buf out;

	char *p = ep_arena_get(arena, cap);
	if(!p)
		return ep_view_none();
	ep_buf_init(&out, p, cap);
	ep_sdp_frag_print(&out, f, keep);
	return ep_buf_view(&out);
}
