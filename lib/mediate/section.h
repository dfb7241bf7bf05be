/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Inside lib/mediate: edits that make one section (or the session level) of
 * an SDP fit for the next reader. Used twice, for what goes to the gateway
 * and for what comes from it.
 */
#ifndef EP_MEDIATE_SECTION_H
#define EP_MEDIATE_SECTION_H

#include "mediate/plan.h"
#include "sdp/print.h"

struct ep_mediate_edit
{
	const struct ep_mediate_plan *plan;
	enum ep_mediate_step step;
	const struct ep_sdp *sdp; /* that of the arrival, or the gateway's */
	struct ep_sdp_edits edits;
};

/* Each: EP_OK, EP_ENOMEM, or EP_ESYNTAX. */
/* Lines of a section that must not pass; `codecs` may be NULL (session). */
enum ep_err ep_mediate_lines_plan(struct ep_mediate_edit *e, size_t media,
		const struct ep_mediate_codecs *codecs);
/* m= of a live section: transport `proto`, and the payload types kept. */
enum ep_err ep_mediate_mline_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, const struct ep_mediate_codecs *codecs);
/* A section with port 0: m= with `proto` and `fmts`, a c= where the session
 * has none, a=mid if `mid` is there, nothing else. */
enum ep_err ep_mediate_reject_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, struct ep_view fmts, struct ep_view mid);
/* `a=<name>:<value>` at the end of a section, or of the session level. */
enum ep_err ep_mediate_attr_plan(struct ep_mediate_edit *e, size_t media,
		const char *name, struct ep_view value);
/* A hold in the old way, c=0.0.0.0 (RFC 3264 8.4), from the core: said as
 * direction, since a browser's peer never has that address. */
enum ep_err ep_mediate_hold_plan(struct ep_mediate_edit *e, size_t media);

#endif
