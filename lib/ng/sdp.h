/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Two changes to a browser's session description on its way to rtpengine.
 *
 * Without its default address: port 9 and zeros, as of a peer that trickles
 * and has no candidate yet (RFC 8840 4.1.1). ICE does not use it, candidates
 * stay. An rtpengine before 14 says in no other way whether ICE found a pair:
 * where it sends to is then either nothing or what ICE found (query.h).
 *
 * With a tls-id (RFC 8842 5): browsers send none, and keep their DTLS
 * association over an ICE restart. An rtpengine from 11.3 on takes an ICE
 * restart without tls-id for the end of it and waits for a handshake that
 * never comes; with one that stays the same it goes on.
 */
#ifndef EP_NG_SDP_H
#define EP_NG_SDP_H

#include "base/buf.h"

#define EP_NG_TLS_ID_MIN 20 /* RFC 8842 */
#define EP_NG_TLS_ID_MAX 40

/* Would a print with `blank` differ? */
bool ep_ng_sdp_blank_changes(struct ep_view sdp);
/* What stands for its DTLS association: digits of its (first) fingerprint, so
 * that another certificate is another one. False: it says a tls-id itself, or
 * has no fingerprint. */
bool ep_ng_sdp_tls_id(char out[EP_NG_TLS_ID_MAX + 1], struct ep_view sdp);
/* `blank`: sections over RTP with ICE (theirs or the session's) lose their
 * address; rejected ones and all else stay as they are. `tls_id`: stands at
 * the end of the session's lines; absent: none. Longer than `sdp` by at most
 * `a=tls-id:`, that and a line end. */
void ep_ng_sdp_print(struct ep_buf *out, struct ep_view sdp, bool blank,
		struct ep_view tls_id);

#endif
