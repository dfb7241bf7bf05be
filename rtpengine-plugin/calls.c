/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "calls.h"

#include <stdlib.h>
#include "base/siphash.h"
#include "watch.h"

#define BUCKETS_N 16384
/* Strangers choose them. What is longer passes, but is not watched: a query,
 * or a delete, of what is kept fits in 2048 octets. */
#define ID_MAX_LEN 1024
#define TAG_MAX_LEN 512

struct ep_calls
{
	struct ep_call *buckets[BUCKETS_N];
	struct ep_call *first, *last; /* oldest first */
	size_t n;
};

int ep_calls_init(struct ep_iq *iq)
{
	iq->calls = calloc(1, sizeof *iq->calls);
	return iq->calls ? 0 : -1;
}

static void call_free(struct ep_call *call)
{
	for(size_t i = 0; i < call->tags_n; i++)
		free((void *)(uintptr_t)call->tags[i].text.p);
	free(call);
}

void ep_calls_fini(struct ep_iq *iq)
{
	struct ep_call *call = iq->calls ? iq->calls->first : NULL;

	while(call) {
		struct ep_call *next = call->next;
		call_free(call);
		call = next;
	}
	free(iq->calls);
	iq->calls = NULL;
}

size_t ep_calls_n(const struct ep_iq *iq)
{
	return iq->calls->n;
}

struct ep_call *ep_calls_first(const struct ep_iq *iq)
{
	return iq->calls->first;
}

static struct ep_call **bucket_of(const struct ep_iq *iq, struct ep_view id)
{
	return &iq->calls->buckets[ep_siphash(iq->hash_key, id) % BUCKETS_N];
}

struct ep_call *ep_calls_get(const struct ep_iq *iq, struct ep_view id)
{
	struct ep_call *call = id.p ? *bucket_of(iq, id) : NULL;

	while(call && !ep_view_eq(call->id, id))
		call = call->next_hash;
	return call;
}

static struct ep_call *call_new(struct ep_view id)
{
	struct ep_call *call = calloc(1, sizeof *call + id.len);

	if(!call)
		return NULL;
	char *text = (char *)(call + 1);
	memcpy(text, id.p, id.len);
	call->id = ep_view_of(text, id.len);
	return call;
}

struct ep_call *ep_calls_add(struct ep_iq *iq, struct ep_view id)
{
	struct ep_calls *t = iq->calls;
	struct ep_call *call = ep_calls_get(iq, id);

	if(call || !id.p)
		return call;
	call = id.len <= ID_MAX_LEN && t->n < iq->conf->calls_max ? call_new(id)
															  : NULL;
	if(!call) {
		ep_stat_inc(iq, calls_untracked);
		return NULL;
	}
	struct ep_call **bucket = bucket_of(iq, id);
	call->next_hash = *bucket;
	*bucket = call;
	call->prev = t->last;
	*(t->last ? &t->last->next : &t->first) = call;
	t->last = call;
	t->n++;
	call->since_ms = call->changed_ms = ep_loop_now_ms(iq->loop);
	return call;
}

void ep_calls_drop(struct ep_iq *iq, struct ep_call *call)
{
	struct ep_calls *t = iq->calls;
	struct ep_call **at = bucket_of(iq, call->id);

	ep_watch_call_gone(iq, call);
	while(*at != call)
		at = &(*at)->next_hash;
	*at = call->next_hash;
	*(call->prev ? &call->prev->next : &t->first) = call->next;
	*(call->next ? &call->next->prev : &t->last) = call->prev;
	t->n--;
	call_free(call);
}

struct ep_call_tag *ep_call_tag_add(struct ep_call *call, struct ep_view text)
{
	if(!text.p || text.len > TAG_MAX_LEN)
		return NULL;
	for(size_t i = 0; i < call->tags_n; i++)
		if(ep_view_eq(call->tags[i].text, text))
			return &call->tags[i];
	if(call->tags_n == EP_CALL_TAGS_MAX)
		return NULL;
	char *copy = malloc(text.len + 1);
	if(!copy)
		return NULL;
	memcpy(copy, text.p, text.len);
	struct ep_call_tag *tag = &call->tags[call->tags_n++];
	*tag = (struct ep_call_tag){ep_view_of(copy, text.len), false};
	return tag;
}
