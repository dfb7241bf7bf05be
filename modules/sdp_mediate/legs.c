/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/timer.h"

#include "base/siphash.h"
#include "sdp_mediate/legs.h"
#include "sdp_mediate/node.h"

#define BUCKETS_MAX (1u << 16)
/* Buckets that one sweep looks through. */
#define SWEPT 1024

struct leg
{
	struct leg *next;
	int node;
	unsigned since_s, seen_s; /* ticks */
	size_t len;
	char name[];
};

struct bucket
{
	gen_lock_t lock;
	struct leg *first;
};

static struct table
{
	/* Call-IDs are strangers' texts. */
	unsigned char key[EP_SIPHASH_KEY_LEN];
	unsigned size; /* a power of two */
	unsigned max, expire_s;
	unsigned n;     /* by atomic operations */
	unsigned swept; /* the next bucket to sweep; the Iq process's */
	struct bucket v[];
} * table;

int ep_legs_init(unsigned max, unsigned expire_s)
{
	unsigned i, size = 16;

	while(size < max && size < BUCKETS_MAX)
		size <<= 1;
	table = shm_malloc(sizeof(*table) + size * sizeof(table->v[0]));
	if(table == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	*table = (struct table){.size = size, .max = max, .expire_s = expire_s};
	if(getrandom(table->key, sizeof(table->key), 0) != sizeof(table->key)) {
		LM_ERR("no random octets\n");
		return -1;
	}
	for(i = 0; i < size; i++) {
		table->v[i].first = NULL;
		lock_init(&table->v[i].lock);
	}
	return 0;
}

static void chain_free(struct leg *l)
{
	struct leg *next;

	for(; l != NULL; l = next) {
		next = l->next;
		shm_free(l);
	}
}

void ep_legs_fini(void)
{
	unsigned i;

	if(table == NULL)
		return;
	for(i = 0; i < table->size; i++)
		chain_free(table->v[i].first);
	shm_free(table);
	table = NULL;
}

static struct bucket *lock_bucket(struct ep_view name)
{
	struct bucket *b =
			&table->v[ep_siphash(table->key, name) & (table->size - 1)];

	lock_get(&b->lock);
	return b;
}

static struct leg **find(struct bucket *b, struct ep_view name)
{
	struct leg **at;

	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if((*at)->len == name.len && memcmp((*at)->name, name.p, name.len) == 0)
			break;
	return at;
}

int ep_legs_find(struct ep_view name)
{
	struct bucket *b = lock_bucket(name);
	struct leg *l = *find(b, name);
	int node = EP_NODE_NONE;

	if(l != NULL) {
		node = l->node;
		l->seen_s = get_ticks();
	}
	lock_release(&b->lock);
	return node;
}

static bool count_up(void)
{
	if(__atomic_add_fetch(&table->n, 1, __ATOMIC_RELAXED) <= table->max)
		return true;
	__atomic_sub_fetch(&table->n, 1, __ATOMIC_RELAXED);
	return false;
}

static struct leg *leg_new(struct ep_view name)
{
	struct leg *l;

	if(!count_up())
		return NULL;
	l = shm_malloc(sizeof(*l) + name.len);
	if(l == NULL) {
		__atomic_sub_fetch(&table->n, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	l->next = NULL;
	l->since_s = get_ticks();
	l->len = name.len;
	memcpy(l->name, name.p, name.len);
	return l;
}

void ep_legs_set(struct ep_view name, int node)
{
	struct bucket *b = lock_bucket(name);
	struct leg **at = find(b, name);

	if(*at == NULL)
		*at = leg_new(name);
	if(*at != NULL) {
		(*at)->node = node;
		(*at)->seen_s = get_ticks();
	}
	lock_release(&b->lock);
}

static void leg_del(struct leg **at)
{
	struct leg *l = *at;

	*at = l->next;
	shm_free(l);
	__atomic_sub_fetch(&table->n, 1, __ATOMIC_RELAXED);
}

void ep_legs_del(struct ep_view name)
{
	struct bucket *b = lock_bucket(name);
	struct leg **at = find(b, name);

	if(*at != NULL)
		leg_del(at);
	lock_release(&b->lock);
}

unsigned ep_legs_count(void)
{
	return __atomic_load_n(&table->n, __ATOMIC_RELAXED);
}

static void bucket_sweep(struct bucket *b)
{
	struct leg **at;

	if(b->first == NULL)
		return;
	lock_get(&b->lock);
	for(at = &b->first; *at != NULL;) {
		if(get_ticks() - (*at)->seen_s > table->expire_s)
			leg_del(at);
		else
			at = &(*at)->next;
	}
	lock_release(&b->lock);
}

void ep_legs_sweep(void)
{
	unsigned i;

	for(i = 0; i < SWEPT && i < table->size; i++) {
		bucket_sweep(&table->v[table->swept]);
		table->swept = (table->swept + 1) & (table->size - 1);
	}
}

void ep_legs_walk(
		bool (*see)(void *ctx, struct ep_view name, int node, unsigned age_s),
		void *ctx)
{
	struct leg *l;
	unsigned i;
	bool on = true;

	for(i = 0; i < table->size && on; i++) {
		if(table->v[i].first == NULL)
			continue;
		lock_get(&table->v[i].lock);
		for(l = table->v[i].first; l != NULL && on; l = l->next)
			on = see(ctx, ep_view_of(l->name, l->len), l->node,
					get_ticks() - l->since_s);
		lock_release(&table->v[i].lock);
	}
}
