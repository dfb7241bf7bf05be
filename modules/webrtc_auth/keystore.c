/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>
#include <string.h>

#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"

#include "base/crypto.h"
#include "common/view.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/worker.h"

enum kind
{
	KIND_URL,
	KIND_FILE,
	KIND_NONE,
	KIND_OAUTH,
	KIND_OPENID
};

/* Kids that are missed at a time, of one issuer. Where there are more, the
 * oldest are forgotten, and asked for again. */
#define MISSED_N 64

struct missed
{
	unsigned char kid[8]; /* of its SHA-256 */
	unsigned n;           /* it was the n-th to be missed; 0: none */
};

struct record
{
	struct record *next;
	struct ep_keystore_state state;
	struct missed missed[MISSED_N];
	unsigned missed_n; /* so far */
	unsigned begun_n;  /* ... when the set was last asked for */
	unsigned looked_n; /* ... when the one that is there was asked for */
	enum ep_keystore_want wanted;
	enum kind kind;
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

/* Where this issuer's keys come from, by its configuration. */
static enum kind source_of(
		struct ep_view *source, const struct ep_issuer *issuer)
{
	if(issuer->jwks.p != NULL) {
		*source = issuer->jwks;
		return issuer->jwks_is_file ? KIND_FILE : KIND_URL;
	}
	*source = issuer->iss;
	switch(issuer->discovery) {
		case EP_DISCOVERY_OAUTH:
			return KIND_OAUTH;
		case EP_DISCOVERY_OPENID:
			return KIND_OPENID;
		default:
			return KIND_NONE;
	}
}

static bool is_of(const struct record *r, const struct ep_issuer *issuer)
{
	struct ep_view source;

	return r->kind == source_of(&source, issuer)
		   && ep_view_eq(r->issuer, issuer->name)
		   && ep_view_eq(r->source, source);
}

/* Locked. */
static struct record *record_find(const struct ep_issuer *issuer)
{
	struct record *r;

	for(r = store->records; r != NULL; r = r->next)
		if(is_of(r, issuer))
			break;
	return r;
}

/* Locked. Finds it or makes it; NULL without memory. */
static struct record *record_need(const struct ep_issuer *issuer)
{
	struct record *r = record_find(issuer);
	struct ep_view source;
	enum kind kind;
	char *names;

	if(r != NULL)
		return r;
	kind = source_of(&source, issuer);
	r = shm_malloc(sizeof(*r) + issuer->name.len + source.len);
	if(r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	names = (char *)(r + 1);
	memcpy(names, issuer->name.p, issuer->name.len);
	memcpy(names + issuer->name.len, source.p, source.len);
	r->kind = kind;
	r->issuer = ep_view_of(names, issuer->name.len);
	r->source = ep_view_of(names + issuer->name.len, source.len);
	r->next = store->records;
	store->records = r;
	return r;
}

enum ep_err ep_keystore_get(
		struct ep_keystore_state *out, const struct ep_issuer *issuer)
{
	struct record *r;

	lock_get(&store->lock);
	r = record_find(issuer);
	if(r != NULL)
		*out = r->state;
	lock_release(&store->lock);
	return r != NULL ? EP_OK : EP_ENOENT;
}

enum ep_err ep_keystore_text(char **block, struct ep_view *text,
		unsigned *generation, const struct ep_issuer *issuer)
{
	enum ep_err err = EP_ENOENT;
	struct record *r;

	lock_get(&store->lock);
	r = record_find(issuer);
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

enum ep_err ep_keystore_put(
		const struct ep_issuer *issuer, struct ep_view text, time_t now_s)
{
	char *copy = shm_malloc(text.len + 1);
	struct record *r;

	if(copy == NULL)
		return EP_ENOMEM;
	memcpy(copy, text.p, text.len);
	lock_get(&store->lock);
	r = record_need(issuer);
	if(r != NULL) {
		if(!is_same_text(r, text)) {
			text_set(r, copy, text.len);
			copy = NULL;
		}
		r->state.ok_s = r->state.tried_s = now_s;
		r->looked_n = r->begun_n;
		r->state.error[0] = '\0';
		store->generation++;
	}
	lock_release(&store->lock);
	if(copy != NULL)
		shm_free(copy);
	return r != NULL ? EP_OK : EP_ENOMEM;
}

enum ep_err ep_keystore_fail(
		const struct ep_issuer *issuer, const char *error, time_t now_s)
{
	struct record *r;

	lock_get(&store->lock);
	r = record_need(issuer);
	if(r != NULL) {
		r->state.tried_s = now_s;
		snprintf(r->state.error, sizeof(r->state.error), "%s", error);
		store->generation++;
	}
	lock_release(&store->lock);
	return r != NULL ? EP_OK : EP_ENOMEM;
}

/* For the eyes of operators: cut to fit. */
static void url_put(char *out, struct ep_view url)
{
	snprintf(out, EP_KEYSTORE_URL_MAX, "%.*s", EP_FMT(url));
}

enum ep_err ep_keystore_discovered(const struct ep_issuer *issuer,
		struct ep_view jwks, struct ep_view introspect, const char *error,
		time_t now_s)
{
	struct ep_keystore_state *s;
	struct record *r;

	lock_get(&store->lock);
	r = record_need(issuer);
	if(r != NULL) {
		s = &r->state;
		snprintf(s->metadata_error, sizeof(s->metadata_error), "%s",
				error != NULL ? error : "");
		if(error == NULL) {
			s->metadata_ok_s = now_s;
			url_put(s->jwks, jwks);
			url_put(s->introspect, introspect);
		}
	}
	lock_release(&store->lock);
	return r != NULL ? EP_OK : EP_ENOMEM;
}

bool ep_keystore_introspected(
		const struct ep_issuer *issuer, const char *error, time_t now_s)
{
	struct ep_keystore_state *s;
	bool changed = false;
	struct record *r;

	lock_get(&store->lock);
	r = record_need(issuer);
	if(r != NULL) {
		s = &r->state;
		changed = (s->introspect_error[0] == '\0') != (error == NULL);
		snprintf(s->introspect_error, sizeof(s->introspect_error), "%s",
				error != NULL ? error : "");
		if(error == NULL)
			s->introspect_ok_s = now_s;
	}
	lock_release(&store->lock);
	return changed;
}

static bool is_any_of(
		const struct record *r, const struct ep_token_policy *policy)
{
	size_t i;

	for(i = 0; i < policy->issuers_n; i++)
		if(is_of(r, &policy->issuers[i]))
			return true;
	return false;
}

void ep_keystore_prune(const struct ep_token_policy *policy)
{
	struct record **at, *r;

	lock_get(&store->lock);
	for(at = &store->records; *at != NULL;) {
		r = *at;
		if(is_any_of(r, policy)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		record_free(r);
		store->generation++;
	}
	lock_release(&store->lock);
}

/* Where this kid is remembered, else where it is to be. */
static struct missed *missed_find(
		struct record *r, const unsigned char *kid, size_t n)
{
	size_t i;

	for(i = 0; i < MISSED_N; i++)
		if(r->missed[i].n != 0 && memcmp(r->missed[i].kid, kid, n) == 0)
			return &r->missed[i];
	return &r->missed[r->missed_n % MISSED_N];
}

bool ep_keystore_kid_absent(const struct ep_issuer *issuer, struct ep_view kid,
		time_t now_s, int window_s)
{
	unsigned char hash[EP_SHA256_LEN];
	bool absent = false;
	struct missed *m;
	struct record *r;

	if(ep_sha256(hash, kid) != EP_OK)
		return false;
	lock_get(&store->lock);
	r = record_find(issuer);
	if(r != NULL) {
		m = missed_find(r, hash, sizeof(m->kid));
		if(m->n == 0 || memcmp(m->kid, hash, sizeof(m->kid)) != 0) {
			memcpy(m->kid, hash, sizeof(m->kid));
			m->n = ++r->missed_n;
		} else if(m->n <= r->looked_n) {
			absent = now_s - r->state.ok_s < window_s;
			if(!absent)
				m->n = ++r->missed_n;
		}
	}
	lock_release(&store->lock);
	return absent;
}

void ep_keystore_begin(const struct ep_issuer *issuer)
{
	struct record *r;

	lock_get(&store->lock);
	r = record_find(issuer);
	if(r != NULL)
		r->begun_n = r->missed_n;
	lock_release(&store->lock);
}

void ep_keystore_want(struct ep_view issuer, enum ep_keystore_want what)
{
	bool wake = false;
	struct record *r;

	lock_get(&store->lock);
	for(r = store->records; r != NULL; r = r->next)
		if((issuer.len == 0 || ep_view_eq(r->issuer, issuer))
				&& r->wanted < what) {
			r->wanted = what;
			wake = true;
		}
	lock_release(&store->lock);
	if(wake)
		ep_worker_wake_fetch();
}

enum ep_keystore_want ep_keystore_wanted(struct ep_view issuer)
{
	enum ep_keystore_want wanted = EP_WANT_NOTHING;
	struct record *r;

	lock_get(&store->lock);
	for(r = store->records; r != NULL; r = r->next)
		if(ep_view_eq(r->issuer, issuer) && r->wanted > wanted) {
			wanted = r->wanted;
			r->wanted = EP_WANT_NOTHING;
		}
	lock_release(&store->lock);
	return wanted;
}
