/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

void ep_buf_init(struct ep_buf *b, char *p, size_t cap)
{
	*b = (struct ep_buf){.p = p, .cap = cap};
}

void ep_buf_put(struct ep_buf *b, struct ep_view v)
{
	if(b->overflow || v.len > b->cap - b->len) {
		b->overflow = true;
		return;
	}
	if(v.len > 0)
		memcpy(b->p + b->len, v.p, v.len);
	b->len += v.len;
}

void ep_buf_put_z(struct ep_buf *b, const char *z)
{
	ep_buf_put(b, ep_view_z(z));
}

void ep_buf_put_chr(struct ep_buf *b, char c)
{
	ep_buf_put(b, ep_view_of(&c, 1));
}

void ep_buf_put_u64(struct ep_buf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while(n > 0);
	ep_buf_put(b, ep_view_of(digits + at, sizeof(digits) - at));
}

void ep_buf_put_hex(struct ep_buf *b, struct ep_view octets)
{
	static const char hex[] = "0123456789abcdef";

	for(size_t i = 0; i < octets.len; i++) {
		unsigned char c = (unsigned char)octets.p[i];
		char pair[2] = {hex[c >> 4], hex[c & 15]};

		ep_buf_put(b, ep_view_of(pair, sizeof(pair)));
	}
}

void ep_buf_put_b64url(struct ep_buf *b, struct ep_view octets)
{
	static const char alphabet[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t i = 0;

	for(; i < octets.len; i += 3) {
		size_t left = octets.len - i;
		uint32_t w = (uint32_t)(unsigned char)octets.p[i] << 16;

		if(left > 1)
			w |= (uint32_t)(unsigned char)octets.p[i + 1] << 8;
		if(left > 2)
			w |= (unsigned char)octets.p[i + 2];
		ep_buf_put_chr(b, alphabet[w >> 18]);
		ep_buf_put_chr(b, alphabet[w >> 12 & 63]);
		if(left > 1)
			ep_buf_put_chr(b, alphabet[w >> 6 & 63]);
		if(left > 2)
			ep_buf_put_chr(b, alphabet[w & 63]);
		else
			break;
	}
}

void ep_buf_put_quoted(struct ep_buf *b, struct ep_view v)
{
	ep_buf_put_chr(b, '"');
	for(size_t i = 0; i < v.len; i++) {
		char c = v.p[i];

		if(c == '\r' || c == '\n' || c == '\0') {
			b->overflow = true;
			return;
		}
		if(c == '"' || c == '\\')
			ep_buf_put_chr(b, '\\');
		ep_buf_put_chr(b, c);
	}
	ep_buf_put_chr(b, '"');
}

struct ep_view ep_buf_view(const struct ep_buf *b)
{
	if(b->overflow)
		return ep_view_none();
	return ep_view_of(b->len > 0 ? b->p : "", b->len);
}

/* Value of each octet in the base64url alphabet; 0x80 for all others. */
#define X 0x80
static const unsigned char b64url_value[256] = {
		/* clang-format off */
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X,
		52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
		X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
		15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, 63,
		X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
		41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
		/* clang-format on */
};
#undef X

/* The last 2 or 3 characters of a text whose length is no multiple of 4. */
static enum ep_err b64url_tail(
		unsigned char *out, const unsigned char *in, size_t n)
{
	unsigned a = b64url_value[in[0]];
	unsigned b = b64url_value[in[1]];
	unsigned c = n == 3 ? b64url_value[in[2]] : 0;

	if((a | b | c) & 0x80)
		return EP_ESYNTAX;
	if(n == 2 ? (b & 15) != 0 : (c & 3) != 0)
		return EP_ESYNTAX; /* stray bits: a second spelling of one value */
	out[0] = (unsigned char)(a << 2 | b >> 4);
	if(n == 3)
		out[1] = (unsigned char)(b << 4 | c >> 2);
	return EP_OK;
}

enum ep_err ep_b64url_decode(
		unsigned char *out, size_t cap, size_t *out_n, struct ep_view text)
{
	const unsigned char *in = (const unsigned char *)text.p;
	size_t tail = text.len % 4;
	size_t quads = text.len / 4;
	size_t need = quads * 3 + (tail ? tail - 1 : 0);

	if(text.p == NULL || tail == 1)
		return EP_ESYNTAX;
	if(need > cap)
		return EP_ENOSPC;
	for(size_t i = 0; i < quads; i++, in += 4, out += 3) {
		unsigned a = b64url_value[in[0]];
		unsigned b = b64url_value[in[1]];
		unsigned c = b64url_value[in[2]];
		unsigned d = b64url_value[in[3]];

		if((a | b | c | d) & 0x80)
			return EP_ESYNTAX;
		out[0] = (unsigned char)(a << 2 | b >> 4);
		out[1] = (unsigned char)(b << 4 | c >> 2);
		out[2] = (unsigned char)(c << 6 | d);
	}
	if(tail && b64url_tail(out, in, tail) != EP_OK)
		return EP_ESYNTAX;
	*out_n = need;
	return EP_OK;
}
