/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * An arena: memory that dies all at once. Plans and parsed messages live in
 * one. The caller gives the first block (usually on its stack) and, if more
 * may be needed, where to get it and how much at most.
 *
 * Not for text that Kamailio will free: a lump's text is its own block.
 */
#ifndef EP_BASE_ARENA_H
#define EP_BASE_ARENA_H

#include "base/view.h"

struct ep_alloc
{
	void *(*get)(void *ctx, size_t n); /* NULL when there is none */
	void (*put)(void *ctx, void *p);
	void *ctx;
};

struct ep_arena_chunk;

struct ep_arena
{
	char *p;                       /* next free octet of the current block */
	char *end;                     /* its end */
	struct ep_arena_chunk *chunks; /* blocks got from `alloc`, newest first */
	const struct ep_alloc *alloc;  /* NULL: the first block is all there is */
	size_t more;                   /* octets that may still be got, ever */
};

/* `first` may be NULL with first_n 0. `max` caps the sum got from `alloc`. */
void ep_arena_init(struct ep_arena *a, void *first, size_t first_n,
		const struct ep_alloc *alloc, size_t max);
/* Gives back what was got; the first block stays the caller's. Idempotent. */
void ep_arena_fini(struct ep_arena *a);

/* n octets, zeroed, aligned for any object; NULL when there are none. */
void *ep_arena_get(struct ep_arena *a, size_t n);
/* n objects of `size`, zeroed; NULL also when n * size overflows. */
void *ep_arena_array(struct ep_arena *a, size_t n, size_t size);
/* A copy of `v`; absent (p == NULL) when there is no memory, and for an
 * absent `v`. An empty view gives an empty, not absent, copy. */
struct ep_view ep_arena_copy(struct ep_arena *a, struct ep_view v);
/* The parts one after the other, as one view; absent without memory. */
struct ep_view ep_arena_join(
		struct ep_arena *a, const struct ep_view *parts, size_t n);

#endif
