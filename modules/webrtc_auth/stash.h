/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Credentials are masked in a message before anybody reads it (token/mask.h);
 * here is what stood there, for the gate alone.
 *
 * In this process's own memory, and only while it works on that message: the
 * end of the script or the next message erases it. A copy of the message (tm's,
 * in another process, after a suspension) has the mask for good.
 */
#ifndef EP_WEBRTC_AUTH_STASH_H
#define EP_WEBRTC_AUTH_STASH_H

#include "core/ip_addr.h"
#include "core/parser/msg_parser.h"
#include "base/view.h"

/* Masks what a message over WebSocket has of secrets, and keeps its
 * credentials. */
void ep_stash_take(char *buf, size_t len, const struct receive_info *rcv);
/* Masks an HTTP request for a WebSocket. Nothing is kept. */
void ep_stash_mask_upgrade(char *buf, size_t len);
/* Erases what is kept. */
void ep_stash_clear(void);

/* `value` is a view into msg->buf, the value of an Authorization or
 * Proxy-Authorization header without white space around it. What stood there
 * when the message came, valid until the message's script ends; else `value`
 * itself. */
struct ep_view ep_stash_value(const sip_msg_t *msg, struct ep_view value);

#endif
