/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The inside of the table of subs.h: for subs.c, which says what messages do to
 * it, and subtab.c, which keeps it. */
#ifndef EP_TNA_SUBTAB_H
#define EP_TNA_SUBTAB_H

#include "core/locking.h"

#include "hashtab.h"
#include "subs.h"
#include "tna/subscription.h"

/* The texts of a record, one after the other behind it. */
enum text
{
	SUB_CALLID,
	SUB_LOCAL_TAG, /* empty: the page did not answer yet */
	SUB_PEER_TAG,  /* empty: the other end did not */
	SUB_URI,
	SUB_ICID,
	SUB_LOCAL,
	SUB_LOCAL_AS,
	SUB_PEER,
	SUB_PEER_AS,
	SUB_ROUTES,
	SUB_TARGETS,
	SUB_N
};

struct record
{
	struct record *next;
	unsigned char id[EP_FLOW_ID_LEN];
	bool by_wic;
	struct ep_subs subs;
	uint32_t len[SUB_N];
	char text[];
};

/* A record's content while it is worked on. */
struct content
{
	bool by_wic;
	struct ep_subs subs;
	struct ep_view v[SUB_N];
};

/* Absent tags are empty. */
struct key
{
	struct ep_view callid, local, peer;
};

struct bucket
{
	gen_lock_t lock;
	struct record *first;
};

struct tna_subtab
{
	gen_lock_t lock; /* of `n`; taken with a bucket's lock held */
	unsigned n, max, max_each;
	unsigned size;
	struct bucket *buckets;
};
extern struct tna_subtab *tna_subtab;

static inline struct bucket *bucket_of(const unsigned char *id)
{
	return &tna_subtab->buckets[tna_hash_id(id) & (tna_subtab->size - 1)];
}

static inline struct ep_view some(struct ep_view v)
{
	return v.p != NULL ? v : EP_LIT("");
}

/* --- with the bucket locked; content read points into the record --- */

void tna_subtab_read(struct content *c, const struct record *r);
/* Where it is linked; NULL: there is none. */
struct record **tna_subtab_find(
		struct bucket *b, const unsigned char *id, const struct key *k);
/* NULL: *cause says why (SUBS_FULL, INTERNAL). */
struct record **tna_subtab_add(struct bucket *b, const unsigned char *id,
		const struct content *c, enum ep_tna_cause *cause);
/* Its content becomes `c`; without memory it stays as it is. */
void tna_subtab_replace(struct record **at, const struct content *c);
void tna_subtab_remove(struct record **at);

#endif
