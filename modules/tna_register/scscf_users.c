/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "common/clock.h"
#include "scscf_users.h"

#define BUCKETS 4096
#define BUCKETS_PER_SWEEP 64
/* How long a REGISTER that was let through may take to become a registration
 * at the HSS: longer than cdp's TransactionTimeout. */
#define GRACE_MS 10000
#define KEEP_MS 3600000

struct user
{
	struct user *next;
	uint64_t used_ms;
	uint64_t touched_ms;    /* last let through; 0: never */
	uint64_t registered_ms; /* last seen registered; 0: never */
	uint64_t until_ms;      /* registered here at least as long */
	uint64_t got_ms;        /* the HSS said so; 0: never */
	bool stale;
	enum tna_listed listed;
	uint32_t impi_len, list_len;
	char text[]; /* impi, then list */
};

struct bucket
{
	gen_lock_t lock;
	struct user *first;
};

struct users
{
	unsigned n, max;
	uint64_t fresh_ms;
	uint64_t untold_ms; /* a touch that could not be kept: nobody is undone */
	unsigned swept;
	struct bucket buckets[BUCKETS];
};

static struct users *users;

int tna_users_init(unsigned max, uint64_t fresh_ms)
{
	unsigned i;

	users = shm_malloc(sizeof(*users));
	if(users == NULL)
		return -1;
	memset(users, 0, sizeof(*users));
	users->max = max;
	users->fresh_ms = fresh_ms;
	for(i = 0; i < BUCKETS; i++)
		if(lock_init(&users->buckets[i].lock) == NULL)
			return -1;
	return 0;
}

void tna_users_destroy(void)
{
	struct user *u, *next;
	unsigned i;

	if(users == NULL)
		return;
	for(i = 0; i < BUCKETS; i++)
		for(u = users->buckets[i].first; u != NULL; u = next) {
			next = u->next;
			shm_free(u);
		}
	shm_free(users);
	users = NULL;
}

unsigned tna_users_count(void)
{
	return __atomic_load_n(&users->n, __ATOMIC_RELAXED);
}

static struct bucket *bucket_of(struct ep_view impi)
{
	/* The cap holds whatever somebody makes collide. */
	unsigned long h = 5381;
	size_t i;

	for(i = 0; i < impi.len; i++)
		h = h * 33 + (unsigned char)impi.p[i];
	return &users->buckets[h % BUCKETS];
}

static bool is_of(const struct user *u, struct ep_view impi)
{
	return ep_view_eq(ep_view_of(u->text, u->impi_len), impi);
}

static struct user **find(struct bucket *b, struct ep_view impi)
{
	struct user **at = &b->first;

	while(*at != NULL && !is_of(*at, impi))
		at = &(*at)->next;
	return at;
}

static void take_out(struct user **at)
{
	struct user *u = *at;

	*at = u->next;
	shm_free(u);
	__atomic_sub_fetch(&users->n, 1, __ATOMIC_RELAXED);
}

/* Room for one more: the least used of this bucket goes, unless somebody is
 * just registering. */
static bool make_room(struct bucket *b, uint64_t now)
{
	struct user **at, **oldest = NULL;

	if(tna_users_count() < users->max)
		return true;
	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if(oldest == NULL || (*at)->used_ms < (*oldest)->used_ms)
			oldest = at;
	if(oldest == NULL
			|| ((*oldest)->touched_ms != 0
					&& (*oldest)->touched_ms + GRACE_MS > now))
		return false;
	take_out(oldest);
	return true;
}

static struct user *user_new(struct ep_view impi, struct ep_view list)
{
	struct user *u = shm_malloc(sizeof(*u) + impi.len + list.len + 1);

	if(u == NULL)
		return NULL;
	memset(u, 0, sizeof(*u));
	u->impi_len = impi.len;
	u->list_len = list.len;
	memcpy(u->text, impi.p, impi.len);
	if(list.len > 0)
		memcpy(u->text + impi.len, list.p, list.len);
	return u;
}

/* The user, made if need be. NULL: no memory, or too many. */
static struct user *need(struct bucket *b, struct ep_view impi, uint64_t now)
{
	struct user *u = *find(b, impi);

	if(u == NULL && make_room(b, now)) {
		u = user_new(impi, ep_view_none());
		if(u == NULL)
			return NULL;
		u->next = b->first;
		b->first = u;
		__atomic_add_fetch(&users->n, 1, __ATOMIC_RELAXED);
	}
	if(u != NULL)
		u->used_ms = now;
	return u;
}

/* --- lists --- */

enum ep_err tna_users_get(
		struct tna_allowed *out, struct ep_view impi, struct ep_arena *arena)
{
	struct bucket *b = bucket_of(impi);
	uint64_t now = ep_clock_ms();
	enum ep_err err = EP_OK;
	struct user *u;

	*out = (struct tna_allowed){.listed = TNA_LISTED_UNKNOWN};
	lock_get(&b->lock);
	u = *find(b, impi);
	if(u != NULL && u->listed != TNA_LISTED_UNKNOWN) {
		u->used_ms = now;
		out->listed = u->listed;
		out->age_ms = now - u->got_ms;
		out->stale = u->stale;
		out->fresh =
				!u->stale && out->age_ms < users->fresh_ms && now < u->until_ms;
		out->list = ep_arena_copy(
				arena, ep_view_of(u->text + u->impi_len, u->list_len));
		if(out->list.p == NULL)
			err = EP_ENOMEM;
	}
	lock_release(&b->lock);
	return err;
}

enum ep_err tna_users_put(
		struct ep_view impi, enum tna_listed listed, struct ep_view list)
{
	struct bucket *b = bucket_of(impi);
	uint64_t now = ep_clock_ms();
	struct user *u, *old, **at;

	if(list.len > TNA_LIST_MAX)
		return EP_ERANGE;
	u = user_new(impi, list);
	if(u == NULL)
		return EP_ENOMEM;
	lock_get(&b->lock);
	old = need(b, impi, now);
	if(old != NULL) {
		u->touched_ms = old->touched_ms;
		u->registered_ms = old->registered_ms;
		u->until_ms = old->until_ms;
		u->used_ms = u->got_ms = now;
		u->listed = listed;
		at = find(b, impi);
		u->next = old->next;
		*at = u;
		u = old;
	}
	lock_release(&b->lock);
	shm_free(u);
	return old != NULL ? EP_OK : EP_ENOMEM;
}

void tna_users_stale(struct ep_view impi)
{
	struct bucket *b = bucket_of(impi);
	struct user *u;

	lock_get(&b->lock);
	u = *find(b, impi);
	if(u != NULL) {
		u->stale = true;
		u->until_ms = 0;
	}
	lock_release(&b->lock);
}

/* --- who registers --- */

void tna_users_touch(struct ep_view impi, uint32_t registered_s)
{
	struct bucket *b = bucket_of(impi);
	uint64_t now = ep_clock_ms();
	uint64_t until = now + (uint64_t)registered_s * 1000;
	struct user *u;

	lock_get(&b->lock);
	u = need(b, impi, now);
	if(u != NULL) {
		u->touched_ms = now;
		if(registered_s > 0 && until > u->until_ms)
			u->until_ms = until;
	} else
		__atomic_store_n(&users->untold_ms, now, __ATOMIC_RELAXED);
	lock_release(&b->lock);
}

void tna_users_registered(struct ep_view impi)
{
	struct bucket *b = bucket_of(impi);
	uint64_t now = ep_clock_ms();
	struct user *u;

	lock_get(&b->lock);
	u = need(b, impi, now);
	if(u != NULL)
		u->registered_ms = now;
	else
		__atomic_store_n(&users->untold_ms, now, __ATOMIC_RELAXED);
	lock_release(&b->lock);
}

static enum tna_undo may_undo(
		const struct user *u, uint64_t since_ms, uint64_t now)
{
	uint64_t untold = __atomic_load_n(&users->untold_ms, __ATOMIC_RELAXED);
	uint64_t touched = u != NULL ? u->touched_ms : 0;
	uint64_t registered = u != NULL ? u->registered_ms : 0;

	if(registered >= since_ms)
		return TNA_UNDO_NEVER;
	/* Let through, and no registration seen since: its SAR may be behind ours,
	 * also if it was let through before us. It has its time. */
	if(untold > touched)
		touched = untold;
	if(touched > registered && touched + GRACE_MS > now)
		return TNA_UNDO_LATER;
	return TNA_UNDO_DONE;
}

enum tna_undo tna_users_undo(struct ep_view impi, uint64_t since_ms,
		void (*send)(void *ctx), void *ctx)
{
	struct bucket *b = bucket_of(impi);
	enum tna_undo what;
	struct user *u;

	lock_get(&b->lock);
	u = *find(b, impi);
	what = may_undo(u, since_ms, ep_clock_ms());
	if(what == TNA_UNDO_DONE) {
		if(u != NULL)
			u->stale = true;
		send(ctx);
	}
	lock_release(&b->lock);
	return what;
}

void tna_users_sweep(void)
{
	uint64_t now = ep_clock_ms();
	struct bucket *b;
	struct user **at;
	unsigned i;

	for(i = 0; i < BUCKETS_PER_SWEEP; i++) {
		b = &users->buckets[users->swept++ % BUCKETS];
		lock_get(&b->lock);
		for(at = &b->first; *at != NULL;)
			if((*at)->used_ms + users->fresh_ms + KEEP_MS < now)
				take_out(at);
			else
				at = &(*at)->next;
		lock_release(&b->lock);
	}
}
