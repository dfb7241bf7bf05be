/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"

#include "common/mem.h"
#include "token/policydiff.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/tables.h"

/* What one parsed configuration, and one issuer's keys, may take in pkg. */
#define POLICY_ARENA_MAX (4 * 1024 * 1024)
#define KEYS_ARENA_MAX (1024 * 1024)

/* One configuration: its text and its tables, one shm block each. It lives as
 * long as it is the current one, or a process has a policy made from it: what
 * a look-up in a table finds is in the shared text. */
struct config
{
	unsigned refs; /* under the lock */
	unsigned generation;
	struct ep_tables *tables;
	size_t len;
	char text[];
};

struct shared
{
	gen_lock_t lock;
	volatile unsigned generation; /* of `current`, from 1 */
	struct config *current;
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
	int process;         /* process_no of who made it */
	struct config *config;
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

/* Parses `text` for a look at it. */
static enum ep_err text_check(const struct ep_token_policy **policy,
		struct ep_view text, struct ep_arena *arena,
		struct ep_config_error *error)
{
	enum ep_err err = ep_token_config_parse(policy, text, arena, error);

	if(err == EP_ENOMEM)
		error_set(error, "out of memory", NULL);
	/* A file cut short must not lock everybody out. */
	if(err == EP_OK && ((*policy)->issuers_n == 0 || (*policy)->wwsfs_n == 0)) {
		error_set(error, "no [issuer:...] or no [wwsf:...] section", NULL);
		err = EP_ENOENT;
	}
	return err;
}

static void config_free(struct config *config)
{
	if(config->tables != NULL)
		ep_tables_free(config->tables);
	shm_free(config);
}

static enum ep_err config_new(struct config **out, struct ep_view text,
		const struct ep_token_policy *policy, struct ep_config_error *error)
{
	struct config *config = shm_malloc(sizeof(*config) + text.len);
	enum ep_err err;

	if(config == NULL) {
		error_set(error, "out of shared memory", NULL);
		return EP_ENOMEM;
	}
	config->refs = 1;
	config->tables = NULL;
	config->len = text.len;
	memcpy(config->text, text.p, text.len);
	err = ep_tables_read(&config->tables, policy, error);
	if(err != EP_OK) {
		config->tables = NULL;
		config_free(config);
		return err;
	}
	*out = config;
	return EP_OK;
}

static void config_put(struct config *config)
{
	bool last;

	lock_get(&shared->lock);
	last = --config->refs == 0;
	lock_release(&shared->lock);
	if(last)
		config_free(config);
}

static void config_publish(struct config *config)
{
	struct config *old;

	lock_get(&shared->lock);
	old = shared->current;
	shared->current = config;
	config->generation = shared->generation + 1;
	shared->generation = config->generation;
	lock_release(&shared->lock);
	if(old != NULL)
		config_put(old);
}

/* Legal, and now and then a mistake: worth one line. */
static void shared_say(const struct ep_token_policy *policy)
{
	char text[512];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	if(ep_policy_shared_print(&b, policy))
		LM_NOTICE("wwsfs that may use the same IMPIs: %.*s\n",
				EP_FMT(ep_buf_view(&b)));
}

static enum ep_err text_use(struct ep_view text, struct ep_buf *changes,
		struct ep_arena *arena, struct ep_config_error *error)
{
	const struct ep_token_policy *now, *old;
	struct config *config;
	enum ep_err err = text_check(&now, text, arena, error);

	if(err == EP_OK)
		err = config_new(&config, text, now, error);
	if(err != EP_OK)
		return err;
	ep_tables_link(config->tables, now);
	if(changes != NULL) {
		old = ep_policy_get();
		if(old != NULL)
			ep_policy_diff_print(changes, old, now);
	}
	shared_say(now);
	config_publish(config);
	return EP_OK;
}

enum ep_err ep_policy_reload(
		struct ep_config_error *error, struct ep_buf *changes)
{
	struct ep_arena arena;
	struct ep_view text;
	enum ep_err err;
	char *block;

	err = file_read(&block, &text, error);
	if(err != EP_OK)
		return err;
	ep_arena_init(&arena, NULL, 0, &ep_pkg_alloc, POLICY_ARENA_MAX);
	err = text_use(text, changes, &arena, error);
	ep_arena_fini(&arena);
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
	shared->current = NULL;
	if(ep_policy_reload(&error, NULL) != EP_OK) {
		LM_ERR("%s, line %u: %s\n", path, error.line, error.text);
		return -1;
	}
	return 0;
}

void ep_policy_fini(void)
{
	if(shared == NULL)
		return;
	if(shared->current != NULL)
		config_free(shared->current);
	lock_destroy(&shared->lock);
	shm_free(shared);
	shared = NULL;
}

unsigned ep_policy_generation(void)
{
	return shared->generation;
}

static struct config *config_get(void)
{
	struct config *config;

	lock_get(&shared->lock);
	config = shared->current;
	config->refs++;
	lock_release(&shared->lock);
	return config;
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
	config_put(l->config);
	*l = (struct local){.generation = 0};
}

static enum ep_err local_init(struct local *l)
{
	struct ep_config_error error;
	size_t n;
	enum ep_err err;

	*l = (struct local){.config = config_get(), .process = process_no};
	ep_arena_init(&l->arena, NULL, 0, &ep_pkg_alloc, POLICY_ARENA_MAX);
	err = ep_token_config_parse(&l->policy,
			ep_view_of(l->config->text, l->config->len), &l->arena, &error);
	if(err == EP_OK) {
		ep_tables_link(l->config->tables, l->policy);
		n = l->policy->issuers_n;
		l->keys = ep_arena_array(&l->arena, n ? n : 1, sizeof(*l->keys));
		l->sets = ep_arena_array(&l->arena, n ? n : 1, sizeof(*l->sets));
		if(l->keys == NULL || l->sets == NULL)
			err = EP_ENOMEM;
	}
	if(err != EP_OK) {
		ep_arena_fini(&l->arena);
		config_put(l->config);
		return err;
	}
	l->generation = l->config->generation;
	return EP_OK;
}

/* A policy from before a fork is the parent's, and so is its reference. */
static void local_inherit(void)
{
	if(local.generation == 0 || local.process == process_no)
		return;
	lock_get(&shared->lock);
	local.config->refs++;
	lock_release(&shared->lock);
	local.process = process_no;
}

/* Once for each configuration that does not fit. */
static void misfit_say(void)
{
	static unsigned said;

	if(said == shared->generation)
		return;
	said = shared->generation;
	LM_ERR("configuration of generation %u does not fit in pkg memory\n", said);
}

/* Without memory for two at once the old one goes first. Without memory for
 * one there is none: what an old one permits may be what was taken away. */
const struct ep_token_policy *ep_policy_get(void)
{
	struct local fresh;

	local_inherit();
	if(local.generation == shared->generation)
		return local.policy;
	if(local_init(&fresh) == EP_OK) {
		local_fini(&local);
		local = fresh;
		return local.policy;
	}
	local_fini(&local);
	if(local_init(&fresh) != EP_OK) {
		misfit_say();
		return NULL;
	}
	local = fresh;
	return local.policy;
}

bool ep_policy_has_issuer(struct ep_view name)
{
	const struct ep_token_policy *policy = ep_policy_get();
	size_t i;

	for(i = 0; policy != NULL && i < policy->issuers_n; i++)
		if(ep_view_eq(policy->issuers[i].name, name))
			return true;
	return false;
}

/* Makes the issuer's keys anew. When that fails the old ones stay; false: for
 * want of memory, so they are not what the issuer has said last. */
static bool keys_load(struct keys *k, const struct ep_issuer *issuer)
{
	const struct ep_jwk_limits limits = {
			local.policy->max_jwks_len, local.policy->max_jwks_keys};
	struct keys fresh = {.generation = 0};
	enum ep_token_cause cause;
	struct ep_view text;
	char *block;
	enum ep_err err;

	err = ep_keystore_text(&block, &text, &fresh.generation, issuer);
	if(err != EP_OK)
		return err != EP_ENOMEM;
	ep_arena_init(&fresh.arena, NULL, 0, &ep_pkg_alloc, KEYS_ARENA_MAX);
	cause = ep_keyset_load(&fresh.set, text, issuer, &limits, &fresh.arena);
	pkg_free(block);
	if(cause != EP_TOKEN_OK) {
		LM_ERR("keys of issuer %.*s: %s\n", EP_FMT(issuer->name),
				ep_token_cause_get(cause)->text);
		ep_keyset_fini(&fresh.set);
		ep_arena_fini(&fresh.arena);
		return false;
	}
	keys_fini(k);
	*k = fresh;
	return true;
}

/* Old keys for which there was no memory to be replaced do not become younger:
 * one of them may be why the issuer has new ones. */
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
		if(ep_keystore_get(&state, issuer) != EP_OK)
			continue;
		if(state.generation == local.keys[i].generation
				|| keys_load(&local.keys[i], issuer))
			local.keys[i].ok_s = state.ok_s;
	}
	local.store_generation = generation;
}

/* By a clock that was set back since, an age may be below 0. */
static bool is_young(const struct keys *k, time_t now_s)
{
	int max_s = ep_params()->keys_max_age;

	return now_s - k->ok_s <= max_s && k->ok_s - now_s <= max_s;
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
				k->generation != 0 && is_young(k, now_s) ? &k->set : NULL;
	}
	ring->sets = local.sets;
	ring->n = policy->issuers_n;
	return policy;
}

unsigned ep_policy_used_generation(void)
{
	return local.generation;
}

unsigned ep_policy_keys_generation(size_t issuer_index)
{
	return local.generation != 0 && issuer_index < local.policy->issuers_n
				   ? local.keys[issuer_index].generation
				   : 0;
}
