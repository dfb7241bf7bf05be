/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * How many bad tokens has this address sent lately, and what did they cost?
 *
 * A source is an IPv4 address or an IPv6 /64. Many users may stand behind one,
 * so only failures count: a good token gives back what its signature cost.
 * Two leaky buckets for each source: refused tokens, drained by so many a
 * minute, and signature time, drained by so much a second; and one bucket of
 * signature time for all sources together.
 *
 * The table has a fixed size and lies in one block that may be mapped at any
 * address. Sources fall into sets by a hash under a secret key; in a full set
 * the source that did least harm, then the one seen longest ago, makes room.
 * A lock of the caller's for each set (or for several) is held around the
 * functions that take a source, another one around ep_flood_total_*().
 */
#ifndef EP_TOKEN_FLOOD_H
#define EP_TOKEN_FLOOD_H

#include "base/siphash.h"
#include "token/cause.h"

struct ep_flood;

/* 4 and the address, or 6 and the first 64 bits of it. */
struct ep_flood_source
{
	unsigned char v[9];
};

struct ep_flood_limits
{
	uint32_t failures_per_minute; /* of one source; 0: no limit */
	uint32_t cost_us_per_s;       /* of one source; 0: no limit */
	uint32_t total_us_per_s;      /* of all together; 0: no limit */
};

/* What is known of one source, for people. */
struct ep_flood_row
{
	struct ep_flood_source source;
	uint32_t failures; /* not drained yet */
	uint32_t cost_us;  /* the same */
	uint64_t failures_ever;
	int64_t seen_ms;
	bool good; /* has shown a good token */
};

/* `address`: 4 or 16 octets; IPv4 in IPv6 (RFC 4291 2.5.5.2) is IPv4. False:
 * neither. */
bool ep_flood_source_of(struct ep_flood_source *out, struct ep_view address);

/* Octets for `sources_n` sources (at least one set), and the table in a block
 * of so many, aligned as malloc() does. */
size_t ep_flood_size(size_t sources_n);
void ep_flood_init(struct ep_flood *f, size_t sources_n,
		const unsigned char seed[EP_SIPHASH_KEY_LEN]);

size_t ep_flood_sets_n(const struct ep_flood *f);
size_t ep_flood_set_of(
		const struct ep_flood *f, const struct ep_flood_source *s);

/* All times are milliseconds of a clock that does not go back. */

/* How long this source has to wait until its tokens are looked at; 0: not at
 * all. */
int64_t ep_flood_wait_ms(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, int64_t now_ms);
/* One more refused token. */
void ep_flood_failed(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, int64_t now_ms);
/* May so much signature time be spent on it? If so it is. *trusted: it has
 * shown a good token. */
bool ep_flood_pay(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, unsigned cost_us, int64_t now_ms,
		bool *trusted);
/* What was paid and not spent. */
void ep_flood_refund(
		struct ep_flood *f, const struct ep_flood_source *s, unsigned cost_us);
/* A good token: what it cost is given back. */
void ep_flood_good(struct ep_flood *f, const struct ep_flood_source *s,
		const struct ep_flood_limits *limits, unsigned cost_us, int64_t now_ms);

/* The same for all sources together. */
bool ep_flood_total_pay(struct ep_flood *f,
		const struct ep_flood_limits *limits, unsigned cost_us, int64_t now_ms);
void ep_flood_total_refund(struct ep_flood *f, unsigned cost_us);

/* The `i`-th source of a set. False: there are not so many. */
bool ep_flood_row(struct ep_flood_row *out, struct ep_flood *f, size_t set,
		size_t i, const struct ep_flood_limits *limits, int64_t now_ms);

/* Is a request refused for this a failure of its source? Not our own
 * shortcomings, and not what an honest page does: no token yet, one that has
 * just expired. */
bool ep_flood_counts(enum ep_token_cause cause);

#endif
