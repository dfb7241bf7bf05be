/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The registration event between eP-CSCF and S-CSCF (RFC 3680, TS 24.229
 * 5.2.3): headers of SUBSCRIBE, what its answers and NOTIFY requests say, and
 * what a document means for a binding.
 */
#ifndef EP_TNA_REGEVENT_H
#define EP_TNA_REGEVENT_H

#include "tna/binding.h"
#include "tna/cause.h"
#include "tna/cfg.h"
#include "tna/reginfo.h"
#include "tna/regsub.h"

/* Header lines of a SUBSCRIBE, each with CRLF; To, From, Call-ID, CSeq and Via
 * are the transaction layer's. `token` is the user part of our Contact, which
 * tells NOTIFY requests to us from those to pages. Absent without memory. */
struct ep_view ep_regevent_headers(const struct ep_tna_cfg *cfg,
		struct ep_view token, struct ep_view icid, uint32_t expires_s,
		struct ep_arena *arena);
/* `sip:` and our host: P-Asserted-Identity and From. Absent without memory. */
struct ep_view ep_regevent_own_uri(
		const struct ep_tna_cfg *cfg, struct ep_arena *arena);

/* The other half of a dialog, as a message says it; views into it. */
struct ep_regevent_peer
{
	struct ep_view call_id, from_tag, to_tag; /* tags without quotes */
	struct ep_view target; /* URI of Contact; absent: none, or none usable */
	uint32_t cseq;
	struct ep_regsub_input said; /* .event and .now_ms are the caller's */
};

/* A final answer to SUBSCRIBE. EP_TNA_OK, or MALFORMED: then only
 * out->said.status stands. */
enum ep_tna_cause ep_regevent_answer_read(
		struct ep_regevent_peer *out, const struct ep_msg *m);
/* A NOTIFY. EP_TNA_OK, MALFORMED, BAD_EVENT (not `reg`), BODY_TYPE (a body
 * that is no reginfo document). */
enum ep_tna_cause ep_regevent_notify_read(
		struct ep_regevent_peer *out, const struct ep_msg *m);
/* The Record-Route elements as one header value: as they stand, or (of an
 * answer) from the last to the first. Absent: none, or `*err` is EP_ENOMEM or
 * EP_ESYNTAX. */
struct ep_view ep_regevent_routes(enum ep_err *err, const struct ep_msg *m,
		bool reverse, struct ep_arena *arena);

/* RFC 3680 5.1: is `version` the next? */
enum ep_regevent_order
{
	EP_REGEVENT_STALE, /* to be thrown away */
	EP_REGEVENT_NEXT,
	EP_REGEVENT_GAP /* something between is missing, and it is partial: the
					   whole state must be asked for */
};
/* `last` counts only if `has_last`: a document in this dialog was seen. */
enum ep_regevent_order ep_regevent_order(
		bool has_last, uint32_t last, const struct ep_reginfo *doc);

enum ep_regevent_verdict
{
	EP_REGEVENT_KEEP,
	EP_REGEVENT_SHORTEN, /* to end_s */
	EP_REGEVENT_END,
	EP_REGEVENT_UNSURE /* END or SHORTEN, but what it says may be older than
						  the last 200 OK: ask for the whole state */
};
struct ep_regevent_decision
{
	enum ep_regevent_verdict verdict;
	uint64_t end_s;
};

/* Seconds that the ends of a registration may differ here and there. */
#define EP_REGEVENT_SLACK_S 2

/**
 * What `doc` means for the binding `b`, which ends at `end_s`.
 *
 * The registrations of its own identity (To of its REGISTER) and of its
 * default identity decide; those of its other identities only if the document
 * has neither. Its contact terminated, or the registration: END. Its contact
 * active: KEEP, or SHORTEN. Its contact missing in a full document: END. In a
 * partial one: KEEP.
 *
 * A NOTIFY can be overtaken by the 200 OK of a later REGISTER. `settled`:
 * that cannot be, because the document was asked for after that 200 OK, or
 * because it is too long ago.
 */
void ep_regevent_decide(struct ep_regevent_decision *out,
		const struct ep_reginfo *doc, const struct ep_binding *b,
		uint64_t end_s, bool settled, uint64_t now_s);

#endif
