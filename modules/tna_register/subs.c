/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "base/sipuri.h"
#include "common/view.h"
#include "script.h"
#include "store.h"
#include "subs.h"
#include "tna/build.h"
#include "tna/subscription.h"

/* The texts of a record, one after the other behind it. */
enum text
{
	SUB_CALLID,
	SUB_LOCAL_TAG, /* empty: the page did not answer yet */
	SUB_PEER_TAG,  /* empty: the other end did not */
	SUB_URI,
	SUB_ICID,
	SUB_LOCAL,
	SUB_LOCAL_AS,
	SUB_PEER,
	SUB_PEER_AS,
	SUB_ROUTES,
	SUB_TARGETS,
	SUB_N
};

struct record
{
	struct record *next;
	unsigned char id[EP_FLOW_ID_LEN];
	bool by_wic;
	struct ep_subs subs;
	uint32_t len[SUB_N];
	char text[];
};

struct bucket
{
	gen_lock_t lock;
	struct record *first;
};

static struct
{
	gen_lock_t lock; /* of `n`; taken with a bucket's lock held */
	unsigned n, max, max_each;
	unsigned size;
	struct bucket *buckets;
} * table;

/* A record's content while it is worked on. */
struct content
{
	bool by_wic;
	struct ep_subs subs;
	struct ep_view v[SUB_N];
};

static struct bucket *bucket_of(const unsigned char *id)
{
	unsigned h;

	memcpy(&h, id, sizeof(h));
	return &table->buckets[h & (table->size - 1)];
}

static struct record *record_new(
		const unsigned char *id, const struct content *c)
{
	size_t n = sizeof(struct record);
	struct record *r;
	char *p;
	int i;

	for(i = 0; i < SUB_N; i++)
		n += c->v[i].len;
	r = shm_malloc(n);
	if(r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	memcpy(r->id, id, EP_FLOW_ID_LEN);
	r->by_wic = c->by_wic;
	r->subs = c->subs;
	for(i = 0, p = r->text; i < SUB_N; i++) {
		if(c->v[i].len > 0)
			memcpy(p, c->v[i].p, c->v[i].len);
		r->len[i] = c->v[i].len;
		p += c->v[i].len;
	}
	return r;
}

static void record_read(struct content *c, const struct record *r)
{
	const char *p = r->text;
	int i;

	c->by_wic = r->by_wic;
	c->subs = r->subs;
	for(i = 0; i < SUB_N; i++) {
		c->v[i] = ep_view_of(p, r->len[i]);
		p += r->len[i];
	}
}

static struct ep_view text_of(const struct record *r, enum text which)
{
	const char *p = r->text;
	int i;

	for(i = 0; i < (int)which; i++)
		p += r->len[i];
	return ep_view_of(p, r->len[which]);
}

static bool text_is(
		const struct record *r, enum text which, struct ep_view value)
{
	struct ep_view v = text_of(r, which);

	return v.len == value.len && memcmp(v.p, value.p, value.len) == 0;
}

static bool is_of(const struct record *r, const unsigned char *id)
{
	return memcmp(r->id, id, EP_FLOW_ID_LEN) == 0;
}

/* --- the list of a bucket: locked --- */

static bool count_up(void)
{
	bool ok;

	lock_get(&table->lock);
	ok = table->n < table->max;
	table->n += ok;
	lock_release(&table->lock);
	return ok;
}

static void count_down(void)
{
	lock_get(&table->lock);
	table->n--;
	lock_release(&table->lock);
}

/* Absent tags are empty. */
struct key
{
	struct ep_view callid, local, peer;
};

static struct record **find(
		struct bucket *b, const unsigned char *id, const struct key *k)
{
	struct record **at;

	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if(is_of(*at, id) && text_is(*at, SUB_CALLID, k->callid)
				&& text_is(*at, SUB_LOCAL_TAG, k->local)
				&& text_is(*at, SUB_PEER_TAG, k->peer))
			return at;
	return NULL;
}

static void remove_at(struct record **at)
{
	struct record *r = *at;

	*at = r->next;
	shm_free(r);
	count_down();
}

/* Has the binding, or the request behind `k` (its peer's tag does not count),
 * as many as it may? Of those that others began only half: nobody can keep a
 * page from subscribing. */
static bool is_full(struct bucket *b, const unsigned char *id,
		const struct key *k, bool by_wic)
{
	unsigned n = 0, forks = 0, others = 0;
	struct record *r;

	for(r = b->first; r != NULL; r = r->next) {
		if(!is_of(r, id))
			continue;
		n++;
		others += !r->by_wic;
		forks += text_is(r, SUB_CALLID, k->callid)
				 && text_is(r, SUB_LOCAL_TAG, k->local);
	}
	return n >= table->max_each || forks > TNA_SUB_FORKS_MAX
		   || (!by_wic && others >= (table->max_each + 1) / 2);
}

static struct record **add(struct bucket *b, const unsigned char *id,
		const struct content *c, enum ep_tna_cause *cause)
{
	struct key k = {c->v[SUB_CALLID], c->v[SUB_LOCAL_TAG], c->v[SUB_PEER_TAG]};
	struct record *r;

	*cause = EP_TNA_SUBS_FULL;
	if(is_full(b, id, &k, c->by_wic) || !count_up())
		return NULL;
	r = record_new(id, c);
	if(r == NULL) {
		count_down();
		*cause = EP_TNA_INTERNAL;
		return NULL;
	}
	r->next = b->first;
	b->first = r;
	*cause = EP_TNA_OK;
	return &b->first;
}

/* Its content becomes `c`; without memory it stays as it is. */
static void replace(struct record **at, const struct content *c)
{
	struct record *old = *at, *r = record_new(old->id, c);

	if(r == NULL) {
		LM_ERR("out of shared memory: a subscription's dialog keeps what is"
			   " known of it\n");
		old->subs = c->subs;
		return;
	}
	r->next = old->next;
	*at = r;
	shm_free(old);
}

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

static struct ep_view some(struct ep_view v)
{
	return v.p != NULL ? v : EP_LIT("");
}

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
	at = find(b, id, &k);
	if(at != NULL)
		c->subs = (*at)->subs;
	ep_subs_step(&c->subs, news, tna_now_s());
	if(at != NULL)
		replace(at, c);
	else
		add(b, id, c, &cause);
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
	at = find(b, id, &half);
	if(at == NULL)
		return NULL;
	record_read(&c, *at);
	c.v[SUB_LOCAL_TAG] = k->local;
	c.v[SUB_PEER_TAG] = k->peer;
	if(from_wic) {
		replace(at, &c);
		return at;
	}
	learn(&c, &u, msg, true);
	return add(b, id, &c, &cause);
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
	at = find(b, id, k);
	if(at == NULL && grows) {
		at = grown(b, id, k, w->msg, from_wic);
		fresh = true;
	}
	there = at != NULL;
	if(there) {
		record_read(&c, *at);
		ep_subs_step(&c.subs, &news, tna_now_s());
		if(c.subs.n == 0) {
			remove_at(at);
		} else if(!from_wic && !fresh && w->m.status < 300) {
			/* A NOTIFY that overtook the answer carried no Record-Route of
			 * its own: the page takes the answer's. */
			learn(&c, &u, w->msg,
					grows && w->m.status >= 200 && c.v[SUB_ROUTES].len == 0);
			replace(at, &c);
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

	record_read(&c, r);
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
	at = find(b, id, &k);
	/* A NOTIFY may come before the answer that it belongs to. Whether there is
	 * another end of its own request, the page cannot tell. */
	if(from_wic)
		half.local = EP_LIT("");
	else
		half.peer = EP_LIT("");
	if(at == NULL)
		at = find(b, id, &half);
	if(at != NULL)
		ok = dialog_fill(d, *at, arena);
	lock_release(&b->lock);
	return ok ? EP_TNA_OK : EP_TNA_INTERNAL;
}

bool tna_subs_is(const unsigned char *id, struct ep_view callid,
		struct ep_view local_tag, struct ep_view peer_tag)
{
	struct key k = {callid, some(local_tag), some(peer_tag)};
	struct bucket *b = bucket_of(id);
	bool there;

	lock_get(&b->lock);
	there = find(b, id, &k) != NULL;
	lock_release(&b->lock);
	return there;
}

unsigned tna_subs_total(void)
{
	return table->n;
}

unsigned tna_subs_count(const unsigned char *id)
{
	struct bucket *b = bucket_of(id);
	struct record *r;
	unsigned n = 0;

	lock_get(&b->lock);
	for(r = b->first; r != NULL; r = r->next)
		n += is_of(r, id);
	lock_release(&b->lock);
	return n;
}

/* --- forgetting --- */

void tna_subs_drop(const unsigned char *id)
{
	struct bucket *b = bucket_of(id);
	struct record **at;

	lock_get(&b->lock);
	for(at = &b->first; *at != NULL;) {
		if(is_of(*at, id))
			remove_at(at);
		else
			at = &(*at)->next;
	}
	lock_release(&b->lock);
}

void tna_subs_sweep(uint64_t now_s)
{
	struct record **at;
	struct bucket *b;
	unsigned i;

	for(i = 0; i < table->size; i++) {
		b = &table->buckets[i];
		/* The sweep comes again: what is linked meanwhile is looked at then. */
		if(b->first == NULL)
			continue;
		lock_get(&b->lock);
		for(at = &b->first; *at != NULL;) {
			if(ep_subs_end_s(&(*at)->subs) <= now_s)
				remove_at(at);
			else
				at = &(*at)->next;
		}
		lock_release(&b->lock);
	}
}

int tna_subs_init(unsigned size, unsigned max, unsigned max_each)
{
	unsigned n = 16, i;

	while(n < size && n < (1u << 20))
		n <<= 1;
	table = shm_malloc(sizeof(*table) + n * sizeof(struct bucket));
	if(table == NULL)
		return -1;
	memset(table, 0, sizeof(*table) + n * sizeof(struct bucket));
	table->size = n;
	table->max = max;
	table->max_each = max_each;
	table->buckets = (struct bucket *)(table + 1);
	lock_init(&table->lock);
	for(i = 0; i < n; i++)
		lock_init(&table->buckets[i].lock);
	return 0;
}

void tna_subs_destroy(void)
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
