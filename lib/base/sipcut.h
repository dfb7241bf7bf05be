/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A SIP reply or request made into one without a body, and a reply into a
 * refusal: as text, for a message that nobody has parsed.
 */
#ifndef EP_BASE_SIPCUT_H
#define EP_BASE_SIPCUT_H

#include "base/buf.h"
#include "base/err.h"

/* Without its body and all that speaks of it (RFC 3261 7.4, 20.11 to 20.15,
 * 20.24). Content-Length is 0. EP_ESYNTAX: no end of the headers. EP_ENOSPC. */
enum ep_err ep_sipcut_body(struct ep_buf *out, struct ep_view message);

/* A reply, and `status` with `reason` in its status line. What belongs to a
 * session that will not be goes, too: Contact, Record-Route, RSeq, Require,
 * Session-Expires. EP_ESYNTAX also for what is no reply and for a status
 * outside 300 to 699. */
enum ep_err ep_sipcut_refuse(struct ep_buf *out, struct ep_view reply,
		unsigned status, struct ep_view reason);

/* The value of the first header of that name (or, compact, of that letter;
 * '\0': it has none), trimmed; absent without it. *at: octets to begin behind;
 * it is set to the end of what was found. */
struct ep_view ep_sipcut_find(
		struct ep_view message, struct ep_view name, char compact, size_t *at);

#endif
