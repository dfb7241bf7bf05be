/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"

#include "common/mem.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"

/* What one parsed configuration, and one issuer's keys, may take in pkg. */
#define POLICY_ARENA_MAX (4 * 1024 * 1024)
#define KEYS_ARENA_MAX (1024 * 1024)

/* Shared: the text that counts. */
struct shared
{
	gen_lock_t lock;
	volatile unsigned generation; /* from 1 */
	char *text;
	size_t len;
};

/* One issuer's keys in this process. */
struct keys
{
	struct ep_arena arena;
	struct ep_keyset set;
	unsigned generation; /* of the text they were made from; 0: none */
	time_t ok_s;
};

/* One configuration in this process. */
struct local
{
	unsigned generation; /* 0: none yet */
	struct ep_arena arena;
	const struct ep_token_policy *policy;
	unsigned store_generation;     /* of the key store, when last looked at */
	struct keys *keys;             /* by issuer; in the arena */
	const struct ep_keyset **sets; /* the same for a keyring */
};

static struct shared *shared;
static struct local local;
static const char *config_path;

static void error_set(
		struct ep_config_error *error, const char *text, const char *detail)
{
	error->line = 0;
	snprintf(error->text, sizeof(error->text), "%s%s%s", text,
			detail ? ": " : "", detail ? detail : "");
}

/* The whole file as a pkg block. */
static enum ep_err file_read(
		char **block, struct ep_view *text, struct ep_config_error *error)
{
	size_t cap = 64 * 1024, n = 0, got;
	FILE *f = fopen(config_path, "re");
	char *p, *grown;

	if(f == NULL) {
		error_set(error, "cannot open the file", strerror(errno));
		return EP_ENOENT;
	}
	p = pkg_malloc(cap);
	while(p != NULL && (got = fread(p + n, 1, cap - n, f)) > 0) {
		n += got;
		if(n < cap || cap >= EP_CONFIG_TEXT_MAX)
			continue;
		cap *= 2;
		grown = pkg_realloc(p, cap);
		if(grown == NULL)
			pkg_free(p);
		p = grown;
	}
	if(p == NULL)
		error_set(error, "out of memory", NULL);
	else if(ferror(f))
		error_set(error, "cannot read the file", strerror(errno));
	if(p != NULL && ferror(f)) {
		pkg_free(p);
		p = NULL;
	}
	fclose(f);
	if(p == NULL)
		return EP_ENOMEM;
	*block = p;
	*text = ep_view_of(p, n);
	return EP_OK;
}

static enum ep_err text_check(
		struct ep_view text, struct ep_config_error *error)
{
	const struct ep_token_policy *policy;
	struct ep_arena arena;
	enum ep_err err;

	ep_arena_init(&arena, NULL, 0, &ep_pkg_alloc, POLICY_ARENA_MAX);
	err = ep_token_config_parse(&policy, text, &arena, error);
	if(err == EP_ENOMEM)
		error_set(error, "out of memory", NULL);
	/* A file cut short must not lock everybody out. */
	if(err == EP_OK && (policy->issuers_n == 0 || policy->wwsfs_n == 0)) {
		error_set(error, "no [issuer:...] or no [wwsf:...] section", NULL);
		err = EP_ENOENT;
	}
	ep_arena_fini(&arena);
	return err;
}

static enum ep_err text_publish(struct ep_view text)
{
	char *old, *copy = shm_malloc(text.len + 1);

	if(copy == NULL)
		return EP_ENOMEM;
	memcpy(copy, text.p, text.len);
	lock_get(&shared->lock);
	old = shared->text;
	shared->text = copy;
	shared->len = text.len;
	shared->generation++;
	lock_release(&shared->lock);
	if(old != NULL)
		shm_free(old);
	return EP_OK;
}

enum ep_err ep_policy_reload(struct ep_config_error *error)
{
	struct ep_view text;
	enum ep_err err;
	char *block;

	err = file_read(&block, &text, error);
	if(err != EP_OK)
		return err;
	err = text_check(text, error);
	if(err == EP_OK) {
		err = text_publish(text);
		if(err != EP_OK)
			error_set(error, "out of shared memory", NULL);
	}
	pkg_free(block);
	return err;
}

int ep_policy_init(const char *path)
{
	struct ep_config_error error;

	config_path = path;
	shared = shm_malloc(sizeof(*shared));
	if(shared == NULL || lock_init(&shared->lock) == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	shared->generation = 0;
	shared->text = NULL;
	shared->len = 0;
	if(ep_policy_reload(&error) != EP_OK) {
		LM_ERR("%s, line %u: %s\n", path, error.line, error.text);
		return -1;
	}
	return 0;
}

void ep_policy_fini(void)
{
	if(shared == NULL)
		return;
	if(shared->text != NULL)
		shm_free(shared->text);
	lock_destroy(&shared->lock);
	shm_free(shared);
	shared = NULL;
}

unsigned ep_policy_generation(void)
{
	return shared->generation;
}

/* The shared text as a pkg block: copied under the lock, so that a reload may
 * free the old one at once. */
static enum ep_err text_copy(
		char **block, struct ep_view *text, unsigned *generation)
{
	lock_get(&shared->lock);
	*block = pkg_malloc(shared->len + 1);
	if(*block != NULL) {
		memcpy(*block, shared->text, shared->len);
		*text = ep_view_of(*block, shared->len);
		*generation = shared->generation;
	}
	lock_release(&shared->lock);
	return *block != NULL ? EP_OK : EP_ENOMEM;
}

static void keys_fini(struct keys *k)
{
	if(k->generation != 0) {
		ep_keyset_fini(&k->set);
		ep_arena_fini(&k->arena);
	}
	*k = (struct keys){.generation = 0};
}

static void local_fini(struct local *l)
{
	size_t i;

	if(l->generation == 0)
		return;
	for(i = 0; i < l->policy->issuers_n; i++)
		keys_fini(&l->keys[i]);
	ep_arena_fini(&l->arena);
	*l = (struct local){.generation = 0};
}

static enum ep_err local_init(struct local *l)
{
	struct ep_config_error error;
	struct ep_view text;
	size_t n;
	enum ep_err err;
	char *block;

	*l = (struct local){.generation = 0};
	err = text_copy(&block, &text, &l->generation);
	if(err != EP_OK)
		return err;
	ep_arena_init(&l->arena, NULL, 0, &ep_pkg_alloc, POLICY_ARENA_MAX);
	err = ep_token_config_parse(&l->policy, text, &l->arena, &error);
	pkg_free(block);
	if(err == EP_OK) {
		n = l->policy->issuers_n;
		l->keys = ep_arena_array(&l->arena, n ? n : 1, sizeof(*l->keys));
		l->sets = ep_arena_array(&l->arena, n ? n : 1, sizeof(*l->sets));
		if(l->keys == NULL || l->sets == NULL)
			err = EP_ENOMEM;
	}
	if(err != EP_OK) {
		ep_arena_fini(&l->arena);
		l->generation = 0;
	}
	return err;
}

const struct ep_token_policy *ep_policy_get(void)
{
	struct local fresh;

	if(local.generation == shared->generation)
		return local.policy;
	if(local_init(&fresh) == EP_OK) {
		local_fini(&local);
		local = fresh;
	} else {
		LM_ERR("configuration of generation %u does not fit in pkg memory\n",
				shared->generation);
	}
	return local.generation != 0 ? local.policy : NULL;
}

/* Makes the issuer's keys anew. When that fails the old ones stay. */
static void keys_load(struct keys *k, const struct ep_issuer *issuer)
{
	const struct ep_jwk_limits limits = {
			local.policy->max_jwks_len, local.policy->max_jwks_keys};
	struct keys fresh = {.generation = 0};
	enum ep_token_cause cause;
	struct ep_view text;
	char *block;

	if(ep_keystore_text(
			   &block, &text, &fresh.generation, issuer->name, issuer->jwks)
			!= EP_OK)
		return;
	ep_arena_init(&fresh.arena, NULL, 0, &ep_pkg_alloc, KEYS_ARENA_MAX);
	cause = ep_keyset_load(&fresh.set, text, issuer, &limits, &fresh.arena);
	pkg_free(block);
	if(cause != EP_TOKEN_OK) {
		LM_ERR("keys of issuer %.*s: %s\n", EP_FMT(issuer->name),
				ep_token_cause_get(cause)->text);
		ep_keyset_fini(&fresh.set);
		ep_arena_fini(&fresh.arena);
		return;
	}
	fresh.ok_s = k->ok_s;
	keys_fini(k);
	*k = fresh;
}

static void keys_update(void)
{
	unsigned generation = ep_keystore_generation();
	const struct ep_issuer *issuer;
	struct ep_keystore_state state;
	size_t i;

	if(local.store_generation == generation)
		return;
	for(i = 0; i < local.policy->issuers_n; i++) {
		issuer = &local.policy->issuers[i];
		if(ep_keystore_get(&state, issuer->name, issuer->jwks) != EP_OK)
			continue;
		local.keys[i].ok_s = state.ok_s;
		if(state.generation != local.keys[i].generation)
			keys_load(&local.keys[i], issuer);
	}
	local.store_generation = generation;
}

const struct ep_token_policy *ep_policy_keys_get(
		struct ep_keyring *ring, time_t now_s)
{
	const struct ep_token_policy *policy = ep_policy_get();
	const struct keys *k;
	size_t i;

	if(policy == NULL)
		return NULL;
	keys_update();
	for(i = 0; i < policy->issuers_n; i++) {
		k = &local.keys[i];
		local.sets[i] =
				k->generation != 0
								&& now_s - k->ok_s <= ep_params()->keys_max_age
						? &k->set
						: NULL;
	}
	ring->sets = local.sets;
	ring->n = policy->issuers_n;
	return policy;
}
