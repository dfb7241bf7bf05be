/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/template.h"

/* Cuts one part off *rest; false: a brace has no partner, or no name. */
static bool part_take(struct ep_template_part *part, struct ep_view *rest)
{
	size_t open = ep_view_find_chr(*rest, '{');
	size_t close;

	part->literal = ep_view_head(*rest, open);
	part->claim = ep_view_none();
	if(ep_view_find_chr(part->literal, '}') != SIZE_MAX)
		return false;
	if(open == SIZE_MAX) {
		*rest = ep_view_none();
		return true;
	}
	*rest = ep_view_from(*rest, open + 1);
	close = ep_view_find_chr(*rest, '}');
	if(close == SIZE_MAX || close == 0)
		return false;
	part->claim = ep_view_head(*rest, close);
	*rest = ep_view_from(*rest, close + 1);
	return ep_view_find_chr(part->claim, '{') == SIZE_MAX;
}

enum ep_err ep_template_parse(
		struct ep_template *out, struct ep_view text, struct ep_arena *arena)
{
	struct ep_template_part *v;
	struct ep_view rest = text;
	size_t cap = 1;
	size_t n = 0;

	if(ep_view_find_chr(text, '{') == SIZE_MAX)
		return EP_ESYNTAX;
	for(size_t i = 0; i < text.len; i++)
		cap += text.p[i] == '{';
	v = ep_arena_array(arena, cap, sizeof(*v));
	if(v == NULL)
		return EP_ENOMEM;
	while(rest.p != NULL)
		if(!part_take(&v[n++], &rest))
			return EP_ESYNTAX;
	*out = (struct ep_template){v, n};
	return EP_OK;
}

static bool value_ok(struct ep_view v)
{
	return v.len > 0 && ep_view_only(v, "-._~!*+");
}

enum ep_token_cause ep_template_expand(struct ep_view *out,
		const struct ep_template *template, const struct ep_json *claims,
		struct ep_arena *arena)
{
	struct ep_view *parts;
	size_t n = 0;

	parts = ep_arena_array(arena, template->n * 2, sizeof(*parts));
	if(parts == NULL)
		return EP_TOKEN_NO_MEMORY;
	for(size_t i = 0; i < template->n; i++) {
		const struct ep_template_part *part = &template->v[i];
		const struct ep_json *claim;

		parts[n++] = part->literal;
		if(part->claim.p == NULL)
			continue;
		claim = ep_json_get(claims, part->claim);
		if(claim == NULL)
			return EP_TOKEN_MAPPING_MISSING;
		if(claim->type != EP_JSON_STRING)
			return EP_TOKEN_CLAIM_TYPE;
		if(!value_ok(claim->str))
			return EP_TOKEN_CLAIM_VALUE;
		parts[n++] = claim->str;
	}
	*out = ep_arena_join(arena, parts, n);
	return out->p != NULL ? EP_TOKEN_OK : EP_TOKEN_NO_MEMORY;
}
