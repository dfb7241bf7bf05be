/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>
#include <sys/random.h>

#include "core/mem/shm_mem.h"

#include "base/err.h"
#include "common/clock.h"
#include "common/locks.h"
#include "token/config.h"
#include "webrtc_auth/flood.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"

#define LOCKS 64

/* One lock for several sets, and one for the sum. */
static gen_lock_set_t *locks;
static struct ep_flood *flood;

enum ep_err ep_floods_init(unsigned sources_n)
{
	unsigned char seed[EP_SIPHASH_KEY_LEN];

	if(getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return EP_ECRYPTO;
	flood = shm_malloc(ep_flood_size(sources_n));
	locks = ep_locks_new(LOCKS + 1);
	if(flood == NULL || locks == NULL) {
		if(locks != NULL)
			ep_locks_free(locks);
		if(flood != NULL)
			shm_free(flood);
		locks = NULL;
		flood = NULL;
		return EP_ENOMEM;
	}
	ep_flood_init(flood, sources_n, seed);
	return EP_OK;
}

void ep_floods_fini(void)
{
	if(flood == NULL)
		return;
	ep_locks_free(locks);
	shm_free(flood);
	flood = NULL;
}

/* All that the table's functions take. */
struct at
{
	struct ep_flood_source source;
	struct ep_flood_limits limits;
	int64_t now_ms;
	int lock;
};

static bool limits_get(struct ep_flood_limits *out)
{
	const struct ep_token_policy *policy = ep_policy_get();

	if(policy == NULL)
		return false;
	*out = (struct ep_flood_limits){
			.failures_per_minute = policy->source_failures_per_minute,
			.cost_us_per_s = policy->source_cost_ms * 1000,
			.total_us_per_s = (uint32_t)ep_params()->signature_budget * 1000};
	return true;
}

/* Locks the source's set; false (and unlocked): nobody counts. */
static bool at_lock(struct at *at, const struct receive_info *rcv,
		const struct ep_flood_limits *limits)
{
	struct ep_view address =
			ep_view_of((const char *)rcv->src_ip.u.addr, rcv->src_ip.len);

	if(limits == NULL || !ep_flood_source_of(&at->source, address))
		return false;
	at->limits = *limits;
	at->now_ms = ep_clock_ms();
	at->lock = (int)(ep_flood_set_of(flood, &at->source) % LOCKS);
	lock_set_get(locks, at->lock);
	return true;
}

static void at_unlock(const struct at *at)
{
	lock_set_release(locks, at->lock);
}

unsigned ep_source_wait_s(const struct receive_info *rcv)
{
	struct ep_flood_limits limits;
	int64_t wait_ms;
	struct at at;

	if(!limits_get(&limits) || !at_lock(&at, rcv, &limits))
		return 0;
	wait_ms = ep_flood_wait_ms(flood, &at.source, &at.limits, at.now_ms);
	at_unlock(&at);
	return (unsigned)((wait_ms + 999) / 1000);
}

void ep_source_failed(const struct receive_info *rcv, enum ep_token_cause cause)
{
	struct ep_flood_limits limits;
	struct at at;

	if(!ep_flood_counts(cause) || !limits_get(&limits)
			|| !at_lock(&at, rcv, &limits))
		return;
	ep_flood_failed(flood, &at.source, &at.limits, at.now_ms);
	at_unlock(&at);
}

static bool total_pay(const struct at *at, unsigned cost_us)
{
	bool paid;

	lock_set_get(locks, LOCKS);
	paid = ep_flood_total_pay(flood, &at->limits, cost_us, at->now_ms);
	lock_set_release(locks, LOCKS);
	return paid;
}

/* A source that has shown a good token pays for itself only: strangers that
 * use up what there is for all do not keep it out. */
static bool pay(void *ctx, unsigned cost_us)
{
	struct ep_bill *bill = ctx;
	bool trusted, paid, shared = false;
	struct at at;

	if(!at_lock(&at, bill->rcv, bill->has_limits ? &bill->limits : NULL))
		return true;
	paid = ep_flood_pay(
			flood, &at.source, &at.limits, cost_us, at.now_ms, &trusted);
	if(paid) {
		shared = total_pay(&at, cost_us);
		if(!shared && !trusted) {
			ep_flood_refund(flood, &at.source, cost_us);
			paid = false;
		}
	}
	at_unlock(&at);
	if(paid)
		bill->paid_us += cost_us;
	if(shared)
		bill->total_us += cost_us;
	return paid;
}

void ep_bill_init(struct ep_bill *bill, const struct receive_info *rcv)
{
	*bill = (struct ep_bill){.budget = {.pay = pay, .ctx = bill}, .rcv = rcv};
	bill->has_limits = limits_get(&bill->limits);
}

void ep_bill_good(struct ep_bill *bill)
{
	struct at at;

	if(!at_lock(&at, bill->rcv, bill->has_limits ? &bill->limits : NULL))
		return;
	ep_flood_good(flood, &at.source, &at.limits, bill->paid_us, at.now_ms);
	at_unlock(&at);
	if(bill->total_us == 0)
		return;
	lock_set_get(locks, LOCKS);
	ep_flood_total_refund(flood, bill->total_us);
	lock_set_release(locks, LOCKS);
}

static bool is_worse(const struct ep_flood_row *a, const struct ep_flood_row *b)
{
	if(a->failures != b->failures)
		return a->failures > b->failures;
	if(a->cost_us != b->cost_us)
		return a->cost_us > b->cost_us;
	return a->failures_ever > b->failures_ever;
}

/* Puts a row into its place among the `have` that are there. */
static size_t row_put(struct ep_flood_row *rows, size_t have, size_t n,
		const struct ep_flood_row *row)
{
	size_t i = have < n ? have++ : n - 1;

	if(i == n - 1 && have == n && rows[i].failures_ever != 0
			&& !is_worse(row, &rows[i]))
		return have;
	for(; i > 0 && is_worse(row, &rows[i - 1]); i--)
		rows[i] = rows[i - 1];
	rows[i] = *row;
	return have;
}

size_t ep_floods_worst(struct ep_flood_row *rows, size_t n)
{
	struct ep_flood_limits limits;
	struct ep_flood_row row;
	int64_t now_ms = ep_clock_ms();
	size_t set, i, have = 0;

	if(n == 0 || !limits_get(&limits))
		return 0;
	memset(rows, 0, n * sizeof(*rows));
	for(set = 0; set < ep_flood_sets_n(flood); set++) {
		lock_set_get(locks, (int)(set % LOCKS));
		for(i = 0; ep_flood_row(&row, flood, set, i, &limits, now_ms); i++)
			if(row.failures_ever != 0)
				have = row_put(rows, have, n, &row);
		lock_set_release(locks, (int)(set % LOCKS));
	}
	return have;
}
