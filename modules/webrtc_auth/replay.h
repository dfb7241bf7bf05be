/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * One token, one connection: for WWSFs with `one_connection = yes`.
 *
 * A small shared table, hash of the token -> connection. The first connection
 * that registers with a token has it until it is gone, ends, or registers with
 * another one. Lock: one per bucket; the connection table's are taken under
 * it. Any process may call.
 */
#ifndef EP_WEBRTC_AUTH_REPLAY_H
#define EP_WEBRTC_AUTH_REPLAY_H

#include "base/crypto.h"
#include "base/err.h"

/* Before fork. EP_OK or EP_ENOMEM. */
enum ep_err ep_replay_init(void);
void ep_replay_fini(void);

/* `said`: hash of what tells the token from others, without a signature, which
 * whoever has the token may write in another way (ECDSA: s and n - s).
 * `token`: of all of it, as ep_conn_authenticate() gets it.
 * EP_OK: the token is this connection's now, or was already. EP_ENOENT:
 * another live connection has it. EP_ENOMEM. To be called before
 * ep_conn_authenticate(). */
enum ep_err ep_replay_claim(const unsigned char said[EP_SHA256_LEN],
		const unsigned char token[EP_SHA256_LEN], int conid);

#endif
