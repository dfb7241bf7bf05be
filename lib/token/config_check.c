/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "token/config_keys.h"
#include "token/glob.h"

static bool lists_meet(const struct ep_strlist *a, const struct ep_strlist *b)
{
	for(size_t i = 0; i < a->n; i++)
		if(ep_strlist_has(b, a->v[i]))
			return true;
	return false;
}

/* --- maps --- */

/* What is wrong with the map, or NULL: templates or a table, one of them. */
static const char *map_wrong(const struct ep_map *map)
{
	bool has_templates = map->impi.n > 0 || map->impus_n > 0;

	if(map->table.p != NULL)
		return has_templates ? "table beside impi or impu: one of both" : NULL;
	if(map->key.p != NULL)
		return "key is the key of a table: there is none";
	if(!has_templates)
		return "needs table, or impi and impu";
	if(map->impi.n == 0 || map->impus_n == 0)
		return "needs both impi and impu";
	return NULL;
}

static enum ep_err maps_check(
		const struct ep_token_policy *policy, struct ep_config_error *error)
{
	for(size_t i = 0; i < policy->maps_n; i++) {
		const struct ep_map *map = &policy->maps[i];
		const char *wrong = map_wrong(map);

		if(wrong != NULL)
			return ep_config_fail(
					error, map->line, EP_ESYNTAX, map->name, wrong);
	}
	return EP_OK;
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

/* --- issuers --- */

/* Where an issuer's metadata stand is made from its iss (RFC 8414 2, 3: an
 * https URL without query and fragment). */
static bool iss_is_plain_url(struct ep_view iss)
{
	return ep_view_starts(iss, EP_LIT("https://")) && iss.len > 8
		   && ep_view_find_chr(iss, '?') == SIZE_MAX
		   && ep_view_find_chr(iss, '#') == SIZE_MAX;
}

/* What is wrong with the section in itself, or NULL. */
static const char *issuer_wrong(const struct ep_issuer *issuer)
{
	bool discovers = issuer->discovery != EP_DISCOVERY_NO;
	bool has_keys = issuer->jwks.p != NULL || discovers;
	bool has_client = issuer->introspect_client.p != NULL;
	bool has_secret = issuer->introspect_secret_file.p != NULL;

	if(!has_keys && !issuer->is_introspected)
		return "needs jwks, discovery or introspect";
	if(discovers && !iss_is_plain_url(issuer->iss))
		return "discovery needs an iss that is an https URL";
	if(issuer->is_introspected && issuer->introspect.p == NULL && !discovers)
		return "introspect = discovery needs discovery";
	if(issuer->is_introspected && !(has_client && has_secret))
		return "introspect needs introspect_client and "
			   "introspect_secret_file";
	if(!issuer->is_introspected && (has_client || has_secret))
		return "introspect_client and introspect_secret_file need "
			   "introspect";
	if(issuer->introspect_for == EP_INTROSPECT_ALL
			&& !(issuer->is_introspected && has_keys))
		return "introspect_for = all needs introspect, and jwks or "
			   "discovery";
	if(issuer->logout_aud.n > 0 && !has_keys)
		return "logout_aud needs jwks or discovery";
	return NULL;
}

/* Two sections with one `iss` would leave it open whose keys count. */
static enum ep_err issuer_check(struct ep_token_policy *policy,
		struct ep_issuer *issuers, size_t i, struct ep_config_error *error)
{
	struct ep_issuer *issuer = &issuers[i];
	const char *wrong = issuer_wrong(issuer);

	for(size_t j = 0; j < i; j++)
		if(ep_view_eq(issuer->iss, issuers[j].iss))
			wrong = "iss is another issuer's too";
	if(wrong != NULL)
		return ep_config_fail(
				error, issuer->line, EP_ESYNTAX, issuer->name, wrong);
	return map_link(policy, issuer, error);
}

static const struct ep_issuer *issuer_find(
		const struct ep_token_policy *policy, struct ep_view name)
{
	for(size_t i = 0; i < policy->issuers_n; i++)
		if(ep_view_eq(policy->issuers[i].name, name))
			return &policy->issuers[i];
	return NULL;
}

/* --- WWSFs --- */

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

/* Its issuers: they exist; where one has no WWSF claim the client tells the
 * WWSF, so it has to be listed; and an opaque token does not say where it is
 * from, so there can be one at most to ask about it. */
static enum ep_err wwsf_issuers_check(const struct ep_token_policy *policy,
		const struct ep_wwsf *wwsf, struct ep_config_error *error)
{
	const struct ep_issuer *asked = NULL;

	for(size_t i = 0; i < wwsf->issuer.n; i++) {
		const struct ep_issuer *issuer = issuer_find(policy, wwsf->issuer.v[i]);

		if(issuer == NULL)
			return ep_config_fail(error, wwsf->line, EP_ENOENT, wwsf->id,
					"issuer: there is no such issuer section");
		if(issuer->claim_wwsf.p == NULL && wwsf->client_id.n == 0)
			return ep_config_fail(error, wwsf->line, EP_ESYNTAX, wwsf->id,
					"client_id is needed: an issuer here has no claim_wwsf");
		if(!issuer->is_introspected || issuer == asked)
			continue;
		if(asked != NULL)
			return ep_config_fail(error, wwsf->line, EP_ESYNTAX, wwsf->id,
					"two of its issuers have introspect: which one is to be "
					"asked?");
		asked = issuer;
	}
	return EP_OK;
}

/* "pool a*@h meets pool *@h of wwsf b" */
static enum ep_err fail_meeting(struct ep_config_error *error,
		const struct ep_wwsf *at, const char *ours, struct ep_view pattern,
		const char *theirs, struct ep_view other, const struct ep_wwsf *of)
{
	char text[320];
	struct ep_buf out;

	ep_buf_init(&out, text, sizeof(text) - 1);
	ep_buf_put_z(&out, ours);
	ep_buf_put(&out, ep_view_head(pattern, 60));
	ep_buf_put_z(&out, theirs);
	ep_buf_put(&out, ep_view_head(other, 60));
	ep_buf_put_z(&out, " of wwsf ");
	ep_buf_put(&out, of->id);
	text[out.len] = '\0';
	return ep_config_fail(error, at->line, EP_ESYNTAX, at->id, text);
}

/* TS 33.203 X.4.2.3 NOTE 8: forms of IMPIs are reserved for one WWSF, and no
 * form is given to two. So nobody else's pool, and nobody else's users, may be
 * named by a pattern of a pool. */
static enum ep_err pools_check(const struct ep_wwsf *a, const struct ep_wwsf *b,
		struct ep_config_error *error)
{
	const struct ep_strlist *pa = &a->pool, *pb = &b->pool;

	for(size_t i = 0; i < pa->n; i++)
		for(size_t j = 0; j < pb->n; j++)
			if(ep_glob_overlap(pa->v[i], pb->v[j]))
				return fail_meeting(error, a, "pool ", pa->v[i],
						" overlaps pool ", pb->v[j], b);
	for(size_t i = 0; i < pa->n; i++)
		for(size_t j = 0; j < b->impi.n; j++)
			if(ep_glob_overlap(pa->v[i], b->impi.v[j]))
				return fail_meeting(error, a, "pool ", pa->v[i],
						" overlaps impi ", b->impi.v[j], b);
	for(size_t i = 0; i < pb->n; i++)
		for(size_t j = 0; j < a->impi.n; j++)
			if(ep_glob_overlap(pb->v[i], a->impi.v[j]))
				return fail_meeting(error, a, "impi ", a->impi.v[j],
						" overlaps pool ", pb->v[i], b);
	return EP_OK;
}

/* Patterns are held against canonical targets (ep_policy_destination_print()),
 * which have no separators in a number and no parameters in a SIP URI: one
 * that can match nothing is a mistake. NULL, or what is wrong. */
static const char *destination_wrong(struct ep_view pattern)
{
	struct ep_view number = pattern;

	if(ep_view_starts(pattern, EP_LIT("*")))
		return NULL;
	if(ep_view_starts(pattern, EP_LIT("sip:"))
			|| ep_view_starts(pattern, EP_LIT("sips:")))
		return ep_view_find_chr(pattern, ';') == SIZE_MAX
					   ? NULL
					   : "destination: SIP URIs without parameters; numbers "
						 "as tel:";
	if(!ep_view_starts(pattern, EP_LIT("tel:")))
		return "destination: a pattern begins with sip:, sips:, tel: or *";
	number = ep_view_cut(&number, ';');
	for(size_t i = 4; i < number.len; i++)
		if(strchr("-.()", number.p[i]) != NULL)
			return "destination: numbers without separators";
	return NULL;
}

/* What its own keys say about each other: NULL, or what is wrong. */
static const char *wwsf_wrong(const struct ep_wwsf *wwsf)
{
	for(size_t i = 0; i < wwsf->pool.n; i++) {
		bool within = false;

		for(size_t j = 0; j < wwsf->impi.n; j++)
			within = within || ep_glob_within(wwsf->pool.v[i], wwsf->impi.v[j]);
		if(!within)
			return "pool: a pattern is not within one of impi";
	}
	for(size_t i = 0; i < wwsf->destination.n; i++) {
		const char *wrong = destination_wrong(wwsf->destination.v[i]);

		if(wrong != NULL)
			return wrong;
	}
	if(wwsf->anonymous == EP_YES && wwsf->pool.n == 0)
		return "anonymous = yes needs pool";
	if(wwsf->from != EP_FROM_KEEP && wwsf->pool.n == 0)
		return "from needs pool: it is for the pool's identities";
	return NULL;
}

static enum ep_err wwsf_check(const struct ep_token_policy *policy, size_t i,
		struct ep_config_error *error)
{
	const struct ep_wwsf *wwsf = &policy->wwsfs[i];
	const char *wrong = wwsf_wrong(wwsf);
	enum ep_err err = wwsf_issuers_check(policy, wwsf, error);

	for(size_t j = 0; j < i && wrong == NULL; j++)
		wrong = wwsfs_clash(wwsf, &policy->wwsfs[j]);
	if(err == EP_OK && wrong != NULL)
		err = ep_config_fail(error, wwsf->line, EP_ESYNTAX, wwsf->id, wrong);
	for(size_t j = 0; j < i && err == EP_OK; j++)
		err = pools_check(wwsf, &policy->wwsfs[j], error);
	return err;
}

enum ep_err ep_config_check(struct ep_token_policy *policy,
		struct ep_issuer *issuers, struct ep_config_error *error)
{
	enum ep_err err = maps_check(policy, error);

	for(size_t i = 0; i < policy->issuers_n && err == EP_OK; i++)
		err = issuer_check(policy, issuers, i, error);
	for(size_t i = 0; i < policy->wwsfs_n && err == EP_OK; i++)
		err = wwsf_check(policy, i, error);
	return err;
}
