/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "support.h"
#include "token/cache.h"

#define NOW 1000

static const unsigned char seed[16] = "0123456789abcde";

struct table
{
	void *region;
	size_t n;
	struct ep_token_cache *cache;
};

static struct table table_of(size_t n)
{
	struct table t = {malloc(n), n, NULL};

	ck_assert_ptr_nonnull(t.region);
	t.cache = ep_token_cache_init(t.region, n, seed);
	ck_assert_ptr_nonnull(t.cache);
	return t;
}

static void table_end(struct table *t)
{
	ck_assert(ep_token_cache_is_sound(t->cache));
	free(t->region);
}

static const unsigned char *hash_of(unsigned n)
{
	static unsigned char hash[EP_SHA256_LEN];

	ck_assert_int_eq(
			ep_sha256(hash, ep_view_of((const char *)&n, sizeof(n))), EP_OK);
	return hash;
}

/* The value of token n: octets that no other has. */
static struct ep_view value_of(unsigned n, size_t len)
{
	static char text[EP_TOKEN_CACHE_VALUE_MAX + 1];

	for(size_t i = 0; i < len; i++)
		text[i] = (char)(n * 31 + i * 7 + (i >> 8));
	return ep_view_of(text, len);
}

static size_t put(
		struct table *t, unsigned n, size_t len, int64_t until_s, int64_t now_s)
{
	size_t evicted_n;

	ck_assert_int_eq(ep_token_cache_put(t->cache, hash_of(n), value_of(n, len),
							 until_s, now_s, &evicted_n),
			EP_OK);
	return evicted_n;
}

static bool has(struct table *t, unsigned n, size_t len, int64_t now_s)
{
	unsigned char out[EP_TOKEN_CACHE_VALUE_MAX];
	int64_t until_s;
	size_t out_n;
	enum ep_err err = ep_token_cache_get(
			t->cache, out, sizeof(out), &out_n, &until_s, hash_of(n), now_s);

	if(err == EP_ENOENT)
		return false;
	ck_assert_int_eq(err, EP_OK);
	ck_assert_uint_eq(out_n, len);
	ck_assert_int_eq(memcmp(out, value_of(n, len).p, len), 0);
	ck_assert_int_gt(until_s, now_s);
	return true;
}

START_TEST(cache_keeps_values_of_every_length)
{
	struct table t = table_of(64 * 1024);

	for(size_t len = 1; len <= EP_TOKEN_CACHE_VALUE_MAX; len++) {
		put(&t, (unsigned)len, len, NOW + 10, NOW);
		ck_assert(has(&t, (unsigned)len, len, NOW));
		if(len % 97 == 0)
			ck_assert(ep_token_cache_is_sound(t.cache));
	}
	table_end(&t);
}
END_TEST

START_TEST(cache_ends_at_its_second)
{
	struct table t = table_of(4096);
	size_t n;

	put(&t, 1, 100, NOW + 10, NOW);
	ck_assert(has(&t, 1, 100, NOW + 9));
	ck_assert(!has(&t, 1, 100, NOW + 10));
	ck_assert(has(&t, 1, 100, NOW)); /* the clock was set back */
	/* what is over is not taken, and takes the old one away */
	ck_assert_int_eq(ep_token_cache_put(t.cache, hash_of(1), value_of(1, 100),
							 NOW, NOW, &n),
			EP_ERANGE);
	ck_assert(!has(&t, 1, 100, NOW));
	ck_assert_uint_eq(ep_token_cache_count(t.cache), 0);
	table_end(&t);
}
END_TEST

START_TEST(cache_newest_counts_and_del_removes)
{
	struct table t = table_of(8192);

	put(&t, 1, 700, NOW + 10, NOW);
	put(&t, 1, 20, NOW + 10, NOW);
	ck_assert(has(&t, 1, 20, NOW));
	ck_assert_uint_eq(ep_token_cache_count(t.cache), 1);
	ck_assert(ep_token_cache_del(t.cache, hash_of(1)));
	ck_assert(!ep_token_cache_del(t.cache, hash_of(1)));
	ck_assert(!has(&t, 1, 20, NOW));
	table_end(&t);
}
END_TEST

START_TEST(cache_refuses_what_is_too_large)
{
	struct table t = table_of(2048), large = table_of(64 * 1024);
	size_t n;

	put(&t, 1, 10, NOW + 10, NOW);
	ck_assert_int_eq(ep_token_cache_put(t.cache, hash_of(1), value_of(1, 1500),
							 NOW + 10, NOW, &n),
			EP_ERANGE);
	ck_assert(!has(&t, 1, 10, NOW));
	ck_assert_int_eq(ep_token_cache_put(large.cache, hash_of(1),
							 value_of(1, EP_TOKEN_CACHE_VALUE_MAX + 1),
							 NOW + 10, NOW, &n),
			EP_ERANGE);
	ck_assert_int_eq(ep_token_cache_put(t.cache, hash_of(1), EP_LIT(""),
							 NOW + 10, NOW, &n),
			EP_ERANGE);
	table_end(&t);
	table_end(&large);
}
END_TEST

START_TEST(cache_get_needs_room)
{
	struct table t = table_of(4096);
	unsigned char out[100];
	int64_t until_s;
	size_t n;

	put(&t, 1, 101, NOW + 10, NOW);
	ck_assert_int_eq(ep_token_cache_get(
							 t.cache, out, 100, &n, &until_s, hash_of(1), NOW),
			EP_ENOSPC);
	table_end(&t);
}
END_TEST

/* One octet of the hash makes another token. */
START_TEST(cache_compares_the_whole_hash)
{
	struct table t = table_of(4096);
	unsigned char hash[EP_SHA256_LEN], out[8];
	int64_t until_s;
	size_t n;

	memcpy(hash, hash_of(1), sizeof(hash));
	put(&t, 1, 8, NOW + 10, NOW);
	for(size_t i = 0; i < sizeof(hash); i++) {
		hash[i] ^= 1;
		ck_assert_int_eq(
				ep_token_cache_get(t.cache, out, 8, &n, &until_s, hash, NOW),
				EP_ENOENT);
		hash[i] ^= 1;
	}
	table_end(&t);
}
END_TEST

START_TEST(cache_what_is_over_goes_first)
{
	struct table t = table_of(ep_token_cache_size(100));
	unsigned n = 0;

	/* every other one ends soon; all are looked up, so that the clock alone
	 * would treat them alike */
	while(put(&t, n, 300, NOW + (n & 1 ? 5 : 100), NOW) == 0)
		n++;
	ck_assert_uint_ge(n, 100);
	for(unsigned i = 2; i < n; i++)
		has(&t, i, 300, NOW);
	for(unsigned i = 0; i < n / 2 - 2; i++)
		ck_assert_uint_eq(put(&t, 1000 + i, 300, NOW + 100, NOW + 5), 0);
	for(unsigned i = 2; i < n; i += 2)
		ck_assert(has(&t, i, 300, NOW + 5));
	table_end(&t);
}
END_TEST

START_TEST(cache_flood_leaves_what_is_used)
{
	struct table t = table_of(ep_token_cache_size(1000));
	unsigned kept = 0, flood = 50000;

	for(unsigned i = 0; i < 200; i++)
		put(&t, i, 300, NOW + 100, NOW);
	for(unsigned i = 0; i < flood; i++) {
		put(&t, 1000 + i, 300, NOW + 100, NOW);
		if(i % 500 == 0)
			for(unsigned k = 0; k < 200; k++)
				has(&t, k, 300, NOW);
	}
	for(unsigned i = 0; i < 200; i++)
		kept += has(&t, i, 300, NOW);
	ck_assert_uint_eq(kept, 200);
	ck_assert_uint_ge(ep_token_cache_count(t.cache), 1000);
	table_end(&t);
}
END_TEST

START_TEST(cache_without_look_ups_the_newest_stay)
{
	struct table t = table_of(ep_token_cache_size(100));
	unsigned char out[1];
	int64_t until_s;
	size_t n;

	for(unsigned i = 0; i < 1000; i++) {
		put(&t, i, 300, NOW + 100, NOW);
		/* without room for the answer it is no look-up */
		for(unsigned k = i > 99 ? i - 99 : 0; i % 50 == 0 && k <= i; k++)
			ck_assert_int_eq(ep_token_cache_get(t.cache, out, 1, &n, &until_s,
									 hash_of(k), NOW),
					EP_ENOSPC);
	}
	table_end(&t);
}
END_TEST

/* Nothing outside the region is written, none of it is lost. */
START_TEST(cache_50000_tokens_stay_in_the_region)
{
	size_t n = ep_token_cache_size(2000), evicted_n = 0;
	struct table t = table_of(n);
	unsigned i;

	for(i = 0; i < 50000; i++) {
		evicted_n += put(&t, i, 1 + i % 700, NOW + 100, NOW);
		if(i % 5000 == 0)
			ck_assert(ep_token_cache_is_sound(t.cache));
	}
	ck_assert_uint_eq(ep_token_cache_count(t.cache), 50000 - evicted_n);
	for(i = 0; i < 50000; i++)
		ep_token_cache_del(t.cache, hash_of(i));
	ck_assert_uint_eq(ep_token_cache_count(t.cache), 0);
	for(i = 0; i < 2000; i++)
		ck_assert_uint_eq(put(&t, i, 300, NOW + 100, NOW), 0);
	table_end(&t);
}
END_TEST

/* A model that keeps everything: what the cache has is what was put last. */
START_TEST(cache_random_walk)
{
	enum
	{
		TOKENS = 64,
		STEPS = 60000
	};
	struct table t = table_of(8192);
	struct
	{
		size_t len;
		int64_t until_s;
	} model[TOKENS] = {{0}};
	unsigned found = 0;
	int64_t now_s = NOW;

	srand(7);
	for(unsigned step = 0; step < STEPS; step++) {
		unsigned i = (unsigned)rand() % TOKENS;

		now_s += rand() % 40 == 0;
		switch(rand() % 4) {
			case 0:
			case 1:
				model[i].len = 1 + (size_t)(rand() % 900);
				model[i].until_s = now_s + 1 + rand() % 20;
				put(&t, i, model[i].len, model[i].until_s, now_s);
				ck_assert(has(&t, i, model[i].len, now_s));
				break;
			case 2:
				if(has(&t, i, model[i].len, now_s)) {
					found++;
					ck_assert_int_gt(model[i].until_s, now_s);
				}
				break;
			default:
				ep_token_cache_del(t.cache, hash_of(i));
				model[i].until_s = 0;
				ck_assert(!has(&t, i, model[i].len, now_s));
		}
		if(step % 100 == 0)
			ck_assert(ep_token_cache_is_sound(t.cache));
	}
	ck_assert_uint_gt(found, STEPS / 40);
	table_end(&t);
}
END_TEST

START_TEST(cache_moves_with_its_memory)
{
	struct table t = table_of(64 * 1024);
	void *elsewhere = malloc(t.n);

	for(unsigned i = 0; i < 100; i++)
		put(&t, i, 300, NOW + 10, NOW);
	memcpy(elsewhere, t.region, t.n);
	memset(t.region, 0xa5, t.n);
	free(t.region);
	t.region = elsewhere;
	t.cache = elsewhere;
	for(unsigned i = 0; i < 100; i++)
		ck_assert(has(&t, i, 300, NOW));
	table_end(&t);
}
END_TEST

START_TEST(cache_small_and_odd_regions)
{
	char *block = malloc(8192);

	ck_assert_ptr_null(ep_token_cache_init(NULL, 4096, seed));
	ck_assert_ptr_null(ep_token_cache_init(block + 1, 4096, seed));
	ck_assert_ptr_null(ep_token_cache_init(block, 0, seed));
	ck_assert_ptr_null(ep_token_cache_init(block, 100, seed));
	free(block);
	for(size_t n = 0; n < 3000; n++) {
		struct ep_token_cache *c;

		block = malloc(n + 1);
		c = ep_token_cache_init(block, n, seed);
		if(c != NULL) {
			struct table t = {block, n, c};

			for(unsigned i = 0; i < 20; i++)
				put(&t, i, 1 + i % 60, NOW + 10, NOW);
			ck_assert(ep_token_cache_is_sound(c));
			ck_assert_uint_ge(ep_token_cache_count(c), 1);
		}
		free(block);
	}
	ck_assert_uint_eq(ep_token_cache_size(0), 0);
	ck_assert_uint_eq(ep_token_cache_size(SIZE_MAX), 0);
	ck_assert_uint_gt(ep_token_cache_size(1), 0);
}
END_TEST

UNIT_MAIN("token/cache", cache_keeps_values_of_every_length,
		cache_ends_at_its_second, cache_newest_counts_and_del_removes,
		cache_refuses_what_is_too_large, cache_get_needs_room,
		cache_compares_the_whole_hash, cache_what_is_over_goes_first,
		cache_flood_leaves_what_is_used, cache_without_look_ups_the_newest_stay,
		cache_50000_tokens_stay_in_the_region, cache_random_walk,
		cache_moves_with_its_memory, cache_small_and_odd_regions)
