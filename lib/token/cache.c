/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdalign.h>
#include "token/cache.h"

/* Chunks are named by index + 1; 0 is none. */
#define CHUNK_LEN 128
/* One bucket for so many chunks: entries of the usual size have three. */
#define CHUNKS_PER_BUCKET 4
#define USUAL_LEN 300
/* No entry may take more than this part of all chunks. */
#define ENTRY_SHARE 2

enum
{
	CHUNK_FREE,
	CHUNK_HEAD,
	CHUNK_MORE
};

/* The first chunk of an entry. */
struct head
{
	uint32_t more; /* next chunk; of a free one: next free one */
	uint8_t kind;
	uint8_t used;   /* looked up since it joined the row */
	uint16_t len;   /* of the whole value */
	uint32_t next;  /* entry of the same bucket */
	uint32_t older; /* the row: entries in the order they go */
	uint32_t newer;
	uint32_t unused;
	int64_t until_s;
	unsigned char hash[EP_SHA256_LEN];
};
#define HEAD_ROOM (CHUNK_LEN - sizeof(struct head))

struct more
{
	uint32_t more;
	uint8_t kind;
	uint8_t unused[3];
};
#define MORE_ROOM (CHUNK_LEN - sizeof(struct more))

/* Behind it: the buckets, then the chunks. */
struct ep_token_cache
{
	uint64_t seed[2];
	uint64_t region_len;
	int64_t swept_s; /* nothing that was over then is here */
	uint32_t buckets_n;
	uint32_t chunks_n;
	uint32_t free; /* the first */
	uint32_t free_n;
	uint32_t oldest; /* entry whose turn to go is next */
	uint32_t newest;
	uint32_t entries_n;
	uint32_t is_swept;
};

_Static_assert(sizeof(struct head) == 64 && sizeof(struct more) == 8,
		"a chunk's first octets");

static size_t round_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static uint32_t *buckets_of(struct ep_token_cache *c)
{
	return (uint32_t *)(void *)(c + 1);
}

static unsigned char *chunk_at(struct ep_token_cache *c, uint32_t index)
{
	return (unsigned char *)(c + 1) + round_up(c->buckets_n * sizeof(uint32_t))
		   + (size_t)index * CHUNK_LEN;
}

static struct head *head_of(struct ep_token_cache *c, uint32_t name)
{
	return (struct head *)(void *)chunk_at(c, name - 1);
}

static struct more *more_of(struct ep_token_cache *c, uint32_t name)
{
	return (struct more *)(void *)chunk_at(c, name - 1);
}

static size_t layout_len(size_t chunks_n)
{
	size_t buckets_n = chunks_n / CHUNKS_PER_BUCKET + 1;

	return sizeof(struct ep_token_cache)
		   + round_up(buckets_n * sizeof(uint32_t)) + chunks_n * CHUNK_LEN;
}

static uint32_t chunks_for(size_t len)
{
	if(len <= HEAD_ROOM)
		return 1;
	return (uint32_t)(1 + (len - HEAD_ROOM + MORE_ROOM - 1) / MORE_ROOM);
}

size_t ep_token_cache_size(size_t entries)
{
	size_t chunks_n;

	if(entries == 0 || entries > UINT32_MAX / 16)
		return 0;
	chunks_n = entries * chunks_for(USUAL_LEN);
	return layout_len(chunks_n < 16 ? 16 : chunks_n);
}

struct ep_token_cache *ep_token_cache_init(
		void *region, size_t n, const unsigned char seed[16])
{
	struct ep_token_cache *c = region;
	size_t chunks_n = n / CHUNK_LEN;

	if(region == NULL || (uintptr_t)region % alignof(uint64_t) != 0)
		return NULL;
	if(chunks_n > UINT32_MAX / 2)
		chunks_n = UINT32_MAX / 2;
	while(chunks_n > 0 && layout_len(chunks_n) > n)
		chunks_n--;
	if(chunks_n < ENTRY_SHARE)
		return NULL;
	memset(region, 0, layout_len(chunks_n));
	memcpy(c->seed, seed, sizeof(c->seed));
	c->region_len = n;
	c->buckets_n = (uint32_t)(chunks_n / CHUNKS_PER_BUCKET + 1);
	c->chunks_n = (uint32_t)chunks_n;
	c->free_n = c->chunks_n;
	c->free = 1;
	for(uint32_t name = 1; name < c->chunks_n; name++)
		more_of(c, name)->more = name + 1;
	return c;
}

/* A product of two halves of the hash, each with half of the seed: whoever
 * does not know the seed cannot say what meets in a bucket. */
static uint32_t *bucket_of(
		struct ep_token_cache *c, const unsigned char hash[EP_SHA256_LEN])
{
	uint64_t a, b, x;

	memcpy(&a, hash, 8);
	memcpy(&b, hash + 8, 8);
	x = ((a ^ c->seed[0]) | 1) * ((b ^ c->seed[1]) | 1);
	x ^= x >> 32;
	x *= c->seed[0] | 1;
	return &buckets_of(c)[(x >> 32) % c->buckets_n];
}

/* Where the entry's name stands: in its bucket, or in the entry before. */
static uint32_t *link_find(
		struct ep_token_cache *c, const unsigned char hash[EP_SHA256_LEN])
{
	uint32_t *at = bucket_of(c, hash);

	while(*at != 0 && memcmp(head_of(c, *at)->hash, hash, EP_SHA256_LEN) != 0)
		at = &head_of(c, *at)->next;
	return *at != 0 ? at : NULL;
}

/* At the end of the row. */
static void row_join(struct ep_token_cache *c, uint32_t name)
{
	struct head *h = head_of(c, name);

	h->newer = 0;
	h->older = c->newest;
	*(c->newest ? &head_of(c, c->newest)->newer : &c->oldest) = name;
	c->newest = name;
}

static void row_leave(struct ep_token_cache *c, uint32_t name)
{
	const struct head *h = head_of(c, name);

	*(h->older ? &head_of(c, h->older)->newer : &c->oldest) = h->newer;
	*(h->newer ? &head_of(c, h->newer)->older : &c->newest) = h->older;
}

/* Takes the entry out of its bucket and gives its chunks back. */
static void entry_drop(struct ep_token_cache *c, uint32_t *link)
{
	uint32_t name = *link;

	*link = head_of(c, name)->next;
	row_leave(c, name);
	while(name != 0) {
		struct more *chunk = more_of(c, name);
		uint32_t after = chunk->more;

		chunk->kind = CHUNK_FREE;
		chunk->more = c->free;
		c->free = name;
		c->free_n++;
		name = after;
	}
	c->entries_n--;
}

static uint32_t chunk_take(struct ep_token_cache *c, uint8_t kind)
{
	uint32_t name = c->free;
	struct more *chunk = more_of(c, name);

	c->free = chunk->more;
	c->free_n--;
	chunk->more = 0;
	chunk->kind = kind;
	return name;
}

/* Everything that is over goes; once a second is enough, since that is how
 * fine the ends are. */
static void sweep(struct ep_token_cache *c, int64_t now_s)
{
	if(c->is_swept && c->swept_s == now_s)
		return;
	for(uint32_t name = c->oldest, newer; name != 0; name = newer) {
		struct head *h = head_of(c, name);

		newer = h->newer;
		if(h->until_s <= now_s)
			entry_drop(c, link_find(c, h->hash));
	}
	c->swept_s = now_s;
	c->is_swept = 1;
}

/* The oldest goes; one that was looked up gets another turn. Ends: a second
 * turn finds nothing marked, and want_n is not more than there is. */
static size_t room_make(struct ep_token_cache *c, uint32_t want_n)
{
	size_t evicted_n = 0;

	while(c->free_n < want_n) {
		uint32_t name = c->oldest;
		struct head *h = head_of(c, name);

		if(h->used) {
			h->used = 0;
			row_leave(c, name);
			row_join(c, name);
			continue;
		}
		entry_drop(c, link_find(c, h->hash));
		evicted_n++;
	}
	return evicted_n;
}

enum ep_err ep_token_cache_get(struct ep_token_cache *cache, unsigned char *out,
		size_t cap, size_t *out_n, int64_t *until_s,
		const unsigned char hash[EP_SHA256_LEN], int64_t now_s)
{
	uint32_t *link = link_find(cache, hash);
	struct head *h;
	size_t n, at;

	if(link == NULL)
		return EP_ENOENT;
	h = head_of(cache, *link);
	if(h->until_s <= now_s)
		return EP_ENOENT;
	if(h->len > cap)
		return EP_ENOSPC;
	h->used = 1;
	at = h->len < HEAD_ROOM ? h->len : HEAD_ROOM;
	memcpy(out, h + 1, at);
	for(uint32_t name = h->more; name != 0; at += n) {
		struct more *chunk = more_of(cache, name);

		n = h->len - at < MORE_ROOM ? h->len - at : MORE_ROOM;
		memcpy(out + at, chunk + 1, n);
		name = chunk->more;
	}
	*out_n = at;
	*until_s = h->until_s;
	return EP_OK;
}

static void entry_write(struct ep_token_cache *c,
		const unsigned char hash[EP_SHA256_LEN], struct ep_view value,
		int64_t until_s)
{
	uint32_t *bucket = bucket_of(c, hash);
	uint32_t name = chunk_take(c, CHUNK_HEAD);
	struct head *h = head_of(c, name);
	uint32_t *link = &h->more;
	size_t n, at = value.len < HEAD_ROOM ? value.len : HEAD_ROOM;

	h->used = 0;
	h->len = (uint16_t)value.len;
	h->until_s = until_s;
	memcpy(h->hash, hash, EP_SHA256_LEN);
	memcpy(h + 1, value.p, at);
	for(; at < value.len; at += n) {
		struct more *chunk;

		*link = chunk_take(c, CHUNK_MORE);
		chunk = more_of(c, *link);
		n = value.len - at < MORE_ROOM ? value.len - at : MORE_ROOM;
		memcpy(chunk + 1, value.p + at, n);
		link = &chunk->more;
	}
	h->next = *bucket;
	*bucket = name;
	row_join(c, name);
	c->entries_n++;
}

enum ep_err ep_token_cache_put(struct ep_token_cache *cache,
		const unsigned char hash[EP_SHA256_LEN], struct ep_view value,
		int64_t until_s, int64_t now_s, size_t *evicted_n)
{
	uint32_t want_n;

	*evicted_n = 0;
	ep_token_cache_del(cache, hash);
	if(value.len == 0 || value.len > EP_TOKEN_CACHE_VALUE_MAX
			|| until_s <= now_s)
		return EP_ERANGE;
	want_n = chunks_for(value.len);
	if(want_n > cache->chunks_n / ENTRY_SHARE)
		return EP_ERANGE;
	if(cache->free_n < want_n) {
		sweep(cache, now_s);
		*evicted_n = room_make(cache, want_n);
	}
	entry_write(cache, hash, value, until_s);
	return EP_OK;
}

bool ep_token_cache_del(
		struct ep_token_cache *cache, const unsigned char hash[EP_SHA256_LEN])
{
	uint32_t *link = link_find(cache, hash);

	if(link != NULL)
		entry_drop(cache, link);
	return link != NULL;
}

size_t ep_token_cache_count(const struct ep_token_cache *cache)
{
	return cache->entries_n;
}

/* --- for tests --- */

/* Chunks of the entry `name`, or 0 when its chain is not what it should be. */
static uint32_t chain_n(struct ep_token_cache *c, uint32_t name)
{
	const struct head *h = head_of(c, name);
	uint32_t n = 1;

	if(h->kind != CHUNK_HEAD || h->len == 0)
		return 0;
	for(name = h->more; name != 0; name = more_of(c, name)->more) {
		if(name > c->chunks_n || more_of(c, name)->kind != CHUNK_MORE
				|| ++n > c->chunks_n)
			return 0;
	}
	return n == chunks_for(h->len) ? n : 0;
}

static bool buckets_are_sound(struct ep_token_cache *c)
{
	uint32_t entries_n = 0, chunks_n = 0, n, name;

	for(uint32_t i = 0; i < c->buckets_n; i++)
		for(name = buckets_of(c)[i]; name != 0; name = head_of(c, name)->next) {
			if(name > c->chunks_n || (n = chain_n(c, name)) == 0
					|| bucket_of(c, head_of(c, name)->hash)
							   != &buckets_of(c)[i])
				return false;
			chunks_n += n;
			if(++entries_n > c->entries_n)
				return false;
		}
	return entries_n == c->entries_n && chunks_n + c->free_n == c->chunks_n;
}

static bool row_is_sound(struct ep_token_cache *c)
{
	uint32_t n = 0, before = 0, name;

	for(name = c->oldest; name != 0; name = head_of(c, name)->newer) {
		if(name > c->chunks_n || head_of(c, name)->kind != CHUNK_HEAD
				|| head_of(c, name)->older != before || ++n > c->entries_n)
			return false;
		before = name;
	}
	return n == c->entries_n && c->newest == before;
}

bool ep_token_cache_is_sound(struct ep_token_cache *c)
{
	uint32_t n = 0;

	for(uint32_t name = c->free; name != 0; name = more_of(c, name)->more)
		if(name > c->chunks_n || more_of(c, name)->kind != CHUNK_FREE
				|| ++n > c->free_n)
			return false;
	return n == c->free_n && buckets_are_sound(c) && row_is_sound(c);
}
