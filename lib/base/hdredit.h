/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Headers of a SIP message as views, and a list of edits to them.
 *
 * A planner reads a `struct ep_msg` and fills a `struct ep_hdredits`; it never
 * changes a message. Who owns the message applies the edits (for Kamailio:
 * modules/common/edit.c).
 */
#ifndef EP_BASE_HDREDIT_H
#define EP_BASE_HDREDIT_H

#include "base/arena.h"
#include "base/err.h"

/* One header field line. `name` as written (not the long form), `value`
 * without surrounding white space but with folding left in. */
struct ep_hdr
{
	struct ep_view name;
	struct ep_view value;
};

/* A SIP message: start line in parts, headers in order of appearance. */
struct ep_msg
{
	struct ep_view method; /* of the request, or of a reply's CSeq */
	struct ep_view ruri;   /* absent in a reply */
	unsigned status;       /* 0 in a request */
	const struct ep_hdr *hdrs;
	size_t hdrs_n;
	struct ep_view body;
};

enum ep_hdredit_op
{
	EP_HDR_DEL,     /* the line `index` goes, name, value and line end */
	EP_HDR_REPLACE, /* its value becomes `value` */
	EP_HDR_PREPEND, /* a new line above all others of that name, in list order:
					   of two PREPENDs of one name the first is on top */
	EP_HDR_APPEND,  /* a new line behind the last header */
	EP_RURI_SET     /* the Request-URI becomes `value` */
};

struct ep_hdredit
{
	enum ep_hdredit_op op;
	size_t index;         /* DEL, REPLACE: into ep_msg.hdrs */
	struct ep_view name;  /* PREPEND, APPEND */
	struct ep_view value; /* arena memory, or a view into the message */
};

/* A growing list in an arena. */
struct ep_hdredits
{
	struct ep_hdredit *v;
	size_t n;
	size_t cap;
	struct ep_arena *arena;
};

void ep_hdredits_init(struct ep_hdredits *l, struct ep_arena *arena);
/* Each: EP_OK or EP_ENOMEM. `value` must not hold CR, LF or NUL outside
 * folding that came from the message; otherwise EP_ESYNTAX. */
enum ep_err ep_hdredits_del(struct ep_hdredits *l, size_t index);
enum ep_err ep_hdredits_replace(
		struct ep_hdredits *l, size_t index, struct ep_view value);
enum ep_err ep_hdredits_prepend(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value);
enum ep_err ep_hdredits_append(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value);
enum ep_err ep_hdredits_ruri(struct ep_hdredits *l, struct ep_view uri);

/* Is `h` the header `name` (long form, any case)? Knows the compact forms of
 * RFC 3261 7.3.3 and of the registry (e.g. m = Contact, o = Event). White
 * space before the colon was already cut by whoever made the view. */
bool ep_hdr_is(const struct ep_hdr *h, struct ep_view name);
/* Index of the first `name` at or behind `from`, or SIZE_MAX. */
size_t ep_msg_find(const struct ep_msg *m, struct ep_view name, size_t from);
/* Edits that delete every header `name`. */
enum ep_err ep_hdredits_del_all(
		struct ep_hdredits *l, const struct ep_msg *m, struct ep_view name);

/* The message as it would be after the edits, for tests and for tools: start
 * line, headers, empty line, body. EP_ENOSPC when `out` is too small. */
struct ep_buf;
enum ep_err ep_hdredits_render(struct ep_buf *out, const struct ep_msg *m,
		const struct ep_hdredits *l);

#endif
