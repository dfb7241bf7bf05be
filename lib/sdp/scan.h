/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Lines of a session description (RFC 8866 5): `<letter>=<value>`.
 *
 * Ends of line are CRLF or LF alone; the last line may have none. A NUL or a
 * CR inside a line, a line without `<a-z>=`, and an empty line are refused.
 * Blanks at the end of an a= line are in `raw`, not in `value`.
 */
#ifndef EP_SDP_SCAN_H
#define EP_SDP_SCAN_H

#include "base/err.h"
#include "base/view.h"

struct ep_sdp_line
{
	char type;            /* 'v', 'o', 'm', 'a' … */
	struct ep_view value; /* behind the `=`, may be empty */
	struct ep_view raw;   /* the whole line with its end of line */
};

struct ep_sdp_scan
{
	struct ep_view text;
	size_t at; /* offset of the next line */
};

void ep_sdp_scan_init(struct ep_sdp_scan *s, struct ep_view text);
/* EP_OK: *out is the next line. EP_ENOENT: there is none. EP_ESYNTAX: the
 * line that begins at s->at is none; the scan stays there. */
enum ep_err ep_sdp_scan_step(struct ep_sdp_line *out, struct ep_sdp_scan *s);

/* May `v` stand behind a `=` (no CR, LF, NUL)? */
bool ep_sdp_value_check(struct ep_view v);

/* The next run of octets other than SP; absent when only SP is left. */
struct ep_view ep_sdp_word_cut(struct ep_view *rest);

#endif
