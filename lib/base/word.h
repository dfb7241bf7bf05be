/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Any octets as one word of a line: what a text file or a payload of words
 * separated by SP can hold.
 *
 * Octets other than 0x21..0x7e, and %, are written as %XX; a "-" alone, which
 * stands for "nothing" in such lines, as %2D. Every text has one spelling.
 */
#ifndef EP_BASE_WORD_H
#define EP_BASE_WORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* An empty text has no word: nothing is written. */
void ep_word_put(struct ep_buf *out, struct ep_view text);
/* Exactly what ep_word_put() writes. EP_ESYNTAX; EP_ERANGE: more than `max`
 * octets; EP_ENOMEM. The text is in the arena. */
enum ep_err ep_word_get(struct ep_view *out, struct ep_view word, size_t max,
		struct ep_arena *arena);

/* Which of `n` names the word is; `n`: none. */
size_t ep_word_find(const char *const *names, size_t n, struct ep_view word);

/* A decimal number, 0..2^53, without needless zeros. */
bool ep_word_number(int64_t *out, struct ep_view word);

#endif
