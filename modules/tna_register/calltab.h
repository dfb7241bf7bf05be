/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The inside of the table of calls.h: for calls.c and callend.c. */
#ifndef EP_TNA_CALLTAB_H
#define EP_TNA_CALLTAB_H

#include "core/locking.h"

#include "calls.h"
#include "hashtab.h"

struct call
{
	struct call *next;
	unsigned hash; /* of the binding id */
	unsigned char id[EP_FLOW_ID_LEN];
	unsigned h_entry, h_id;    /* the dialog */
	unsigned t_index, t_label; /* transaction of the INVITE, if has_t */
	bool has_t;
	bool ended;
	unsigned tries;          /* how often its end was put off */
	bool over;               /* the dialog has ended; its record goes later */
	struct tna_usage *usage; /* counted there; NULL: not, or no more */
	uint64_t start_s;        /* answered then; 0: not yet */
	struct tna_known known;
	char *to_tag; /* own block, from the 2xx on */
	size_t to_tag_len;
	struct ep_view callid, from_tag; /* in this block */
};

struct bucket
{
	gen_lock_t lock;
	struct call *first;
};

struct tna_calltab
{
	unsigned size; /* power of two */
	struct bucket *buckets;
};
extern struct tna_calltab *tna_calltab;

static inline struct bucket *bucket_of(unsigned hash)
{
	return &tna_calltab->buckets[hash & (tna_calltab->size - 1)];
}

/* With the bucket locked. */
static inline struct call *find(
		struct bucket *b, const unsigned char *id, unsigned entry, unsigned h)
{
	struct call *c;

	for(c = b->first; c != NULL; c = c->next)
		if(c->h_entry == entry && c->h_id == h
				&& memcmp(c->id, id, EP_FLOW_ID_LEN) == 0)
			return c;
	return NULL;
}

#endif
