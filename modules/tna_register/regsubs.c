/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "base/buf.h"
#include "common/clock.h"
#include "hashtab.h"
#include "regsubtab.h"
#include "store.h"

struct subs *tna_subs;

uint64_t tna_now_ms(void)
{
	return (uint64_t)ep_clock_ms() + 1;
}

int tna_regsubs_init(
		unsigned size, unsigned max, const struct ep_regsub_policy *policy)
{
	unsigned n = tna_hash_buckets(size), i;
	size_t octets;

	octets = sizeof(*tna_subs) + n * sizeof(struct bucket);
	tna_subs = shm_malloc(octets);
	if(tna_subs == NULL)
		return -1;
	memset(tna_subs, 0, octets);
	tna_subs->size = n;
	tna_subs->max = max;
	tna_subs->policy = *policy;
	tna_subs->due_ms = UINT64_MAX;
	lock_init(&tna_subs->lock);
	for(i = 0; i < n; i++) {
		lock_init(&tna_subs->buckets[i].lock);
		tna_subs->buckets[i].due_ms = UINT64_MAX;
	}
	return 0;
}

static void watched_free(struct watched *w)
{
	struct watched *next;

	for(; w != NULL; w = next) {
		next = w->next;
		shm_free(w);
	}
}

static void sub_free(struct sub *s)
{
	watched_free(s->watched);
	if(s->remote != NULL)
		shm_free(s->remote);
	shm_free(s);
}

void tna_regsubs_destroy(void)
{
	struct sub *s, *next;
	unsigned i;

	if(tna_subs == NULL)
		return;
	for(i = 0; i < tna_subs->size; i++)
		for(s = tna_subs->buckets[i].first; s != NULL; s = next) {
			next = s->next;
			sub_free(s);
		}
	shm_free(tna_subs);
	tna_subs = NULL;
}

unsigned tna_regsubs_buckets(void)
{
	return tna_subs->size;
}

unsigned tna_regsubs_in_flight(void)
{
	unsigned n;

	lock_get(&tna_subs->lock);
	n = tna_subs->in_flight;
	lock_release(&tna_subs->lock);
	return n;
}

void tna_sub_due(uint64_t due_ms)
{
	lock_get(&tna_subs->lock);
	if(due_ms < tna_subs->due_ms)
		tna_subs->due_ms = due_ms;
	lock_release(&tna_subs->lock);
}

bool tna_regsubs_due(uint64_t now_ms)
{
	bool due;

	lock_get(&tna_subs->lock);
	due = now_ms >= tna_subs->due_ms;
	if(due)
		tna_subs->due_ms = UINT64_MAX;
	lock_release(&tna_subs->lock);
	return due;
}

void tna_regsubs_again(void)
{
	tna_sub_due(0);
}

void tna_sub_in_flight(struct sub *s, bool on)
{
	if(s->in_flight == on)
		return;
	s->in_flight = on;
	lock_get(&tna_subs->lock);
	tna_subs->in_flight += on ? 1 : -1;
	lock_release(&tna_subs->lock);
}

/* False: the table is full. */
static bool number_take(void)
{
	bool there;

	lock_get(&tna_subs->lock);
	there = tna_subs->n < tna_subs->max;
	tna_subs->n += there;
	lock_release(&tna_subs->lock);
	return there;
}

static void number_give(void)
{
	lock_get(&tna_subs->lock);
	tna_subs->n--;
	lock_release(&tna_subs->lock);
}

/* --- finding --- */

static uint32_t get_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8
		   | p[3];
}

uint64_t tna_regsub_key(const unsigned char *dialog)
{
	return (uint64_t)get_u32(dialog) << 32 | get_u32(dialog + 4);
}

static unsigned bucket_of(struct ep_view impu)
{
	return tna_hash_text(impu) & (tna_subs->size - 1);
}

struct bucket *tna_sub_bucket(unsigned i)
{
	lock_get(&tna_subs->buckets[i].lock);
	return &tna_subs->buckets[i];
}

static struct sub *find_impu(struct bucket *b, struct ep_view impu)
{
	struct sub *s;

	for(s = b->first; s != NULL; s = s->next)
		if(ep_view_eq(ep_view_of(s->impu, s->impu_len), impu))
			return s;
	return NULL;
}

/* The record with this dialog, its bucket locked (*b); or NULL. */
struct sub *tna_sub_by_key(struct bucket **b, uint64_t key)
{
	struct sub *s;

	*b = NULL;
	if(key >> 32 >= tna_subs->size)
		return NULL;
	*b = tna_sub_bucket((unsigned)(key >> 32));
	for(s = (*b)->first; s != NULL; s = s->next)
		if(s->life.began_ms != 0 && tna_regsub_key(s->dialog) == key)
			return s;
	lock_release(&(*b)->lock);
	*b = NULL;
	return NULL;
}

struct sub *tna_sub_by_dialog(struct bucket **b, const unsigned char *id)
{
	struct sub *s = tna_sub_by_key(b, tna_regsub_key(id));

	if(s != NULL && memcmp(s->dialog, id, EP_FLOW_ID_LEN) != 0) {
		lock_release(&(*b)->lock);
		return NULL;
	}
	return s;
}

/* --- steps --- */

/* Returns the actions; *refused may be NULL. */
unsigned tna_sub_step(struct bucket *b, struct sub *s,
		const struct ep_regsub_input *in, bool *refused)
{
	struct ep_regsub_step out;
	struct ep_regsub_input with = *in;

	if(getrandom(&with.random, sizeof(with.random), 0) != sizeof(with.random))
		with.random = 0x8000;
	ep_regsub_step(&out, &s->life, &tna_subs->policy, &with);
	s->life = out.life;
	if(refused != NULL)
		*refused = out.refused;
	if(s->life.deadline_ms < b->due_ms) {
		b->due_ms = s->life.deadline_ms;
		tna_sub_due(b->due_ms);
	}
	return out.actions;
}

void tna_sub_happen(struct bucket *b, struct sub *s, enum ep_regsub_event event,
		uint64_t now_ms)
{
	struct ep_regsub_input in = {.event = event, .now_ms = now_ms};

	tna_sub_step(b, s, &in, NULL);
}

static struct sub *sub_new(struct bucket *b, struct ep_view impu)
{
	struct sub *s = shm_malloc(sizeof(*s) + impu.len);

	if(s == NULL)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->impu_len = impu.len;
	memcpy(s->impu, impu.p, impu.len);
	s->next = b->first;
	b->first = s;
	return s;
}

struct watched *tna_sub_watched(struct sub *s, const unsigned char *id)
{
	struct watched *w;

	for(w = s->watched; w != NULL; w = w->next)
		if(memcmp(w->id, id, EP_FLOW_ID_LEN) == 0)
			return w;
	return NULL;
}

/* In the record, made if it is not there. */
static enum ep_err watch(struct bucket *b, struct ep_view impu,
		const unsigned char *id, uint64_t now_ms)
{
	struct sub *s = find_impu(b, impu);
	struct watched *w = s != NULL ? tna_sub_watched(s, id) : NULL;

	if(w == NULL) {
		w = shm_malloc(sizeof(*w));
		if(w == NULL)
			return EP_ENOMEM;
		memset(w, 0, sizeof(*w));
		memcpy(w->id, id, EP_FLOW_ID_LEN);
		if(s == NULL && !number_take()) {
			shm_free(w);
			return EP_ERANGE;
		}
		if(s == NULL && (s = sub_new(b, impu)) == NULL) {
			number_give();
			shm_free(w);
			return EP_ENOMEM;
		}
		w->next = s->watched;
		s->watched = w;
	}
	w->ok_ms = now_ms > s->life.began_ms ? now_ms : s->life.began_ms + 1;
	w->unsure = false;
	tna_sub_happen(b, s, EP_REGSUB_WANTED, now_ms);
	return EP_OK;
}

enum ep_err tna_regsubs_watch(
		struct ep_view impu, const unsigned char *id, uint64_t now_ms)
{
	struct bucket *b = tna_sub_bucket(bucket_of(impu));
	enum ep_err err = watch(b, impu, id, now_ms);

	lock_release(&b->lock);
	return err;
}

static bool is_moved(
		const unsigned char *id, const struct tna_watched *judged, size_t n)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(judged[i].moved && memcmp(judged[i].id, id, EP_FLOW_ID_LEN) == 0)
			return true;
	return false;
}

void tna_sub_prune(struct bucket *b, struct sub *s, uint64_t now_ms,
		const struct tna_watched *judged, size_t n)
{
	struct watched **at = &s->watched, *gone;

	while((gone = *at) != NULL) {
		if(!tna_store_is_ended(gone->id) && !is_moved(gone->id, judged, n)) {
			at = &gone->next;
			continue;
		}
		*at = gone->next;
		shm_free(gone);
	}
	if(s->watched == NULL && s->life.wanted)
		tna_sub_happen(b, s, EP_REGSUB_UNWANTED, now_ms);
}

void tna_regsubs_prune(unsigned bucket, uint64_t now_ms)
{
	struct bucket *b = &tna_subs->buckets[bucket];
	struct sub *s;

	/* A look without the lock: who comes at this moment has not ended. */
	if(__atomic_load_n(&b->first, __ATOMIC_RELAXED) == NULL)
		return;
	lock_get(&b->lock);
	for(s = b->first; s != NULL; s = s->next)
		tna_sub_prune(b, s, now_ms, NULL, 0);
	lock_release(&b->lock);
}

/* --- what is to be sent --- */

struct ep_view tna_sub_remote(const struct remote *r, unsigned nth)
{
	size_t at = nth > 0 ? r->tag_len : 0, n = r->tag_len;

	if(nth == 1)
		n = r->target_len;
	if(nth == 2) {
		at += r->target_len;
		n = r->routes_len;
	}
	return ep_view_of(r->text + at, n);
}

static bool copy_ids(
		struct tna_regsub_request *q, const struct sub *s, struct ep_arena *a)
{
	char *p = ep_arena_get(a, TNA_CALLID_LEN);
	struct ep_buf hex;

	if(p == NULL)
		return false;
	ep_buf_init(&hex, p, TNA_CALLID_LEN);
	ep_buf_put_hex(
			&hex, ep_view_of((const char *)s->dialog, sizeof(s->dialog)));
	q->call_id = ep_buf_view(&hex);
	q->local_tag = ep_arena_copy(a, ep_view_of(s->local_tag, TNA_TAG_LEN));
	q->impu = ep_arena_copy(a, ep_view_of(s->impu, s->impu_len));
	return q->local_tag.p != NULL && q->impu.p != NULL;
}

static bool copy_remote(
		struct tna_regsub_request *q, const struct sub *s, struct ep_arena *a)
{
	if(s->remote == NULL)
		return false;
	q->remote_tag = ep_arena_copy(a, tna_sub_remote(s->remote, 0));
	q->target = ep_arena_copy(a, tna_sub_remote(s->remote, 1));
	q->routes = ep_arena_copy(a, tna_sub_remote(s->remote, 2));
	return q->remote_tag.p != NULL && q->target.p != NULL
		   && q->routes.p != NULL;
}

static bool request_fill(struct tna_regsub_request *q, struct sub *s,
		uint32_t expires_s, struct ep_arena *a)
{
	memcpy(q->dialog, s->dialog, sizeof(q->dialog));
	q->expires_s = expires_s;
	q->cseq = ++s->cseq;
	return copy_ids(q, s, a) && (q->begin || copy_remote(q, s, a));
}

/* A dialog of its own, with a Contact of its own: some notifiers tell
 * subscribers by nothing but their Contact. */
static bool dialog_new(struct bucket *b, struct sub *s)
{
	unsigned char r[EP_FLOW_ID_LEN + TNA_TAG_LEN / 2];
	uint32_t number = (uint32_t)(b - tna_subs->buckets);
	struct watched *w;
	struct ep_buf tag;

	if(getrandom(r, sizeof(r), 0) != sizeof(r))
		return false;
	memcpy(s->dialog, r, EP_FLOW_ID_LEN);
	s->dialog[0] = (unsigned char)(number >> 24);
	s->dialog[1] = (unsigned char)(number >> 16);
	s->dialog[2] = (unsigned char)(number >> 8);
	s->dialog[3] = (unsigned char)number;
	ep_buf_init(&tag, s->local_tag, TNA_TAG_LEN);
	ep_buf_put_hex(&tag,
			ep_view_of((const char *)r + EP_FLOW_ID_LEN, TNA_TAG_LEN / 2));
	for(w = s->watched; w != NULL; w = w->next)
		if(w->ok_ms > s->life.began_ms)
			w->ok_ms = s->life.began_ms;
	s->cseq = 0;
	s->has_remote_cseq = s->has_version = false;
	if(s->remote != NULL)
		shm_free(s->remote);
	s->remote = NULL;
	return true;
}

static void plan(struct tna_regsub_todo *out, struct bucket *b, struct sub *s,
		unsigned actions, struct ep_arena *arena)
{
	bool begin = (actions & EP_REGSUB_DO_BEGIN) != 0;

	*out = (struct tna_regsub_todo){.has_end = false};
	if(actions & EP_REGSUB_DO_END && s->life.state != EP_REGSUB_ENDING)
		out->has_end = request_fill(&out->end, s, 0, arena);
	if(s->life.state == EP_REGSUB_ENDING || actions & EP_REGSUB_DO_REFRESH)
		out->has_send = request_fill(&out->send, s,
				actions & EP_REGSUB_DO_REFRESH ? tna_subs->policy.expires_s : 0,
				arena);
	if(begin && dialog_new(b, s)) {
		out->send.begin = true;
		out->has_send =
				request_fill(&out->send, s, tna_subs->policy.expires_s, arena);
	}
	/* What cannot be sent now fails by its time-out. */
	if(out->has_send)
		tna_sub_in_flight(s, true);
}

static void forget(struct bucket *b, struct sub **at)
{
	struct sub *s = *at;

	*at = s->next;
	tna_sub_in_flight(s, false);
	sub_free(s);
	number_give();
	(void)b;
}

static bool next_due(struct tna_regsub_todo *out, struct bucket *b,
		uint64_t now_ms, struct ep_arena *arena)
{
	struct ep_regsub_input in = {.event = EP_REGSUB_TIMER, .now_ms = now_ms};
	struct sub **at = &b->first;
	uint64_t due_ms = UINT64_MAX;
	unsigned actions;

	while(*at != NULL) {
		actions = 0;
		if(now_ms >= (*at)->life.deadline_ms) {
			tna_sub_in_flight(*at, false);
			actions = tna_sub_step(b, *at, &in, NULL);
		}
		if(actions & EP_REGSUB_DO_FORGET) {
			forget(b, at);
			continue;
		}
		if(actions != 0) {
			plan(out, b, *at, actions, arena);
			return true;
		}
		if((*at)->life.deadline_ms < due_ms)
			due_ms = (*at)->life.deadline_ms;
		at = &(*at)->next;
	}
	b->due_ms = due_ms;
	return false;
}

bool tna_regsubs_next(struct tna_regsub_todo *out, unsigned bucket,
		uint64_t now_ms, struct ep_arena *arena)
{
	struct bucket *b = tna_sub_bucket(bucket);
	bool due = now_ms >= b->due_ms && next_due(out, b, now_ms, arena);

	if(!due && b->due_ms != UINT64_MAX)
		tna_sub_due(b->due_ms);
	lock_release(&b->lock);
	return due;
}
