/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/scan.h"

void ep_sdp_scan_init(struct ep_sdp_scan *s, struct ep_view text)
{
	s->text = text;
	s->at = 0;
}

bool ep_sdp_value_check(struct ep_view v)
{
	return !v.len
		   || (!memchr(v.p, '\0', v.len) && !memchr(v.p, '\r', v.len)
				   && !memchr(v.p, '\n', v.len));
}

enum ep_err ep_sdp_scan_step(struct ep_sdp_line *out, struct ep_sdp_scan *s)
{
	if(s->at >= s->text.len)
		return EP_ENOENT;
	struct ep_view rest = ep_view_from(s->text, s->at);
	size_t lf = ep_view_find_chr(rest, '\n');
	struct ep_view raw = lf == SIZE_MAX ? rest : ep_view_head(rest, lf + 1);
	struct ep_view line = lf == SIZE_MAX ? raw : ep_view_head(raw, lf);

	if(lf != SIZE_MAX && line.len && line.p[line.len - 1] == '\r')
		line.len--;
	if(line.len < 2 || line.p[0] < 'a' || line.p[0] > 'z' || line.p[1] != '=')
		return EP_ESYNTAX;
	struct ep_view value = ep_view_from(line, 2);
	/* An LF it cannot hold. */
	if(value.len
			&& (memchr(value.p, '\0', value.len)
					|| memchr(value.p, '\r', value.len)))
		return EP_ESYNTAX;

	out->type = line.p[0];
	/* Blanks behind an attribute: a=sendonly is meant. */
	while(out->type == 'a' && value.len
			&& (value.p[value.len - 1] == ' '
					|| value.p[value.len - 1] == '\t'))
		value.len--;
	out->value = value;
	out->raw = raw;
	s->at += raw.len;
	return EP_OK;
}

struct ep_view ep_sdp_word_cut(struct ep_view *rest)
{
	size_t from = 0;
	size_t to;

	while(from < rest->len && rest->p[from] == ' ')
		from++;
	for(to = from; to < rest->len && rest->p[to] != ' ';)
		to++;
	if(from == to) {
		*rest = ep_view_none();
		return ep_view_none();
	}
	struct ep_view word = ep_view_of(rest->p + from, to - from);
	*rest = ep_view_of(rest->p + to, rest->len - to);
	return word;
}
