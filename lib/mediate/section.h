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
	/* By section of `sdp`, in step OUT: has it feedback towards the core? */
	const bool *feedback;
};

/* Each: EP_OK, EP_ENOMEM, or EP_ESYNTAX. */
/* lines.c: lines of a section that must not pass, and ends of line that are
 * not CRLF; `codecs` may be NULL (session). */
enum ep_err ep_mediate_lines_plan(struct ep_mediate_edit *e, size_t media,
		const struct ep_mediate_codecs *codecs);
/* m= of a live section: transport `proto`, and the payload types kept. */
enum ep_err ep_mediate_mline_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, const struct ep_mediate_codecs *codecs);
enum ep_err ep_mediate_mline_set(struct ep_mediate_edit *e, size_t media,
		unsigned port, struct ep_view proto, struct ep_view fmts);
/* A section with port 0: m= with `proto` and `fmts`, a c= where the session
 * has none, a=mid if `mid` is there, nothing else. */
enum ep_err ep_mediate_reject_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, struct ep_view fmts, struct ep_view mid);
/* `a=<name>:<value>` at the end of a section, or of the session level;
 * `a=<name>` when `value` is absent. */
enum ep_err ep_mediate_attr_plan(struct ep_mediate_edit *e, size_t media,
		const char *name, struct ep_view value);
/* The direction that is meant. A hold in the old way, c=0.0.0.0 or :: (RFC 3264
 * 8.4, RFC 6157), from the core, is said as direction, since a browser's peer
 * never has that address. An answer takes no more than was offered (RFC 3264
 * 6.1): many a UE forgets it when it is put on hold, and a browser refuses its
 * answer then. */
enum ep_err ep_mediate_direction_plan(struct ep_mediate_edit *e, size_t media);
/* What a browser may leave unsaid and the gateway wants said: the a=setup
 * that holds without one (RFC 4145 4), a=rtcp-mux where there is only
 * a=rtcp-mux-only (RFC 8858 3), that candidates come later where there is no
 * address (rtpengine takes it for a hold else), a=tls-id for a gateway that
 * wants one (caps.h). */
enum ep_err ep_mediate_defaults_plan(struct ep_mediate_edit *e, size_t media);

/* bandwidth.c: does a b= line pass as it stands? */
bool ep_mediate_bandwidth_check(struct ep_view value);
/* The b=AS of a live section of the result, made of `codecs`: towards the
 * core where it is missing (TS 24.229 6.1.1 asks for it) or speaks of other
 * codecs; towards the browser it goes when it speaks of others. */
enum ep_err ep_mediate_bandwidth_plan(struct ep_mediate_edit *e, size_t media,
		const struct ep_mediate_codecs *codecs);

/* bundle.c: a=group:BUNDLE for the gateway. */
enum ep_err ep_mediate_bundle_in(struct ep_mediate_edit *e);
/* And for the browser; `live` and `mids` by section, mids as they will be
 * called. EP_ESYNTAX: what needs a bundle is not in one. */
enum ep_err ep_mediate_bundle_out(struct ep_mediate_edit *e, const bool *live,
		const struct ep_view *mids);

/* carrier.c: the first section of a bundle under max-bundle has the transport
 * of them all. Chromium refuses an answer that rejects that one and takes
 * another ("Failed to setup RTCP mux"), so it stays, inactive, with one of its
 * formats and the other's transport.
 * Is section `i` of an answer such a one? Who uses its transport then;
 * SIZE_MAX: it is rejected like any other. */
size_t ep_mediate_carrier_find(
		const struct ep_mediate_plan *plan, const bool *live, size_t i);
enum ep_err ep_mediate_carrier_plan(struct ep_mediate_edit *e, size_t media,
		size_t user, struct ep_view proto, struct ep_view mid);

/* form.c: what RFC 8866 asks of lines that nobody else reads: no control
 * octets, o= and t= of the form they have. */
bool ep_mediate_form_check(const struct ep_sdp *sdp);
/* o= for the gateway, which counts versions from there on: not from 0, of
 * which it makes a random number beyond what RFC 3264 5 allows. */
enum ep_err ep_mediate_origin_plan(struct ep_mediate_edit *e);
/* Lines of each level in the order of RFC 8866 5, and at session level s= and
 * t=: or gateways and browsers refuse the description. A text that has it all
 * stays what it is; another one is written anew, and `sdp` is what that says.
 * EP_OK, or what ep_sdp_parse() says. */
enum ep_err ep_mediate_order_apply(struct ep_sdp *sdp, struct ep_arena *arena);
/* Session level without anybody's address, where no gateway puts its own. */
enum ep_err ep_mediate_addresses_hide(struct ep_mediate_edit *e);

/* May the gateway try it? It speaks ICE over UDP only (TCP: RFC 6544), and a
 * browser hides addresses behind mDNS names, which nobody here resolves. */
bool ep_mediate_candidate_serves(const struct ep_sdp_candidate *c);

#endif
