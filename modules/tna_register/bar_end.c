/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What barring ends at an eP-CSCF, and how much that is. */
#include <stdlib.h>

#include "core/dprint.h"

#include "common/mem.h"
#include "calls.h"
#include "life.h"
#include "store.h"

#define FOUND_IDS 512

/* The dialogs that end, in memory of the process: one between two barred
 * pages has a record for each of them. */
struct dialogs
{
	uint64_t *v;
	size_t n, cap;
	bool cut; /* no memory: some are not counted */
};

static bool room_for(struct dialogs *d, size_t more)
{
	size_t cap = 2 * (d->n + more) + 64;
	uint64_t *v;

	if(d->cap - d->n >= more)
		return true;
	v = realloc(d->v, cap * sizeof(*v));
	if(v == NULL)
		return false;
	d->v = v;
	d->cap = cap;
	return true;
}

static void dialogs_of(struct dialogs *d, const unsigned char *id)
{
	size_t n, more = 8;

	for(;;) {
		if(!room_for(d, more)) {
			d->cut = true;
			return;
		}
		n = tna_calls_dialogs(d->v + d->n, d->cap - d->n, id);
		if(n <= d->cap - d->n)
			break;
		more = n;
	}
	d->n += n;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static unsigned dialogs_count(struct dialogs *d)
{
	unsigned n = 0;
	size_t i;

	if(d->n > 0)
		qsort(d->v, d->n, sizeof(*d->v), compare);
	for(i = 0; i < d->n; i++)
		n += i == 0 || d->v[i] != d->v[i - 1];
	return n;
}

static void end_if_barred(struct tna_barred_ended *out, struct dialogs *calls,
		const struct tna_found *found)
{
	struct ep_arena arena;
	struct tna_copy c;
	char first[4096];
	enum ep_err err;

	if(found->state == EP_BINDING_ENDED)
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	err = tna_store_get(&c, found->id, &arena);
	if(err == EP_OK && tna_barred_page(c.b.waf, c.b.wwsf, c.conid)) {
		dialogs_of(calls, found->id);
		if(tna_life_end(found->id, TNA_END_REVOKED) == EP_OK) {
			out->registrations++;
			tna_count(TNA_N_BARRED_ENDED);
		}
	}
	ep_arena_fini(&arena);
}

void tna_life_end_barred(struct tna_barred_ended *out)
{
	struct dialogs calls = {.v = NULL};
	struct tna_found found[FOUND_IDS];
	unsigned at = 0;
	size_t n, i;

	while(tna_store_walk(found, &n, FOUND_IDS, &at))
		for(i = 0; i < n; i++)
			end_if_barred(out, &calls, &found[i]);
	out->calls = dialogs_count(&calls);
	if(calls.cut)
		LM_ERR("out of memory: not all calls that end are counted\n");
	free(calls.v);
	/* What found no memory, and what a 200 OK brings in this moment. */
	tna_life_look();
}
