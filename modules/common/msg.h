/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * A sip_msg as lib/ sees it, and lib/'s edits put into a sip_msg.
 */
#ifndef EP_COMMON_MSG_H
#define EP_COMMON_MSG_H

#include "core/parser/msg_parser.h"
#include "base/hdredit.h"

/**
 * Parses all headers and fills *out with views into msg->buf (they die with
 * the message, at sip_msg_apply_changes and at a suspension). Headers that
 * earlier edits already removed are still listed. EP_ENOMEM, or EP_ESYNTAX
 * when Kamailio's parser refuses the message.
 */
enum ep_err ep_msg_view(
		struct ep_msg *out, sip_msg_t *msg, struct ep_arena *arena);

/**
 * Applies the edits as lumps; each lump's text is its own pkg block. *plan
 * must come from an ep_msg_view of this very buffer. A line that earlier edits
 * removed or replaced stays as they left it. EP_ENOMEM leaves some of
 * the edits applied: the caller must not send the message on.
 */
enum ep_err ep_msg_edit(
		sip_msg_t *msg, const struct ep_msg *m, const struct ep_hdredits *plan);

/** Replaces the body, keeping Content-Type. EP_ENOENT if there is none. */
enum ep_err ep_msg_body_set(sip_msg_t *msg, struct ep_view body);

#endif
