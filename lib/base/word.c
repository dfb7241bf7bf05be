/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/word.h"

static bool is_plain(char c)
{
	return c > 0x20 && c < 0x7f && c != '%';
}

void ep_word_put(struct ep_buf *out, struct ep_view text)
{
	static const char hex[] = "0123456789ABCDEF";
	bool alone = text.len == 1 && text.p[0] == '-';
	size_t i;

	for(i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if(is_plain(text.p[i]) && !alone) {
			ep_buf_put_chr(out, text.p[i]);
			continue;
		}
		ep_buf_put_chr(out, '%');
		ep_buf_put_chr(out, hex[c >> 4]);
		ep_buf_put_chr(out, hex[c & 15]);
	}
}

static int digit_of(char c)
{
	if(c >= '0' && c <= '9')
		return c - '0';
	if(c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum ep_err ep_word_get(struct ep_view *out, struct ep_view word, size_t max,
		struct ep_arena *arena)
{
	char *p;
	size_t i, n = 0;

	if(word.p == NULL || word.len == 0)
		return EP_ESYNTAX;
	if(word.len > 3 * max)
		return EP_ERANGE;
	p = ep_arena_get(arena, word.len);
	if(p == NULL)
		return EP_ENOMEM;
	for(i = 0; i < word.len; i++) {
		char c = word.p[i];

		if(c == '%') {
			int high = i + 2 < word.len ? digit_of(word.p[i + 1]) : -1;
			int low = high >= 0 ? digit_of(word.p[i + 2]) : -1;

			if(low < 0)
				return EP_ESYNTAX;
			c = (char)(high * 16 + low);
			i += 2;
			if(is_plain(c) && !(c == '-' && word.len == 3))
				return EP_ESYNTAX; /* a second spelling */
		} else if(!is_plain(c) || (c == '-' && word.len == 1)) {
			return EP_ESYNTAX;
		}
		p[n++] = c;
	}
	*out = ep_view_of(p, n);
	return n <= max ? EP_OK : EP_ERANGE;
}

bool ep_word_number(int64_t *out, struct ep_view word)
{
	uint64_t n;

	if(!ep_view_u64(&n, word, (uint64_t)1 << 53)
			|| (word.len > 1 && word.p[0] == '0'))
		return false;
	*out = (int64_t)n;
	return true;
}

size_t ep_word_find(const char *const *names, size_t n, struct ep_view word)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(ep_view_eq(word, ep_view_z(names[i])))
			break;
	return i;
}
