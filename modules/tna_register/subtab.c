/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The table of subs.h: records, how they are found, counted and forgotten. */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"

#include "subtab.h"

struct tna_subtab *tna_subtab;

int tna_subs_init(unsigned size, unsigned max, unsigned max_each)
{
	unsigned n = tna_hash_buckets(size), i;

	tna_subtab = shm_malloc(sizeof(*tna_subtab) + n * sizeof(struct bucket));
	if(tna_subtab == NULL)
		return -1;
	memset(tna_subtab, 0, sizeof(*tna_subtab) + n * sizeof(struct bucket));
	tna_subtab->size = n;
	tna_subtab->max = max;
	tna_subtab->max_each = max_each;
	tna_subtab->buckets = (struct bucket *)(tna_subtab + 1);
	lock_init(&tna_subtab->lock);
	for(i = 0; i < n; i++)
		lock_init(&tna_subtab->buckets[i].lock);
	return 0;
}

void tna_subs_destroy(void)
{
	struct record *r, *next;
	unsigned i;

	if(tna_subtab == NULL)
		return;
	for(i = 0; i < tna_subtab->size; i++)
		for(r = tna_subtab->buckets[i].first; r != NULL; r = next) {
			next = r->next;
			shm_free(r);
		}
	shm_free(tna_subtab);
	tna_subtab = NULL;
}

static struct record *record_new(
		const unsigned char *id, const struct content *c)
{
	size_t n = sizeof(struct record);
	struct record *r;
	char *p;
	int i;

	for(i = 0; i < SUB_N; i++)
		n += c->v[i].len;
	r = shm_malloc(n);
	if(r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	memcpy(r->id, id, EP_FLOW_ID_LEN);
	r->by_wic = c->by_wic;
	r->subs = c->subs;
	for(i = 0, p = r->text; i < SUB_N; i++) {
		if(c->v[i].len > 0)
			memcpy(p, c->v[i].p, c->v[i].len);
		r->len[i] = c->v[i].len;
		p += c->v[i].len;
	}
	return r;
}

void tna_subtab_read(struct content *c, const struct record *r)
{
	const char *p = r->text;
	int i;

	c->by_wic = r->by_wic;
	c->subs = r->subs;
	for(i = 0; i < SUB_N; i++) {
		c->v[i] = ep_view_of(p, r->len[i]);
		p += r->len[i];
	}
}

static struct ep_view text_of(const struct record *r, enum text which)
{
	const char *p = r->text;
	int i;

	for(i = 0; i < (int)which; i++)
		p += r->len[i];
	return ep_view_of(p, r->len[which]);
}

static bool text_is(
		const struct record *r, enum text which, struct ep_view value)
{
	struct ep_view v = text_of(r, which);

	return v.len == value.len && memcmp(v.p, value.p, value.len) == 0;
}

static bool is_of(const struct record *r, const unsigned char *id)
{
	return memcmp(r->id, id, EP_FLOW_ID_LEN) == 0;
}

/* --- the list of a bucket: locked --- */

static bool count_up(void)
{
	bool ok;

	lock_get(&tna_subtab->lock);
	ok = tna_subtab->n < tna_subtab->max;
	tna_subtab->n += ok;
	lock_release(&tna_subtab->lock);
	return ok;
}

static void count_down(void)
{
	lock_get(&tna_subtab->lock);
	tna_subtab->n--;
	lock_release(&tna_subtab->lock);
}

struct record **tna_subtab_find(
		struct bucket *b, const unsigned char *id, const struct key *k)
{
	struct record **at;

	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if(is_of(*at, id) && text_is(*at, SUB_CALLID, k->callid)
				&& text_is(*at, SUB_LOCAL_TAG, k->local)
				&& text_is(*at, SUB_PEER_TAG, k->peer))
			return at;
	return NULL;
}

void tna_subtab_remove(struct record **at)
{
	struct record *r = *at;

	*at = r->next;
	shm_free(r);
	count_down();
}

/* Has the binding, or the request behind `k` (its peer's tag does not count),
 * as many as it may? Of those that others began only half: nobody can keep a
 * page from subscribing. */
static bool is_full(struct bucket *b, const unsigned char *id,
		const struct key *k, bool by_wic)
{
	unsigned n = 0, forks = 0, others = 0;
	struct record *r;

	for(r = b->first; r != NULL; r = r->next) {
		if(!is_of(r, id))
			continue;
		n++;
		others += !r->by_wic;
		forks += text_is(r, SUB_CALLID, k->callid)
				 && text_is(r, SUB_LOCAL_TAG, k->local);
	}
	return n >= tna_subtab->max_each || forks > TNA_SUB_FORKS_MAX
		   || (!by_wic && others >= (tna_subtab->max_each + 1) / 2);
}

struct record **tna_subtab_add(struct bucket *b, const unsigned char *id,
		const struct content *c, enum ep_tna_cause *cause)
{
	struct key k = {c->v[SUB_CALLID], c->v[SUB_LOCAL_TAG], c->v[SUB_PEER_TAG]};
	struct record *r;

	*cause = EP_TNA_SUBS_FULL;
	if(is_full(b, id, &k, c->by_wic) || !count_up())
		return NULL;
	r = record_new(id, c);
	if(r == NULL) {
		count_down();
		*cause = EP_TNA_INTERNAL;
		return NULL;
	}
	r->next = b->first;
	b->first = r;
	*cause = EP_TNA_OK;
	return &b->first;
}

void tna_subtab_replace(struct record **at, const struct content *c)
{
	struct record *old = *at, *r = record_new(old->id, c);

	if(r == NULL) {
		LM_ERR("out of shared memory: a subscription's dialog keeps what is"
			   " known of it\n");
		old->subs = c->subs;
		return;
	}
	r->next = old->next;
	*at = r;
	shm_free(old);
}

/* --- asking --- */

bool tna_subs_is(const unsigned char *id, struct ep_view callid,
		struct ep_view local_tag, struct ep_view peer_tag)
{
	struct key k = {callid, some(local_tag), some(peer_tag)};
	struct bucket *b = bucket_of(id);
	bool there;

	lock_get(&b->lock);
	there = tna_subtab_find(b, id, &k) != NULL;
	lock_release(&b->lock);
	return there;
}

unsigned tna_subs_total(void)
{
	return tna_subtab->n;
}

unsigned tna_subs_count(const unsigned char *id)
{
	struct bucket *b = bucket_of(id);
	struct record *r;
	unsigned n = 0;

	lock_get(&b->lock);
	for(r = b->first; r != NULL; r = r->next)
		n += is_of(r, id);
	lock_release(&b->lock);
	return n;
}

/* --- forgetting --- */

void tna_subs_drop(const unsigned char *id)
{
	struct bucket *b = bucket_of(id);
	struct record **at;

	lock_get(&b->lock);
	for(at = &b->first; *at != NULL;) {
		if(is_of(*at, id))
			tna_subtab_remove(at);
		else
			at = &(*at)->next;
	}
	lock_release(&b->lock);
}

void tna_subs_sweep(uint64_t now_s)
{
	struct record **at;
	struct bucket *b;
	unsigned i;

	for(i = 0; i < tna_subtab->size; i++) {
		b = &tna_subtab->buckets[i];
		/* The sweep comes again: what is linked meanwhile is looked at then. */
		if(b->first == NULL)
			continue;
		lock_get(&b->lock);
		for(at = &b->first; *at != NULL;) {
			if(ep_subs_end_s(&(*at)->subs) <= now_s)
				tna_subtab_remove(at);
			else
				at = &(*at)->next;
		}
		lock_release(&b->lock);
	}
}
