/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Hash tables of this module, in shared memory: chains behind a power of two of
 * buckets. */
#ifndef EP_TNA_HASHTAB_H
#define EP_TNA_HASHTAB_H

#include <string.h>

#include "base/view.h"

/* How many buckets: `size` rounded up to a power of two, 16 to 2^20. */
static inline unsigned tna_hash_buckets(unsigned size)
{
	unsigned n = 16;

	while(n < size && n < (1u << 20))
		n <<= 1;
	return n;
}

/* Of a binding id: those are random, and made here. */
static inline unsigned tna_hash_id(const unsigned char *id)
{
	unsigned h;

	memcpy(&h, id, sizeof(h));
	return h;
}

/* Of a text: FNV-1a, without a key. */
static inline unsigned tna_hash_text(struct ep_view v)
{
	unsigned h = 2166136261u;
	size_t i;

	for(i = 0; i < v.len; i++)
		h = (h ^ (unsigned char)v.p[i]) * 16777619u;
	return h;
}

#endif
