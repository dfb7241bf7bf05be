/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A fragment of a session description that brings ICE candidates later than
 * the description itself (application/trickle-ice-sdpfrag, RFC 8840 9):
 *
 *   a=ice-pwd:asd88fgpdd777uzjYhagZg
 *   a=ice-ufrag:8hhY
 *   m=audio 9 RTP/AVP 0
 *   a=mid:1
 *   a=candidate:1 1 UDP 2130706432 192.0.2.1 5000 typ host
 *   a=end-of-candidates
 *
 * Only a= and m= lines. Every m= line has one a=mid, by which its section is
 * known (its port, transport and formats say nothing). Credentials stand at
 * session level or in each section, as in the offer or answer; candidates in
 * sections only. Attributes that RFC 8840 does not name pass the reader and
 * are not printed.
 *
 * Views point into the text that was parsed, tables are the arena's.
 */
#ifndef EP_SDP_FRAG_H
#define EP_SDP_FRAG_H

#include "base/buf.h"
#include "sdp/attr.h"

#define EP_SDP_FRAG_LEN_MAX 16384

struct ep_sdp_frag_media
{
	struct ep_view mid;   /* a token, never absent */
	struct ep_view ufrag; /* its own, else the session's; never absent */
	struct ep_view pwd;
	size_t candidates_n;
	bool ended; /* a=end-of-candidates, here or at session level */
};

struct ep_sdp_frag
{
	struct ep_sdp sdp; /* lines and sections; `sdp.media` as in parse.h */
	struct ep_sdp_frag_media *media; /* sdp.media_n of them, maybe none */
	struct ep_view ufrag; /* the session's; both absent when there is none */
	struct ep_view pwd;
	bool ended; /* for all sections, also those that are not named here */
};

/* EP_ESYNTAX with *err_at (may be NULL) as ep_sdp_parse(), and the text's
 * length when what is missing or double is known at the end only. EP_ERANGE:
 * over a limit of this header or of parse.h. EP_ENOMEM. */
enum ep_err ep_sdp_frag_parse(struct ep_sdp_frag *out, size_t *err_at,
		struct ep_view text, struct ep_arena *arena);

/* Does this candidate go on? NULL for the function: each does. */
typedef bool (*ep_sdp_frag_keep_f)(const struct ep_sdp_candidate *c);

/* Session level first, then section by section: credentials, options, mid,
 * candidates, end. Lines end with CRLF. What it prints it reads again. */
void ep_sdp_frag_print(struct ep_buf *out, const struct ep_sdp_frag *f,
		ep_sdp_frag_keep_f keep);
/* The print in arena memory; absent when there is none. */
struct ep_view ep_sdp_frag_print_arena(const struct ep_sdp_frag *f,
		ep_sdp_frag_keep_f keep, struct ep_arena *arena);

#endif
