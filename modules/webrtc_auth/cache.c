/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>
#include <sys/random.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "token/cache.h"
#include "token/recheck.h"
#include "token/resultpack.h"
#include "webrtc_auth/cache.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/policy.h"

/* So many tables, each under its own lock, once they are large enough that
 * dividing them does no harm. */
#define SHARDS_MAX 16
#define SHARD_TOKENS_MIN 64

struct shard
{
	_Alignas(64) gen_lock_t lock;
	struct ep_token_cache *table; /* behind the shards; mapped at the same
									 address in all processes */
};

struct cache
{
	unsigned shards_n;
	unsigned tokens;
	size_t len;
	struct shard *shards;
};

/* In front of the packed result. */
struct label
{
	uint32_t cause; /* enum ep_token_cause: of this build, in this run */
	uint32_t policy_generation;
	uint32_t keys_generation;
};

static struct cache *cache;

static enum ep_err shards_init(char *region, size_t table_len)
{
	unsigned char seed[16];
	unsigned i;

	for(i = 0; i < cache->shards_n; i++) {
		if(getrandom(seed, sizeof(seed), 0) != sizeof(seed))
			return EP_ENOMEM;
		cache->shards[i].table =
				ep_token_cache_init(region + i * table_len, table_len, seed);
		if(cache->shards[i].table == NULL
				|| lock_init(&cache->shards[i].lock) == NULL)
			return EP_ENOMEM;
	}
	return EP_OK;
}

enum ep_err ep_cache_init(unsigned tokens)
{
	unsigned n = tokens / SHARD_TOKENS_MIN;
	size_t table_len, len;
	char *block;

	if(tokens == 0)
		return EP_OK;
	n = n < 1 ? 1 : n > SHARDS_MAX ? SHARDS_MAX : n;
	/* a multiple of 64, so that all shards stand as the first does */
	table_len = (ep_token_cache_size((tokens + n - 1) / n) + 63) & ~(size_t)63;
	len = sizeof(*cache) + 64 + n * (sizeof(struct shard) + table_len);
	block = shm_malloc(len);
	if(block == NULL)
		return EP_ENOMEM;
	memset(block, 0, sizeof(*cache) + 64 + n * sizeof(struct shard));
	cache = (struct cache *)(void *)block;
	*cache = (struct cache){.shards_n = n, .tokens = tokens, .len = len};
	block += sizeof(*cache);
	block += -(uintptr_t)block & 63;
	cache->shards = (struct shard *)(void *)block;
	if(shards_init(block + n * sizeof(struct shard), table_len) != EP_OK) {
		ep_cache_fini();
		return EP_ENOMEM;
	}
	return EP_OK;
}

void ep_cache_fini(void)
{
	unsigned i;

	if(cache == NULL)
		return;
	for(i = 0; i < cache->shards_n; i++)
		lock_destroy(&cache->shards[i].lock);
	shm_free(cache);
	cache = NULL;
}

static struct shard *shard_of(const unsigned char hash[EP_SHA256_LEN])
{
	return &cache->shards[hash[EP_SHA256_LEN - 1] % cache->shards_n];
}

static bool unpack(
		struct ep_cached *out, struct ep_view octets, struct ep_arena *arena)
{
	struct label label;

	if(octets.p == NULL || octets.len < sizeof(label))
		return false;
	memcpy(&label, octets.p, sizeof(label));
	out->cause = (enum ep_token_cause)label.cause;
	out->policy_generation = label.policy_generation;
	out->keys_generation = label.keys_generation;
	out->token = (struct ep_token_result){.issuer_index = SIZE_MAX};
	if(out->cause != EP_TOKEN_OK)
		return true;
	return ep_token_result_unpack(
				   &out->token, ep_view_from(octets, sizeof(label)), arena)
		   == EP_OK;
}

bool ep_cache_get(struct ep_cached *out,
		const unsigned char hash[EP_SHA256_LEN], int64_t now_s,
		struct ep_arena *arena)
{
	unsigned char octets[EP_TOKEN_CACHE_VALUE_MAX];
	struct shard *shard;
	enum ep_err err;
	bool found;
	size_t n;

	if(cache == NULL)
		return false;
	shard = shard_of(hash);
	lock_get(&shard->lock);
	err = ep_token_cache_get(shard->table, octets, sizeof(octets), &n,
			&out->until_s, hash, now_s);
	lock_release(&shard->lock);
	found = err == EP_OK
			&& unpack(out,
					ep_arena_copy(arena, ep_view_of((const char *)octets, n)),
					arena);
	counter_inc(found ? ep_counters.cache_hit : ep_counters.cache_miss);
	return found;
}

void ep_cache_put(const struct ep_cached *in,
		const unsigned char hash[EP_SHA256_LEN], int64_t now_s)
{
	char octets[EP_TOKEN_CACHE_VALUE_MAX];
	struct label label = {
			in->cause, in->policy_generation, in->keys_generation};
	struct shard *shard;
	struct ep_buf buf;
	size_t evicted_n;

	if(cache == NULL)
		return;
	ep_buf_init(&buf, octets, sizeof(octets));
	ep_buf_put(&buf, ep_view_of((const char *)&label, sizeof(label)));
	if(in->cause == EP_TOKEN_OK
			&& ep_token_result_pack(&buf, &in->token) != EP_OK)
		buf.overflow = true;
	shard = shard_of(hash);
	lock_get(&shard->lock);
	/* Without octets only what was there goes. */
	ep_token_cache_put(shard->table, hash,
			buf.overflow ? EP_LIT("") : ep_buf_view(&buf), in->until_s, now_s,
			&evicted_n);
	lock_release(&shard->lock);
	if(evicted_n > 0)
		counter_add(ep_counters.cache_evicted, (int)evicted_n);
}

void ep_cache_del(const unsigned char hash[EP_SHA256_LEN])
{
	struct shard *shard;

	if(cache == NULL)
		return;
	shard = shard_of(hash);
	lock_get(&shard->lock);
	ep_token_cache_del(shard->table, hash);
	lock_release(&shard->lock);
}

void ep_cache_stats(struct ep_cache_stats *out)
{
	unsigned i;

	*out = (struct ep_cache_stats){.entries = 0};
	if(cache == NULL)
		return;
	out->cap = cache->tokens;
	out->region_bytes = cache->len;
	for(i = 0; i < cache->shards_n; i++) {
		lock_get(&cache->shards[i].lock);
		out->entries += ep_token_cache_count(cache->shards[i].table);
		lock_release(&cache->shards[i].lock);
	}
}

/* Is the answer one that ep_token_verify() gave under this configuration and
 * under the keys that this process uses now? Then it would give it again. */
static bool is_as_verified(const struct ep_cached *c,
		const struct ep_token_policy *policy, const struct ep_keyring *ring)
{
	size_t i = c->token.issuer_index;

	return c->cause == EP_TOKEN_OK && c->keys_generation != 0
		   && c->policy_generation == ep_policy_used_generation()
		   && i < policy->issuers_n && i < ring->n && ring->sets[i] != NULL
		   && c->keys_generation == ep_policy_keys_generation(i);
}

static bool is_introspected(
		const struct ep_token_policy *policy, size_t issuer_index)
{
	const struct ep_issuer *issuer = &policy->issuers[issuer_index];

	return issuer->is_introspected
		   && issuer->introspect_for == EP_INTROSPECT_ALL;
}

enum ep_token_cause ep_cache_verify(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_keyring *ring,
		struct ep_view token, const unsigned char hash[EP_SHA256_LEN],
		struct ep_view conn_wwsf, int64_t now_s,
		const struct ep_token_budget *budget, struct ep_arena *arena)
{
	enum ep_token_cause cause;
	struct ep_cached c;

	if(policy->cache_s != 0 && ep_cache_get(&c, hash, now_s, arena)) {
		if(is_as_verified(&c, policy, ring)) {
			*out = c.token;
			return ep_token_recheck(out, policy, conn_wwsf, now_s);
		}
		counter_inc(ep_counters.cache_stale);
	}
	cause = ep_token_verify(
			out, policy, ring, token, conn_wwsf, now_s, budget, arena);
	if(cause != EP_TOKEN_OK || policy->cache_s == 0
			|| is_introspected(policy, out->issuer_index))
		return cause;
	c = (struct ep_cached){.cause = EP_TOKEN_OK,
			.token = *out,
			.policy_generation = ep_policy_used_generation(),
			.keys_generation = ep_policy_keys_generation(out->issuer_index),
			.until_s = ep_token_keep_until(out, policy, now_s)};
	ep_cache_put(&c, hash, now_s);
	return EP_TOKEN_OK;
}
