/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A datagram of the ng protocol: `<cookie> SP <dictionary>`. Request and
 * answer have the same cookie; whoever gets a cookie for the second time
 * sends the answer of the first.
 */
#ifndef EP_NG_MESSAGE_H
#define EP_NG_MESSAGE_H

#include "ng/bencode.h"

#define EP_NG_COOKIE_MAX 128

struct ep_ng_message
{
	struct ep_view cookie;
	const struct ep_ng_val *dict;
	struct ep_view command; /* of a request; absent in an answer */
	struct ep_view result; /* of an answer: ok, pong, error, …; else absent */
};

/* EP_ESYNTAX: no cookie of 1 to EP_NG_COOKIE_MAX printable octets, or behind
 * it no dictionary; the cookie is set as soon as there is one (an answer can
 * name it). EP_ERANGE, EP_ENOMEM as ep_ng_decode. */
enum ep_err ep_ng_message_decode(struct ep_ng_message *out,
		struct ep_view datagram, struct ep_arena *arena);

/* The same with ep_ng_decode_top. */
enum ep_err ep_ng_message_decode_top(struct ep_ng_message *out,
		struct ep_view datagram, struct ep_arena *arena);

/* `<cookie> d`: the pairs of the dictionary follow, then ep_ng_close(). */
void ep_ng_message_open(struct ep_buf *out, struct ep_view cookie);

/* A whole answer without more than a result, and (unless absent) a reason. */
void ep_ng_message_put_result(struct ep_buf *out, struct ep_view cookie,
		const char *result, struct ep_view error_reason);

#endif
