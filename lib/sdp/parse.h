/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A session description (RFC 8866) as a list of lines, with the borders of
 * its media sections. Neutral: no line is lost, moved or judged, unknown ones
 * included; what offer and answer mean is decided elsewhere.
 *
 * Everything points into the text that was parsed; the tables are the
 * arena's.
 */
#ifndef EP_SDP_PARSE_H
#define EP_SDP_PARSE_H

#include "base/arena.h"
#include "sdp/scan.h"

#define EP_SDP_LEN_MAX 65535
#define EP_SDP_LINES_MAX 1024
#define EP_SDP_MEDIA_MAX 32

/* Number of the session level where a media index is asked for. */
#define EP_SDP_SESSION SIZE_MAX

/* One media section: lines [first, end), the first is its m= line. */
struct ep_sdp_media
{
	size_t first;
	size_t end;
	struct ep_view kind; /* audio, video, application, message … */
	unsigned port;
	unsigned ports_n;     /* behind the `/`, else 1 */
	struct ep_view proto; /* RTP/AVP, UDP/TLS/RTP/SAVPF … */
	struct ep_view fmts;  /* the list, words separated by SP; not empty */
};

struct ep_sdp
{
	struct ep_view text; /* without empty lines that stood behind the last */
	struct ep_sdp_line *lines;
	size_t lines_n;
	struct ep_sdp_media *media;
	size_t media_n;
	size_t session_end; /* session level: lines [0, session_end) */
};

/* EP_ESYNTAX: not SDP, *err_at is the offset of the line at fault (the text's
 * length when something is missing). Wanted: v=0 first, one o= at session
 * level, no second v= or o=, m= lines of RFC 8866 5.14.
 * EP_ERANGE: over one of the limits above. EP_ENOMEM. err_at may be NULL. */
enum ep_err ep_sdp_parse(struct ep_sdp *out, size_t *err_at,
		struct ep_view text, struct ep_arena *arena);

/* As ep_sdp_parse(), of a text that has no v= and o= because it is a part of
 * a description only (frag.h): any lines may stand at session level. */
enum ep_err ep_sdp_parse_part(struct ep_sdp *out, size_t *err_at,
		struct ep_view text, struct ep_arena *arena);

/* The lines of a section, or of the session level: [*first, *end). */
void ep_sdp_section_get(
		size_t *first, size_t *end, const struct ep_sdp *sdp, size_t media);

#endif
