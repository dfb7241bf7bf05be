/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What is known of tokens, in shared memory: one answer per token, by the
 * SHA-256 of its text, for all processes of this node.
 *
 * An answer is what the token itself says. What depends on the request (the
 * connection's WWSF, To and From), on the time, or on what was revoked since
 * is the caller's to check, on every use. Bounded by modparam cache_size:
 * what is over is put in the place of what was not asked for lately.
 */
#ifndef EP_WEBRTC_AUTH_CACHE_H
#define EP_WEBRTC_AUTH_CACHE_H

#include "base/crypto.h"
#include "token/verify.h"

/* What a check of this token said: of any process of this node. */
struct ep_cached
{
	enum ep_token_cause cause;    /* EP_TOKEN_OK, or a verdict of the WAF
									 (EP_TOKEN_INACTIVE, ...) */
	struct ep_token_result token; /* with EP_TOKEN_OK; views in the arena */
	unsigned policy_generation;   /* of ep_policy_generation() */
	unsigned keys_generation;     /* of the issuer's key text; 0 for
									 introspected tokens */
	int64_t until_s;              /* not used from then on */
};

struct ep_cache_stats
{
	size_t entries;      /* now */
	size_t cap;          /* typical tokens that fit; 0: there is no cache */
	size_t region_bytes; /* shared memory taken */
};

/* Before fork. `tokens`: how many typical tokens are to fit; 0: no cache.
 * EP_OK or EP_ENOMEM. */
enum ep_err ep_cache_init(unsigned tokens);
void ep_cache_fini(void);

/* True: *out is the answer, made under the policy and the keys it names; the
 * caller compares those. False: not known, not any more, or no memory. */
bool ep_cache_get(struct ep_cached *out,
		const unsigned char hash[EP_SHA256_LEN], int64_t now_s,
		struct ep_arena *arena);
/* The newest answer takes the place of an older one of the same token. One
 * that does not fit is not kept: nothing depends on it being there. */
void ep_cache_put(const struct ep_cached *in,
		const unsigned char hash[EP_SHA256_LEN], int64_t now_s);
void ep_cache_del(const unsigned char hash[EP_SHA256_LEN]);

void ep_cache_stats(struct ep_cache_stats *out);

/* ep_token_verify(), unless the cache has its answer: then only what depends
 * on the time and the connection is checked (token/recheck.h), and that the
 * configuration and the issuer's keys, still in use, are those of then. Good
 * JWTs are kept, refused ones never, nor those that are to be introspected
 * besides. What is in the cache costs no signature, and `budget` is not asked
 * for it. `policy` and `ring` are of the last ep_policy_keys_get(); `hash` is
 * the token's. */
enum ep_token_cause ep_cache_verify(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_keyring *ring,
		struct ep_view token, const unsigned char hash[EP_SHA256_LEN],
		struct ep_view conn_wwsf, int64_t now_s,
		const struct ep_token_budget *budget, struct ep_arena *arena);

#endif
