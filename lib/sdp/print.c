/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp/print.h"

struct insertion
{
	struct ep_view text;
	struct insertion *next;
};

enum slot_state
{
	KEEP,
	DROP,
	REPLACE
};

/* What happens at one line. */
struct ep_sdp_slot
{
	enum slot_state state;
	struct ep_view text; /* REPLACE */
	struct insertion *first;
	struct insertion *last;
};

static const struct ep_view crlf = {"\r\n", 2};

enum ep_err ep_sdp_edits_init(struct ep_sdp_edits *e, const struct ep_sdp *sdp,
		struct ep_arena *arena)
{
	e->sdp = sdp;
	e->arena = arena;
	e->slots = ep_arena_array(arena, sdp->lines_n + 1, sizeof *e->slots);
	return e->slots ? EP_OK : EP_ENOMEM;
}

/* Text from a peer never makes two lines out of one. */
static bool one_line(struct ep_view text)
{
	return text.len >= 2 && text.p[0] >= 'a' && text.p[0] <= 'z'
		   && text.p[1] == '=' && ep_sdp_value_check(text);
}

enum ep_err ep_sdp_edits_drop(struct ep_sdp_edits *e, size_t line)
{
	if(line >= e->sdp->lines_n)
		return EP_ERANGE;
	e->slots[line].state = DROP;
	return EP_OK;
}

enum ep_err ep_sdp_edits_replace(
		struct ep_sdp_edits *e, size_t line, struct ep_view text)
{
	if(line >= e->sdp->lines_n)
		return EP_ERANGE;
	if(!one_line(text))
		return EP_ESYNTAX;
	e->slots[line].state = REPLACE;
	e->slots[line].text = text;
	return EP_OK;
}

enum ep_err ep_sdp_edits_insert(
		struct ep_sdp_edits *e, size_t line, struct ep_view text)
{
	if(line > e->sdp->lines_n)
		return EP_ERANGE;
	if(!one_line(text))
		return EP_ESYNTAX;
	struct insertion *i = ep_arena_get(e->arena, sizeof *i);
	if(!i)
		return EP_ENOMEM;
	i->text = text;

	struct ep_sdp_slot *s = &e->slots[line];
	if(s->last)
		s->last->next = i;
	else
		s->first = i;
	s->last = i;
	return EP_OK;
}

struct ep_view ep_sdp_edits_text(const struct ep_sdp_edits *e, size_t line)
{
	const struct ep_sdp_line *l = &e->sdp->lines[line];

	return e->slots[line].state == REPLACE
				   ? e->slots[line].text
				   : ep_view_of(l->raw.p, 2 + l->value.len);
}

bool ep_sdp_edits_dropped(const struct ep_sdp_edits *e, size_t line)
{
	return line < e->sdp->lines_n && e->slots[line].state == DROP;
}

/* Goes over the result piece by piece. *open: the piece before had no end of
 * line, which only a last line may lack. */
static size_t emit(struct ep_buf *out, struct ep_view v, bool *open)
{
	size_t len = v.len;

	if(*open && v.len) {
		len += crlf.len;
		if(out)
			ep_buf_put(out, crlf);
	}
	if(v.len)
		*open = v.p[v.len - 1] != '\n';
	if(out)
		ep_buf_put(out, v);
	return len;
}

static size_t emit_new(struct ep_buf *out, struct ep_view text, bool *open)
{
	size_t len = emit(out, text, open);
	*open = false;
	return len + emit(out, crlf, open);
}

static size_t walk(struct ep_buf *out, const struct ep_sdp_edits *e)
{
	size_t len = 0;
	bool open = false;

	for(size_t i = 0; i <= e->sdp->lines_n; i++) {
		const struct ep_sdp_slot *s = &e->slots[i];
		for(const struct insertion *n = s->first; n; n = n->next)
			len += emit_new(out, n->text, &open);
		if(i == e->sdp->lines_n || s->state == DROP)
			continue;
		if(s->state == REPLACE)
			len += emit_new(out, s->text, &open);
		else
			len += emit(out, e->sdp->lines[i].raw, &open);
	}
	return len;
}

size_t ep_sdp_print_len(const struct ep_sdp_edits *e)
{
	return walk(NULL, e);
}

void ep_sdp_print(struct ep_buf *out, const struct ep_sdp_edits *e)
{
	walk(out, e);
}

struct ep_view ep_sdp_print_arena(const struct ep_sdp_edits *e)
{
	size_t len = ep_sdp_print_len(e);
	struct ep_buf out;

	char *p = ep_arena_get(e->arena, len ? len : 1);
	if(!p)
		return ep_view_none();
	ep_buf_init(&out, p, len);
	ep_sdp_print(&out, e);
	return ep_buf_view(&out);
}
