/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/atomic_ops.h"
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/timer_proc.h"

#include "common/clock.h"
#include "common/view.h"
#include "tna/barred.h"
#include "tna/scscf.h"
#include "barred.h"
#include "hashtab.h"
#include "regs.h"
#include "regs_send.h"

#define TICK_US 100000
#define TICKS_PER_SWEEP 10
/* REGISTERs of our own in one tick: a burst over UDP would be lost in our own
 * buffers. */
#define TICK_SENDS 50
/* A REGISTER that was let pass may reach the registrar so much later (the HSS
 * is asked first): until then it is looked whether the contact came back. */
#define CROSSING_MS 12000
#define LOOK_MS 250
#define AGAIN_MS 2000
#define TRIES_MAX 8
/* tm always answers before that. */
#define UNANSWERED_MS 120000
#define TEXT_MAX 2048
/* Looked at again so long after its time was over. */
#define THERE_S 10
#define CONTACTS 65536

enum state
{
	LIVE,
	ENDING, /* a REGISTER is due at due_ms */
	SENT    /* and is answered before due_ms */
};

struct record
{
	struct record *next;
	unsigned hash;
	uint64_t id; /* of this record and no other */
	enum state state;
	unsigned tries;
	uint64_t end_s, put_ms, due_ms;
	struct tna_reg reg; /* its texts are in `text` */
	char text[];
};

struct bucket
{
	gen_lock_t lock;
	struct record *first;
};

static struct table
{
	unsigned size; /* power of two */
	atomic_t n, ending, look;
	gen_lock_t ids;
	uint64_t last_id;
	/* How many records have a contact of this hash: who looks for one of
	 * nobody in particular looks through all buckets only if there may be. */
	atomic_t contacts[CONTACTS];
	struct bucket buckets[];
} * table;

/* All contacts of a user are in one bucket. */
static unsigned hash_of(const struct tna_reg *reg)
{
	return tna_hash_text(reg->impi);
}

static atomic_t *contacts_of(struct ep_view contact)
{
	return &table->contacts[tna_hash_text(contact) % CONTACTS];
}

static struct bucket *bucket_of(unsigned hash)
{
	return &table->buckets[hash & (table->size - 1)];
}

int tna_regs_init(void)
{
	unsigned n = tna_hash_buckets(tna_buckets()), i;

	if(table != NULL)
		return 0;
	table = shm_malloc(sizeof(*table) + n * sizeof(struct bucket));
	if(table == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	memset(table, 0, sizeof(*table) + n * sizeof(struct bucket));
	table->size = n;
	lock_init(&table->ids);
	for(i = 0; i < n; i++)
		lock_init(&table->buckets[i].lock);
	if(tna_regs_send_init() != 0)
		return -1;
	return register_basic_timers(1);
}

void tna_regs_destroy(void)
{
	struct record *r, *next;
	unsigned i;

	if(table == NULL)
		return;
	for(i = 0; i < table->size; i++)
		for(r = table->buckets[i].first; r != NULL; r = next) {
			next = r->next;
			shm_free(r);
		}
	shm_free(table);
	table = NULL;
}

unsigned tna_regs_count(void)
{
	return (unsigned)atomic_get(&table->n);
}

/* --- one record; its bucket is locked --- */

static struct record **find(struct bucket *b, const struct tna_reg *reg)
{
	struct record **at;

	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if(ep_view_eq((*at)->reg.contact, reg->contact)
				&& ep_view_eq((*at)->reg.impu, reg->impu)
				&& ep_view_eq((*at)->reg.impi, reg->impi))
			break;
	return at;
}

static void take_out(struct record **at)
{
	struct record *r = *at;

	*at = r->next;
	if(r->state != LIVE)
		atomic_dec(&table->ending);
	atomic_dec(contacts_of(r->reg.contact));
	atomic_dec(&table->n);
	shm_free(r);
}

static void end_now(struct record *r, uint64_t now)
{
	if(r->state != LIVE)
		return;
	r->state = ENDING;
	r->due_ms = now;
	r->tries = 0;
	atomic_inc(&table->ending);
}

/* --- putting --- */

static bool text_ok(struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		if((unsigned char)v.p[i] <= 0x20 || v.p[i] == 0x7f || v.p[i] == '"'
				|| v.p[i] == '<' || v.p[i] == '>' || v.p[i] == '\\')
			return false;
	return v.len <= TEXT_MAX;
}

static uint64_t id_new(void)
{
	uint64_t id;

	lock_get(&table->ids);
	id = ++table->last_id;
	lock_release(&table->ids);
	return id;
}

static struct record *record_new(const struct tna_reg *reg)
{
	size_t n = reg->impi.len + reg->impu.len + reg->contact.len + reg->waf.len
			   + reg->wwsf.len;
	struct record *r = shm_malloc(sizeof(*r) + n);
	char *text;

	if(r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	text = r->text;
	r->hash = hash_of(reg);
	r->id = id_new();
	r->end_s = reg->end_s;
	r->put_ms = ep_clock_ms();
	r->reg.impi = ep_view_place(&text, reg->impi);
	r->reg.impu = ep_view_place(&text, reg->impu);
	r->reg.contact = ep_view_place(&text, reg->contact);
	r->reg.waf = ep_view_place(&text, reg->waf);
	r->reg.wwsf = ep_view_place(&text, reg->wwsf);
	return r;
}

/* One that ends goes when its REGISTER is answered. */
static void forget(const struct tna_reg *reg)
{
	bool all = ep_view_eq(reg->contact, EP_LIT("*"));
	struct bucket *b = bucket_of(hash_of(reg));
	struct record **at;

	lock_get(&b->lock);
	for(at = &b->first; *at != NULL;) {
		if((*at)->state == LIVE && ep_view_eq((*at)->reg.impu, reg->impu)
				&& ep_view_eq((*at)->reg.impi, reg->impi)
				&& (all || ep_view_eq((*at)->reg.contact, reg->contact)))
			take_out(at);
		else
			at = &(*at)->next;
	}
	lock_release(&b->lock);
}

enum ep_err tna_regs_put(const struct tna_reg *reg)
{
	struct record *r, **at;
	struct bucket *b;

	if(!text_ok(reg->impi) || !text_ok(reg->impu) || !text_ok(reg->contact)
			|| reg->contact.len == 0 || reg->impu.len == 0)
		return EP_ERANGE;
	if(reg->end_s == 0) {
		forget(reg);
		return EP_OK;
	}
	r = record_new(reg);
	if(r == NULL)
		return EP_ENOMEM;
	b = bucket_of(r->hash);
	lock_get(&b->lock);
	at = find(b, reg);
	if(*at != NULL)
		take_out(at);
	else if(tna_regs_count() >= tna_set.max_bindings) {
		lock_release(&b->lock);
		shm_free(r);
		return EP_ENOSPC;
	}
	r->next = b->first;
	b->first = r;
	atomic_inc(contacts_of(r->reg.contact));
	atomic_inc(&table->n);
	/* Whoever bars it meanwhile either finds it, or is found here. */
	if(tna_barred(r->reg.waf, r->reg.wwsf)) {
		end_now(r, r->put_ms);
		tna_count(TNA_N_BARRED_ENDED);
	}
	lock_release(&b->lock);
	return EP_OK;
}

bool tna_regs_is_through(const struct tna_reg *reg)
{
	struct bucket *b = bucket_of(hash_of(reg));
	struct record *r;
	bool through;

	lock_get(&b->lock);
	r = *find(b, reg);
	through = r != NULL && ep_scscf_name_eq(r->reg.waf, reg->waf)
			  && ep_scscf_name_eq(r->reg.wwsf, reg->wwsf);
	lock_release(&b->lock);
	return through;
}

/* Of this private identity, or of any other. */
static bool has_contact(
		struct bucket *b, const struct tna_reg *reg, bool of_others)
{
	struct record *r;

	lock_get(&b->lock);
	for(r = b->first; r != NULL; r = r->next)
		if(ep_view_eq(r->reg.contact, reg->contact)
				&& ep_view_eq(r->reg.impi, reg->impi) != of_others)
			break;
	lock_release(&b->lock);
	return r != NULL;
}

static bool others_have_contact(const struct tna_reg *reg)
{
	unsigned i;

	if(atomic_get(contacts_of(reg->contact)) == 0)
		return false;
	for(i = 0; i < table->size; i++)
		if(table->buckets[i].first != NULL
				&& has_contact(&table->buckets[i], reg, true))
			return true;
	return false;
}

bool tna_regs_is_anothers(const struct tna_reg *reg, bool auth_done)
{
	if(has_contact(bucket_of(hash_of(reg)), reg, false))
		return false;
	return (auth_done || others_have_contact(reg)) && tna_regs_is_there(reg);
}

/* --- ending --- */

/* Is `name` the one that the barred list writes as `canonical`? */
static bool is_named(struct ep_view name, struct ep_view canonical)
{
	char text[EP_BARRED_NAME_MAX];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	return canonical.p != NULL && name.len == canonical.len
		   && ep_barred_name(&b, name) == EP_OK
		   && ep_view_eq(ep_buf_view(&b), canonical);
}

/* Ends what `is_meant` says yes to, with the bucket locked. */
static unsigned end_each(
		bool (*is_meant)(const struct tna_reg *reg, void *ctx), void *ctx)
{
	uint64_t now = ep_clock_ms(), now_s = tna_now_s();
	struct bucket *b;
	struct record *r;
	unsigned i, n = 0;

	for(i = 0; i < table->size; i++) {
		b = &table->buckets[i];
		lock_get(&b->lock);
		for(r = b->first; r != NULL; r = r->next) {
			if(r->state != LIVE || r->end_s < now_s || !is_meant(&r->reg, ctx))
				continue;
			end_now(r, now);
			n++;
		}
		lock_release(&b->lock);
	}
	return n;
}

struct through
{
	struct ep_view waf, wwsf;
};

static bool is_through(const struct tna_reg *reg, void *ctx)
{
	const struct through *t = ctx;

	return is_named(reg->waf, t->waf) || is_named(reg->wwsf, t->wwsf);
}

unsigned tna_regs_end(struct ep_view waf, struct ep_view wwsf)
{
	struct through t = {waf, wwsf};
	unsigned n = end_each(is_through, &t);

	tna_count_more(TNA_N_BARRED_ENDED, n);
	return n;
}

struct unless
{
	struct ep_view impi;
	bool (*may_stay)(const struct tna_reg *reg, void *ctx);
	void *ctx;
};

static bool must_go(const struct tna_reg *reg, void *ctx)
{
	const struct unless *u = ctx;

	return ep_view_eq(reg->impi, u->impi) && !u->may_stay(reg, u->ctx);
}

unsigned tna_regs_end_unless(struct ep_view impi,
		bool (*may_stay)(const struct tna_reg *reg, void *ctx), void *ctx)
{
	struct unless u = {impi, may_stay, ctx};

	return end_each(must_go, &u);
}

void tna_regs_look(void)
{
	atomic_set(&table->look, 1);
}

static bool is_barred(const struct tna_reg *reg, void *ctx)
{
	return tna_barred(reg->waf, reg->wwsf);
}

static void look(void)
{
	if(atomic_get(&table->look) == 0)
		return;
	atomic_set(&table->look, 0); /* before the look */
	tna_count_more(TNA_N_BARRED_ENDED, end_each(is_barred, NULL));
}

/* --- the process --- */

/* What is said in one REGISTER, while no lock is held. */
struct due
{
	unsigned hash;
	uint64_t id;
	char text[3 * TEXT_MAX];
	struct tna_reg reg;
};

/* One at a time of a user: the registrar finds out which was the last one by
 * what the others left. */
static bool is_due(const struct bucket *b, const struct record *r, uint64_t now)
{
	const struct record *other;

	if(r->state == LIVE || r->due_ms > now)
		return false;
	for(other = b->first; other != NULL; other = other->next)
		if(other != r && other->state == SENT && other->due_ms > now
				&& ep_view_eq(other->reg.impi, r->reg.impi))
			return false;
	return true;
}

static void due_copy(struct due *out, const struct record *r)
{
	char *text = out->text;

	out->hash = r->hash;
	out->id = r->id;
	out->reg = (struct tna_reg){.impi = ep_view_place(&text, r->reg.impi),
			.impu = ep_view_place(&text, r->reg.impu),
			.contact = ep_view_place(&text, r->reg.contact)};
}

static bool due_take(struct due *out, struct bucket *b, uint64_t now)
{
	struct record *r;

	lock_get(&b->lock);
	for(r = b->first; r != NULL; r = r->next)
		if(is_due(b, r, now))
			break;
	if(r != NULL) {
		due_copy(out, r);
		r->state = SENT;
		r->due_ms = now + UNANSWERED_MS;
	}
	lock_release(&b->lock);
	return r != NULL;
}

/* The registrar has it no more: looked at again while a REGISTER that was let
 * pass before may still reach it behind ours. It said no, or nothing: again for
 * a while. */
static bool settle(struct record *r, bool good, uint64_t now)
{
	uint64_t last_ms = r->put_ms + CROSSING_MS;

	if(good && now >= last_ms)
		return true;
	if(!good && ++r->tries >= TRIES_MAX) {
		LM_ERR("a barred registration could not be ended\n");
		return true;
	}
	r->state = ENDING;
	r->due_ms = now + (good ? LOOK_MS : AGAIN_MS);
	return false;
}

void tna_regs_answered(unsigned hash, uint64_t id, bool good)
{
	struct bucket *b = bucket_of(hash);
	struct record **at;

	lock_get(&b->lock);
	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if((*at)->id == id)
			break;
	if(*at != NULL && (*at)->state == SENT && settle(*at, good, ep_clock_ms()))
		take_out(at);
	lock_release(&b->lock);
}

bool tna_regs_is_sent(unsigned hash, uint64_t id)
{
	struct bucket *b = bucket_of(hash);
	struct record *r;
	bool sent;

	lock_get(&b->lock);
	for(r = b->first; r != NULL && r->id != id; r = r->next)
		;
	sent = r != NULL && r->state == SENT;
	lock_release(&b->lock);
	return sent;
}

static void send_due(void)
{
	static unsigned from;
	static struct due due;
	uint64_t now = ep_clock_ms();
	unsigned i, left = TICK_SENDS;

	if(atomic_get(&table->ending) == 0)
		return;
	for(i = 0; i < table->size && left > 0; i++, from++)
		while(left > 0 && due_take(&due, bucket_of(from), now)) {
			if(!tna_regs_is_there(&due.reg)) {
				tna_regs_answered(due.hash, due.id, true);
				continue;
			}
			left--;
			if(!tna_regs_send(&due.reg, due.hash, due.id))
				tna_regs_answered(due.hash, due.id, false);
		}
}

/* The next record whose time is over. */
static bool over_find(struct due *out, struct bucket *b, uint64_t now_s)
{
	struct record *r;

	lock_get(&b->lock);
	for(r = b->first; r != NULL && r->end_s >= now_s; r = r->next)
		;
	if(r != NULL)
		due_copy(out, r);
	lock_release(&b->lock);
	return r != NULL;
}

/* The registrar may grant more than was asked for: its word counts, so that
 * barring finds the contact as long as it is there. */
static void sweep(void)
{
	static struct due due;
	uint64_t now_s = tna_now_s();
	struct record **at;
	struct bucket *b;
	unsigned i;
	bool there;

	for(i = 0; i < table->size; i++) {
		b = &table->buckets[i];
		if(b->first == NULL)
			continue;
		while(over_find(&due, b, now_s)) {
			there = tna_regs_is_there(&due.reg);
			lock_get(&b->lock);
			for(at = &b->first; *at != NULL; at = &(*at)->next)
				if((*at)->id == due.id)
					break;
			if(*at != NULL && there)
				(*at)->end_s = now_s + THERE_S;
			else if(*at != NULL)
				take_out(at);
			lock_release(&b->lock);
		}
	}
}

static void tick(unsigned int ms, void *param)
{
	static unsigned n;

	look();
	send_due();
	if(++n % TICKS_PER_SWEEP == 0)
		sweep();
}

int tna_regs_child_init(int rank)
{
	if(rank != PROC_MAIN)
		return 0;
	return fork_basic_utimer(PROC_TIMER, "TNA_REGISTER REGS", 1, tick, NULL,
				   TICK_US) < 0
				   ? -1
				   : 0;
}
