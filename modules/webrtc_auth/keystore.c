/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>
#include <string.h>

#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"

#include "webrtc_auth/keystore.h"
#include "webrtc_auth/worker.h"

struct record
{
	struct record *next;
	struct ep_keystore_state state;
	bool wanted;
	struct ep_view issuer; /* behind the struct, like the next */
	struct ep_view source;
	char *text; /* a shm block of its own, or NULL */
	size_t text_len;
};

struct store
{
	gen_lock_t lock;
	volatile unsigned generation;
	unsigned texts; /* generations given to texts so far */
	struct record *records;
};

static struct store *store;

enum ep_err ep_keystore_init(void)
{
	store = shm_malloc(sizeof(*store));
	if(store == NULL)
		return EP_ENOMEM;
	memset(store, 0, sizeof(*store));
	store->generation = 1;
	if(lock_init(&store->lock) == NULL) {
		shm_free(store);
		store = NULL;
		return EP_ENOMEM;
	}
	return EP_OK;
}

static void record_free(struct record *r)
{
	if(r->text != NULL)
		shm_free(r->text);
	shm_free(r);
}

void ep_keystore_fini(void)
{
	struct record *r, *next;

	if(store == NULL)
		return;
	for(r = store->records; r != NULL; r = next) {
		next = r->next;
		record_free(r);
	}
	lock_destroy(&store->lock);
	shm_free(store);
	store = NULL;
}

unsigned ep_keystore_generation(void)
{
	return store->generation;
}

/* Locked. */
static struct record *record_find(struct ep_view issuer, struct ep_view source)
{
	struct record *r;

	for(r = store->records; r != NULL; r = r->next)
		if(ep_view_eq(r->issuer, issuer) && ep_view_eq(r->source, source))
			break;
	return r;
}

/* Locked. Finds it or makes it; NULL without memory. */
static struct record *record_need(struct ep_view issuer, struct ep_view source)
{
	struct record *r = record_find(issuer, source);
	char *names;

	if(r != NULL)
		return r;
	r = shm_malloc(sizeof(*r) + issuer.len + source.len);
	if(r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	names = (char *)(r + 1);
	memcpy(names, issuer.p, issuer.len);
	memcpy(names + issuer.len, source.p, source.len);
	r->issuer = ep_view_of(names, issuer.len);
	r->source = ep_view_of(names + issuer.len, source.len);
	r->next = store->records;
	store->records = r;
	return r;
}

enum ep_err ep_keystore_get(struct ep_keystore_state *out,
		struct ep_view issuer, struct ep_view source)
{
	struct record *r;

	lock_get(&store->lock);
	r = record_find(issuer, source);
	if(r != NULL)
		*out = r->state;
	lock_release(&store->lock);
	return r != NULL ? EP_OK : EP_ENOENT;
}

enum ep_err ep_keystore_text(char **block, struct ep_view *text,
		unsigned *generation, struct ep_view issuer, struct ep_view source)
{
	enum ep_err err = EP_ENOENT;
	struct record *r;

	lock_get(&store->lock);
	r = record_find(issuer, source);
	if(r != NULL && r->text != NULL) {
		*block = pkg_malloc(r->text_len + 1);
		err = *block != NULL ? EP_OK : EP_ENOMEM;
		if(err == EP_OK) {
			memcpy(*block, r->text, r->text_len);
			*text = ep_view_of(*block, r->text_len);
			*generation = r->state.generation;
		}
	}
	lock_release(&store->lock);
	return err;
}

static bool is_same_text(const struct record *r, struct ep_view text)
{
	return r->text != NULL && r->text_len == text.len
		   && memcmp(r->text, text.p, text.len) == 0;
}

/* Locked. Takes over the shm block `copy` of `len` octets. */
static void text_set(struct record *r, char *copy, size_t len)
{
	if(r->text != NULL)
		shm_free(r->text);
	r->text = copy;
	r->text_len = len;
	r->state.generation = ++store->texts;
}

enum ep_err ep_keystore_put(struct ep_view issuer, struct ep_view source,
		struct ep_view text, time_t now_s)
{
	char *copy = shm_malloc(text.len + 1);
	struct record *r;

	if(copy == NULL)
		return EP_ENOMEM;
	memcpy(copy, text.p, text.len);
	lock_get(&store->lock);
	r = record_need(issuer, source);
	if(r != NULL) {
		if(!is_same_text(r, text)) {
			text_set(r, copy, text.len);
			copy = NULL;
		}
		r->state.ok_s = r->state.tried_s = now_s;
		r->state.error[0] = '\0';
		store->generation++;
	}
	lock_release(&store->lock);
	if(copy != NULL)
		shm_free(copy);
	return r != NULL ? EP_OK : EP_ENOMEM;
}

enum ep_err ep_keystore_fail(struct ep_view issuer, struct ep_view source,
		const char *error, time_t now_s)
{
	struct record *r;

	lock_get(&store->lock);
	r = record_need(issuer, source);
	if(r != NULL) {
		r->state.tried_s = now_s;
		snprintf(r->state.error, sizeof(r->state.error), "%s", error);
		store->generation++;
	}
	lock_release(&store->lock);
	return r != NULL ? EP_OK : EP_ENOMEM;
}

void ep_keystore_prune(
		bool (*keep)(struct ep_view issuer, struct ep_view source, void *ctx),
		void *ctx)
{
	struct record **at, *r;

	lock_get(&store->lock);
	for(at = &store->records; *at != NULL;) {
		r = *at;
		if(keep(r->issuer, r->source, ctx)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		record_free(r);
		store->generation++;
	}
	lock_release(&store->lock);
}

void ep_keystore_want(struct ep_view issuer)
{
	bool wake = false;
	struct record *r;

	lock_get(&store->lock);
	for(r = store->records; r != NULL; r = r->next)
		if((issuer.len == 0 || ep_view_eq(r->issuer, issuer)) && !r->wanted)
			wake = r->wanted = true;
	lock_release(&store->lock);
	if(wake)
		ep_worker_wake_fetch();
}

bool ep_keystore_wanted(struct ep_view issuer)
{
	bool wanted = false;
	struct record *r;

	lock_get(&store->lock);
	for(r = store->records; r != NULL; r = r->next)
		if(ep_view_eq(r->issuer, issuer) && r->wanted) {
			wanted = true;
			r->wanted = false;
		}
	lock_release(&store->lock);
	return wanted;
}
