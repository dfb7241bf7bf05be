/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Contacts of regs.h are ended: which, and the process that does it. */
#include "core/dprint.h"
#include "core/timer_proc.h"

#include "common/clock.h"
#include "common/ending.h"
#include "common/view.h"
#include "tna/barred.h"
#include "barred.h"
#include "regs_send.h"
#include "regs_tab.h"

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
/* Looked at again so long after its time was over. */
#define THERE_S 10

/* --- which --- */

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

	for(i = 0; i < tna_regtab->size; i++) {
		b = &tna_regtab->buckets[i];
		lock_get(&b->lock);
		for(r = b->first; r != NULL; r = r->next) {
			if(r->state != LIVE || r->end_s < now_s || !is_meant(&r->reg, ctx))
				continue;
			tna_regtab_end_now(r, now);
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
	atomic_set(&tna_regtab->look, 1);
}

static bool is_barred(const struct tna_reg *reg, void *ctx)
{
	return tna_barred(reg->waf, reg->wwsf);
}

static void look(void)
{
	if(atomic_get(&tna_regtab->look) == 0)
		return;
	atomic_set(&tna_regtab->look, 0); /* before the look */
	tna_count_more(TNA_N_BARRED_ENDED, end_each(is_barred, NULL));
}

/* --- the process --- */

/* What is said in one REGISTER, while no lock is held. */
struct due
{
	unsigned hash;
	uint64_t id;
	char text[3 * TNA_REG_TEXT_MAX];
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
		tna_regtab_take_out(at);
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

	if(atomic_get(&tna_regtab->ending) == 0)
		return;
	for(i = 0; i < tna_regtab->size && left > 0; i++, from++)
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

	for(i = 0; i < tna_regtab->size; i++) {
		b = &tna_regtab->buckets[i];
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
				tna_regtab_take_out(at);
			lock_release(&b->lock);
		}
	}
}

static void tick(unsigned int ms, void *param)
{
	static unsigned n;

	ep_ending_stop_here();
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
