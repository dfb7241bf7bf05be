/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The binding table: shared memory, one block a binding.
 *
 * Found by binding id, by connection and by public identity. A block never
 * changes except for its `life`; a refresh replaces the block.
 *
 * Locks, always in this order, never two of one kind:
 *   writers          one for the table; whoever links or unlinks
 *   a bucket's       of the three hashes; readers take only this one
 * Of other files' functions only usage.h's, which has a leaf lock, is called
 * with `writers` held.
 * Any process may call any function after tna_store_init().
 */
#ifndef EP_TNA_STORE_H
#define EP_TNA_STORE_H

#include "tna/binding.h"

/* A copy of one record; the views are in the caller's arena. */
struct tna_copy
{
	struct ep_binding b;
	struct ep_binding_life life;
	int conid;
	uint64_t since_s; /* first 200 OK */
};

/* mod_init. `size` buckets (rounded up to a power of two), at most `max`
 * bindings. 0, or -1 without memory. */
int tna_store_init(unsigned size, unsigned max);
void tna_store_destroy(void);

/* EP_OK, EP_ENOENT, EP_ENOMEM. */
enum ep_err tna_store_get(
		struct tna_copy *out, const unsigned char *id, struct ep_arena *arena);
/* Is it not there (any more), or its state ENDED? */
bool tna_store_is_ended(const unsigned char *id);
/* The binding of a connection. */
bool tna_store_by_conn(unsigned char *id, int conid);
/* The `nth` binding that has the public identity `impu`. */
bool tna_store_by_impu(unsigned char *id, struct ep_view impu, size_t nth);

/* Makes the record, or replaces the one with this id. EP_OK, EP_ENOMEM, or
 * EP_ERANGE when the table is full. */
enum ep_err tna_store_put(const struct ep_binding *b,
		const struct ep_binding_life *life, int conid);
/* No room for a new record. */
bool tna_store_full(void);
/* Forgets a record whose state is ENDED; another one stays. */
void tna_store_drop_ended(const unsigned char *id);

struct tna_stepped
{
	struct ep_binding_step step;
	enum ep_binding_state before;
	int conid;
};
/* Runs the state machine on the record. With `conid` not 0 only when that is
 * (still) its connection. EP_OK, EP_ENOENT. */
enum ep_err tna_store_step(struct tna_stepped *out, const unsigned char *id,
		int conid, const struct ep_binding_policy *policy,
		enum ep_binding_event event, uint64_t now_s);

struct tna_found
{
	unsigned char id[EP_FLOW_ID_LEN];
	enum ep_binding_state state;
	int conid;
	bool due; /* its time has come */
};
/* The records of bucket `*at`; goes on to the next bucket. Up to `cap`; false
 * behind the last bucket. A bucket with more than `cap` is told cut off. */
bool tna_store_walk(struct tna_found *found, size_t *n, size_t cap,
		unsigned *at, uint64_t now_s);

struct tna_store_stats
{
	unsigned bindings;
	unsigned held;
	unsigned max;
};
void tna_store_stats(struct tna_store_stats *out);

#endif
