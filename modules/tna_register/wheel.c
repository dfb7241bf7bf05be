/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "wheel.h"

struct slot
{
	gen_lock_t lock;
	struct tna_deadline *first;
};

struct tna_wheel
{
	struct slot slots[TNA_WHEEL_SLOTS];
};

struct tna_wheel *tna_wheel_new(void)
{
	struct tna_wheel *w = shm_malloc(sizeof(*w));
	size_t i;

	if(w == NULL)
		return NULL;
	memset(w, 0, sizeof(*w));
	for(i = 0; i < TNA_WHEEL_SLOTS; i++)
		lock_init(&w->slots[i].lock);
	return w;
}

void tna_wheel_free(struct tna_wheel *w)
{
	shm_free(w);
}

static struct slot *slot_of(struct tna_wheel *w, uint64_t due_s)
{
	return &w->slots[due_s % TNA_WHEEL_SLOTS];
}

void tna_wheel_clear(struct tna_wheel *w, struct tna_deadline *d)
{
	struct slot *s = slot_of(w, d->due_s);

	if(d->at == NULL)
		return;
	lock_get(&s->lock);
	*d->at = d->next;
	if(d->next != NULL)
		d->next->at = d->at;
	d->at = NULL;
	lock_release(&s->lock);
}

void tna_wheel_set(struct tna_wheel *w, struct tna_deadline *d, uint64_t due_s,
		uint64_t now_s)
{
	struct slot *s;

	tna_wheel_clear(w, d);
	if(due_s <= now_s)
		due_s = now_s + 1;
	s = slot_of(w, due_s);
	lock_get(&s->lock);
	d->due_s = due_s;
	d->at = &s->first;
	d->next = s->first;
	if(d->next != NULL)
		d->next->at = &d->next;
	s->first = d;
	lock_release(&s->lock);
}

void tna_wheel_due(struct tna_wheel *w, uint64_t at_s,
		bool (*each)(struct tna_deadline *d, void *ctx), void *ctx)
{
	struct slot *s = slot_of(w, at_s);
	struct tna_deadline *d;

	lock_get(&s->lock);
	for(d = s->first; d != NULL; d = d->next)
		if(d->due_s <= at_s && !each(d, ctx))
			break;
	lock_release(&s->lock);
}
