/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/timer.h"

#include "base/siphash.h"
#include "sdp_mediate/holdtab.h"

#define BUCKETS 1024

struct bucket
{
	gen_lock_t lock;
	struct ep_hold *first;
};

struct table
{
	unsigned records_max;
	size_t octets_max;
	unsigned keep_s;
	unsigned char key[EP_SIPHASH_KEY_LEN];
	/* Atomics. */
	unsigned records_n;
	size_t octets;
	struct bucket buckets[BUCKETS];
};

static struct table *table;

int ep_holdtab_init(unsigned records_max, size_t octets_max, unsigned keep_s)
{
	size_t i;

	table = shm_malloc(sizeof(*table));
	if(table == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(table, 0, sizeof(*table));
	table->records_max = records_max;
	table->octets_max = octets_max;
	table->keep_s = keep_s;
	for(i = 0; i < BUCKETS; i++)
		if(lock_init(&table->buckets[i].lock) == NULL)
			return -1;
	return getrandom(table->key, sizeof(table->key), 0) == sizeof(table->key)
				   ? 0
				   : -1;
}

bool ep_holdtab_exists(void)
{
	return table != NULL;
}

/* --- memory, counted --- */

static bool octets_take(size_t n)
{
	if(__atomic_add_fetch(&table->octets, n, __ATOMIC_RELAXED)
			<= table->octets_max)
		return true;
	__atomic_sub_fetch(&table->octets, n, __ATOMIC_RELAXED);
	return false;
}

static void *get(size_t n)
{
	void *p;

	if(!octets_take(n))
		return NULL;
	p = shm_malloc(n);
	if(p == NULL)
		__atomic_sub_fetch(&table->octets, n, __ATOMIC_RELAXED);
	return p;
}

static void put(void *p, size_t n)
{
	if(p == NULL)
		return;
	shm_free(p);
	__atomic_sub_fetch(&table->octets, n, __ATOMIC_RELAXED);
}

static bool copy(struct ep_view *out, struct ep_view v)
{
	char *p;

	*out = ep_view_none();
	if(v.p == NULL)
		return true;
	p = get(v.len + 1);
	if(p == NULL)
		return false;
	if(v.len > 0)
		memcpy(p, v.p, v.len);
	*out = ep_view_of(p, v.len);
	return true;
}

static void text_free(struct ep_view v)
{
	union
	{
		const char *in;
		char *out;
	} p = {.in = v.p};

	put(p.out, v.len + 1);
}

void ep_held_free(struct ep_held *held)
{
	if(held != NULL)
		put(held, sizeof(*held) + held->len);
}

/* --- keys --- */

uint64_t ep_holdtab_hash(struct ep_view v)
{
	return ep_siphash(table->key, v.p != NULL ? v : EP_LIT(""));
}

uint64_t ep_holdtab_key(
		enum ep_hold_kind kind, const struct ep_view *parts, size_t n)
{
	uint64_t hashes[8] = {kind};
	size_t i;

	for(i = 0; i < n && i < 7; i++)
		hashes[i + 1] = ep_holdtab_hash(parts[i]);
	return ep_holdtab_hash(
			ep_view_of((const char *)hashes, (i + 1) * sizeof(hashes[0])));
}

/* --- records --- */

void ep_hold_lock(const struct ep_hold *h)
{
	lock_get(&table->buckets[h->bucket].lock);
}

void ep_hold_unlock(const struct ep_hold *h)
{
	lock_release(&table->buckets[h->bucket].lock);
}

void ep_hold_ref(struct ep_hold *h)
{
	h->refs++;
}

static void record_free(struct ep_hold *h)
{
	struct ep_hold_entry *e, *next;
	struct ep_hold_later *later;
	struct ep_hold_lane *lane;

	while((later = h->later) != NULL) {
		h->later = later->next;
		put(later, sizeof(*later) + later->len);
	}
	while((lane = h->lanes) != NULL) {
		h->lanes = lane->next;
		put(lane, sizeof(*lane));
	}
	for(e = h->entries; e != NULL; e = next) {
		next = e->next;
		ep_held_free(e->held);
		text_free(e->result);
		put(e, sizeof(*e));
	}
	text_free(h->method);
	text_free(h->callid);
	text_free(h->leg);
	text_free(h->offer);
	put(h, sizeof(*h));
}

void ep_hold_unref(struct ep_hold *h)
{
	ep_hold_lock(h);
	h->refs--;
	ep_hold_unlock(h);
}

static struct ep_hold *record_new(const struct ep_hold *of)
{
	struct ep_hold *h = get(sizeof(*h));

	if(h == NULL)
		return NULL;
	*h = *of;
	h->method = h->callid = h->leg = h->offer = ep_view_none();
	h->bucket = of->key % BUCKETS;
	h->refs = 1;
	if(copy(&h->method, of->method) && copy(&h->callid, of->callid)
			&& copy(&h->leg, of->leg) && copy(&h->offer, of->offer))
		return h;
	record_free(h);
	return NULL;
}

static struct ep_hold *find(enum ep_hold_kind kind, uint64_t key)
{
	struct ep_hold *h = table->buckets[key % BUCKETS].first;

	while(h != NULL && (h->kind != kind || h->key != key))
		h = h->next;
	return h;
}

struct ep_hold *ep_holdtab_put(const struct ep_hold *of)
{
	struct bucket *b = &table->buckets[of->key % BUCKETS];
	struct ep_hold *h, *old;

	if(__atomic_add_fetch(&table->records_n, 1, __ATOMIC_RELAXED)
					> table->records_max
			|| (h = record_new(of)) == NULL) {
		__atomic_sub_fetch(&table->records_n, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	lock_get(&b->lock);
	/* The newest is found first; an older one lives until it is over. */
	old = find(of->kind, of->key);
	if(old != NULL) {
		old->key = ~old->key;
		old->until = get_ticks(); /* nobody finds it any more */
	}
	h->next = b->first;
	b->first = h;
	lock_release(&b->lock);
	return h;
}

struct ep_hold *ep_holdtab_get(enum ep_hold_kind kind, uint64_t key)
{
	struct bucket *b = &table->buckets[key % BUCKETS];
	struct ep_hold *h;

	lock_get(&b->lock);
	h = find(kind, key);
	if(h != NULL)
		h->refs++;
	lock_release(&b->lock);
	return h;
}

void ep_hold_over(struct ep_hold *h)
{
	ep_hold_lock(h);
	h->is_over = true;
	h->until = get_ticks() + table->keep_s;
	ep_hold_unlock(h);
}

/* --- lanes and entries --- */

struct ep_hold_lane *ep_hold_lane(struct ep_hold *h, uint32_t branch)
{
	struct ep_hold_lane *lane = h->lanes;

	while(lane != NULL && lane->branch != branch)
		lane = lane->next;
	if(lane != NULL)
		return lane;
	if(h->lanes_n == EP_HOLD_LANES_MAX || (lane = get(sizeof(*lane))) == NULL)
		return NULL;
	*lane = (struct ep_hold_lane){.next = h->lanes, .branch = branch};
	h->lanes = lane;
	h->lanes_n++;
	return lane;
}

struct ep_hold_entry *ep_hold_find(struct ep_hold *h, uint64_t key)
{
	struct ep_hold_entry *e = h->entries;

	while(e != NULL && e->key != key)
		e = e->next;
	return e;
}

static struct ep_held *held_new(const receive_info_t *rcv, struct ep_view text)
{
	struct ep_held *held = get(sizeof(*held) + text.len);

	if(held == NULL)
		return NULL;
	held->rcv = *rcv;
	held->len = text.len;
	memcpy(held->text, text.p, text.len);
	return held;
}

struct ep_hold_entry *ep_hold_queue(struct ep_hold *h,
		struct ep_hold_lane *lane, uint64_t key, enum ep_hold_class class,
		const receive_info_t *rcv, struct ep_view text)
{
	unsigned spare = class == EP_HOLD_1XX || class == EP_HOLD_1XX_RELIABLE
							 ? EP_HOLD_SPARE
							 : 0;
	struct ep_hold_entry *e;

	if(lane->entries_n + spare >= EP_HOLD_LANE_ENTRIES_MAX
			|| h->entries_n + spare >= EP_HOLD_ENTRIES_MAX
			|| (e = get(sizeof(*e))) == NULL)
		return NULL;
	*e = (struct ep_hold_entry){.next = h->entries,
			.key = key,
			.lane = lane,
			.class = class,
			.since = get_ticks()};
	e->held = held_new(rcv, text);
	if(e->held == NULL) {
		put(e, sizeof(*e));
		return NULL;
	}
	h->entries = e;
	h->entries_n++;
	lane->entries_n++;
	if(lane->first == NULL)
		lane->first = e;
	else
		lane->last->after = e;
	lane->last = e;
	return e;
}

bool ep_hold_result_set(struct ep_hold_entry *e, struct ep_view sdp)
{
	return copy(&e->result, sdp) && e->result.p != NULL;
}

/* Locked. Does `h` still ring, in the call and of the side of `request`? */
static bool rings_with(const struct ep_hold *h, const struct ep_hold *request)
{
	return ep_hold_is_answered(h) && !h->is_over
		   && h->request_from == request->request_from
		   && h->later_n < EP_HOLD_LATER_MAX
		   && ep_view_eq(h->callid, request->callid)
		   && ep_view_eq(h->leg, request->leg);
}

/* Locked. */
static void later_add(struct ep_hold *h, struct ep_view offer)
{
	struct ep_hold_later *later = get(sizeof(*later) + offer.len);

	if(later == NULL)
		return;
	later->len = offer.len;
	memcpy(later->text, offer.p, offer.len);
	later->next = h->later;
	h->later = later;
	h->later_n++;
}

void ep_holdtab_follow(const struct ep_hold *request)
{
	struct ep_hold *h;
	size_t i;

	for(i = 0; i < BUCKETS; i++) {
		if(table->buckets[i].first == NULL)
			continue;
		lock_get(&table->buckets[i].lock);
		for(h = table->buckets[i].first; h != NULL; h = h->next)
			if(rings_with(h, request))
				later_add(h, request->offer);
		lock_release(&table->buckets[i].lock);
	}
}

bool ep_hold_is_answered(const struct ep_hold *h)
{
	return h->kind == EP_HOLD_REPLIES && h->is_invite && h->had_offer;
}

/* --- as time goes by --- */

/* True: a message that may go on and that nobody takes. */
static bool lanes_check(struct ep_hold *h, unsigned lost_s)
{
	struct ep_hold_lane *lane;
	bool stuck = false;

	for(lane = h->lanes; lane != NULL; lane = lane->next) {
		struct ep_hold_entry *e = lane->first;

		if(e == NULL || lane->is_running)
			continue;
		if(e->state == EP_HOLD_WAITS && get_ticks() - e->since > lost_s) {
			LM_ERR("an exchange with the media gateway was lost\n");
			e->state = EP_HOLD_FAILED;
			e->cause = EP_MEDIATE_EGWDOWN;
		}
		stuck = stuck || e->state != EP_HOLD_WAITS;
	}
	return stuck;
}

static unsigned waiting_of(const struct ep_hold *h)
{
	const struct ep_hold_lane *lane;
	const struct ep_hold_entry *e;
	unsigned n = 0;

	for(lane = h->lanes; lane != NULL; lane = lane->next)
		for(e = lane->first; e != NULL; e = e->after)
			n++;
	return n;
}

/* The first at or behind *at that is of no more use, taken out; or one that is
 * stuck, with a reference. */
static struct ep_hold *bucket_step(
		struct bucket *b, struct ep_hold ***at, unsigned lost_s, bool *is_stuck)
{
	struct ep_hold *h;

	for(; (h = **at) != NULL; *at = &h->next) {
		*is_stuck = lanes_check(h, lost_s);
		if(*is_stuck) {
			h->refs++;
			*at = &h->next;
			return h;
		}
		if(h->is_over && h->refs == 0 && (int)(get_ticks() - h->until) >= 0) {
			**at = h->next;
			return h;
		}
	}
	return NULL;
}

#define STUCK_MAX 16

static void bucket_sweep(struct bucket *b, unsigned lost_s,
		struct ep_hold **gone, struct ep_hold **stuck, unsigned *stuck_n)
{
	struct ep_hold **at = &b->first, *h;
	bool is_stuck;

	lock_get(&b->lock);
	while(*stuck_n < STUCK_MAX
			&& (h = bucket_step(b, &at, lost_s, &is_stuck)) != NULL) {
		if(is_stuck) {
			stuck[(*stuck_n)++] = h;
			continue;
		}
		h->next = *gone;
		*gone = h;
	}
	for(h = b->first; h != NULL; h = h->next)
		if(h->is_over && h->refs == 0 && h->kind == EP_HOLD_REPLIES
				&& h->offer.p != NULL) {
			text_free(h->offer);
			h->offer = ep_view_none();
		}
	lock_release(&b->lock);
}

void ep_holdtab_sweep(unsigned lost_s, void (*stuck)(struct ep_hold *h))
{
	size_t i;

	for(i = 0; i < BUCKETS; i++) {
		struct ep_hold *gone = NULL, *found[STUCK_MAX], *h;
		unsigned n = 0;

		if(table->buckets[i].first == NULL)
			continue;
		bucket_sweep(&table->buckets[i], lost_s, &gone, found, &n);
		while(n > 0)
			stuck(found[--n]);
		while((h = gone) != NULL) {
			gone = h->next;
			record_free(h);
			__atomic_sub_fetch(&table->records_n, 1, __ATOMIC_RELAXED);
		}
	}
}

unsigned ep_holdtab_records(void)
{
	return __atomic_load_n(&table->records_n, __ATOMIC_RELAXED);
}

unsigned ep_holdtab_waiting(void)
{
	struct ep_hold *h;
	unsigned n = 0;
	size_t i;

	for(i = 0; i < BUCKETS; i++) {
		lock_get(&table->buckets[i].lock);
		for(h = table->buckets[i].first; h != NULL; h = h->next)
			n += waiting_of(h);
		lock_release(&table->buckets[i].lock);
	}
	return n;
}

size_t ep_holdtab_octets(void)
{
	return __atomic_load_n(&table->octets, __ATOMIC_RELAXED);
}

void ep_holdtab_fini(void)
{
	size_t i;

	if(table == NULL)
		return;
	for(i = 0; i < BUCKETS; i++) {
		while(table->buckets[i].first != NULL) {
			struct ep_hold *h = table->buckets[i].first;
			table->buckets[i].first = h->next;
			record_free(h);
		}
		lock_destroy(&table->buckets[i].lock);
	}
	shm_free(table);
	table = NULL;
}
