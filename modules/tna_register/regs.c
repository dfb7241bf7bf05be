/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/timer_proc.h"

#include "common/clock.h"
#include "common/view.h"
#include "tna/scscf.h"
#include "barred.h"
#include "hashtab.h"
#include "regs_send.h"
#include "regs_tab.h"

struct tna_regtab *tna_regtab;

/* All contacts of a user are in one bucket. */
static unsigned hash_of(const struct tna_reg *reg)
{
	return tna_hash_text(reg->impi);
}

static atomic_t *contacts_of(struct ep_view contact)
{
	return &tna_regtab->contacts[tna_hash_text(contact) % TNA_REG_HASHES];
}

int tna_regs_init(void)
{
	unsigned n = tna_hash_buckets(tna_buckets()), i;

	if(tna_regtab != NULL)
		return 0;
	tna_regtab = shm_malloc(sizeof(*tna_regtab) + n * sizeof(struct bucket));
	if(tna_regtab == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	memset(tna_regtab, 0, sizeof(*tna_regtab) + n * sizeof(struct bucket));
	tna_regtab->size = n;
	lock_init(&tna_regtab->ids);
	for(i = 0; i < n; i++)
		lock_init(&tna_regtab->buckets[i].lock);
	if(tna_regs_send_init() != 0)
		return -1;
	return register_basic_timers(1);
}

void tna_regs_destroy(void)
{
	struct record *r, *next;
	unsigned i;

	if(tna_regtab == NULL)
		return;
	for(i = 0; i < tna_regtab->size; i++)
		for(r = tna_regtab->buckets[i].first; r != NULL; r = next) {
			next = r->next;
			shm_free(r);
		}
	shm_free(tna_regtab);
	tna_regtab = NULL;
}

unsigned tna_regs_count(void)
{
	return (unsigned)atomic_get(&tna_regtab->n);
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

void tna_regtab_take_out(struct record **at)
{
	struct record *r = *at;

	*at = r->next;
	if(r->state != LIVE)
		atomic_dec(&tna_regtab->ending);
	atomic_dec(contacts_of(r->reg.contact));
	atomic_dec(&tna_regtab->n);
	shm_free(r);
}

void tna_regtab_end_now(struct record *r, uint64_t now)
{
	if(r->state != LIVE)
		return;
	r->state = ENDING;
	r->due_ms = now;
	r->tries = 0;
	atomic_inc(&tna_regtab->ending);
}

/* --- putting --- */

static bool text_ok(struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		if((unsigned char)v.p[i] <= 0x20 || v.p[i] == 0x7f || v.p[i] == '"'
				|| v.p[i] == '<' || v.p[i] == '>' || v.p[i] == '\\')
			return false;
	return v.len <= TNA_REG_TEXT_MAX;
}

static uint64_t id_new(void)
{
	uint64_t id;

	lock_get(&tna_regtab->ids);
	id = ++tna_regtab->last_id;
	lock_release(&tna_regtab->ids);
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
			tna_regtab_take_out(at);
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
		tna_regtab_take_out(at);
	else if(tna_regs_count() >= tna_set.max_bindings) {
		lock_release(&b->lock);
		shm_free(r);
		return EP_ENOSPC;
	}
	r->next = b->first;
	b->first = r;
	atomic_inc(contacts_of(r->reg.contact));
	atomic_inc(&tna_regtab->n);
	/* Whoever bars it meanwhile either finds it, or is found here. */
	if(tna_barred(r->reg.waf, r->reg.wwsf)) {
		tna_regtab_end_now(r, r->put_ms);
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
	for(i = 0; i < tna_regtab->size; i++)
		if(tna_regtab->buckets[i].first != NULL
				&& has_contact(&tna_regtab->buckets[i], reg, true))
			return true;
	return false;
}

bool tna_regs_is_anothers(const struct tna_reg *reg, bool auth_done)
{
	if(has_contact(bucket_of(hash_of(reg)), reg, false))
		return false;
	return (auth_done || others_have_contact(reg)) && tna_regs_is_there(reg);
}
