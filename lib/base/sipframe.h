/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Is this text a SIP message that every parser reads the same way?
 *
 * For what a WebSocket client sends (RFC 7118 5: one frame, one message),
 * before a parser that prints what it cannot read, and before anything is
 * concluded from headers. Stricter than RFC 3261 where two readers could
 * differ: lines end with CRLF and nothing else, and Via, CSeq, From, To and
 * Content-Length are not folded. Other headers may be, and what they say is
 * not looked at.
 */
#ifndef EP_BASE_SIPFRAME_H
#define EP_BASE_SIPFRAME_H

#include "base/view.h"

enum ep_sipframe_flaw
{
	EP_SIPFRAME_OK = 0,
	EP_SIPFRAME_START_LINE,     /* RFC 3261 7.1, 7.2 */
	EP_SIPFRAME_LINE_END,       /* LF without CR, CR without LF, NUL */
	EP_SIPFRAME_NO_END,         /* no empty line behind the headers */
	EP_SIPFRAME_HEADER_NAME,    /* a line without name and colon: 7.3.1 */
	EP_SIPFRAME_VIA,            /* 20.42; absent, or not well-formed */
	EP_SIPFRAME_CSEQ,           /* 20.16; or not the request's method */
	EP_SIPFRAME_FROM,           /* 20.20 */
	EP_SIPFRAME_TO,             /* 20.39 */
	EP_SIPFRAME_CALL_ID,        /* 20.8 */
	EP_SIPFRAME_CONTENT_LENGTH, /* 20.14; or more than there is */
	EP_SIPFRAME_MAX_FORWARDS,   /* more than one */
	EP_SIPFRAME_RETRY_AFTER,    /* 20.33: not a number */
	EP_SIPFRAME_FLAW_N
};

/* The first flaw found. Nothing, and nothing but CRLFs (the keep-alive of RFC
 * 5626 3.5.1), is EP_SIPFRAME_OK; CRLFs before the start line are skipped (RFC
 * 3261 7.5). Octets behind Content-Length are not a flaw. */
enum ep_sipframe_flaw ep_sipframe_check(struct ep_view frame);

/* A short English text, never NULL; nothing of the frame. */
const char *ep_sipframe_flaw_text(enum ep_sipframe_flaw flaw);

#endif
