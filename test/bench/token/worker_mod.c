/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A Kamailio module that is never installed: it checks the benchmark's token
 * in a SIP worker, where tls.so has made OPENSSL_malloc() a shm_malloc().
 *
 *   bench_slice("<way>.<alg>.<from>.<until>")   how many, in $rc
 *
 * way: ours; evp; wrong: a signature that has to be refused; load: keys are
 * made.
 */
#include <stdio.h>
#include <string.h>

#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/mod_fix.h"
#include "core/sr_module.h"

#include "test/bench/token/subject.h"

MODULE_VERSION

static gen_lock_t *lock;
static char *dir; /* where <alg>.token stand */

static char *token_read(const char *alg)
{
	char path[512];
	char *text = mint_get(4096);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.token", dir, alg);
	f = fopen(path, "r");
	need(f != NULL, path);
	text[fread(text, 1, 4095, f)] = '\0';
	fclose(f);
	return text;
}

/* The process's own, made at its first use: no key is made before the fork.
 * One process after the other, where it is not what is measured. */
static struct bench *subject(const char *alg)
{
	static struct bench both[2];
	int i = strcmp(alg, "RS256") == 0;

	if(both[i].alg != NULL)
		return &both[i];
	lock_get(lock);
	if(i == 0)
		subject_make(&both[0], "ES256", mint_pem_ec, token_read("ES256"));
	else
		subject_make(&both[1], "RS256", mint_pem_rsa, token_read("RS256"));
	lock_release(lock);
	subject_load(&both[i]);
	return &both[i];
}

/* Did tls.so put Kamailio's shared memory under OpenSSL? */
static bool is_shared(void)
{
	CRYPTO_malloc_fn get_fn;
	CRYPTO_realloc_fn change_fn;
	CRYPTO_free_fn put_fn;

	CRYPTO_get_mem_functions(&get_fn, &change_fn, &put_fn);
	return get_fn != CRYPTO_malloc;
}

/* The token with another signature of the same form, refused for that. */
static bool run_wrong(struct bench *b)
{
	static char text[4096];
	char first[8192];
	struct ep_arena arena;
	struct ep_token_result result;
	enum ep_token_cause cause;
	size_t n = strlen(b->token);

	memcpy(text, b->token, n + 1);
	text[n - 20] = text[n - 20] == 'A' ? 'B' : 'A';
	ep_arena_init(&arena, first, sizeof(first), &heap, 1 << 20);
	cause = ep_token_verify(&result, b->policy, &b->ring, ep_view_z(text),
			EP_LIT("shop"), NOW_S, NULL, &arena);
	ep_arena_fini(&arena);
	return cause == EP_TOKEN_SIGNATURE_WRONG;
}

/* Keys made anew. */
static bool run_load(struct bench *b)
{
	struct ep_arena arena;
	struct ep_keyset set;
	bool ok;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 20);
	ok = ep_keyset_load(&set, ep_view_z(b->jwks), &b->policy->issuers[0],
				 &ep_jwk_limits_default, &arena)
				 == EP_TOKEN_OK
		 && set.usable_n == 1;
	ep_keyset_fini(&set);
	ep_arena_fini(&arena);
	return ok;
}

static bool (*way_of(const char *name))(struct bench *)
{
	if(strcmp(name, "evp") == 0)
		return run_evp;
	if(strcmp(name, "load") == 0)
		return run_load;
	return strcmp(name, "wrong") == 0 ? run_wrong : run_ours;
}

static int slice(sip_msg_t *msg, char *p1, char *p2)
{
	char way[16], alg[16];
	long long from, until;
	struct bench *b;
	long n;
	str s;

	if(get_str_fparam(&s, msg, (fparam_t *)p1) != 0
			|| sscanf(s.s, "%15[a-z].%15[A-Z0-9].%lld.%lld", way, alg, &from,
					   &until)
					   != 4)
		return -2;
	b = subject(alg);
	if(!is_shared())
		return -3;
	n = slice_between(b, way_of(way), from, until);
	return n > 0 ? (int)n : n == -2 ? -5 : -4; /* -4: late */
}

static int mod_init(void)
{
	lock = shm_malloc(sizeof(*lock));
	return lock != NULL && lock_init(lock) != NULL ? 0 : -1;
}

// clang-format off
static cmd_export_t cmds[] = {
	{"bench_slice", (cmd_function)slice, 1, fixup_spve_null, 0, ANY_ROUTE},
	{0, 0, 0, 0, 0, 0}
};

static param_export_t params[] = {
	{"dir", PARAM_STRING, &dir},
	{0, 0, 0}
};

struct module_exports exports = {
	"bench_token", DEFAULT_DLFLAGS, cmds, params, 0, 0, 0, mod_init, 0, 0
};
// clang-format on
