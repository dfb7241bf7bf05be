/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "common/mem.h"
#include "life.h"
#include "route.h"
#include "store.h"
#include "sweep.h"
#include "wheel.h"

/* Of a tick of 100 ms; whoever revokes waits at most for the tick. */
#define BUDGET_NS 50000000
/* Looked at before the clock is asked again. */
#define BATCH 64
/* Ticks in which every binding is asked once whether its connection is still
 * there: a minute. A close is told at once by its event; this is for one that
 * was not. */
#define ROUND_TICKS 600
/* Of one bucket. */
#define BUCKET_IDS 512

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- deadlines --- */

/* Every second up to this one is done. */
static uint64_t done_s;

/* One second; false when the time is up. */
static bool do_second(uint64_t at_s, uint64_t until_ns)
{
	tna_id_t ids[BATCH];
	size_t n, i;

	do {
		n = tna_store_due(ids, BATCH, at_s);
		for(i = 0; i < n; i++)
			tna_life_due(ids[i]);
		if(n == BATCH && now_ns() > until_ns)
			return false;
	} while(n == BATCH);
	return true;
}

static void do_deadlines(uint64_t until_ns)
{
	uint64_t now_s = tna_now_s();

	/* The first time, and when the clock was set: back, or on by more than
	 * the wheel's turn, which shows all there are. */
	if(done_s == 0 || done_s > now_s)
		done_s = now_s - 1;
	if(now_s - done_s > TNA_WHEEL_SLOTS)
		done_s = now_s - TNA_WHEEL_SLOTS;
	while(done_s < now_s && do_second(done_s + 1, until_ns))
		done_s++;
}

/* --- revocation --- */

static bool looking;
static unsigned revoked_at; /* bucket */

void tna_sweep_revoked(void)
{
	looking = true;
	revoked_at = 0;
}

/* False without memory. */
static bool end_if_revoked(const struct tna_found *found)
{
	struct ep_arena arena;
	struct tna_copy c;
	char first[4096];
	enum ep_err err;

	if(found->state == EP_BINDING_ENDED)
		return true;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	err = tna_store_get(&c, found->id, &arena);
	if(err == EP_OK && tna_life_is_revoked(&c.b, c.conid))
		tna_life_end(found->id, TNA_END_REVOKED);
	ep_arena_fini(&arena);
	return err != EP_ENOMEM;
}

/* Bindings without a connection, too. */
static void do_revoked(uint64_t until_ns)
{
	struct tna_found found[BUCKET_IDS];
	unsigned buckets = 0;
	size_t n, i;

	while(looking) {
		unsigned was = revoked_at;

		if(!tna_store_walk(found, &n, BUCKET_IDS, &revoked_at)) {
			looking = false;
			return;
		}
		for(i = 0; i < n; i++)
			if(!end_if_revoked(&found[i])) {
				revoked_at = was; /* again, with the next tick */
				return;
			}
		if(++buckets % BATCH == 0 && now_ns() > until_ns)
			return;
	}
}

/* --- connections --- */

static unsigned conns_at; /* bucket */

static void look_at(const struct tna_found *found)
{
	struct tna_peer peer;

	if(found->state == EP_BINDING_BOUND && !tna_route_peer(&peer, found->conid))
		tna_life_lost(found->id, found->conid);
}

static void do_connections(uint64_t until_ns)
{
	struct tna_found found[BUCKET_IDS];
	unsigned end = conns_at + tna_store_size() / ROUND_TICKS + 1, buckets = 0;
	size_t n, i;

	while(conns_at < end) {
		if(!tna_store_walk(found, &n, BUCKET_IDS, &conns_at)) {
			conns_at = 0;
			return;
		}
		/* The walk passes over empty ones: that is for the next tick. */
		if(conns_at > end) {
			conns_at = end;
			return;
		}
		for(i = 0; i < n; i++)
			look_at(&found[i]);
		if(++buckets % BATCH == 0 && now_ns() > until_ns)
			return;
	}
}

void tna_sweep(void)
{
	uint64_t until_ns = now_ns() + BUDGET_NS;

	do_revoked(until_ns);
	do_deadlines(until_ns);
	do_connections(until_ns);
}
