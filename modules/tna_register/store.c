/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <time.h>

#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "base/buf.h"
#include "base/sipuri.h"
#include "store.h"
#include "usage.h"

/* The canonical text of a longer identity is not indexed. */
#define IMPU_MAX 512
/* A canonical text may be this much longer than the text it comes from. */
#define IMPU_MORE 16

struct record;

/* An entry of the hashes by connection and by identity, inside the record's
 * block. */
struct link
{
	struct link *next;
	struct record *rec;
	unsigned hash;
	struct ep_view key; /* canonical identity, in the block; or absent */
};

struct record
{
	struct record *next;
	unsigned hash;
	unsigned char id[EP_FLOW_ID_LEN];
	struct ep_binding_life life;
	int conid;
	uint64_t since_s;
	struct tna_usage *usage; /* counted there from link to unlink */
	struct link conn;
	size_t links_n; /* by identity */
	struct link *links;
	size_t packed_len;
	char *packed;
};

struct bucket
{
	gen_lock_t lock;
	union
	{
		struct record *rec;
		struct link *link;
	} first;
};

enum table_kind
{
	BY_ID,
	BY_CONN,
	BY_IMPU,
	TABLES_N
};

struct store
{
	gen_lock_t writers;
	unsigned size; /* power of two */
	unsigned n;
	unsigned max;
	struct bucket *tables[TABLES_N];
};

static struct store *store;

static unsigned hash_octets(const void *p, size_t n)
{
	const unsigned char *c = p;
	unsigned h = 2166136261u;

	while(n-- > 0)
		h = (h ^ *c++) * 16777619u;
	return h;
}

static struct bucket *bucket_lock(enum table_kind kind, unsigned hash)
{
	struct bucket *b = &store->tables[kind][hash & (store->size - 1)];

	lock_get(&b->lock);
	return b;
}

int tna_store_init(unsigned size, unsigned max)
{
	unsigned n = 16, i;
	int kind;

	while(n < size && n < (1u << 20))
		n <<= 1;
	store = shm_malloc(sizeof(*store) + TABLES_N * n * sizeof(struct bucket));
	if(store == NULL)
		return -1;
	memset(store, 0, sizeof(*store) + TABLES_N * n * sizeof(struct bucket));
	store->size = n;
	store->max = max;
	lock_init(&store->writers);
	for(kind = 0; kind < TABLES_N; kind++) {
		store->tables[kind] = (struct bucket *)(store + 1) + kind * n;
		for(i = 0; i < n; i++)
			lock_init(&store->tables[kind][i].lock);
	}
	return 0;
}

void tna_store_destroy(void)
{
	struct record *r, *next;
	unsigned i;

	if(store == NULL)
		return;
	for(i = 0; i < store->size; i++)
		for(r = store->tables[BY_ID][i].first.rec; r != NULL; r = next) {
			next = r->next;
			shm_free(r);
		}
	shm_free(store);
	store = NULL;
}

static struct record *find(struct bucket *b, const unsigned char *id)
{
	struct record *r;

	for(r = b->first.rec; r != NULL; r = r->next)
		if(memcmp(r->id, id, EP_FLOW_ID_LEN) == 0)
			return r;
	return NULL;
}

enum ep_err tna_store_get(
		struct tna_copy *out, const unsigned char *id, struct ep_arena *arena)
{
	struct bucket *b = bucket_lock(BY_ID, hash_octets(id, EP_FLOW_ID_LEN));
	struct record *r = find(b, id);
	struct ep_view copy;
	enum ep_err err;

	if(r == NULL) {
		lock_release(&b->lock);
		return EP_ENOENT;
	}
	out->life = r->life;
	out->conid = r->conid;
	out->since_s = r->since_s;
	copy = ep_arena_copy(arena, ep_view_of(r->packed, r->packed_len));
	lock_release(&b->lock);
	if(copy.p == NULL)
		return EP_ENOMEM;
	err = ep_binding_unpack(&out->b, copy.p, copy.len, arena);
	return err == EP_OK ? EP_OK : EP_ENOMEM;
}

bool tna_store_is_ended(const unsigned char *id)
{
	struct bucket *b = bucket_lock(BY_ID, hash_octets(id, EP_FLOW_ID_LEN));
	struct record *r = find(b, id);
	bool ended = r == NULL || r->life.state == EP_BINDING_ENDED;

	lock_release(&b->lock);
	return ended;
}

bool tna_store_by_conn(unsigned char *id, int conid)
{
	unsigned hash = hash_octets(&conid, sizeof(conid));
	struct bucket *b = bucket_lock(BY_CONN, hash);
	struct link *l;

	for(l = b->first.link; l != NULL && l->rec->conid != conid; l = l->next)
		;
	if(l != NULL)
		memcpy(id, l->rec->id, EP_FLOW_ID_LEN);
	lock_release(&b->lock);
	return l != NULL;
}

bool tna_store_by_impu(unsigned char *id, struct ep_view impu, size_t nth)
{
	char text[IMPU_MAX];
	struct ep_buf key;
	struct bucket *b;
	struct link *l;
	unsigned hash;

	ep_buf_init(&key, text, sizeof(text));
	if(ep_impu_print(&key, impu) != EP_OK)
		return false;
	hash = hash_octets(text, key.len);
	b = bucket_lock(BY_IMPU, hash);
	for(l = b->first.link; l != NULL; l = l->next)
		if(l->hash == hash && ep_view_eq(l->key, ep_buf_view(&key))
				&& nth-- == 0)
			break;
	if(l != NULL)
		memcpy(id, l->rec->id, EP_FLOW_ID_LEN);
	lock_release(&b->lock);
	return l != NULL;
}

/* One block: record, links, packed binding, canonical identities. */
static struct record *record_new(const struct ep_binding *b,
		const struct ep_binding_life *life, int conid)
{
	size_t packed = ep_binding_size(b), texts = 0, i;
	size_t links = b->impus.n * sizeof(struct link);
	struct record *r;
	struct ep_buf text;
	char *p;

	if(packed == 0)
		return NULL;
	for(i = 0; i < b->impus.n; i++)
		texts += b->impus.v[i].len + IMPU_MORE;
	r = shm_malloc(sizeof(*r) + links + packed + texts);
	if(r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r) + links);
	r->links = (struct link *)(r + 1);
	r->packed = (char *)r->links + links;
	r->packed_len = packed;
	if(ep_binding_pack(r->packed, packed, b) != EP_OK) {
		shm_free(r);
		return NULL;
	}
	memcpy(r->id, b->id, EP_FLOW_ID_LEN);
	r->hash = hash_octets(b->id, EP_FLOW_ID_LEN);
	r->life = *life;
	r->conid = conid;
	r->conn =
			(struct link){.rec = r, .hash = hash_octets(&conid, sizeof(conid))};
	for(i = 0, p = r->packed + packed; i < b->impus.n; i++) {
		ep_buf_init(&text, p, b->impus.v[i].len + IMPU_MORE);
		p += text.cap;
		if(ep_impu_print(&text, b->impus.v[i]) != EP_OK)
			continue;
		r->links[r->links_n++] = (struct link){.rec = r,
				.hash = hash_octets(text.p, text.len),
				.key = ep_buf_view(&text)};
	}
	return r;
}

static void link_add(enum table_kind kind, struct link *l)
{
	struct bucket *b = bucket_lock(kind, l->hash);

	l->next = b->first.link;
	b->first.link = l;
	lock_release(&b->lock);
}

static void link_del(enum table_kind kind, struct link *l)
{
	struct bucket *b = bucket_lock(kind, l->hash);
	struct link **at;

	for(at = &b->first.link; *at != NULL; at = &(*at)->next)
		if(*at == l) {
			*at = l->next;
			break;
		}
	lock_release(&b->lock);
}

static void links_add(struct record *r)
{
	size_t i;

	link_add(BY_CONN, &r->conn);
	for(i = 0; i < r->links_n; i++)
		link_add(BY_IMPU, &r->links[i]);
}

static void links_del(struct record *r)
{
	size_t i;

	link_del(BY_CONN, &r->conn);
	for(i = 0; i < r->links_n; i++)
		link_del(BY_IMPU, &r->links[i]);
}

/* Takes the record `id` out of its bucket, with `ended` only if it is so. */
static struct record *unlink_id(
		struct bucket *b, const unsigned char *id, bool ended)
{
	struct record **at, *r;

	for(at = &b->first.rec; *at != NULL; at = &(*at)->next) {
		r = *at;
		if(memcmp(r->id, id, EP_FLOW_ID_LEN) != 0)
			continue;
		if(ended && r->life.state != EP_BINDING_ENDED)
			return NULL;
		*at = r->next;
		return r;
	}
	return NULL;
}

enum ep_err tna_store_put(const struct ep_binding *b,
		const struct ep_binding_life *life, int conid)
{
	struct record *r = record_new(b, life, conid), *old;
	struct bucket *bucket;

	if(r == NULL)
		return EP_ENOMEM;
	r->since_s = (uint64_t)time(NULL);
	r->usage = tna_usage_of(b->wwsf);
	lock_get(&store->writers);
	bucket = bucket_lock(BY_ID, r->hash);
	old = unlink_id(bucket, r->id, false);
	if(old == NULL && store->n >= store->max) {
		lock_release(&bucket->lock);
		lock_release(&store->writers);
		shm_free(r);
		return EP_ERANGE;
	}
	if(old != NULL && old->life.state != EP_BINDING_ENDED)
		r->since_s = old->since_s;
	r->next = bucket->first.rec;
	bucket->first.rec = r;
	lock_release(&bucket->lock);
	if(old != NULL) {
		links_del(old);
		tna_usage_unregistered(old->usage);
	} else {
		store->n++;
	}
	links_add(r);
	tna_usage_registered(r->usage);
	lock_release(&store->writers);
	if(old != NULL)
		shm_free(old);
	return EP_OK;
}

bool tna_store_full(void)
{
	return store->n >= store->max;
}

void tna_store_drop_ended(const unsigned char *id)
{
	struct bucket *b;
	struct record *r;

	lock_get(&store->writers);
	b = bucket_lock(BY_ID, hash_octets(id, EP_FLOW_ID_LEN));
	r = unlink_id(b, id, true);
	lock_release(&b->lock);
	if(r != NULL) {
		links_del(r);
		tna_usage_unregistered(r->usage);
		store->n--;
	}
	lock_release(&store->writers);
	if(r != NULL)
		shm_free(r);
}

enum ep_err tna_store_step(struct tna_stepped *out, const unsigned char *id,
		int conid, const struct ep_binding_policy *policy,
		enum ep_binding_event event, uint64_t now_s)
{
	struct bucket *b = bucket_lock(BY_ID, hash_octets(id, EP_FLOW_ID_LEN));
	struct record *r = find(b, id);

	if(r == NULL || (conid != 0 && r->conid != conid)) {
		lock_release(&b->lock);
		return EP_ENOENT;
	}
	out->before = r->life.state;
	out->conid = r->conid;
	ep_binding_step(&out->step, &r->life, policy, event, now_s, r->life.end_s);
	r->life = out->step.life;
	lock_release(&b->lock);
	return EP_OK;
}

static bool is_due(const struct record *r, uint64_t now_s)
{
	switch(r->life.state) {
		case EP_BINDING_BOUND:
			return r->life.end_s <= now_s;
		case EP_BINDING_HELD:
			return r->life.end_s <= now_s || r->life.hold_end_s <= now_s;
		default:
			return false;
	}
}

bool tna_store_walk(struct tna_found *found, size_t *n, size_t cap,
		unsigned *at, uint64_t now_s)
{
	struct bucket *b;
	struct record *r;

	*n = 0;
	if(*at >= store->size)
		return false;
	b = bucket_lock(BY_ID, *at);
	for(r = b->first.rec; r != NULL && *n < cap; r = r->next) {
		memcpy(found[*n].id, r->id, EP_FLOW_ID_LEN);
		found[*n].state = r->life.state;
		found[*n].conid = r->conid;
		found[(*n)++].due = is_due(r, now_s);
	}
	lock_release(&b->lock);
	(*at)++;
	return true;
}

void tna_store_stats(struct tna_store_stats *out)
{
	struct bucket *b;
	struct record *r;
	unsigned i;

	*out = (struct tna_store_stats){.bindings = store->n, .max = store->max};
	for(i = 0; i < store->size; i++) {
		b = bucket_lock(BY_ID, i);
		for(r = b->first.rec; r != NULL; r = r->next)
			out->held += r->life.state == EP_BINDING_HELD;
		lock_release(&b->lock);
	}
}
