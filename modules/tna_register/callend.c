/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Which calls are to end: taken one by one, for ends.c. */
#include "core/mem/mem.h"

#include "common/view.h"
#include "calltab.h"
#include "life.h"

/* Ticks (life.c) that the end of a call may wait for the callee's first
 * answer. */
#define TRIES_MAX 5

static bool is_over_long(const struct call *c, unsigned max_s, uint64_t now_s)
{
	return max_s > 0 && now_s >= c->start_s + max_s;
}

static bool is_meant(const struct call *c, const struct tna_calls_which *w)
{
	if(c->ended)
		return false;
	if(w->id != NULL && memcmp(c->id, w->id, EP_FLOW_ID_LEN) != 0)
		return false;
	if(w->callid.p != NULL)
		return ep_view_eq(c->callid, w->callid);
	if(w->id != NULL)
		return true;
	if(w->used_up)
		return tna_usage_used_up(c->usage);
	return c->start_s != 0
		   && (is_over_long(c, tna_set.max_call_s, w->over_long_s)
				   || is_over_long(
						   c, tna_usage_max_call_s(c->usage), w->over_long_s));
}

/* The texts one after the other in one pkg block. */
static bool taken_fill(struct tna_taken *out, const struct call *c)
{
	size_t n = c->callid.len + c->from_tag.len + c->to_tag_len + 1;
	char *p = pkg_malloc(n);

	if(p == NULL)
		return false;
	memcpy(out->id, c->id, EP_FLOW_ID_LEN);
	out->h_entry = c->h_entry;
	out->h_id = c->h_id;
	out->has_t = c->has_t;
	out->t_index = c->t_index;
	out->t_label = c->t_label;
	memcpy(p, c->callid.p, c->callid.len);
	out->callid = (str){p, c->callid.len};
	memcpy(p += c->callid.len, c->from_tag.p, c->from_tag.len);
	out->from_tag = (str){p, c->from_tag.len};
	p += c->from_tag.len;
	/* The dialog module wants some To tag; before there is one it looks at
	 * the others only. */
	*p = '-';
	out->to_tag = (str){p, 1};
	if(c->to_tag_len > 0) {
		memcpy(p, c->to_tag, c->to_tag_len);
		out->to_tag.len = c->to_tag_len;
	}
	return true;
}

bool tna_calls_later(const struct tna_taken *t, enum tna_end_cause cause)
{
	struct bucket *b = bucket_of(tna_hash_id(t->id));
	struct call *c;
	bool later;

	lock_get(&b->lock);
	c = find(b, t->id, t->h_entry, t->h_id);
	later = c != NULL && c->tries++ < TRIES_MAX;
	if(later)
		c->ended = false;
	lock_release(&b->lock);
	return later
		   && tna_life_queue(
					  t->id, TNA_EVENT_NONE, EP_BINDING_DO_END_CALLS, 0, cause)
					  == EP_OK;
}

static bool take_in(struct tna_taken *out, struct bucket *b,
		const struct tna_calls_which *which)
{
	struct call *c;
	bool taken = false;

	lock_get(&b->lock);
	for(c = b->first; c != NULL; c = c->next)
		if(is_meant(c, which)) {
			taken = c->ended = taken_fill(out, c);
			break;
		}
	lock_release(&b->lock);
	return taken;
}

bool tna_calls_take(struct tna_taken *out, const struct tna_calls_which *which,
		unsigned *at)
{
	if(!tna_has_dlg)
		return false;
	if(which->id != NULL)
		return take_in(out, bucket_of(tna_hash_id(which->id)), which);
	for(; *at < tna_calltab->size; (*at)++)
		if(take_in(out, &tna_calltab->buckets[*at], which))
			return true;
	return false;
}
