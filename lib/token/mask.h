/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Where in a message do secrets stand, and what is put there instead?
 *
 * For a text that others are to see (traces, logs, memory of a transaction)
 * and whose token only the gate needs. Spans are found one by one:
 *   credentials  the value of an Authorization or Proxy-Authorization header
 *                (RFC 3261 20.7, 20.28) that is not clearly Digest (22.4), so
 *                every form of Bearer (RFC 6750 2.1, RFC 8898) and whatever
 *                cannot be read
 *   stray        anything else in start line and headers that looks like a
 *                token: a JWT, access_token= (RFC 6750 2.3) and its like,
 *                "Bearer " and a long word, an unknown parameter of a Digest
 * The body is not looked at: it belongs to whom it is sent to. Lines end with
 * LF here, with or without a CR.
 */
#ifndef EP_TOKEN_MASK_H
#define EP_TOKEN_MASK_H

#include "base/view.h"

/* Of credentials: no token has this octet (RFC 6750 2.1), so a mask is never
 * taken for one. */
#define EP_MASK_CHR '*'
/* Of strays: may stand wherever they do (also in a host name), so that the
 * message stays well-formed. */
#define EP_MASK_STRAY_CHR 'x'

enum ep_mask_kind
{
	EP_MASK_CREDENTIALS, /* a header's value without white space around it */
	EP_MASK_STRAY
};

struct ep_mask_span
{
	enum ep_mask_kind kind;
	size_t at;
	size_t len;  /* > 0 */
	size_t keep; /* octets at its beginning that stay: "Bearer" */
};

/* The state of a walk. Octets of spans that were handed out may be
 * overwritten meanwhile. */
struct ep_mask_walk
{
	struct ep_view text;
	size_t next;         /* next line; SIZE_MAX: the headers have ended */
	struct ep_view left; /* of this header, not looked at yet */
	bool is_digest;
	bool is_start_line;
};

void ep_mask_walk_init(struct ep_mask_walk *w, struct ep_view text);
/* In the order of the text, never overlapping. False: no more. */
bool ep_mask_walk_next(struct ep_mask_span *out, struct ep_mask_walk *w);

/* Is this an HTTP request that asks for a WebSocket (RFC 6455 4.1)? */
bool ep_mask_is_upgrade(struct ep_view text);

/* Overwrites a span of `text`: white space and line ends stay, and its head. */
void ep_mask_write(char *text, const struct ep_mask_span *span);
/* Is `masked` what ep_mask_write() makes of credentials `value`? */
bool ep_mask_is_of(struct ep_view masked, struct ep_view value, size_t keep);

#endif
