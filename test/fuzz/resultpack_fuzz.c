/* ep_token_result_unpack, ep_token_result_pack, ep_token_cache_put,
 * ep_token_cache_get. Input: a packed result; the same octets as commands to
 * a small cache. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "token/cache.h"
#include "token/resultpack.h"

static bool is_in(struct ep_view part, struct ep_view whole)
{
	return part.p == NULL
		   || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

/* What unpacks, packs to the same octets: there is one text for each result;
 * no cut of it unpacks. */
static void result_holds(struct ep_view packed)
{
	static char mem[1 << 16], text[1 << 15];
	struct ep_token_result r, again;
	struct ep_arena arena;
	struct ep_buf buf;

	ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
	if(ep_token_result_unpack(&r, packed, &arena) != EP_OK)
		return;
	need(is_in(r.issuer, packed) && is_in(r.kid, packed) && is_in(r.sub, packed)
			&& is_in(r.impi, packed) && is_in(r.scope, packed)
			&& is_in(r.client_id, packed));
	for(size_t i = 0; i < r.impus_n; i++)
		need(is_in(r.impus[i], packed));
	need(r.entity <= EP_ENTITY_NEVER && r.exp_s >= -1 && r.iat_s >= -1);
	ep_buf_init(&buf, text, sizeof(text));
	need(ep_token_result_pack(&buf, &r) == EP_OK);
	need(ep_view_eq(ep_buf_view(&buf), packed));
	for(size_t n = 0; n < packed.len; n++) {
		ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
		need(ep_token_result_unpack(&again, ep_view_head(packed, n), &arena)
				== EP_ESYNTAX);
	}
}

/* Four octets a command: which token, what, how long, the next time. */
static void cache_holds(const uint8_t *data, size_t n)
{
	static const unsigned char seed[16] = "fuzz";
	static uint64_t region[512];
	static char value[EP_TOKEN_CACHE_VALUE_MAX];
	static size_t lens[256];
	static int64_t ends_s[256];
	struct ep_token_cache *c =
			ep_token_cache_init(region, sizeof(region), seed);
	unsigned char hash[EP_SHA256_LEN] = {0}, out[EP_TOKEN_CACHE_VALUE_MAX];
	int64_t now_s = 0, until_s;
	size_t got, evicted_n;

	need(c != NULL);
	memset(ends_s, 0, sizeof(ends_s));
	for(; n >= 4; data += 4, n -= 4) {
		hash[31] = data[0];
		now_s += data[3] & 3;
		if(data[1] % 3 == 0) {
			size_t len = (size_t)(data[1] / 3) * data[2] % sizeof(value);

			memset(value, data[0] ^ data[2], len);
			ends_s[data[0]] = 0;
			if(ep_token_cache_put(c, hash, ep_view_of(value, len),
					   now_s + data[3] / 4, now_s, &evicted_n)
					== EP_OK) {
				lens[data[0]] = len;
				ends_s[data[0]] = now_s + data[3] / 4;
			}
		} else if(data[1] % 3 == 1) {
			ep_token_cache_del(c, hash);
			ends_s[data[0]] = 0;
		} else if(ep_token_cache_get(
						  c, out, sizeof(out), &got, &until_s, hash, now_s)
				  == EP_OK) {
			need(got == lens[data[0]] && until_s == ends_s[data[0]]
					&& until_s > now_s);
		}
	}
	need(ep_token_cache_is_sound(c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	result_holds(ep_view_of((const char *)data, n));
	cache_holds(data, n);
	return 0;
}
