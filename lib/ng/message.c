/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/message.h"

static bool cookie_check(struct ep_view cookie)
{
	for(size_t i = 0; i < cookie.len; i++)
		if(cookie.p[i] <= ' ' || cookie.p[i] >= 0x7f)
			return false;
	return cookie.len && cookie.len <= EP_NG_COOKIE_MAX;
}

static enum ep_err message_read(struct ep_ng_message *out,
		struct ep_view datagram, struct ep_arena *arena, bool top)
{
	struct ep_view rest = datagram;
	struct ep_view cookie = ep_view_cut(&rest, ' ');
	struct ep_ng_val *dict = NULL;

	memset(out, 0, sizeof *out);
	if(!cookie_check(cookie))
		return EP_ESYNTAX;
	out->cookie = cookie;
	if(!rest.p)
		return EP_ESYNTAX;
	enum ep_err err = top ? ep_ng_decode_top(&dict, rest, arena)
						  : ep_ng_decode(&dict, rest, arena);
	if(err)
		return err;
	if(dict->type != EP_NG_DICT)
		return EP_ESYNTAX;
	out->dict = dict;
	out->command = ep_ng_get_str(dict, EP_LIT("command"));
	out->result = ep_ng_get_str(dict, EP_LIT("result"));
	return EP_OK;
}

enum ep_err ep_ng_message_decode(struct ep_ng_message *out,
		struct ep_view datagram, struct ep_arena *arena)
{
	return message_read(out, datagram, arena, false);
}

enum ep_err ep_ng_message_decode_top(struct ep_ng_message *out,
		struct ep_view datagram, struct ep_arena *arena)
{
	return message_read(out, datagram, arena, true);
}

void ep_ng_message_open(struct ep_buf *out, struct ep_view cookie)
{
	ep_buf_put(out, cookie);
	ep_buf_put_chr(out, ' ');
	ep_ng_dict_open(out);
}

void ep_ng_message_put_result(struct ep_buf *out, struct ep_view cookie,
		const char *result, struct ep_view error_reason)
{
	ep_ng_message_open(out, cookie);
	ep_ng_put_pair(out, "result", ep_view_z(result));
	ep_ng_put_pair(out, "error-reason", error_reason);
	ep_ng_close(out);
}
