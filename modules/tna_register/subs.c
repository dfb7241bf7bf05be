/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "base/sipuri.h"
#include "common/view.h"
#include "script.h"
#include "subtab.h"
#include "tna/build.h"

/* --- what a message of the other end teaches --- */

struct uris
{
	struct tna_uris routes, targets;
};

static void uris_read(struct tna_uris *out, struct ep_view text)
{
	out->n = text.len <= sizeof(out->text) ? text.len : 0;
	if(out->n > 0)
		memcpy(out->text, text.p, out->n);
}

/* Into `c`, whose views then point into *u: with `routes` for a dialog that is
 * new, the target with any message (RFC 6665 4.4.1, RFC 3261 12.2). */
static void learn(
		struct content *c, struct uris *u, sip_msg_t *msg, bool routes)
{
	uris_read(&u->routes, c->v[SUB_ROUTES]);
	uris_read(&u->targets, c->v[SUB_TARGETS]);
	if(routes) {
		u->routes.n = 0;
		tna_learn_routes(&u->routes, msg);
	}
	tna_learn_target(&u->targets, msg);
	c->v[SUB_ROUTES] = ep_view_of(u->routes.text, u->routes.n);
	c->v[SUB_TARGETS] = ep_view_of(u->targets.text, u->targets.n);
}

/* --- beginning --- */

static void names_put(struct content *c, const struct tna_names *names)
{
	c->v[SUB_LOCAL] = some(names->local);
	c->v[SUB_LOCAL_AS] = some(names->local_as);
	c->v[SUB_PEER] = some(names->peer);
	c->v[SUB_PEER_AS] = some(names->peer_as);
}

/* The answer finds the binding by this. */
static enum ep_tna_cause note(const unsigned char *id)
{
	return tna_note_set(
				   TNA_NOTE_SUB, ep_view_of((const char *)id, EP_FLOW_ID_LEN))
						   == EP_OK
				   ? EP_TNA_OK
				   : EP_TNA_INTERNAL;
}

/* Again with credentials, for one, or in more than one branch. */
static enum ep_tna_cause put(struct bucket *b, const unsigned char *id,
		struct content *c, const struct ep_sub_news *news)
{
	struct key k = {c->v[SUB_CALLID], c->v[SUB_LOCAL_TAG], c->v[SUB_PEER_TAG]};
	struct record **at;
	enum ep_tna_cause cause = EP_TNA_OK;

	lock_get(&b->lock);
	at = tna_subtab_find(b, id, &k);
	if(at != NULL)
		c->subs = (*at)->subs;
	ep_subs_step(&c->subs, news, tna_now_s());
	if(at != NULL)
		tna_subtab_replace(at, c);
	else
		tna_subtab_add(b, id, c, &cause);
	lock_release(&b->lock);
	return cause;
}

enum ep_tna_cause tna_subs_begin(
		struct tna_work *w, const struct tna_mark *mark)
{
	struct content c = {.by_wic = mark->from_wic};
	struct ep_sub_news news;
	struct ep_dialog_key key;
	struct ep_nameaddr page;
	struct uris u;
	enum ep_tna_cause cause = ep_dialog_key_get(&key, &w->m);

	ep_sub_news_get(&news, &w->m, mark->from_wic);
	if(cause != EP_TNA_OK)
		return cause;
	if(news.kind != EP_SUB_ASKED
			|| !ep_msg_one_nameaddr(&page, &w->m,
					mark->from_wic ? EP_LIT("From") : EP_LIT("To")))
		return EP_TNA_MALFORMED;
	c.v[SUB_CALLID] = key.callid;
	c.v[SUB_LOCAL_TAG] = c.v[SUB_PEER_TAG] = c.v[SUB_ROUTES] =
			c.v[SUB_TARGETS] = EP_LIT("");
	c.v[mark->from_wic ? SUB_LOCAL_TAG : SUB_PEER_TAG] = some(key.from_tag);
	c.v[SUB_URI] = page.uri;
	c.v[SUB_ICID] = some(mark->icid);
	names_put(&c, &mark->names);
	if(!mark->from_wic)
		learn(&c, &u, w->msg, true);
	cause = put(bucket_of(mark->id), mark->id, &c, &news);
	return cause == EP_TNA_OK ? note(mark->id) : cause;
}

/* Beside the record of the call, whose dialog it is in. */
static void of_call(struct content *c, const struct tna_dialog *d)
{
	c->by_wic = d->by_wic;
	c->v[SUB_CALLID] = d->callid;
	c->v[SUB_LOCAL_TAG] = some(d->local_tag);
	c->v[SUB_PEER_TAG] = some(d->peer_tag);
	c->v[SUB_URI] = some(d->uri);
	c->v[SUB_ICID] = some(d->icid);
	names_put(c, &d->names);
	c->v[SUB_ROUTES] = ep_view_of(d->known.routes.text, d->known.routes.n);
	c->v[SUB_TARGETS] = ep_view_of(d->known.targets.text, d->known.targets.n);
}

/* --- going on --- */

/* The record of a new dialog of a request that is on its way, or was answered
 * before: the other end's tag is new, or now the page's is known. */
static struct record **grown(struct bucket *b, const unsigned char *id,
		const struct key *k, sip_msg_t *msg, bool from_wic)
{
	struct key half = *k;
	struct record **at;
	struct content c;
	struct uris u;
	enum ep_tna_cause cause;

	if(k->local.len == 0 || k->peer.len == 0)
		return NULL;
	if(from_wic)
		half.local = EP_LIT("");
	else
		half.peer = EP_LIT("");
	at = tna_subtab_find(b, id, &half);
	if(at == NULL)
		return NULL;
	tna_subtab_read(&c, *at);
	c.v[SUB_LOCAL_TAG] = k->local;
	c.v[SUB_PEER_TAG] = k->peer;
	if(from_wic) {
		tna_subtab_replace(at, &c);
		return at;
	}
	learn(&c, &u, msg, true);
	return tna_subtab_add(b, id, &c, &cause);
}

/* What `w->msg` of the page, or of the other end, says about the record. Is
 * there one? */
static bool hear(struct tna_work *w, const unsigned char *id,
		const struct key *k, bool from_wic, bool grows)
{
	struct bucket *b = bucket_of(id);
	struct ep_sub_news news;
	struct record **at;
	struct content c;
	struct uris u;
	bool fresh = false, there;

	ep_sub_news_get(&news, &w->m, from_wic);
	lock_get(&b->lock);
	at = tna_subtab_find(b, id, k);
	if(at == NULL && grows) {
		at = grown(b, id, k, w->msg, from_wic);
		fresh = true;
	}
	there = at != NULL;
	if(there) {
		tna_subtab_read(&c, *at);
		ep_subs_step(&c.subs, &news, tna_now_s());
		if(c.subs.n == 0) {
			tna_subtab_remove(at);
		} else if(!from_wic && !fresh && w->m.status < 300) {
			/* A NOTIFY that overtook the answer carried no Record-Route of
			 * its own: the page takes the answer's. */
			learn(&c, &u, w->msg,
					grows && w->m.status >= 200 && c.v[SUB_ROUTES].len == 0);
			tna_subtab_replace(at, &c);
		} else {
			(*at)->subs = c.subs;
		}
	}
	lock_release(&b->lock);
	return there;
}

enum ep_tna_cause tna_subs_within(struct tna_work *w, const unsigned char *id,
		const struct tna_dialog *d, bool from_wic)
{
	struct key k = {d->callid, some(d->local_tag), some(d->peer_tag)};
	struct bucket *b = bucket_of(id);
	enum ep_tna_cause cause;
	struct ep_sub_news news;
	struct content c = {.by_wic = false};

	ep_sub_news_get(&news, &w->m, from_wic);
	if(d->kind == TNA_DIALOG_CALL && news.kind == EP_SUB_ASKED) {
		of_call(&c, d);
		cause = put(b, id, &c, &news);
		return cause == EP_TNA_OK ? note(id) : cause;
	}
	return hear(w, id, &k, from_wic, news.kind == EP_SUB_NOTIFIED) ? note(id)
																   : EP_TNA_OK;
}

void tna_subs_answer(struct tna_work *w, bool from_wic)
{
	struct ep_view id = tna_note_get(TNA_NOTE_SUB);
	const unsigned char *name = (const unsigned char *)id.p;
	struct ep_dialog_key key;
	struct key k;
	bool asked = ep_view_eq(w->m.method, EP_LIT("SUBSCRIBE"))
				 || ep_view_eq(w->m.method, EP_LIT("REFER"));

	if(id.len != EP_FLOW_ID_LEN || w->m.status < 200
			|| ep_dialog_key_get(&key, &w->m) != EP_TNA_OK)
		return;
	k = (struct key){key.callid, some(from_wic ? key.to_tag : key.from_tag),
			some(from_wic ? key.from_tag : key.to_tag)};
	if(w->m.status < 300) {
		hear(w, name, &k, from_wic, asked);
		return;
	}
	hear(w, name, &k, from_wic, false);
	if(!asked)
		return;
	/* Refused: the record of the request itself. */
	if(from_wic)
		k.local = EP_LIT("");
	else
		k.peer = EP_LIT("");
	hear(w, name, &k, from_wic, false);
}

/* --- asking --- */

static struct ep_view copy_of(
		struct ep_view v, struct ep_arena *arena, bool *ok)
{
	if(v.len == 0)
		return ep_view_none();
	v = ep_arena_copy(arena, v);
	*ok = *ok && v.p != NULL;
	return v;
}

static bool dialog_fill(
		struct tna_dialog *d, const struct record *r, struct ep_arena *arena)
{
	struct content c;
	bool ok = true;

	tna_subtab_read(&c, r);
	d->kind = TNA_DIALOG_SUB;
	d->by_wic = c.by_wic;
	d->uri = copy_of(c.v[SUB_URI], arena, &ok);
	d->icid = copy_of(c.v[SUB_ICID], arena, &ok);
	d->names.local = copy_of(c.v[SUB_LOCAL], arena, &ok);
	d->names.local_as = copy_of(c.v[SUB_LOCAL_AS], arena, &ok);
	d->names.peer = copy_of(c.v[SUB_PEER], arena, &ok);
	d->names.peer_as = copy_of(c.v[SUB_PEER_AS], arena, &ok);
	uris_read(&d->known.routes, c.v[SUB_ROUTES]);
	uris_read(&d->known.targets, c.v[SUB_TARGETS]);
	return ok;
}

enum ep_tna_cause tna_subs_get(struct tna_dialog *d, struct ep_arena *arena,
		const unsigned char *id, bool from_wic)
{
	struct key k = {d->callid, some(d->local_tag), some(d->peer_tag)}, half = k;
	struct bucket *b = bucket_of(id);
	struct record **at;
	bool ok = true;

	if(k.local.len == 0 || k.peer.len == 0)
		return EP_TNA_OK;
	lock_get(&b->lock);
	at = tna_subtab_find(b, id, &k);
	/* A NOTIFY may come before the answer that it belongs to. Whether there is
	 * another end of its own request, the page cannot tell. */
	if(from_wic)
		half.local = EP_LIT("");
	else
		half.peer = EP_LIT("");
	if(at == NULL)
		at = tna_subtab_find(b, id, &half);
	if(at != NULL)
		ok = dialog_fill(d, *at, arena);
	lock_release(&b->lock);
	return ok ? EP_TNA_OK : EP_TNA_INTERNAL;
}
