/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "base/crypto.h"
#include "base/sipuri.h"
#include "token/jws.h"
#include "token/verify.h"

/* A payload: `address` and `cnf` nest; nothing we read is deeper. */
#define PAYLOAD_DEPTH 6
#define PAYLOAD_MEMBERS 128

/* What is known of a token while it is being checked. */
struct check
{
	struct ep_token_result *out;
	const struct ep_token_policy *policy;
	const struct ep_keyring *keyring;
	struct ep_arena *arena;
	struct ep_jws jws;
	const struct ep_json *payload;
	const struct ep_issuer *issuer;
	struct ep_claims claims;
	const struct ep_wwsf *wwsf;
};

/* Form, and the issuer it says it is from: nothing is believed yet. */
static enum ep_token_cause form_check(struct check *c, struct ep_view token)
{
	struct ep_json_limits limits = {
			c->policy->max_token_len, PAYLOAD_DEPTH, PAYLOAD_MEMBERS};
	struct ep_view iss;
	enum ep_token_cause cause =
			ep_jws_parse(&c->jws, token, c->policy->max_token_len, c->arena);

	if(cause == EP_TOKEN_OK)
		cause = ep_json_parse(&c->payload, c->jws.payload, &limits, c->arena);
	if(cause == EP_TOKEN_OK && c->payload->type != EP_JSON_OBJECT)
		cause = EP_TOKEN_JSON_SYNTAX;
	if(cause == EP_TOKEN_OK)
		cause = ep_claims_iss(&iss, c->payload);
	if(cause != EP_TOKEN_OK)
		return cause;
	c->issuer = ep_policy_issuer_find(c->policy, iss);
	if(c->issuer == NULL)
		return EP_TOKEN_ISSUER_UNKNOWN;
	c->out->issuer_index = c->issuer->index;
	c->out->kid = c->jws.kid;
	c->out->issuer = ep_arena_copy(c->arena, c->issuer->name);
	return c->out->issuer.p != NULL ? EP_TOKEN_OK : EP_TOKEN_NO_MEMORY;
}

static bool list_has(const struct ep_strlist *list, struct ep_view item)
{
	for(size_t i = 0; i < list->n; i++)
		if(ep_view_eq(list->v[i], item))
			return true;
	return false;
}

/* RFC 8725 3.1: the issuer's algorithms, the key's own algorithm, and only
 * then the signature. */
static enum ep_token_cause signature_check(struct check *c)
{
	const struct ep_sig_alg *alg = ep_sig_alg_find(c->jws.alg);
	size_t index = c->issuer->index;
	struct ep_sig_key *key;
	enum ep_token_cause cause;

	if(alg == NULL)
		return EP_TOKEN_ALG_UNKNOWN;
	if(!list_has(&c->issuer->alg, c->jws.alg))
		return EP_TOKEN_ALG_REFUSED;
	if(!ep_policy_typ_ok(c->issuer, c->jws.typ))
		return EP_TOKEN_TYP_REFUSED;
	if(index >= c->keyring->n || c->keyring->sets[index] == NULL)
		return EP_TOKEN_KEYS_ABSENT;
	cause = ep_keyset_find(&key, c->keyring->sets[index], c->jws.kid, alg);
	if(cause != EP_TOKEN_OK)
		return cause;
	return ep_sig_verify(key, c->jws.signing_input, c->jws.signature);
}

/* RFC 9068 2.2, and what the issuer's section asks for besides. */
static enum ep_token_cause required_check(const struct check *c)
{
	const struct ep_claims *claims = &c->claims;

	if(claims->sub.p == NULL)
		return EP_TOKEN_CLAIM_MISSING;
	if(ep_policy_is_at_jwt(c->issuer)
			&& (claims->jti.p == NULL || claims->client_id.p == NULL))
		return EP_TOKEN_CLAIM_MISSING;
	for(size_t i = 0; i < c->issuer->require.n; i++)
		if(ep_json_get(c->payload, c->issuer->require.v[i]) == NULL)
			return EP_TOKEN_CLAIM_MISSING;
	if(c->issuer->cnf == EP_CNF_REFUSE
			&& ep_json_get(c->payload, EP_LIT("cnf")) != NULL)
		return EP_TOKEN_CONFIRMATION;
	if(c->issuer->claim_waf.p == NULL)
		return EP_TOKEN_OK;
	if(claims->waf.p == NULL)
		return EP_TOKEN_CLAIM_MISSING;
	return ep_view_eq(claims->waf, c->issuer->waf) ? EP_TOKEN_OK
												   : EP_TOKEN_WAF_WRONG;
}

static enum ep_token_cause claims_check(struct check *c, int64_t now_s)
{
	enum ep_token_cause cause =
			ep_claims_decode(&c->claims, c->payload, c->issuer, c->arena);

	if(cause == EP_TOKEN_OK)
		cause = ep_policy_time_check(c->issuer, &c->claims, now_s);
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
static enum ep_token_cause policy_check(
		struct check *c, struct ep_view conn_wwsf)
{
	const struct ep_claims *claims = &c->claims;
	enum ep_token_cause cause;

	if(conn_wwsf.p == NULL)
		return EP_TOKEN_ORIGIN_UNKNOWN;
	cause = ep_policy_token_wwsf(&c->wwsf, c->policy, c->issuer, claims);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(!ep_view_eq(c->wwsf->id, conn_wwsf))
		return EP_TOKEN_WWSF_WRONG;
	if(claims->impi.p == NULL)
		return EP_TOKEN_IMPI_MISSING;
	if(claims->impus.n == 0)
		return EP_TOKEN_IMPU_MISSING;
	cause = ep_policy_impi_check(c->wwsf, claims->impi);
	for(size_t i = 0; i < claims->impus.n && cause == EP_TOKEN_OK; i++)
		cause = ep_policy_impu_check(c->wwsf, claims->impus.v[i]);
	return cause;
}

static bool entity_due(const struct ep_issuer *issuer)
{
	if(issuer->entity == EP_ENTITY_THIRD_PARTY)
		return issuer->domain == EP_DOMAIN_THIRD_PARTY;
	return issuer->entity == EP_ENTITY_ALWAYS;
}

static enum ep_token_cause result_fill(const struct check *c)
{
	struct ep_token_result *out = c->out;

	out->sub = c->claims.sub;
	out->impi = c->claims.impi;
	out->impus = c->claims.impus.v;
	out->impus_n = c->claims.impus.n;
	out->scope = c->claims.scope;
	out->jti = c->claims.jti;
	out->client_id = c->claims.client_id;
	out->exp_s = c->claims.exp_s;
	out->third_party = c->issuer->domain == EP_DOMAIN_THIRD_PARTY;
	out->entity = c->issuer->entity;
	out->name_waf = entity_due(c->issuer);
	out->waf = ep_arena_copy(c->arena, c->issuer->waf);
	out->wwsf = ep_arena_copy(c->arena, c->wwsf->id);
	return out->waf.p && out->wwsf.p ? EP_TOKEN_OK : EP_TOKEN_NO_MEMORY;
}

enum ep_token_cause ep_token_verify(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_keyring *keyring,
		struct ep_view token, struct ep_view conn_wwsf, int64_t now_s,
		struct ep_arena *arena)
{
	struct check c = {
			.out = out, .policy = policy, .keyring = keyring, .arena = arena};
	enum ep_token_cause cause;

	*out = (struct ep_token_result){.issuer_index = SIZE_MAX};
	if(token.p == NULL || token.len == 0)
		return EP_TOKEN_ABSENT;
	cause = form_check(&c, token);
	if(cause == EP_TOKEN_OK)
		cause = signature_check(&c);
	if(cause == EP_TOKEN_OK)
		cause = claims_check(&c, now_s);
	if(cause == EP_TOKEN_OK)
		cause = policy_check(&c, conn_wwsf);
	if(cause == EP_TOKEN_OK)
		cause = result_fill(&c);
	return cause;
}

bool ep_token_permits_impu(
		const struct ep_token_result *result, struct ep_view uri)
{
	for(size_t i = 0; i < result->impus_n; i++)
		if(ep_impu_eq(result->impus[i], uri))
			return true;
	return false;
}

void ep_token_fingerprint(char out[9], struct ep_view token)
{
	unsigned char digest[EP_SHA256_LEN];
	struct ep_buf text;

	memcpy(out, "????????", 9);
	if(ep_sha256(digest, token) != EP_OK)
		return;
	ep_buf_init(&text, out, 8);
	ep_buf_put_hex(&text, ep_view_of((const char *)digest, 4));
}
