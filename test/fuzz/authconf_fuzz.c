/* ep_token_config_parse, ep_template_parse, ep_origin_print, ep_view_glob.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "token/policy.h"
#include "token/sig.h"

static void need(bool ok)
{
	if(!ok)
		abort();
}

static void *get(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void put(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static const struct ep_alloc heap = {get, put, NULL};

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
	if(issuer->map != NULL)
		need(issuer->map->impi.n > 0 && issuer->map->impus_n > 0);
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
	ep_arena_fini(&arena);
	return 0;
}
