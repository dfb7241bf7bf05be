/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What comes for a subscription: answers and NOTIFY requests. */
#include "core/mem/shm_mem.h"

#include "base/buf.h"
#include "regsubtab.h"

/* A NOTIFY older than a 200 OK does not come later than this behind it: no
 * request is repeated for longer (RFC 3261 17.1.2, 64*T1). */
#define SETTLE_MS 32000

static struct remote *remote_new(const struct ep_regevent_peer *peer,
		struct ep_view tag, struct ep_view routes)
{
	struct remote *r =
			shm_malloc(sizeof(*r) + tag.len + peer->target.len + routes.len);

	if(r == NULL)
		return NULL;
	r->tag_len = tag.len;
	r->target_len = peer->target.len;
	r->routes_len = routes.len;
	if(tag.len > 0)
		memcpy(r->text, tag.p, tag.len);
	memcpy(r->text + tag.len, peer->target.p, peer->target.len);
	if(routes.len > 0)
		memcpy(r->text + tag.len + peer->target.len, routes.p, routes.len);
	return r;
}

static void remote_set(struct sub *s, struct remote *r)
{
	if(s->remote != NULL)
		shm_free(s->remote);
	s->remote = r;
}

/* A 2xx makes the dialog, a later one may move its target. False: it cannot
 * be used. */
static bool take_answer(struct sub *s, const struct ep_regevent_peer *peer,
		struct ep_view routes)
{
	bool first = s->life.state == EP_REGSUB_SUBSCRIBING
				 || s->life.state == EP_REGSUB_ACTIVE;
	struct remote *r;

	if(s->life.state == EP_REGSUB_ENDING)
		return true;
	if(peer->target.p == NULL || peer->to_tag.len == 0)
		return !first && s->remote != NULL;
	if(!first && s->remote == NULL)
		return false;
	r = remote_new(peer, first ? peer->to_tag : tna_sub_remote(s->remote, 0),
			first ? routes : tna_sub_remote(s->remote, 2));
	if(r == NULL)
		return false;
	remote_set(s, r);
	return true;
}

/* All that a NOTIFY had called over; without memory none, until the next. */
static void collect_unsure(
		struct sub *s, unsigned char **ids, size_t *n, struct ep_arena *arena)
{
	struct watched *w;
	size_t there = 0;

	*n = 0;
	for(w = s->watched; w != NULL; w = w->next)
		there += w->unsure;
	*ids = there > 0 ? ep_arena_array(arena, there, EP_FLOW_ID_LEN) : NULL;
	if(*ids == NULL)
		return;
	for(w = s->watched; w != NULL; w = w->next)
		if(w->unsure)
			memcpy(*ids + (*n)++ * EP_FLOW_ID_LEN, w->id, EP_FLOW_ID_LEN);
}

bool tna_regsubs_answered(uint64_t key, unsigned status,
		const struct ep_regevent_peer *peer, struct ep_view routes,
		uint64_t now_ms, unsigned char **ids, size_t *ids_n,
		struct ep_arena *arena)
{
	struct ep_regsub_input in = {.now_ms = now_ms};
	struct bucket *b;
	struct sub *s = tna_sub_by_key(&b, key);
	bool refused = false;

	*ids_n = 0;
	if(s == NULL)
		return false;
	if(peer != NULL)
		in = peer->said;
	in.event = EP_REGSUB_ANSWERED;
	in.now_ms = now_ms;
	in.status = status;
	if(status / 100 == 2 && (peer == NULL || !take_answer(s, peer, routes)))
		in.status = 500;
	tna_sub_in_flight(s, false);
	tna_sub_step(b, s, &in, &refused);
	if(refused)
		collect_unsure(s, ids, ids_n, arena);
	lock_release(&b->lock);
	return refused;
}

static bool is_dialog(const struct sub *s, const struct ep_regevent_peer *peer)
{
	char text[TNA_CALLID_LEN];
	struct ep_buf hex;

	if(s->life.state == EP_REGSUB_WAITING || s->life.state == EP_REGSUB_OVER)
		return false;
	ep_buf_init(&hex, text, sizeof(text));
	ep_buf_put_hex(
			&hex, ep_view_of((const char *)s->dialog, sizeof(s->dialog)));
	return ep_view_eq(peer->call_id, ep_buf_view(&hex))
		   && ep_view_eq(peer->to_tag, ep_view_of(s->local_tag, TNA_TAG_LEN))
		   && peer->from_tag.len > 0
		   && (s->remote == NULL
				   || ep_view_eq(peer->from_tag, tna_sub_remote(s->remote, 0)));
}

/* The first of a dialog may come before the 2xx and makes it (RFC 6665
 * 4.1.3); a later one may move its target. */
static enum ep_tna_cause take_peer(struct sub *s,
		const struct ep_regevent_peer *peer, struct ep_view routes)
{
	struct remote *r;

	if(peer->target.p == NULL)
		return s->remote != NULL ? EP_TNA_OK : EP_TNA_MALFORMED;
	r = remote_new(peer, peer->from_tag,
			s->remote != NULL ? tna_sub_remote(s->remote, 2) : routes);
	if(r == NULL)
		return EP_TNA_INTERNAL;
	remote_set(s, r);
	return EP_TNA_OK;
}

static enum ep_tna_cause list_watched(struct tna_regsub_news *out,
		const struct sub *s, uint64_t now_ms, struct ep_arena *arena)
{
	const struct watched *w;
	size_t n = 0;

	for(w = s->watched; w != NULL; w = w->next)
		n++;
	out->impu = ep_arena_copy(arena, ep_view_of(s->impu, s->impu_len));
	out->watched = ep_arena_array(arena, n > 0 ? n : 1, sizeof(*out->watched));
	if(out->watched == NULL || out->impu.p == NULL)
		return EP_TNA_INTERNAL;
	for(w = s->watched; w != NULL; w = w->next) {
		memcpy(out->watched[out->watched_n].id, w->id, EP_FLOW_ID_LEN);
		out->watched[out->watched_n++].settled =
				s->life.began_ms >= w->ok_ms || now_ms >= w->ok_ms + SETTLE_MS;
	}
	return EP_TNA_OK;
}

static enum ep_tna_cause take_notify(struct tna_regsub_news *out,
		struct bucket *b, struct sub *s, const struct ep_regevent_peer *peer,
		struct ep_view routes, const struct ep_reginfo *doc, uint64_t now_ms,
		struct ep_arena *arena)
{
	struct ep_regsub_input in = peer->said;
	enum ep_regevent_order order = EP_REGEVENT_STALE;
	enum ep_tna_cause cause;

	if(!is_dialog(s, peer))
		return EP_TNA_NO_DIALOG;
	if(s->has_remote_cseq && peer->cseq < s->remote_cseq)
		return EP_TNA_CSEQ;
	if(s->has_remote_cseq && peer->cseq == s->remote_cseq)
		return EP_TNA_OK; /* our answer was lost */
	cause = list_watched(out, s, now_ms, arena);
	if(cause == EP_TNA_OK)
		cause = take_peer(s, peer, routes);
	if(cause != EP_TNA_OK)
		return cause;
	s->has_remote_cseq = true;
	s->remote_cseq = peer->cseq;
	if(doc != NULL)
		order = ep_regevent_order(s->has_version, s->version, doc);
	if(order != EP_REGEVENT_STALE) {
		s->has_version = true;
		s->version = doc->version;
	}
	out->fresh = order != EP_REGEVENT_STALE;
	in.event = EP_REGSUB_NOTIFIED;
	in.now_ms = now_ms;
	tna_sub_step(b, s, &in, NULL);
	if(order == EP_REGEVENT_GAP)
		tna_sub_happen(b, s, EP_REGSUB_RESYNC, now_ms);
	return EP_TNA_OK;
}

enum ep_tna_cause tna_regsubs_notified(struct tna_regsub_news *out,
		const unsigned char *id, const struct ep_regevent_peer *peer,
		struct ep_view routes, const struct ep_reginfo *doc, uint64_t now_ms,
		struct ep_arena *arena)
{
	struct bucket *b;
	struct sub *s = tna_sub_by_dialog(&b, id);
	enum ep_tna_cause cause;

	*out = (struct tna_regsub_news){.fresh = false};
	if(s == NULL)
		return EP_TNA_NO_DIALOG;
	cause = take_notify(out, b, s, peer, routes, doc, now_ms, arena);
	lock_release(&b->lock);
	return cause;
}

void tna_regsubs_judged(const unsigned char *id,
		const struct tna_watched *watched, size_t n, uint64_t now_ms)
{
	struct bucket *b;
	struct sub *s = tna_sub_by_dialog(&b, id);
	struct watched *w;
	bool resync = false;
	size_t i;

	if(s == NULL)
		return;
	for(i = 0; i < n; i++) {
		w = tna_sub_watched(s, watched[i].id);
		if(w == NULL)
			continue;
		w->unsure = watched[i].verdict == EP_REGEVENT_UNSURE;
		resync = resync || w->unsure;
	}
	if(resync)
		tna_sub_happen(b, s, EP_REGSUB_RESYNC, now_ms);
	/* Nothing is left to be told about: not with the next sweep, but now. */
	tna_sub_prune(b, s, now_ms, watched, n);
	lock_release(&b->lock);
}

bool tna_regsubs_show(
		struct tna_regsub_shown *out, unsigned bucket, unsigned nth)
{
	struct bucket *b = tna_sub_bucket(bucket);
	uint64_t now_ms = tna_now_ms();
	const struct watched *w;
	const struct sub *s;
	size_t n;

	for(s = b->first; s != NULL && nth > 0; s = s->next)
		nth--;
	if(s != NULL) {
		*out = (struct tna_regsub_shown){.state = s->life.state};
		for(w = s->watched; w != NULL; w = w->next)
			out->bindings++;
		if((s->life.state == EP_REGSUB_ACTIVE
				   || s->life.state == EP_REGSUB_REFRESHING)
				&& s->life.end_ms > now_ms)
			out->expires_s = (uint32_t)((s->life.end_ms - now_ms) / 1000);
		n = s->impu_len < sizeof(out->text) ? s->impu_len : sizeof(out->text);
		memcpy(out->text, s->impu, n);
		out->impu = ep_view_of(out->text, n);
	}
	lock_release(&b->lock);
	return s != NULL;
}
