/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Deadlines to the second, in shared memory: a wheel of slots, each a list of
 * what falls due in that second, or in one that is a whole turn later.
 *
 * What is due is found without looking at anything else: a second costs its
 * own entries and those that pass by, one in WHEEL_SLOTS.
 *
 * Lock: one per slot, a leaf. The owner of an entry sees to it that only one
 * process at a time sets, moves or clears it.
 */
#ifndef EP_TNA_WHEEL_H
#define EP_TNA_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TNA_WHEEL_SLOTS 4096

/* In the owner's block; all 0 is "not set". */
struct tna_deadline
{
	struct tna_deadline *next, **at; /* `at` NULL: not set */
	uint64_t due_s;
};

struct tna_wheel;

/* NULL without memory. */
struct tna_wheel *tna_wheel_new(void);
void tna_wheel_free(struct tna_wheel *w);

/* In place of an earlier time. At the soonest the next second, so that
 * whoever works through this one comes to an end. */
void tna_wheel_set(struct tna_wheel *w, struct tna_deadline *d, uint64_t due_s,
		uint64_t now_s);
void tna_wheel_clear(struct tna_wheel *w, struct tna_deadline *d);

/* Shows every entry of second `at_s` and before to `each`, with the slot
 * locked (it must not call these functions), until that returns false. They
 * stay: whoever saw one sets or clears it. */
void tna_wheel_due(struct tna_wheel *w, uint64_t at_s,
		bool (*each)(struct tna_deadline *d, void *ctx), void *ctx);

#endif
