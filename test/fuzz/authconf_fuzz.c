/* ep_token_config_parse, ep_config_check, ep_template_parse, ep_origin_print,
 * ep_view_glob, ep_glob_overlap, ep_glob_within, ep_policy_diff_print.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "token/glob.h"
#include "token/policy.h"
#include "token/policydiff.h"
#include "token/sig.h"

static void issuer_check(
		const struct ep_token_policy *policy, const struct ep_issuer *issuer)
{
	need(ep_policy_issuer_find(policy, issuer->iss) == issuer);
	need(&policy->issuers[issuer->index] == issuer);
	need(issuer->iss.len > 0 && issuer->waf.len > 0 && issuer->aud.n > 0);
	need(issuer->skew_s <= 60 && issuer->alg.n > 0);
	for(size_t i = 0; i < issuer->alg.n; i++)
		need(ep_sig_alg_find(issuer->alg.v[i]) != NULL);
	need((issuer->map != NULL) == (issuer->map_name.p != NULL));
	need(issuer->jwks.p != NULL || issuer->discovery != EP_DISCOVERY_NO
			|| issuer->is_introspected);
	if(issuer->is_introspected) {
		need(issuer->introspect_client.len > 0);
		need(issuer->introspect_secret_file.len > 0);
		need(issuer->introspect.p != NULL
				|| issuer->discovery != EP_DISCOVERY_NO);
	}
}

/* A table with a key, or templates: one of both. */
static void map_check(const struct ep_map *map)
{
	need((map->table.p != NULL) == (map->key.p != NULL));
	need((map->table.p != NULL) != (map->impi.n > 0));
	need((map->impi.n > 0) == (map->impus_n > 0));
}

/* An octet of each star's own makes two strings of two patterns; what one
 * matches of the other's says that they overlap. */
static void globs_check(struct ep_view a, struct ep_view b)
{
	char text[64];
	bool overlap = ep_glob_overlap(a, b);

	need(overlap == ep_glob_overlap(b, a));
	need(ep_glob_overlap(a, a) && ep_glob_within(a, a));
	if(ep_glob_within(a, b))
		need(overlap);
	if(a.len > sizeof(text))
		return;
	for(size_t i = 0; i < a.len; i++)
		text[i] = a.p[i] == '*' ? 'x' : a.p[i];
	need(ep_view_glob(a, ep_view_of(text, a.len)));
	if(ep_view_glob(b, ep_view_of(text, a.len)))
		need(overlap);
}

/* Pools are nobody else's. */
static void pools_check(const struct ep_wwsf *a, const struct ep_wwsf *b)
{
	for(size_t i = 0; i < a->pool.n && i < 20; i++)
		for(size_t j = 0; j < b->impi.n && j < 20; j++) {
			globs_check(a->pool.v[i], b->impi.v[j]);
			need(a == b || !ep_glob_overlap(a->pool.v[i], b->impi.v[j]));
		}
}

static void wwsf_check(
		const struct ep_token_policy *policy, const struct ep_wwsf *wwsf)
{
	need(ep_policy_wwsf_find(policy, wwsf->id) == wwsf);
	need(wwsf->impi.n > 0 && wwsf->impu.n > 0 && wwsf->issuer.n > 0);
	for(size_t i = 0; i < wwsf->origin.n; i++) {
		const struct ep_wwsf *found =
				ep_policy_origin_find(policy, wwsf->origin.v[i]);

		/* Longer ones than a browser sends are never found. */
		need(found == wwsf || wwsf->origin.v[i].len > 500);
	}
}

/* A policy and its second reading differ in nothing, and in what it has from
 * one that has nothing. */
static void diff_check(const struct ep_token_policy *policy,
		struct ep_view text, struct ep_arena *arena)
{
	const struct ep_token_policy *again, *empty;
	struct ep_config_error error;
	char out[100];
	struct ep_buf b;

	need(ep_token_config_parse(&again, text, arena, &error) == EP_OK);
	need(ep_token_config_parse(&empty, EP_LIT(""), arena, &error) == EP_OK);
	ep_buf_init(&b, out, sizeof(out));
	ep_policy_diff_print(&b, policy, again);
	need(ep_view_eq(ep_buf_view(&b), EP_LIT("nothing")));
	ep_buf_init(&b, out, sizeof(out));
	ep_policy_diff_print(&b, empty, policy);
	need(!b.overflow);
	if(policy->issuers_n + policy->wwsfs_n + policy->maps_n > 0)
		need(!ep_view_eq(ep_buf_view(&b), EP_LIT("nothing")));
	ep_buf_init(&b, out, sizeof(out));
	need(ep_policy_shared_print(&b, policy) == (b.len > 0) && !b.overflow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_arena arena;
	const struct ep_token_policy *policy = NULL;
	struct ep_config_error error;
	enum ep_err err;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 26);
	err = ep_token_config_parse(
			&policy, ep_view_of((const char *)data, size), &arena, &error);
	need(err != EP_ENOMEM && (policy != NULL) == (err == EP_OK));
	if(err != EP_OK) {
		need(error.text[0] != '\0');
		need(memchr(error.text, '\0', sizeof(error.text)) != NULL);
		need(memchr(error.text, '\n', strlen(error.text)) == NULL);
		ep_arena_fini(&arena);
		return 0;
	}
	for(size_t i = 0; i < policy->issuers_n; i++)
		issuer_check(policy, &policy->issuers[i]);
	for(size_t i = 0; i < policy->wwsfs_n; i++)
		wwsf_check(policy, &policy->wwsfs[i]);
	for(size_t i = 0; i < policy->wwsfs_n && i < 20; i++)
		for(size_t j = 0; j < policy->wwsfs_n && j < 20; j++)
			pools_check(&policy->wwsfs[i], &policy->wwsfs[j]);
	for(size_t i = 0; i < policy->maps_n; i++)
		map_check(&policy->maps[i]);
	diff_check(policy, ep_view_of((const char *)data, size), &arena);
	ep_arena_fini(&arena);
	return 0;
}
