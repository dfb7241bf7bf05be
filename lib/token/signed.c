/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/policy.h"
#include "token/signed.h"

enum ep_token_cause ep_signed_read(struct ep_signed *out,
		const struct ep_token_policy *policy, struct ep_view token,
		struct ep_arena *arena)
{
	struct ep_json_limits limits = {policy->max_token_len, EP_PAYLOAD_DEPTH,
			EP_PAYLOAD_MEMBERS, EP_PAYLOAD_ELEMENTS};
	struct ep_view iss;
	enum ep_token_cause cause =
			ep_jws_parse(&out->jws, token, policy->max_token_len, arena);

	if(cause == EP_TOKEN_OK)
		cause = ep_json_parse(&out->payload, out->jws.payload, &limits, arena);
	if(cause == EP_TOKEN_OK && out->payload->type != EP_JSON_OBJECT)
		cause = EP_TOKEN_JSON_SYNTAX;
	if(cause == EP_TOKEN_OK)
		cause = ep_claims_iss(&iss, out->payload);
	if(cause != EP_TOKEN_OK)
		return cause;
	out->issuer = ep_policy_issuer_find(policy, iss);
	return out->issuer != NULL ? EP_TOKEN_OK : EP_TOKEN_ISSUER_UNKNOWN;
}

enum ep_token_cause ep_signed_check(const struct ep_signed *token, bool typ_ok,
		const struct ep_keyring *keyring, const struct ep_token_budget *budget)
{
	const struct ep_jws *jws = &token->jws;
	const struct ep_sig_alg *alg = ep_sig_alg_find(jws->alg);
	size_t index = token->issuer->index;
	struct ep_sig_key *key;
	enum ep_token_cause cause;

	if(alg == NULL)
		return EP_TOKEN_ALG_UNKNOWN;
	if(!ep_strlist_has(&token->issuer->alg, jws->alg))
		return EP_TOKEN_ALG_REFUSED;
	if(!typ_ok)
		return EP_TOKEN_TYP_REFUSED;
	if(index >= keyring->n || keyring->sets[index] == NULL)
		return EP_TOKEN_KEYS_ABSENT;
	cause = ep_keyset_find(&key, keyring->sets[index], jws->kid, alg);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(budget != NULL && !budget->pay(budget->ctx, ep_sig_key_cost_us(key)))
		return EP_TOKEN_COST_EXCEEDED;
	return ep_sig_verify(key, jws->signing_input, jws->signature);
}
