/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The gate in front of Kamailio's parser for what arrives over WebSocket.
 *
 * The parser prints what it cannot read, with all that follows, at ERROR
 * level: with the access token. So what is not well-formed (see
 * base/sipframe.h) is taken away before the parser sees it, is counted as a
 * failure of its connection, and gets no answer. What goes on is masked (see
 * stash.h), before siptrace and the like copy it.
 */
#ifndef EP_WEBRTC_AUTH_GUARD_H
#define EP_WEBRTC_AUTH_GUARD_H

/* When the module is loaded, before modules that look at incoming data place
 * their callbacks in their mod_init, wherever they stand in the script. (Of
 * the earlier of the two events Kamailio has one callback: siptrace, which
 * wants it too, is called by ours.) 0 or -1. */
int ep_guard_register(void);
/* What keeps the connection, and what ends the stash. Before fork. 0 or -1.
 * Kamailio has one place for a callback on what its parser refuses. If another
 * module (nosip) has it, a malformed message ends its connection at once. */
int ep_guard_init(void);

#endif
