/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The binding table: shared memory, one block a binding.
 *
 * Found by binding id, by connection and by public identity; and by deadline,
 * when its time comes. A block never changes except for its `life`; a refresh
 * replaces the block.
 *
 * Locks, always in this order, never two of one kind:
 *   a bucket's by id          whoever reads or changes the record, and whoever
 *                             makes, replaces or drops it, to the end
 *   a bucket's by connection  around one link only
 *     or by identity
 *   a slot of the deadlines   wheel.h; a leaf
 * Who looks up by connection or identity takes that bucket's alone. There is
 * no lock for the whole table. Of other files' functions only usage.h's, which
 * has a leaf lock, and wheel.h's are called with a bucket locked.
 * Any process may call any function after tna_store_init().
 */
#ifndef EP_TNA_STORE_H
#define EP_TNA_STORE_H

#include "tna/binding.h"

/* Bindings of one connection at most: a page registers one for each public
 * identity (with what the core registers along with it). */
#define TNA_CONN_BINDINGS 8

typedef unsigned char tna_id_t[EP_FLOW_ID_LEN];

/* A copy of one record; the views are in the caller's arena. */
struct tna_copy
{
	struct ep_binding b;
	struct ep_binding_life life;
	int conid;
	uint64_t since_s; /* first 200 OK */
};

/* mod_init. `size` buckets (rounded up to a power of two, at most 2^20); 0: as
 * many as `max`, the most bindings there may be. 0, or -1 without memory. */
int tna_store_init(unsigned size, unsigned max);
void tna_store_destroy(void);

/* EP_OK, EP_ENOENT, EP_ENOMEM. */
enum ep_err tna_store_get(
		struct tna_copy *out, const unsigned char *id, struct ep_arena *arena);
/* Is it not there (any more), or its state ENDED? */
bool tna_store_is_ended(const unsigned char *id);
/* The `nth` binding of a connection, the oldest first; ended ones are none. */
bool tna_store_by_conn(unsigned char *id, int conid, size_t nth);
/* All of them at once. */
size_t tna_store_of_conn(tna_id_t ids[TNA_CONN_BINDINGS], int conid);
/* The `nth` binding that has the public identity `impu`. */
bool tna_store_by_impu(unsigned char *id, struct ep_view impu, size_t nth);

struct tna_stepped
{
	struct ep_binding_step step;
	enum ep_binding_event event;
	enum ep_binding_state before;
	int conid; /* of before */
};
/* A 200 OK: makes the record, or replaces the one with this id, as the state
 * machine says, all in one.
 * - A record that has ended stays so; what is to be undone at the core is
 *   owed (tna_store_owe).
 * - An answer for a connection that is not `alive` does not take the binding
 *   away from another one: *out says CONNECTION_LOST, and nothing changes.
 * EP_OK, EP_ENOMEM; EP_ERANGE: the table is full; EP_ENOSPC: the connection
 * has TNA_CONN_BINDINGS. */
enum ep_err tna_store_put(struct tna_stepped *out, const struct ep_binding *b,
		int conid, bool alive, const struct ep_binding_policy *policy,
		uint64_t now_s, uint64_t end_s);
/* No room for a new record. */
bool tna_store_full(void);
/* Forgets a record whose state is ENDED, and which owes nothing; another one
 * stays. */
void tna_store_drop_ended(const unsigned char *id);

/* Runs the state machine on the record. With `conid` not 0 only when that is
 * (still) its connection. `end_s` is for SHORTENED. EP_OK, EP_ENOENT. */
enum ep_err tna_store_step(struct tna_stepped *out, const unsigned char *id,
		int conid, const struct ep_binding_policy *policy,
		enum ep_binding_event event, uint64_t now_s, uint64_t end_s);
/* Actions (enum ep_binding_action) that could not be queued: the record falls
 * due in a second, with them. */
void tna_store_owe(const unsigned char *id, unsigned actions, uint64_t now_s);

struct tna_found
{
	tna_id_t id;
	enum ep_binding_state state;
	int conid;
	unsigned owed;
};
/* Up to `cap` records whose deadline is second `at_s` or before. Each is to be
 * stepped, or its debt taken, which sets its next deadline: until then it is
 * found again. */
size_t tna_store_due(tna_id_t *ids, size_t cap, uint64_t at_s);
/* How it is now; what it owed it owes no more. EP_OK, EP_ENOENT. */
enum ep_err tna_store_look(struct tna_found *out, const unsigned char *id);
/* The records of bucket `*at` or, if that has none, of the next one that has;
 * goes on behind it. Up to `cap`; false behind the last bucket. A bucket with
 * more than `cap` is told cut off. */
bool tna_store_walk(
		struct tna_found *found, size_t *n, size_t cap, unsigned *at);
/* How many buckets there are: where *at of a walk ends. */
unsigned tna_store_size(void);

struct tna_store_stats
{
	unsigned bindings;
	unsigned held;
	unsigned max;
};
void tna_store_stats(struct tna_store_stats *out);

#endif
