/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/config_keys.h"

static bool list_has(const struct ep_strlist *list, struct ep_view item)
{
	for(size_t i = 0; i < list->n; i++)
		if(ep_view_eq(list->v[i], item))
			return true;
	return false;
}

static bool lists_meet(const struct ep_strlist *a, const struct ep_strlist *b)
{
	for(size_t i = 0; i < a->n; i++)
		if(list_has(b, a->v[i]))
			return true;
	return false;
}

static enum ep_err map_link(struct ep_token_policy *policy,
		struct ep_issuer *issuer, struct ep_config_error *error)
{
	if(issuer->map_name.p == NULL)
		return EP_OK;
	for(size_t i = 0; i < policy->maps_n && issuer->map == NULL; i++)
		if(ep_view_eq(policy->maps[i].name, issuer->map_name))
			issuer->map = &policy->maps[i];
	if(issuer->map != NULL)
		return EP_OK;
	return ep_config_fail(error, issuer->line, EP_ENOENT, issuer->name,
			"map: there is no such map section");
}

/* Two sections with one `iss` would leave it open whose keys count. */
static enum ep_err issuers_check(struct ep_token_policy *policy,
		struct ep_issuer *issuers, struct ep_config_error *error)
{
	for(size_t i = 0; i < policy->issuers_n; i++) {
		enum ep_err err = map_link(policy, &issuers[i], error);

		if(err != EP_OK)
			return err;
		for(size_t j = 0; j < i; j++)
			if(ep_view_eq(issuers[i].iss, issuers[j].iss))
				return ep_config_fail(error, issuers[i].line, EP_ESYNTAX,
						issuers[i].name, "iss is another issuer's too");
	}
	return EP_OK;
}

static bool issuer_exists(
		const struct ep_token_policy *policy, struct ep_view name)
{
	for(size_t i = 0; i < policy->issuers_n; i++)
		if(ep_view_eq(policy->issuers[i].name, name))
			return true;
	return false;
}

/* Why two WWSF sections cannot stand beside each other, or NULL. An Origin or
 * a client of an issuer has to lead to one WWSF. */
static const char *wwsfs_clash(const struct ep_wwsf *a, const struct ep_wwsf *b)
{
	if(lists_meet(&a->origin, &b->origin))
		return "origin is another wwsf's too";
	if(lists_meet(&a->issuer, &b->issuer)
			&& lists_meet(&a->client_id, &b->client_id))
		return "client_id is another wwsf's of this issuer too";
	return NULL;
}

/* Without a WWSF claim the client tells the WWSF, so it has to be listed. */
static bool clients_needed(
		const struct ep_token_policy *policy, const struct ep_wwsf *wwsf)
{
	for(size_t i = 0; i < policy->issuers_n; i++)
		if(policy->issuers[i].claim_wwsf.p == NULL
				&& list_has(&wwsf->issuer, policy->issuers[i].name))
			return true;
	return false;
}

static enum ep_err wwsf_check(const struct ep_token_policy *policy, size_t i,
		struct ep_config_error *error)
{
	const struct ep_wwsf *wwsf = &policy->wwsfs[i];

	for(size_t j = 0; j < wwsf->issuer.n; j++)
		if(!issuer_exists(policy, wwsf->issuer.v[j]))
			return ep_config_fail(error, wwsf->line, EP_ENOENT, wwsf->id,
					"issuer: there is no such issuer section");
	if(wwsf->client_id.n == 0 && clients_needed(policy, wwsf))
		return ep_config_fail(error, wwsf->line, EP_ESYNTAX, wwsf->id,
				"client_id is needed: an issuer here has no claim_wwsf");
	for(size_t j = 0; j < i; j++) {
		const char *clash = wwsfs_clash(wwsf, &policy->wwsfs[j]);

		if(clash != NULL)
			return ep_config_fail(
					error, wwsf->line, EP_ESYNTAX, wwsf->id, clash);
	}
	return EP_OK;
}

enum ep_err ep_config_check(struct ep_token_policy *policy,
		struct ep_issuer *issuers, struct ep_config_error *error)
{
	enum ep_err err = issuers_check(policy, issuers, error);

	for(size_t i = 0; i < policy->wwsfs_n && err == EP_OK; i++)
		err = wwsf_check(policy, i, error);
	return err;
}
