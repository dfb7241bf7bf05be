/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/dprint.h"

#include "token/introspect.h"
#include "token/policy.h"
#include "token/recheck.h"
#include "token/signed.h"
#include "webrtc_auth/cache.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/verify.h"

enum ep_token_cause ep_check_cause_of(enum ep_err err)
{
	switch(err) {
		case EP_OK:
			return EP_TOKEN_OK;
		case EP_ESYNTAX:
			return EP_TOKEN_CREDENTIALS_MALFORMED;
		case EP_ECRYPTO:
			return EP_TOKEN_CRYPTO_FAILED;
		default:
			return EP_TOKEN_NO_MEMORY;
	}
}

/* The token names a key that is not there. If somebody has looked for it there
 * is no such key; else somebody has to: docs/decisions/0003. */
static enum ep_token_cause key_missing(struct ep_check_job *j,
		const struct ep_token_policy *policy, enum ep_token_cause cause)
{
	const struct ep_issuer *issuer;

	if(j->out->token.issuer_index >= policy->issuers_n)
		return cause;
	issuer = &policy->issuers[j->out->token.issuer_index];
	if(cause == EP_TOKEN_KEY_UNKNOWN
			&& ep_keystore_kid_absent(issuer, j->out->token.kid, j->now_s,
					ep_params()->key_miss_window)
			/* Else the set that has it may have come behind our look at it. */
			&& j->keys_seen == ep_keystore_generation())
		return EP_TOKEN_KID_INVALID;
	ep_keystore_want(issuer->name, EP_WANT_KEYS);
	return cause;
}

/* --- introspection --- */

/* The first of this page's issuers that can be asked; NULL: none. */
static const struct ep_issuer *issuer_to_ask(
		const struct ep_check_job *j, const struct ep_token_policy *policy)
{
	const struct ep_wwsf *wwsf =
			ep_policy_wwsf_find(policy, ep_view_z(j->out->conn.wwsf));
	const struct ep_issuer *issuer;
	size_t i, k;

	for(i = 0; wwsf != NULL && i < wwsf->issuer.n; i++)
		for(k = 0; k < policy->issuers_n; k++) {
			issuer = &policy->issuers[k];
			if(issuer->is_introspected
					&& ep_view_eq(issuer->name, wwsf->issuer.v[i]))
				return issuer;
		}
	return NULL;
}

/* What one issuer says of a token is no other issuer's word. */
static enum ep_token_cause ask_hash(
		struct ep_check_job *j, const struct ep_issuer *issuer)
{
	const struct ep_view parts[] = {
			issuer->name, ep_view_of("\0", 1), j->bearer};
	struct ep_view all = ep_arena_join(j->arena, parts, 3);

	if(all.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	return ep_check_cause_of(ep_sha256(j->out->ask_hash, all));
}

/* The WAF's verdict, for the next requests with this token. What it does not
 * say (that the page is another one), and what is no verdict, is not kept. */
static void answer_keep(struct ep_check_job *j, const struct ep_issuer *issuer,
		enum ep_token_cause cause)
{
	const struct ep_token_result *t = &j->out->token;
	enum ep_token_close close = ep_token_cause_get(cause)->close;
	struct ep_cached c = {
			.cause = cause, .policy_generation = ep_policy_used_generation()};

	if(cause == EP_TOKEN_OK) {
		c.token = *t;
		c.until_s = j->now_s + issuer->introspect_cache_s;
		if(c.until_s > t->exp_s)
			c.until_s = t->exp_s;
	} else if(cause == EP_TOKEN_INACTIVE
			  || (close != EP_CLOSE_NONE && close != EP_CLOSE_WWSF)) {
		c.until_s = j->now_s + issuer->introspect_negative_s;
	}
	if(c.until_s > j->now_s)
		ep_cache_put(&c, j->out->ask_hash, j->now_s);
}

static enum ep_token_cause answer_judge(struct ep_check_job *j,
		const struct ep_token_policy *policy, const struct ep_issuer *issuer,
		const struct ep_waf_answer *answer)
{
	static const char unusable[] = "its answer cannot be used";
	struct ep_view text = ep_view_of(answer->text, answer->len);
	enum ep_token_cause cause =
			j->is_confirmed
					? ep_introspect_confirm(
							&j->out->token, issuer, text, j->now_s, j->arena)
					: ep_introspect_decide(&j->out->token, policy, issuer, text,
							ep_view_z(j->out->conn.wwsf), j->now_s, j->arena);

	if(cause == EP_TOKEN_NO_MEMORY)
		return cause;
	if(cause == EP_TOKEN_INTROSPECT_ANSWER) {
		counter_inc(ep_counters.introspect_failed);
		if(ep_keystore_introspected(issuer, unusable, j->now_s))
			LM_ERR("introspection at issuer %.*s: %s\n", EP_FMT(issuer->name),
					unusable);
		return cause;
	}
	if(ep_keystore_introspected(issuer, NULL, j->now_s))
		LM_NOTICE("introspection at issuer %.*s: good again\n",
				EP_FMT(issuer->name));
	answer_keep(j, issuer, cause);
	return cause;
}

static bool answer_known(struct ep_cached *c, struct ep_check_job *j)
{
	if(!ep_cache_get(c, j->out->ask_hash, j->now_s, j->arena)
			|| c->policy_generation != ep_policy_used_generation()
			|| c->keys_generation != 0)
		return false;
	counter_inc(ep_counters.introspect_cache);
	return true;
}

/* How many issuers may have somebody wait for them. */
static unsigned issuers_asked(const struct ep_token_policy *policy)
{
	unsigned n = 0;
	size_t i;

	for(i = 0; i < policy->issuers_n; i++)
		n += policy->issuers[i].is_introspected;
	return n;
}

/* What the WAF says of it: just now, or not long ago. Else it is to be asked,
 * but not twice for one request. */
static enum ep_token_cause introspected(struct ep_check_job *j,
		const struct ep_token_policy *policy, const struct ep_issuer *issuer)
{
	const struct ep_job *resumed = ep_pending_current();
	enum ep_token_cause cause = ask_hash(j, issuer);
	struct ep_check *c = j->out;
	struct ep_cached known;

	if(cause != EP_TOKEN_OK)
		return cause;
	if(resumed != NULL
			&& memcmp(resumed->hash, c->ask_hash, EP_SHA256_LEN) == 0) {
		cause = resumed->cause;
		if(cause == EP_TOKEN_OK)
			cause = answer_judge(j, policy, issuer, resumed->answer);
	} else if(answer_known(&known, j)) {
		cause = known.cause;
		c->token = known.token;
		if(cause == EP_TOKEN_OK)
			cause = ep_token_recheck(
					&c->token, policy, ep_view_z(c->conn.wwsf), j->now_s);
	} else if(resumed != NULL) {
		return EP_TOKEN_INTROSPECT_FAILED;
	} else {
		c->ask = issuer;
		c->ask_token = j->bearer;
		c->max_pending = policy->max_pending;
		c->ask_issuers_n = issuers_asked(policy);
		return EP_TOKEN_PENDING;
	}
	if(cause == EP_TOKEN_INACTIVE)
		counter_inc(ep_counters.introspect_inactive);
	return cause;
}

/* --- all tokens --- */

static enum ep_token_cause opaque_verify(
		struct ep_check_job *j, const struct ep_token_policy *policy)
{
	const struct ep_issuer *issuer = issuer_to_ask(j, policy);

	if(j->bearer.len > policy->max_token_len)
		return EP_TOKEN_TOO_LONG;
	if(issuer == NULL)
		return EP_TOKEN_OPAQUE;
	return introspected(j, policy, issuer);
}

static bool has_no_keys(const struct ep_issuer *issuer)
{
	return issuer->jwks.p == NULL && issuer->discovery == EP_DISCOVERY_NO;
}

static enum ep_token_cause jwt_verify(struct ep_check_job *j,
		const struct ep_token_policy *policy, const struct ep_keyring *ring)
{
	struct ep_check *c = j->out;
	const struct ep_issuer *issuer;
	enum ep_token_cause cause;

	cause = ep_cache_verify(&c->token, policy, ring, j->bearer, j->token_hash,
			ep_view_z(c->conn.wwsf), j->now_s,
			c->conn.authenticated ? NULL : &j->bill.budget, j->arena);
	issuer = c->token.issuer_index < policy->issuers_n
					 ? &policy->issuers[c->token.issuer_index]
					 : NULL;
	if(cause == EP_TOKEN_KEYS_ABSENT && issuer != NULL && has_no_keys(issuer)
			&& issuer == issuer_to_ask(j, policy))
		return introspected(j, policy, issuer);
	if(cause == EP_TOKEN_KEY_UNKNOWN || cause == EP_TOKEN_KEYS_ABSENT)
		return key_missing(j, policy, cause);
	if(cause == EP_TOKEN_OK && issuer != NULL && issuer->is_introspected
			&& issuer->introspect_for == EP_INTROSPECT_ALL) {
		/* Its answer, also the remembered one, is about this very JWT. */
		j->is_confirmed = true;
		return introspected(j, policy, issuer);
	}
	return cause;
}

static enum ep_token_cause identity_hash(struct ep_check_job *j)
{
	const struct ep_token_result *t = &j->out->token;
	const struct ep_view parts[] = {t->issuer, ep_view_of("\0", 1), t->wwsf,
			ep_view_of("\0", 1), t->impi};
	struct ep_view all = ep_arena_join(j->arena, parts, 5);

	if(all.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	return ep_check_cause_of(ep_sha256(j->identity_hash, all));
}

enum ep_token_cause ep_check_verify(struct ep_check_job *j)
{
	struct ep_check *c = j->out;
	const struct ep_token_policy *policy;
	enum ep_token_cause cause;
	struct ep_keyring ring;

	j->keys_seen = ep_keystore_generation();
	policy = ep_policy_keys_get(&ring, j->now_s);
	if(policy == NULL)
		return EP_TOKEN_NO_MEMORY;
	if(ep_token_is_jose(j->bearer))
		cause = jwt_verify(j, policy, &ring);
	else
		cause = opaque_verify(j, policy);
	if(cause != EP_TOKEN_OK)
		return cause;
	c->is_verified = true;
	j->valid_until_s = (long)(c->token.exp_s
							  + policy->issuers[c->token.issuer_index].skew_s);
	return identity_hash(j);
}
