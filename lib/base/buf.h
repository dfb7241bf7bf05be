/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A bounded writer over the caller's memory.
 *
 * Writing past the end writes nothing, and sets `overflow` for good: write
 * everything, look once at the end. `len` never exceeds `cap`.
 */
#ifndef EP_BASE_BUF_H
#define EP_BASE_BUF_H

#include "base/view.h"

struct ep_buf
{
	char *p;       /* the caller's, writable for `cap` octets */
	size_t len;    /* octets written */
	size_t cap;    /* octets there are */
	bool overflow; /* something did not fit; the content is not usable */
};

void ep_buf_init(struct ep_buf *b, char *p, size_t cap);
void ep_buf_put(struct ep_buf *b, struct ep_view v);
void ep_buf_put_z(struct ep_buf *b, const char *z);
void ep_buf_put_chr(struct ep_buf *b, char c);
void ep_buf_put_u64(struct ep_buf *b, uint64_t n);
/* Lower-case hexadecimal, two digits an octet. */
void ep_buf_put_hex(struct ep_buf *b, struct ep_view octets);
/* base64url without padding (RFC 4648 5). */
void ep_buf_put_b64url(struct ep_buf *b, struct ep_view octets);
/* As a SIP quoted-string (RFC 3261 25.1), with the quotes: `"` and `\` are
 * escaped; CR, LF and NUL cannot stand in one and set `overflow`. */
void ep_buf_put_quoted(struct ep_buf *b, struct ep_view v);

/* What was written, as a view; absent after an overflow. */
struct ep_view ep_buf_view(const struct ep_buf *b);

/* base64url (RFC 4648 5), strict: no padding, no white space, no octet
 * outside the alphabet, stray bits zero. *out_n octets land in `out`.
 * EP_ESYNTAX, or EP_ENOSPC when `cap` is too small. */
#include "base/err.h"
enum ep_err ep_b64url_decode(
		unsigned char *out, size_t cap, size_t *out_n, struct ep_view text);

#endif
