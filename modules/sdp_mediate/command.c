/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "ng/bencode.h"
#include "sdp_mediate/command.h"

void ep_command_put_name(
		struct ep_buf *out, struct ep_view callid, struct ep_view leg)
{
	ep_buf_put(out, callid);
	if(leg.p == NULL)
		return;
	ep_buf_put_chr(out, '~');
	ep_buf_put(out, leg);
}

static void open(struct ep_buf *out, const char *verb)
{
	ep_ng_dict_open(out);
	ep_ng_put_pair(out, "command", ep_view_z(verb));
}

static void call_put(struct ep_buf *out, const struct ep_command_call *c)
{
	ep_ng_put_pair(out, "call-id", c->name);
	ep_ng_put_pair(out, "from-tag", c->from_tag);
	ep_ng_put_pair(out, "to-tag", c->to_tag);
}

static bool same(const struct ep_mediate_item *a,
		const struct ep_mediate_item *b, enum ep_mediate_form form)
{
	return a->form == form && b->form == form && ep_view_eq(a->key, b->key);
}

/* Items of one form and key are one list, wherever they stand; it is written
 * where the first of them is. */
static void list_put(struct ep_buf *out, const struct ep_mediate_command *c,
		size_t first, enum ep_mediate_form form)
{
	size_t i;

	for(i = 0; i < first; i++)
		if(same(&c->items[i], &c->items[first], form))
			return;
	ep_ng_put_str(out, c->items[first].key);
	ep_ng_list_open(out);
	for(i = first; i < c->items_n; i++)
		if(same(&c->items[i], &c->items[first], form))
			ep_ng_put_str(out, c->items[i].value);
	ep_ng_close(out);
}

static bool has(const struct ep_mediate_command *c, enum ep_mediate_form form)
{
	size_t i;

	for(i = 0; i < c->items_n; i++)
		if(c->items[i].form == form)
			return true;
	return false;
}

/* All flags are one list, all codec lists one dictionary. */
static void groups_put(struct ep_buf *out, const struct ep_mediate_command *c)
{
	size_t i;

	if(has(c, EP_MEDIATE_FLAG)) {
		ep_ng_put_key(out, "flags");
		ep_ng_list_open(out);
		for(i = 0; i < c->items_n; i++)
			if(c->items[i].form == EP_MEDIATE_FLAG)
				ep_ng_put_str(out, c->items[i].value);
		ep_ng_close(out);
	}
	if(has(c, EP_MEDIATE_CODEC)) {
		ep_ng_put_key(out, "codec");
		ep_ng_dict_open(out);
		for(i = 0; i < c->items_n; i++)
			if(c->items[i].form == EP_MEDIATE_CODEC)
				list_put(out, c, i, EP_MEDIATE_CODEC);
		ep_ng_close(out);
	}
}

static void items_put(struct ep_buf *out, const struct ep_mediate_command *c)
{
	size_t i;

	if(c->overflow)
		out->overflow = true;
	for(i = 0; i < c->items_n; i++)
		if(c->items[i].form == EP_MEDIATE_SCALAR) {
			ep_ng_put_str(out, c->items[i].key);
			ep_ng_put_str(out, c->items[i].value);
		} else if(c->items[i].form == EP_MEDIATE_LIST) {
			list_put(out, c, i, EP_MEDIATE_LIST);
		}
	groups_put(out, c);
}

void ep_command_put_sdp(struct ep_buf *out, const char *verb,
		const struct ep_command_call *call, struct ep_view sdp,
		const struct ep_mediate_command *flags)
{
	open(out, verb);
	call_put(out, call);
	ep_ng_put_pair(out, "sdp", sdp);
	items_put(out, flags);
	ep_ng_close(out);
}

void ep_command_put_call(
		struct ep_buf *out, const char *verb, const struct ep_command_call *c)
{
	open(out, verb);
	call_put(out, c);
	ep_ng_close(out);
}

void ep_command_put(struct ep_buf *out, const char *verb)
{
	open(out, verb);
	ep_ng_close(out);
}
