/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The inside of the table of store.h: for store.c and storerec.c. */
#ifndef EP_TNA_STORETAB_H
#define EP_TNA_STORETAB_H

#include "core/locking.h"

#include "base/siphash.h"
#include "hashtab.h"
#include "store.h"
#include "wheel.h"

/* An entry of the hash by identity, inside the record's block. All that a
 * look-up reads stands together: what a million of them cost is memory that
 * is in no cache. */
struct name
{
	struct name *next;
	unsigned hash;
	unsigned len;
	tna_id_t id;
	char text[]; /* canonical identity */
};

struct record
{
	struct record *next;
	tna_id_t id;
	int conid;
	bool conn_linked;
	struct record *conn_next;
	struct ep_binding_life life;
	struct tna_deadline deadline;
	uint64_t since_s;
	struct tna_usage *usage; /* counted there from link to unlink */
	unsigned owed;
	unsigned names_n;
	struct name *names; /* one behind the other */
	size_t packed_len;
	char *packed;
};

struct bucket
{
	gen_lock_t lock;
	union
	{
		struct record *rec; /* by `next`, or `conn_next` */
		struct name *name;
	} first;
};

enum table_kind
{
	BY_ID,
	BY_CONN,
	BY_IMPU,
	TABLES_N
};

struct tna_storetab
{
	unsigned size[TABLES_N]; /* powers of two */
	unsigned max;
	unsigned n, held; /* changed by __atomic functions */
	/* Public identities are strangers' texts. */
	unsigned char key[EP_SIPHASH_KEY_LEN];
	struct tna_wheel *wheel;
	struct bucket *tables[TABLES_N];
};
extern struct tna_storetab *tna_storetab;

/* Kamailio counts connections. */
static inline unsigned hash_conid(int conid)
{
	return (unsigned)conid;
}

static inline unsigned hash_impu(struct ep_view text)
{
	return (unsigned)ep_siphash(tna_storetab->key, text);
}

static inline struct bucket *bucket_at(enum table_kind kind, unsigned hash)
{
	return &tna_storetab->tables[kind][hash & (tna_storetab->size[kind] - 1)];
}

static inline struct bucket *bucket_lock(enum table_kind kind, unsigned hash)
{
	struct bucket *b = bucket_at(kind, hash);

	lock_get(&b->lock);
	return b;
}

/* --- storerec.c --- */

/* One block with all that `b` says, in no table yet; or NULL. */
struct record *tna_storerec_new(const struct ep_binding *b, int conid);

/* The rest with the record's bucket by id locked.
 * Behind the others of its connection; in the place of `old`, if that is of
 * the same one. False: there are too many. */
bool tna_storerec_conn_add(struct record *r, struct record *old);
void tna_storerec_conn_del(struct record *r);
void tna_storerec_names_add(struct record *r);
void tna_storerec_names_del(struct record *r);

#endif
