/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The inside of the table of regs.h: for regs.c, which keeps it, and
 * regs_end.c, which ends what is in it. */
#ifndef EP_TNA_REGS_TAB_H
#define EP_TNA_REGS_TAB_H

#include "core/atomic_ops.h"
#include "core/locking.h"

#include "regs.h"

/* Longest text of a record. */
#define TNA_REG_TEXT_MAX 2048
#define TNA_REG_HASHES 65536

enum state
{
	LIVE,
	ENDING, /* a REGISTER is due at due_ms */
	SENT    /* and is answered before due_ms */
};

struct record
{
	struct record *next;
	unsigned hash;
	uint64_t id; /* of this record and no other */
	enum state state;
	unsigned tries;
	uint64_t end_s, put_ms, due_ms;
	struct tna_reg reg; /* its texts are in `text` */
	char text[];
};

struct bucket
{
	gen_lock_t lock;
	struct record *first;
};

struct tna_regtab
{
	unsigned size; /* power of two */
	atomic_t n, ending, look;
	gen_lock_t ids;
	uint64_t last_id;
	/* How many records have a contact of this hash: who looks for one of
	 * nobody in particular looks through all buckets only if there may be. */
	atomic_t contacts[TNA_REG_HASHES];
	struct bucket buckets[];
};
extern struct tna_regtab *tna_regtab;

static inline struct bucket *bucket_of(unsigned hash)
{
	return &tna_regtab->buckets[hash & (tna_regtab->size - 1)];
}

/* --- one record; its bucket is locked --- */

/* It is due, if it is not ending yet. */
void tna_regtab_end_now(struct record *r, uint64_t now_ms);
/* It is gone. */
void tna_regtab_take_out(struct record **at);

#endif
