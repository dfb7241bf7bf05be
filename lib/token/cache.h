/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A bounded table SHA-256 -> some octets until some second, in memory that
 * the caller gives once.
 *
 * The memory is cut into equal chunks; an entry is a chain of them. There are
 * indices and no pointers in it, so it may be mapped anywhere. Nothing is
 * allocated later. What is asked for while there is no room goes in the place
 * of what is over, then of what was put longest ago, where a look-up gives
 * another turn (second chance): a flood of things that are put once and never
 * looked up displaces itself.
 *
 * The caller locks: one call at a time, ep_token_cache_get() included.
 */
#ifndef EP_TOKEN_CACHE_H
#define EP_TOKEN_CACHE_H

#include "base/crypto.h"
#include "base/err.h"
#include "base/view.h"

struct ep_token_cache; /* begins where the caller's memory does */

/* Octets an entry may have, unless the region is too small for it. */
#define EP_TOKEN_CACHE_VALUE_MAX 4096

/* Octets of memory in which `entries` values of 300 octets find room at
 * least; 0 when there is no such number. */
size_t ep_token_cache_size(size_t entries);

/* Over `n` octets at `region`, aligned for a uint64_t. `seed`: 16 random
 * octets, so that nobody can choose what shares a bucket with what. NULL: too
 * small, or not aligned. */
struct ep_token_cache *ep_token_cache_init(
		void *region, size_t n, const unsigned char seed[16]);

/* The octets, copied, and their end. EP_OK; EP_ENOENT: there are none, or
 * they are over; EP_ENOSPC: `cap` is too small (never with
 * EP_TOKEN_CACHE_VALUE_MAX). */
enum ep_err ep_token_cache_get(struct ep_token_cache *cache, unsigned char *out,
		size_t cap, size_t *out_n, int64_t *until_s,
		const unsigned char hash[EP_SHA256_LEN], int64_t now_s);

/* Keeps a copy until `until_s`, instead of what was there. *evicted_n: how
 * many entries that were not over had to go. EP_OK; EP_ERANGE: empty, too
 * long or already over, and there is no entry of that name any more. */
enum ep_err ep_token_cache_put(struct ep_token_cache *cache,
		const unsigned char hash[EP_SHA256_LEN], struct ep_view value,
		int64_t until_s, int64_t now_s, size_t *evicted_n);

/* True: there was one. */
bool ep_token_cache_del(
		struct ep_token_cache *cache, const unsigned char hash[EP_SHA256_LEN]);

/* Entries, those included that are over and not yet cleared away. */
size_t ep_token_cache_count(const struct ep_token_cache *cache);

/* Are chains, free list and numbers what they have to be? For tests. */
bool ep_token_cache_is_sound(struct ep_token_cache *cache);

#endif
