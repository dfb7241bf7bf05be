/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>

#include "core/mem/shm_mem.h"

#include "base/buf.h"
#include "base/sipuri.h"
#include "storetab.h"
#include "usage.h"

/* The canonical text of a longer identity is not indexed. */
#define IMPU_MAX 512
/* The hash by identity is so much larger: a page has a few. */
#define IMPUS_EACH 4

struct tna_storetab *tna_storetab;

static void tables_init(unsigned size)
{
	struct bucket *b = (struct bucket *)(tna_storetab + 1);
	unsigned i;
	int kind;

	for(kind = 0; kind < TABLES_N; kind++) {
		tna_storetab->size[kind] = kind == BY_IMPU ? IMPUS_EACH * size : size;
		tna_storetab->tables[kind] = b;
		for(i = 0; i < tna_storetab->size[kind]; i++, b++)
			lock_init(&b->lock);
	}
}

int tna_store_init(unsigned size, unsigned max)
{
	unsigned n;
	size_t octets;

	if(size == 0)
		size = max;
	n = tna_hash_buckets(size);
	octets = sizeof(*tna_storetab)
			 + (size_t)(TABLES_N - 1 + IMPUS_EACH) * n * sizeof(struct bucket);
	tna_storetab = shm_malloc(octets);
	if(tna_storetab == NULL)
		return -1;
	memset(tna_storetab, 0, octets);
	tna_storetab->wheel = tna_wheel_new();
	if(tna_storetab->wheel == NULL
			|| getrandom(tna_storetab->key, sizeof(tna_storetab->key), 0)
					   != sizeof(tna_storetab->key)) {
		tna_store_destroy();
		return -1;
	}
	tna_storetab->max = max;
	tables_init(n);
	return 0;
}

void tna_store_destroy(void)
{
	struct record *r, *next;
	unsigned i;

	if(tna_storetab == NULL)
		return;
	for(i = 0; i < tna_storetab->size[BY_ID]; i++)
		for(r = tna_storetab->tables[BY_ID][i].first.rec; r != NULL; r = next) {
			next = r->next;
			shm_free(r);
		}
	if(tna_storetab->wheel != NULL)
		tna_wheel_free(tna_storetab->wheel);
	shm_free(tna_storetab);
	tna_storetab = NULL;
}

static void count(unsigned *what, int by)
{
	__atomic_fetch_add(what, (unsigned)by, __ATOMIC_RELAXED);
}

static unsigned counted(const unsigned *what)
{
	return __atomic_load_n(what, __ATOMIC_RELAXED);
}

/* --- looking up --- */

/* The pointer that holds it, or the NULL at the end. */
static struct record **find_at(struct bucket *b, const unsigned char *id)
{
	struct record **at = &b->first.rec;

	while(*at != NULL && memcmp((*at)->id, id, EP_FLOW_ID_LEN) != 0)
		at = &(*at)->next;
	return at;
}

enum ep_err tna_store_get(
		struct tna_copy *out, const unsigned char *id, struct ep_arena *arena)
{
	struct bucket *b = bucket_lock(BY_ID, tna_hash_id(id));
	struct record *r = *find_at(b, id);
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
	struct bucket *b = bucket_lock(BY_ID, tna_hash_id(id));
	struct record *r = *find_at(b, id);
	bool ended = r == NULL || r->life.state == EP_BINDING_ENDED;

	lock_release(&b->lock);
	return ended;
}

bool tna_store_by_conn(unsigned char *id, int conid, size_t nth)
{
	struct bucket *b = bucket_lock(BY_CONN, hash_conid(conid));
	struct record *r;

	for(r = b->first.rec; r != NULL; r = r->conn_next)
		if(r->conid == conid && nth-- == 0)
			break;
	if(r != NULL)
		memcpy(id, r->id, EP_FLOW_ID_LEN);
	lock_release(&b->lock);
	return r != NULL;
}

size_t tna_store_of_conn(tna_id_t ids[TNA_CONN_BINDINGS], int conid)
{
	struct bucket *b = bucket_lock(BY_CONN, hash_conid(conid));
	struct record *r;
	size_t n = 0;

	for(r = b->first.rec; r != NULL && n < TNA_CONN_BINDINGS; r = r->conn_next)
		if(r->conid == conid)
			memcpy(ids[n++], r->id, EP_FLOW_ID_LEN);
	lock_release(&b->lock);
	return n;
}

bool tna_store_by_impu(unsigned char *id, struct ep_view impu, size_t nth)
{
	char text[IMPU_MAX];
	struct ep_buf key;
	struct bucket *b;
	struct name *n;
	unsigned hash;

	ep_buf_init(&key, text, sizeof(text));
	if(ep_impu_print(&key, impu) != EP_OK)
		return false;
	hash = hash_impu(ep_buf_view(&key));
	b = bucket_lock(BY_IMPU, hash);
	for(n = b->first.name; n != NULL; n = n->next)
		if(n->hash == hash && n->len == key.len
				&& memcmp(n->text, text, key.len) == 0 && nth-- == 0)
			break;
	if(n != NULL)
		memcpy(id, n->id, EP_FLOW_ID_LEN);
	lock_release(&b->lock);
	return n != NULL;
}

/* Nothing leads to it any more but its bucket by id. */
static void detach(struct record *r)
{
	tna_storerec_conn_del(r);
	tna_storerec_names_del(r);
	tna_wheel_clear(tna_storetab->wheel, &r->deadline);
	tna_usage_unregistered(r->usage);
}

/* --- changes; the record's bucket by id is locked --- */

/* What it is now, with all that hangs on it. */
static void live(struct record *r, const struct ep_binding_step *step,
		enum ep_binding_state before, uint64_t now_s)
{
	enum ep_binding_state now = step->life.state;

	r->life = step->life;
	if(now != before)
		count(&tna_storetab->held,
				(now == EP_BINDING_HELD) - (before == EP_BINDING_HELD));
	if(step->actions & EP_BINDING_DO_SET_TIMER)
		tna_wheel_set(
				tna_storetab->wheel, &r->deadline, step->deadline_s, now_s);
	if(now != EP_BINDING_ENDED || before == EP_BINDING_ENDED)
		return;
	tna_storerec_conn_del(r);
	tna_wheel_clear(tna_storetab->wheel, &r->deadline);
}

static void owe(struct record *r, unsigned actions, uint64_t now_s)
{
	r->owed |= actions;
	tna_wheel_set(tna_storetab->wheel, &r->deadline, now_s + 1, now_s);
}

/* What a 200 OK is to `old`. */
static enum ep_binding_event event_of(
		const struct record *old, int conid, bool alive)
{
	if(old == NULL || old->life.state == EP_BINDING_ENDED)
		return EP_BINDING_REGISTER_OK;
	if(old->conid == conid)
		return EP_BINDING_REFRESHED;
	return alive || old->life.state == EP_BINDING_HELD
				   ? EP_BINDING_CONNECTION_MOVED
				   : EP_BINDING_CONNECTION_LOST;
}

static enum ep_err room_for(struct record *r, struct record *old)
{
	if(old == NULL
			&& __atomic_add_fetch(&tna_storetab->n, 1, __ATOMIC_RELAXED)
					   > tna_storetab->max) {
		count(&tna_storetab->n, -1);
		return EP_ERANGE;
	}
	if(tna_storerec_conn_add(r, old))
		return EP_OK;
	if(old == NULL)
		count(&tna_storetab->n, -1);
	return EP_ENOSPC;
}

/* `r` in place of what *at is, or behind the last. */
static enum ep_err exchange(
		struct record **at, struct record *r, struct record *old)
{
	enum ep_err err = room_for(r, old);

	if(err != EP_OK)
		return err;
	r->next = old != NULL ? old->next : NULL;
	*at = r;
	if(old != NULL) {
		r->since_s = old->since_s;
		detach(old);
	}
	tna_storerec_names_add(r);
	tna_usage_registered(r->usage);
	return EP_OK;
}

/* *spare: the block that is not needed. */
static enum ep_err put(struct tna_stepped *out, struct record **spare,
		struct record *r, struct record **at, bool alive,
		const struct ep_binding_policy *policy, uint64_t now_s, uint64_t end_s)
{
	static const struct ep_binding_life fresh = {.state = EP_BINDING_NEW};
	struct record *old = *at;
	enum ep_err err;

	*spare = r;
	*out = (struct tna_stepped){.event = event_of(old, r->conid, alive),
			.before = old != NULL ? old->life.state : EP_BINDING_NEW,
			.conid = old != NULL ? old->conid : 0};
	if(out->event == EP_BINDING_CONNECTION_LOST) {
		out->step.life = old->life;
		return EP_OK;
	}
	ep_binding_step(&out->step, old != NULL ? &old->life : &fresh, policy,
			out->event, now_s, end_s);
	if(out->step.life.state == EP_BINDING_ENDED) {
		owe(old, out->step.actions | EP_BINDING_DO_DROP, now_s);
		return EP_OK;
	}
	err = exchange(at, r, old);
	if(err != EP_OK)
		return err;
	*spare = old;
	live(r, &out->step, out->before, now_s);
	return EP_OK;
}

enum ep_err tna_store_put(struct tna_stepped *out, const struct ep_binding *b,
		int conid, bool alive, const struct ep_binding_policy *policy,
		uint64_t now_s, uint64_t end_s)
{
	struct record *r = tna_storerec_new(b, conid), *spare;
	struct bucket *bucket;
	enum ep_err err;

	if(r == NULL)
		return EP_ENOMEM;
	r->since_s = now_s;
	r->usage = tna_usage_of(b->wwsf);
	bucket = bucket_lock(BY_ID, tna_hash_id(r->id));
	err = put(out, &spare, r, find_at(bucket, r->id), alive, policy, now_s,
			end_s);
	lock_release(&bucket->lock);
	if(spare != NULL)
		shm_free(spare);
	return err;
}

bool tna_store_full(void)
{
	return counted(&tna_storetab->n) >= tna_storetab->max;
}

void tna_store_drop_ended(const unsigned char *id)
{
	struct bucket *b = bucket_lock(BY_ID, tna_hash_id(id));
	struct record **at = find_at(b, id), *r = *at;

	if(r != NULL && (r->life.state != EP_BINDING_ENDED || r->owed != 0))
		r = NULL;
	if(r != NULL) {
		*at = r->next;
		detach(r);
		count(&tna_storetab->n, -1);
	}
	lock_release(&b->lock);
	if(r != NULL)
		shm_free(r);
}

enum ep_err tna_store_step(struct tna_stepped *out, const unsigned char *id,
		int conid, const struct ep_binding_policy *policy,
		enum ep_binding_event event, uint64_t now_s, uint64_t end_s)
{
	struct bucket *b = bucket_lock(BY_ID, tna_hash_id(id));
	struct record *r = *find_at(b, id);

	if(r == NULL || (conid != 0 && r->conid != conid)) {
		lock_release(&b->lock);
		return EP_ENOENT;
	}
	out->event = event;
	out->before = r->life.state;
	out->conid = r->conid;
	ep_binding_step(&out->step, &r->life, policy, event, now_s, end_s);
	live(r, &out->step, out->before, now_s);
	lock_release(&b->lock);
	return EP_OK;
}

void tna_store_owe(const unsigned char *id, unsigned actions, uint64_t now_s)
{
	struct bucket *b = bucket_lock(BY_ID, tna_hash_id(id));
	struct record *r = *find_at(b, id);

	if(r != NULL && r->life.state == EP_BINDING_ENDED)
		owe(r, actions, now_s);
	lock_release(&b->lock);
}

/* --- those whose time has come, and all of them --- */

struct due
{
	tna_id_t *ids;
	size_t n, cap;
};

static bool due_add(struct tna_deadline *d, void *ctx)
{
	struct due *due = ctx;
	const struct record *r =
			(const void *)((char *)d - offsetof(struct record, deadline));

	memcpy(due->ids[due->n++], r->id, EP_FLOW_ID_LEN);
	return due->n < due->cap;
}

size_t tna_store_due(tna_id_t *ids, size_t cap, uint64_t at_s)
{
	struct due due = {.ids = ids, .cap = cap};

	tna_wheel_due(tna_storetab->wheel, at_s, due_add, &due);
	return due.n;
}

static void found_set(struct tna_found *out, const struct record *r)
{
	memcpy(out->id, r->id, EP_FLOW_ID_LEN);
	out->state = r->life.state;
	out->conid = r->conid;
	out->owed = r->owed;
}

enum ep_err tna_store_look(struct tna_found *out, const unsigned char *id)
{
	struct bucket *b = bucket_lock(BY_ID, tna_hash_id(id));
	struct record *r = *find_at(b, id);

	if(r != NULL) {
		found_set(out, r);
		if(r->owed != 0)
			tna_wheel_clear(tna_storetab->wheel, &r->deadline);
		r->owed = 0;
	}
	lock_release(&b->lock);
	return r != NULL ? EP_OK : EP_ENOENT;
}

bool tna_store_walk(
		struct tna_found *found, size_t *n, size_t cap, unsigned *at)
{
	struct bucket *b;
	struct record *r;

	*n = 0;
	/* A look without the lock: one that comes at this moment is not seen. */
	while(*at < tna_storetab->size[BY_ID]
			&& __atomic_load_n(
					   &bucket_at(BY_ID, *at)->first.rec, __ATOMIC_RELAXED)
					   == NULL)
		(*at)++;
	if(*at >= tna_storetab->size[BY_ID])
		return false;
	b = bucket_lock(BY_ID, *at);
	for(r = b->first.rec; r != NULL && *n < cap; r = r->next)
		found_set(&found[(*n)++], r);
	lock_release(&b->lock);
	(*at)++;
	return true;
}

unsigned tna_store_size(void)
{
	return tna_storetab->size[BY_ID];
}

void tna_store_stats(struct tna_store_stats *out)
{
	*out = (struct tna_store_stats){.bindings = counted(&tna_storetab->n),
			.held = counted(&tna_storetab->held),
			.max = tna_storetab->max};
}
