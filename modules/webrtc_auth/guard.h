/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The gate in front of Kamailio's parser for what arrives over WebSocket.
 *
 * The parser prints what it cannot read, with all that follows, at ERROR
 * level: with the access token. So what is not well-formed (see
 * base/sipframe.h) is taken away before the parser sees it, is counted as a
 * failure of its connection, and gets no answer.
 */
#ifndef EP_WEBRTC_AUTH_GUARD_H
#define EP_WEBRTC_AUTH_GUARD_H

/* When the module is loaded, before modules that look at incoming data place
 * their callbacks in their mod_init. 0 or -1. */
int ep_guard_register(void);
/* The counter, and what keeps the connection. Before fork. 0 or -1.
 * Kamailio has one place for a callback on what its parser refuses. If another
 * module (nosip) has it, a malformed message ends its connection at once. */
int ep_guard_init(void);

#endif
