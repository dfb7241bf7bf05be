/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/form.h"

/* `p` has room for v.len octets. */
static bool decode(char *p, size_t *n, struct ep_view v)
{
	size_t i;

	*n = 0;
	for(i = 0; i < v.len; i++) {
		char c = v.p[i];

		if(c == '+') {
			c = ' ';
		} else if(c == '%') {
			int high = v.len - i > 2 ? ep_chr_hex(v.p[i + 1]) : -1;
			int low = high >= 0 ? ep_chr_hex(v.p[i + 2]) : -1;

			if(low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		p[(*n)++] = c;
	}
	return true;
}

enum ep_err ep_form_get(struct ep_view *out, struct ep_view body,
		struct ep_view name, struct ep_arena *arena)
{
	struct ep_view rest = body, found = ep_view_none(), field, key;
	char *p;
	size_t n;

	*out = ep_view_none();
	while(rest.p != NULL) {
		field = ep_view_cut(&rest, '&');
		key = ep_view_cut(&field, '=');
		if(!ep_view_eq(key, name))
			continue;
		if(found.p != NULL || field.p == NULL)
			return EP_ESYNTAX;
		found = field;
	}
	if(found.p == NULL)
		return EP_ENOENT;
	if(ep_view_find_chr(found, '%') == SIZE_MAX
			&& ep_view_find_chr(found, '+') == SIZE_MAX) {
		*out = found;
		return EP_OK;
	}
	p = ep_arena_get(arena, found.len);
	if(p == NULL)
		return EP_ENOMEM;
	if(!decode(p, &n, found))
		return EP_ESYNTAX;
	*out = ep_view_of(p, n);
	return EP_OK;
}
