/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdalign.h>
#include "base/arena.h"

#define ALIGN alignof(max_align_t)
/* A block got at once: most arenas that outgrow their first block need one. */
#define CHUNK_N 4096

struct ep_arena_chunk
{
	struct ep_arena_chunk *next;
	alignas(max_align_t) char mem[];
};

void ep_arena_init(struct ep_arena *a, void *first, size_t first_n,
		const struct ep_alloc *alloc, size_t max)
{
	*a = (struct ep_arena){.p = first, .alloc = alloc, .more = max};
	a->end = first ? a->p + first_n : NULL;
}

void ep_arena_fini(struct ep_arena *a)
{
	while(a->chunks) {
		struct ep_arena_chunk *chunk = a->chunks;

		a->chunks = chunk->next;
		a->alloc->put(a->alloc->ctx, chunk);
	}
	a->p = a->end = NULL;
	a->more = 0;
}

/* Octets to skip so that `p` is aligned. */
static size_t pad_of(const char *p)
{
	return (size_t)(-(uintptr_t)p & (ALIGN - 1));
}

static bool chunk_add(struct ep_arena *a, size_t n)
{
	struct ep_arena_chunk *chunk;
	size_t want = sizeof(*chunk);

	if(a->alloc == NULL || a->more < sizeof(*chunk)
			|| n > a->more - sizeof(*chunk))
		return false;
	want += n;
	if(want < CHUNK_N)
		want = CHUNK_N < a->more ? CHUNK_N : a->more;
	chunk = a->alloc->get(a->alloc->ctx, want);
	if(chunk == NULL)
		return false;
	a->more -= want;
	chunk->next = a->chunks;
	a->chunks = chunk;
	a->p = chunk->mem;
	a->end = (char *)chunk + want;
	return true;
}

static char *arena_take(struct ep_arena *a, size_t n, bool aligned)
{
	size_t pad = aligned && a->p ? pad_of(a->p) : 0;
	size_t left = (size_t)(a->end - a->p);
	char *p;

	if(a->p == NULL || pad > left || n > left - pad) {
		if(!chunk_add(a, n))
			return NULL;
		pad = 0;
	}
	p = a->p + pad;
	a->p = p + n;
	return p;
}

void *ep_arena_get(struct ep_arena *a, size_t n)
{
	char *p = arena_take(a, n, true);

	return p ? memset(p, 0, n) : NULL;
}

void *ep_arena_array(struct ep_arena *a, size_t n, size_t size)
{
	if(size != 0 && n > SIZE_MAX / size)
		return NULL;
	return ep_arena_get(a, n * size);
}

struct ep_view ep_arena_copy(struct ep_arena *a, struct ep_view v)
{
	return ep_arena_join(a, &v, v.p ? 1 : 0);
}

struct ep_view ep_arena_join(
		struct ep_arena *a, const struct ep_view *parts, size_t n)
{
	size_t sum = 0;
	size_t at = 0;
	char *p;

	if(n == 0)
		return ep_view_none();
	for(size_t i = 0; i < n; i++) {
		if(parts[i].len > SIZE_MAX - sum)
			return ep_view_none();
		sum += parts[i].len;
	}
	p = arena_take(a, sum, false);
	if(p == NULL)
		return ep_view_none();
	for(size_t i = 0; i < n; i++) {
		if(parts[i].len > 0)
			memcpy(p + at, parts[i].p, parts[i].len);
		at += parts[i].len;
	}
	return ep_view_of(p, sum);
}
