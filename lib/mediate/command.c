/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/command.h"

/* One word between others: no SP and no control octet. A `=` would end the
 * key for Kamailio's module; only a scalar has one there, before its value. */
static bool token_check(struct ep_view v, bool equals)
{
	for(size_t i = 0; i < v.len; i++)
		if((unsigned char)v.p[i] <= ' ' || v.p[i] == 0x7f
				|| (v.p[i] == '=' && !equals))
			return false;
	return v.len > 0;
}

void ep_mediate_command_add(struct ep_mediate_command *c,
		enum ep_mediate_form form, struct ep_view key, struct ep_view value)
{
	bool scalar = form == EP_MEDIATE_SCALAR;

	if(c->items_n == EP_MEDIATE_ITEMS_MAX || !token_check(value, scalar)
			|| (form != EP_MEDIATE_FLAG && !token_check(key, false))) {
		c->overflow = true;
		return;
	}
	c->items[c->items_n++] = (struct ep_mediate_item){form, key, value};
}

/* `transcode` is the one list of codecs that has a short name, and the only
 * name that every version of the module knows for it. */
static void codec_print(struct ep_buf *out, const struct ep_mediate_item *i)
{
	if(!ep_view_eq(i->key, EP_LIT("transcode")))
		ep_buf_put_z(out, "codec-");
	ep_buf_put(out, i->key);
	ep_buf_put_chr(out, '-');
	ep_buf_put(out, i->value);
}

static void item_print(struct ep_buf *out, const struct ep_mediate_item *i)
{
	bool equals = i->form == EP_MEDIATE_SCALAR
				  || ep_view_eq(i->key, EP_LIT("direction"));

	if(i->form == EP_MEDIATE_CODEC) {
		codec_print(out, i);
		return;
	}
	if(i->form != EP_MEDIATE_FLAG) {
		ep_buf_put(out, i->key);
		ep_buf_put_chr(out, equals ? '=' : '-');
	}
	ep_buf_put(out, i->value);
}

void ep_mediate_command_print(
		struct ep_buf *out, const struct ep_mediate_command *c)
{
	out->overflow |= c->overflow;
	for(size_t i = 0; i < c->items_n; i++) {
		if(i)
			ep_buf_put_chr(out, ' ');
		item_print(out, &c->items[i]);
	}
}
