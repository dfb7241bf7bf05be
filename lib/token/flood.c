/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/flood.h"

#define WAYS 8
#define TRUST_MS (60 * 60 * 1000) /* a good token is remembered so long */

/* A failure is 60,000 drops and n failures a minute drain n drops a
 * millisecond; a microsecond is 1,000 drops and n microseconds a second drain
 * n drops a millisecond: no fractions. */
#define FAILURE_DROPS 60000u
#define US_DROPS 1000u

struct bucket
{
	uint64_t level; /* drops */
	int64_t at_ms;
};

struct slot
{
	bool used;
	bool good;
	struct ep_flood_source source;
	struct bucket failures;
	struct bucket cost;
	int64_t seen_ms;
	int64_t good_ms;
	uint64_t failures_ever;
};

struct ep_flood
{
	unsigned char seed[EP_SIPHASH_KEY_LEN];
	size_t sets_n;
	struct bucket total;
	struct slot slots[];
};

static void drain(struct bucket *b, uint32_t per_ms, int64_t now_ms)
{
	uint64_t gone;

	if(now_ms <= b->at_ms)
		return;
	gone = (uint64_t)(now_ms - b->at_ms);
	b->at_ms = now_ms;
	/* levels stay far below 2^32 times a rate */
	if(per_ms == 0 || gone > UINT32_MAX || gone * per_ms >= b->level)
		b->level = 0;
	else
		b->level -= gone * per_ms;
}

static void refund(struct bucket *b, uint64_t drops)
{
	b->level -= drops < b->level ? drops : b->level;
}

/* Something always fits into an empty bucket. */
static bool fits(const struct bucket *b, uint64_t drops, uint64_t capacity)
{
	return b->level == 0 || b->level + drops <= capacity;
}

static uint64_t failures_capacity(const struct ep_flood_limits *limits)
{
	return (uint64_t)limits->failures_per_minute * FAILURE_DROPS;
}

/* --- sources --- */

bool ep_flood_source_of(struct ep_flood_source *out, struct ep_view address)
{
	static const char mapped[12] = {
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (char)0xff, (char)0xff};

	memset(out, 0, sizeof(*out));
	if(address.len == 16 && memcmp(address.p, mapped, sizeof(mapped)) == 0)
		address = ep_view_from(address, sizeof(mapped));
	if(address.len != 4 && address.len != 16)
		return false;
	out->v[0] = address.len == 4 ? 4 : 6;
	memcpy(out->v + 1, address.p, address.len == 4 ? 4 : 8);
	return true;
}

static size_t sets_for(size_t sources_n)
{
	return sources_n <= WAYS ? 1 : (sources_n + WAYS - 1) / WAYS;
}

size_t ep_flood_size(size_t sources_n)
{
	return sizeof(struct ep_flood)
		   + sets_for(sources_n) * WAYS * sizeof(struct slot);
}

void ep_flood_init(struct ep_flood *f, size_t sources_n,
		const unsigned char seed[EP_SIPHASH_KEY_LEN])
{
	memset(f, 0, ep_flood_size(sources_n));
	f->sets_n = sets_for(sources_n);
	memcpy(f->seed, seed, sizeof(f->seed));
}

size_t ep_flood_sets_n(const struct ep_flood *f)
{
	return f->sets_n;
}

size_t ep_flood_set_of(
		const struct ep_flood *f, const struct ep_flood_source *s)
{
	return (size_t)(ep_siphash(f->seed,
							ep_view_of((const char *)s->v, sizeof(s->v)))
					% f->sets_n);
}

static struct slot *set_at(struct ep_flood *f, size_t set)
{
	return &f->slots[set * WAYS];
}

static struct slot *slot_find(
		struct ep_flood *f, const struct ep_flood_source *s)
{
	struct slot *set = set_at(f, ep_flood_set_of(f, s));
	size_t i;

	for(i = 0; i < WAYS; i++)
		if(set[i].used && memcmp(&set[i].source, s, sizeof(*s)) == 0)
			return &set[i];
	return NULL;
}

static void slot_drain(
		struct slot *slot, const struct ep_flood_limits *limits, int64_t now_ms)
{
	drain(&slot->failures, limits->failures_per_minute, now_ms);
	drain(&slot->cost, limits->cost_us_per_s, now_ms);
	if(slot->good && now_ms - slot->good_ms > TRUST_MS)
		slot->good = false;
}

/* Does `a` go rather than `b`? */
static bool goes_first(const struct slot *a, const struct slot *b)
{
	if(a->used != b->used)
		return !a->used;
	if(a->failures.level != b->failures.level)
		return a->failures.level < b->failures.level;
	if(a->cost.level != b->cost.level)
		return a->cost.level < b->cost.level;
	return a->seen_ms < b->seen_ms;
}

static struct slot *slot_take(struct ep_flood *f,
		const struct ep_flood_source *s, const struct ep_flood_limits *limits,
		int64_t now_ms)
{
	struct slot *slot = slot_find(f, s), *set;
	size_t i;

	if(slot == NULL) {
		set = set_at(f, ep_flood_set_of(f, s));
		for(i = 0; i < WAYS; i++) {
			if(set[i].used)
				slot_drain(&set[i], limits, now_ms);
			if(slot == NULL || goes_first(&set[i], slot))
				slot = &set[i];
		}
		*slot = (struct slot){.used = true,
				.source = *s,
				.failures.at_ms = now_ms,
				.cost.at_ms = now_ms};
	}
	slot_drain(slot, limits, now_ms);
	slot->seen_ms = now_ms;
	return slot;
}

int64_t ep_flood_wait_ms(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, int64_t now_ms)
{
	uint64_t over, capacity = failures_capacity(limits);
	struct slot *slot;

	if(limits->failures_per_minute == 0)
		return 0;
	slot = slot_find(f, s);
	if(slot == NULL)
		return 0;
	slot_drain(slot, limits, now_ms);
	if(fits(&slot->failures, FAILURE_DROPS, capacity))
		return 0;
	slot->seen_ms = now_ms;
	over = slot->failures.level + FAILURE_DROPS - capacity;
	return (int64_t)((over + limits->failures_per_minute - 1)
					 / limits->failures_per_minute);
}

void ep_flood_failed(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, int64_t now_ms)
{
	struct slot *slot;

	if(limits->failures_per_minute == 0)
		return;
	slot = slot_take(f, s, limits, now_ms);
	slot->failures_ever++;
	/* one that ran beside others may be one too many: no debt grows of it */
	if(slot->failures.level < failures_capacity(limits))
		slot->failures.level += FAILURE_DROPS;
}

bool ep_flood_pay(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, unsigned cost_us, int64_t now_ms,
		bool *trusted)
{
	struct slot *slot;

	*trusted = false;
	if(limits->cost_us_per_s == 0 && limits->total_us_per_s == 0)
		return true;
	slot = slot_take(f, s, limits, now_ms);
	*trusted = slot->good;
	if(limits->cost_us_per_s == 0)
		return true;
	if(!fits(&slot->cost, (uint64_t)cost_us * US_DROPS,
			   (uint64_t)limits->cost_us_per_s * US_DROPS))
		return false;
	slot->cost.level += (uint64_t)cost_us * US_DROPS;
	return true;
}

void ep_flood_refund(
		struct ep_flood *f, const struct ep_flood_source *s, unsigned cost_us)
{
	struct slot *slot = slot_find(f, s);

	if(slot != NULL)
		refund(&slot->cost, (uint64_t)cost_us * US_DROPS);
}

void ep_flood_good(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, unsigned cost_us, int64_t now_ms)
{
	struct slot *slot = slot_take(f, s, limits, now_ms);

	refund(&slot->cost, (uint64_t)cost_us * US_DROPS);
	slot->good = true;
	slot->good_ms = now_ms;
}

bool ep_flood_total_pay(struct ep_flood *f,
		const struct ep_flood_limits *limits, unsigned cost_us, int64_t now_ms)
{
	if(limits->total_us_per_s == 0)
		return true;
	drain(&f->total, limits->total_us_per_s, now_ms);
	if(!fits(&f->total, (uint64_t)cost_us * US_DROPS,
			   (uint64_t)limits->total_us_per_s * US_DROPS))
		return false;
	f->total.level += (uint64_t)cost_us * US_DROPS;
	return true;
}

void ep_flood_total_refund(struct ep_flood *f, unsigned cost_us)
{
	refund(&f->total, (uint64_t)cost_us * US_DROPS);
}

bool ep_flood_row(struct ep_flood_row *out, struct ep_flood *f, size_t set,
		size_t i, const struct ep_flood_limits *limits, int64_t now_ms)
{
	struct slot *slot;

	if(set >= f->sets_n || i >= WAYS)
		return false;
	slot = &set_at(f, set)[i];
	if(!slot->used)
		return false;
	slot_drain(slot, limits, now_ms);
	*out = (struct ep_flood_row){.source = slot->source,
			.failures = (uint32_t)((slot->failures.level + FAILURE_DROPS - 1)
								   / FAILURE_DROPS),
			.cost_us = (uint32_t)(slot->cost.level / US_DROPS),
			.failures_ever = slot->failures_ever,
			.seen_ms = slot->seen_ms,
			.good = slot->good};
	return true;
}

bool ep_flood_counts(enum ep_token_cause cause)
{
	switch(cause) {
		case EP_TOKEN_OK:
		case EP_TOKEN_ABSENT:
		case EP_TOKEN_EXPIRED:
		case EP_TOKEN_OPAQUE_CHANGED:
		case EP_TOKEN_ORIGIN_UNKNOWN:
		case EP_TOKEN_TRIES_EXCEEDED:
			return false;
		default:
			return ep_token_cause_get(cause)->sip_status < 500;
	}
}
