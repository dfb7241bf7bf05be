/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/accept.h"

/* What is known while it is being checked. */
struct check
{
	const struct ep_accept *what;
	const struct ep_issuer *issuer;
	struct ep_claims claims;
	const struct ep_wwsf *wwsf;
	struct ep_view sid;
};

/* RFC 9068 2.2, and what the issuer's section asks for besides. */
static enum ep_token_cause required_check(const struct check *c)
{
	const struct ep_claims *claims = &c->claims;
	const struct ep_json *said = c->what->said;

	/* RFC 8417 2.2: an event about a user is no right of one. */
	if(ep_json_get(said, EP_LIT("events")) != NULL)
		return EP_TOKEN_TYP_REFUSED;
	if(!c->what->is_answer && ep_policy_is_at_jwt(c->issuer)
			&& (claims->sub.p == NULL || claims->jti.p == NULL
					|| claims->client_id.p == NULL))
		return EP_TOKEN_CLAIM_MISSING;
	for(size_t i = 0; i < c->issuer->require.n; i++)
		if(ep_json_get(said, c->issuer->require.v[i]) == NULL)
			return EP_TOKEN_CLAIM_MISSING;
	if(c->issuer->cnf == EP_CNF_REFUSE
			&& ep_json_get(said, EP_LIT("cnf")) != NULL)
		return EP_TOKEN_CONFIRMATION;
	if(c->issuer->claim_waf.p == NULL)
		return EP_TOKEN_OK;
	if(claims->waf.p == NULL)
		return EP_TOKEN_CLAIM_MISSING;
	return ep_view_eq(claims->waf, c->issuer->waf) ? EP_TOKEN_OK
												   : EP_TOKEN_WAF_WRONG;
}

/* An answer need not say when the token was issued: what is left of it then
 * counts as its lifetime. */
static enum ep_token_cause time_check(const struct check *c)
{
	struct ep_claims claims = c->claims;

	if(c->what->is_answer && claims.iat_s < 0)
		claims.iat_s = c->what->now_s;
	return ep_policy_time_check(c->issuer, &claims, c->what->now_s);
}

static enum ep_token_cause claims_check(struct check *c, struct ep_arena *arena)
{
	enum ep_token_cause cause =
			ep_claims_decode(&c->claims, c->what->claims, c->issuer, arena);

	if(cause == EP_TOKEN_OK)
		cause = ep_json_text(&c->sid, c->what->said, EP_LIT("sid"));
	if(cause == EP_TOKEN_OK)
		cause = time_check(c);
	if(cause == EP_TOKEN_OK)
		cause = required_check(c);
	if(cause == EP_TOKEN_OK && !ep_policy_aud_ok(c->issuer, &c->claims.aud))
		cause = EP_TOKEN_AUDIENCE_WRONG;
	if(cause == EP_TOKEN_OK
			&& !ep_policy_scope_has(c->claims.scope, c->issuer->scope))
		cause = EP_TOKEN_SCOPE_TOO_SMALL;
	return cause;
}

/* TS 33.203 X.3.2.3 step 4: from an authorised source, for an identity that
 * this WWSF may use, over a connection from this WWSF's page. */
static enum ep_token_cause policy_check(struct check *c, struct ep_arena *arena)
{
	enum ep_token_cause cause;

	if(c->what->conn_wwsf.p == NULL)
		return EP_TOKEN_ORIGIN_UNKNOWN;
	cause = ep_policy_token_wwsf(
			&c->wwsf, c->what->policy, c->issuer, &c->claims);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(!ep_view_eq(c->wwsf->id, c->what->conn_wwsf))
		return EP_TOKEN_WWSF_WRONG;
	return ep_policy_identities_check(&c->claims, c->issuer, c->wwsf, arena);
}

static enum ep_token_cause result_fill(struct ep_token_result *out,
		const struct check *c, struct ep_arena *arena)
{
	out->sub = c->claims.sub;
	out->impi = c->claims.impi;
	out->impus = c->claims.impus.v;
	out->impus_n = c->claims.impus.n;
	out->scope = c->claims.scope;
	out->jti = c->claims.jti;
	out->sid = c->sid;
	out->client_id = c->claims.client_id;
	out->exp_s = c->claims.exp_s;
	out->iat_s = c->claims.iat_s;
	out->anonymous = ep_policy_is_anonymous(&c->claims);
	out->pool = ep_policy_pool_has(c->wwsf, c->claims.impi);
	out->third_party = c->issuer->domain == EP_DOMAIN_THIRD_PARTY;
	out->entity = c->issuer->entity;
	out->name_waf = ep_policy_entity_due(c->issuer, out->pool);
	out->waf = ep_arena_copy(arena, c->issuer->waf);
	out->wwsf = ep_arena_copy(arena, c->wwsf->id);
	return out->waf.p && out->wwsf.p ? EP_TOKEN_OK : EP_TOKEN_NO_MEMORY;
}

enum ep_token_cause ep_accept(struct ep_token_result *out,
		const struct ep_accept *what, struct ep_arena *arena)
{
	struct check c = {.what = what, .issuer = what->issuer};
	enum ep_token_cause cause = claims_check(&c, arena);

	if(cause == EP_TOKEN_OK)
		cause = policy_check(&c, arena);
	if(cause == EP_TOKEN_OK)
		cause = result_fill(out, &c, arena);
	return cause;
}
