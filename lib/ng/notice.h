/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What rtpengine says without being asked: a key that was pressed (JSON in a
 * datagram, its option dtmf-log-dest), a call that it ended for silence
 * (XML-RPC in an HTTP POST, its options b2b-url and xmlrpc-format=2).
 */
#ifndef EP_NG_NOTICE_H
#define EP_NG_NOTICE_H

#include "base/arena.h"
#include "base/err.h"

struct ep_ng_key
{
	struct ep_view call_id;
	struct ep_view tag; /* the side that pressed it */
	char digit;         /* 0-9 * # A-D, RFC 4733 3.2 */
	uint32_t duration_ms;
};

/* `{"callid":"…","source_tag":"…","type":"DTMF","event":5,"duration":100,…}`.
 * Unknown members are passed over, whatever they hold. EP_ESYNTAX: no object
 * of JSON. EP_ENOENT: no key's (another type, a member lacks). EP_ERANGE: an
 * event that is no key. EP_ENOMEM. */
enum ep_err ep_ng_key_decode(
		struct ep_ng_key *out, struct ep_view json, struct ep_arena *arena);

struct ep_ng_silence
{
	struct ep_view call_id;
	struct ep_view from_tag, to_tag; /* absent: not said */
};

/* `<methodCall>` with one to three `<string>`s: Call-ID, from-tag, to-tag.
 * EP_ESYNTAX: none of this; EP_ENOENT: a method without a Call-ID
 * (xmlrpc-format=0). EP_ENOMEM. */
enum ep_err ep_ng_silence_decode(
		struct ep_ng_silence *out, struct ep_view xml, struct ep_arena *arena);

#endif
