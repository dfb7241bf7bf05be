/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Writing a session description with edits: lines that nothing touched come
 * out as the very octets that went in, the others are dropped, replaced or
 * added. One pass over the lines.
 */
#ifndef EP_SDP_PRINT_H
#define EP_SDP_PRINT_H

#include "base/buf.h"
#include "sdp/parse.h"

struct ep_sdp_slot;

struct ep_sdp_edits
{
	const struct ep_sdp *sdp;
	struct ep_sdp_slot *slots; /* one per line, and one for the end */
	struct ep_arena *arena;
};

enum ep_err ep_sdp_edits_init(struct ep_sdp_edits *e, const struct ep_sdp *sdp,
		struct ep_arena *arena);

/* `line` is an index into sdp->lines, EP_ERANGE when it is none. Text is
 * `<letter>=<value>` without end of line, and must live until the print;
 * EP_ESYNTAX when it is not one line. A later edit of a line wins. */
enum ep_err ep_sdp_edits_drop(struct ep_sdp_edits *e, size_t line);
enum ep_err ep_sdp_edits_replace(
		struct ep_sdp_edits *e, size_t line, struct ep_view text);
/* Above `line` (lines_n: at the very end), in order of the calls. */
enum ep_err ep_sdp_edits_insert(
		struct ep_sdp_edits *e, size_t line, struct ep_view text);
/* What a line that was not dropped says now, without its end of line. */
struct ep_view ep_sdp_edits_text(const struct ep_sdp_edits *e, size_t line);
bool ep_sdp_edits_dropped(const struct ep_sdp_edits *e, size_t line);

/* Octets that the print will take. */
size_t ep_sdp_print_len(const struct ep_sdp_edits *e);
void ep_sdp_print(struct ep_buf *out, const struct ep_sdp_edits *e);
/* The print in arena memory; absent when there is none. */
struct ep_view ep_sdp_print_arena(const struct ep_sdp_edits *e);

#endif
