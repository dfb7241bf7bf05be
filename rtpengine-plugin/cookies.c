/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "cookies.h"

#include <stdlib.h>

#define BUCKETS_N 16384

struct ep_cookies
{
	struct ep_cookie *buckets[BUCKETS_N];
	struct ep_cookie *first_done, **last_done; /* by until_ms */
	size_t inflight_n;
	size_t bytes; /* of all entries */
};

__extension__ typedef unsigned __int128 wide;

/* Both halves of a product: each octet of it depends on all of both. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Not secret: two honest commands must not meet by chance, and a dishonest one
 * comes from somebody who may command anyhow. The same in every process, so
 * that the cookie towards rtpengine survives a restart. Fast: it goes over
 * every octet of a command. */
static uint64_t sum_of(struct ep_view v, uint64_t seed)
{
	const uint64_t odd_0 = 0x9e3779b97f4a7c15u, odd_1 = 0xbf58476d1ce4e5b9u;
	uint64_t h = fold(seed ^ odd_0, v.len ^ odd_1), word[2];
	const char *p = v.p;
	size_t left = v.len;

	for(; left >= sizeof word; left -= sizeof word, p += sizeof word) {
		memcpy(word, p, sizeof word);
		h = fold(word[0] ^ h ^ odd_0, word[1] ^ odd_1);
	}
	memset(word, 0, sizeof word);
	if(left)
		memcpy(word, p, left);
	h = fold(word[0] ^ h ^ odd_0, word[1] ^ odd_1);
	return fold(h ^ odd_1, odd_0);
}

int ep_cookies_init(struct ep_iq *iq)
{
	iq->cookies = calloc(1, sizeof *iq->cookies);
	if(!iq->cookies)
		return -1;
	iq->cookies->last_done = &iq->cookies->first_done;
	return 0;
}

void ep_cookies_fini(struct ep_iq *iq)
{
	for(size_t i = 0; iq->cookies && i < BUCKETS_N; i++)
		for(struct ep_cookie *c = iq->cookies->buckets[i], *next; c; c = next) {
			next = c->next_hash;
			free(c->answer);
			free(c);
		}
	free(iq->cookies);
	iq->cookies = NULL;
}

/* One pass over the long part. Half an id is 64 bits: that is enough between
 * the commands of half a minute. */
void ep_cookie_id_make(struct ep_cookie_id *out, const struct ep_peer *from,
		struct ep_view cookie, struct ep_view dict)
{
	struct ep_view ip = ep_addr_ip(&from->addr);
	char who[16 + EP_NG_COOKIE_MAX];

	memcpy(who, ip.p, ip.len);
	memcpy(who + ip.len, cookie.p, cookie.len);
	out->h[0] = sum_of(dict, 0);
	out->h[1] = sum_of(ep_view_of(who, ip.len + cookie.len), 1);
}

void ep_cookie_south(
		char out[EP_SOUTH_COOKIE_LEN + 1], const struct ep_cookie_id *id)
{
	struct ep_buf b;

	ep_buf_init(&b, out, EP_SOUTH_COOKIE_LEN);
	ep_buf_put_z(&b, "iq");
	ep_buf_put_hex(&b, ep_view_of((const char *)id->h, sizeof id->h));
	out[EP_SOUTH_COOKIE_LEN] = 0;
}

static struct ep_cookie **bucket_of(
		struct ep_cookies *t, const struct ep_cookie_id *id)
{
	return &t->buckets[(id->h[0] ^ id->h[1]) % BUCKETS_N];
}

static size_t size_of(const struct ep_cookie *c)
{
	return sizeof *c + c->cookie.len + c->answer_len;
}

static void cookie_unlink(struct ep_cookies *t, struct ep_cookie *c)
{
	struct ep_cookie **at = bucket_of(t, &c->id);

	while(*at != c)
		at = &(*at)->next_hash;
	*at = c->next_hash;
}

static void cookie_free(struct ep_cookies *t, struct ep_cookie *c)
{
	t->bytes -= size_of(c);
	cookie_unlink(t, c);
	free(c->answer);
	free(c);
}

static void first_done_drop(struct ep_cookies *t)
{
	struct ep_cookie *c = t->first_done;

	t->first_done = c->next_done;
	if(!t->first_done)
		t->last_done = &t->first_done;
	cookie_free(t, c);
}

/* Answers that are old enough; and the oldest when they take too much room:
 * rtpengine has its own cookies for a command that comes back after that. */
static void old_drop(struct ep_iq *iq)
{
	struct ep_cookies *t = iq->cookies;
	uint64_t now = ep_loop_now_ms(iq->loop);
	size_t max = (size_t)iq->conf->cookie_cache_kb * 1024;

	while(t->first_done && (t->first_done->until_ms <= now || t->bytes > max))
		first_done_drop(t);
}

static struct ep_cookie *cookie_new(const struct ep_cookie_id *id,
		const struct ep_peer *from, struct ep_view cookie)
{
	struct ep_cookie *c = calloc(1, sizeof *c + cookie.len);

	if(!c)
		return NULL;
	char *text = (char *)(c + 1);
	memcpy(text, cookie.p, cookie.len);
	c->id = *id;
	c->peer = *from;
	c->cookie = ep_view_of(text, cookie.len);
	return c;
}

enum ep_cookie_state ep_cookies_begin(struct ep_cookie **out, struct ep_iq *iq,
		const struct ep_cookie_id *id, const struct ep_peer *from,
		struct ep_view cookie)
{
	struct ep_cookies *t = iq->cookies;
	struct ep_cookie **bucket = bucket_of(t, id);

	old_drop(iq);
	for(struct ep_cookie *c = *bucket; c; c = c->next_hash) {
		if(c->id.h[0] != id->h[0] || c->id.h[1] != id->h[1])
			continue;
		c->peer = *from;
		*out = c;
		return c->answer ? EP_COOKIE_ANSWERED : EP_COOKIE_INFLIGHT;
	}
	if(t->inflight_n >= iq->conf->inflight_max)
		return EP_COOKIE_FULL;
	struct ep_cookie *c = cookie_new(id, from, cookie);
	if(!c) {
		ep_stat_inc(iq, out_of_memory);
		return EP_COOKIE_FULL;
	}
	c->next_hash = *bucket;
	*bucket = c;
	t->inflight_n++;
	t->bytes += size_of(c);
	*out = c;
	return EP_COOKIE_NEW;
}

void ep_cookies_end(
		struct ep_iq *iq, struct ep_cookie *c, struct ep_view answer)
{
	struct ep_cookies *t = iq->cookies;

	t->inflight_n--;
	char *copy = answer.p ? malloc(answer.len) : NULL;
	if(!copy) {
		cookie_free(t, c);
		return;
	}
	memcpy(copy, answer.p, answer.len);
	c->answer = copy;
	c->answer_len = answer.len;
	t->bytes += answer.len;
	c->until_ms =
			ep_loop_now_ms(iq->loop) + (uint64_t)iq->conf->cookie_keep_s * 1000;
	*t->last_done = c;
	t->last_done = &c->next_done;
	old_drop(iq);
}

size_t ep_cookies_inflight_n(const struct ep_iq *iq)
{
	return iq->cookies->inflight_n;
}

size_t ep_cookies_bytes(const struct ep_iq *iq)
{
	return iq->cookies->bytes;
}
