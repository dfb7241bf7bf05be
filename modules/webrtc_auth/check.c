/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>
#include <time.h>

#include "core/dprint.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"

#include "base/sipuri.h"
#include "common/msg.h"
#include "common/view.h"
#include "token/bearer.h"
#include "token/introspect.h"
#include "token/recheck.h"
#include "webrtc_auth/cache.h"
#include "webrtc_auth/check.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/flood.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/limits.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/replay.h"
#include "webrtc_auth/stash.h"
#include "webrtc_auth/revoke.h"

/* Everything one check needs besides its result. */
struct job
{
	struct ep_check *out;
	sip_msg_t *msg;
	struct ep_arena *arena;
	struct ep_view bearer;
	unsigned char token_hash[EP_SHA256_LEN];
	unsigned char identity_hash[EP_SHA256_LEN];
	long valid_until_s;
	time_t now_s;
	struct ep_bill bill;
	unsigned keys_seen; /* the key store's generation before it was read */
	bool is_confirmed;  /* its WAF is asked about a JWT that is good */
};

static enum ep_token_cause cause_of(enum ep_err err)
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

/* All Authorization and Proxy-Authorization headers, however they are spelt:
 * exactly one Bearer; other schemes beside it do not matter here. */
static enum ep_token_cause bearer_find(
		struct ep_view *token, const struct ep_msg *m, const sip_msg_t *msg)
{
	struct ep_view found = ep_view_none(), one;
	size_t i;

	for(i = 0; i < m->hdrs_n; i++) {
		if(!ep_hdr_is(&m->hdrs[i], EP_LIT("Authorization"))
				&& !ep_hdr_is(&m->hdrs[i], EP_LIT("Proxy-Authorization")))
			continue;
		switch(ep_bearer_parse(&one, ep_stash_value(msg, m->hdrs[i].value))) {
			case EP_BEARER_OTHER:
				break;
			case EP_BEARER_MALFORMED:
				return EP_TOKEN_CREDENTIALS_MALFORMED;
			case EP_BEARER_OK:
				if(found.p != NULL)
					return EP_TOKEN_CREDENTIALS_REPEATED;
				found = one;
		}
	}
	if(found.p == NULL)
		return EP_TOKEN_ABSENT;
	*token = found;
	return EP_TOKEN_OK;
}

static enum ep_token_cause token_take(struct job *j)
{
	const struct ep_job *resumed = ep_pending_current();
	enum ep_token_cause cause = EP_TOKEN_OK;
	struct ep_msg m;

	if(resumed != NULL) {
		j->bearer = resumed->token;
	} else {
		cause = cause_of(ep_msg_view(&m, j->msg, j->arena));
		if(cause == EP_TOKEN_OK)
			cause = bearer_find(&j->bearer, &m, j->msg);
	}
	if(cause != EP_TOKEN_OK)
		return cause;
	cause = cause_of(ep_sha256(j->token_hash, j->bearer));
	if(cause != EP_TOKEN_OK)
		return cause;
	j->out->has_token = true;
	ep_token_fingerprint_of(j->out->fingerprint, j->token_hash);
	return EP_TOKEN_OK;
}

/* The token names a key that is not there. If somebody has looked for it there
 * is no such key; else somebody has to: docs/decisions/0003. */
static enum ep_token_cause key_missing(struct job *j,
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

static enum ep_token_cause identity_hash(struct job *j)
{
	const struct ep_token_result *t = &j->out->token;
	const struct ep_view parts[] = {t->issuer, ep_view_of("\0", 1), t->wwsf,
			ep_view_of("\0", 1), t->impi};
	struct ep_view all = ep_arena_join(j->arena, parts, 5);

	if(all.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	return cause_of(ep_sha256(j->identity_hash, all));
}

/* --- introspection --- */

/* The first of this page's issuers that can be asked; NULL: none. */
static const struct ep_issuer *issuer_to_ask(
		const struct job *j, const struct ep_token_policy *policy)
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
		struct job *j, const struct ep_issuer *issuer)
{
	const struct ep_view parts[] = {
			issuer->name, ep_view_of("\0", 1), j->bearer};
	struct ep_view all = ep_arena_join(j->arena, parts, 3);

	if(all.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	return cause_of(ep_sha256(j->out->ask_hash, all));
}

/* The WAF's verdict, for the next requests with this token. What it does not
 * say (that the page is another one), and what is no verdict, is not kept. */
static void answer_keep(struct job *j, const struct ep_issuer *issuer,
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

static enum ep_token_cause answer_judge(struct job *j,
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

static bool answer_known(struct ep_cached *c, struct job *j)
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
static enum ep_token_cause introspected(struct job *j,
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

static enum ep_token_cause opaque_verify(
		struct job *j, const struct ep_token_policy *policy)
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

static enum ep_token_cause jwt_verify(struct job *j,
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

static enum ep_token_cause token_verify(struct job *j)
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

/* To and From: the same identity, and one of the token's. */
static enum ep_token_cause register_identity(struct job *j)
{
	struct ep_view to, from;

	if(parse_headers(j->msg, HDR_TO_F | HDR_FROM_F, 0) != 0
			|| j->msg->to == NULL || parse_from_header(j->msg) != 0)
		return EP_TOKEN_CREDENTIALS_MALFORMED;
	to = ep_view_str(&get_to(j->msg)->uri);
	from = ep_view_str(&get_from(j->msg)->uri);
	if(!ep_impu_eq(to, from) || !ep_token_permits_impu(&j->out->token, to))
		return EP_TOKEN_IMPU_NOT_IN_TOKEN;
	return EP_TOKEN_OK;
}

static bool is_same_user(const struct job *j)
{
	return memcmp(j->identity_hash, j->out->conn.identity, EP_SHA256_LEN) == 0;
}

/* Of a JWT what is signed, else all of it. */
static struct ep_view said_of(struct ep_view token)
{
	size_t n = token.len;

	if(!ep_token_is_jose(token))
		return token;
	while(token.p[n - 1] != '.')
		n--;
	return ep_view_head(token, n);
}

/* A token that was stolen is of no use while its owner is here, where the
 * WWSF asks for that. */
static enum ep_token_cause replay_check(struct job *j)
{
	const struct ep_token_policy *policy = ep_policy_get();
	unsigned char said[EP_SHA256_LEN];
	const struct ep_wwsf *wwsf;
	enum ep_token_cause cause;

	if(policy == NULL)
		return EP_TOKEN_NO_MEMORY;
	wwsf = ep_policy_wwsf_find(policy, j->out->token.wwsf);
	if(wwsf == NULL)
		return EP_TOKEN_WWSF_UNKNOWN; /* a reload took it, just now */
	if(wwsf->one_connection == EP_NO)
		return EP_TOKEN_OK;
	cause = cause_of(ep_sha256(said, said_of(j->bearer)));
	if(cause != EP_TOKEN_OK)
		return cause;
	switch(ep_replay_claim(said, j->token_hash, j->out->conn.id)) {
		case EP_OK:
			return EP_TOKEN_OK;
		case EP_ENOENT:
			return EP_TOKEN_REPLAYED;
		default:
			return EP_TOKEN_NO_MEMORY;
	}
}

static enum ep_token_cause register_check(struct job *j)
{
	const struct ep_conn *conn = &j->out->conn;
	enum ep_token_cause cause = token_take(j);

	if(cause == EP_TOKEN_OK)
		cause = token_verify(j);
	if(cause == EP_TOKEN_OK)
		cause = register_identity(j);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(conn->authenticated && conn->bound && !is_same_user(j))
		return EP_TOKEN_USER_CHANGED;
	cause = replay_check(j);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(!ep_limits_admit(j->msg, j->out->token.wwsf, j->out->token.impi))
		return EP_TOKEN_REGISTRATIONS_FULL;
	if(ep_conn_authenticate(
			   conn->id, j->token_hash, j->identity_hash, j->valid_until_s)
			!= EP_OK)
		return EP_TOKEN_REVOKED;
	return EP_TOKEN_OK;
}

/* Not a failure of the client's, unless it floods. A kid that nobody knows may
 * be of the newest key: worth some tries, not one invented after the other. A
 * page that had a good token before does not pay for its WAF's silence. */
static bool is_our_fault(const struct job *j, enum ep_token_cause cause)
{
	if(cause == EP_TOKEN_KEY_UNKNOWN)
		return j->out->conn.authenticated;
	return ep_token_cause_get(cause)->sip_status >= 500
		   && cause != EP_TOKEN_SOURCE_EXCEEDED
		   && cause != EP_TOKEN_COST_EXCEEDED;
}

/* A request that was refused without closing: not for ever. */
static enum ep_token_cause refused(struct job *j, enum ep_token_cause cause)
{
	const struct ep_token_cause_info *info = ep_token_cause_get(cause);
	int max = ep_params()->max_failures;

	ep_source_failed(&j->msg->rcv, cause);
	if(info->close != EP_CLOSE_NONE || is_our_fault(j, cause) || max == 0)
		return cause;
	if(ep_conn_failed(j->out->conn.id) > (unsigned)max)
		return EP_TOKEN_TRIES_EXCEEDED;
	/* A good token now and then does not buy any number of questions. */
	if(cause == EP_TOKEN_INACTIVE
			&& ep_conn_inactive(j->out->conn.id) > (unsigned)max)
		return EP_TOKEN_TRIES_EXCEEDED;
	return cause;
}

static enum ep_token_cause other_check(struct job *j)
{
	const struct ep_conn *conn = &j->out->conn;
	enum ep_token_cause cause = token_take(j);

	if(cause != EP_TOKEN_OK)
		return cause;
	if(conn->authenticated
			&& memcmp(j->token_hash, conn->token, EP_SHA256_LEN) == 0)
		return j->now_s <= conn->valid_until_s ? EP_TOKEN_OK : EP_TOKEN_EXPIRED;
	cause = token_verify(j);
	/* Nothing but a REGISTER waits for a WAF. */
	if(cause == EP_TOKEN_PENDING)
		return EP_TOKEN_OPAQUE_CHANGED;
	if(cause == EP_TOKEN_OK && conn->authenticated && !is_same_user(j))
		return EP_TOKEN_USER_CHANGED;
	return cause;
}

static void passed(struct job *j)
{
	if(j->out->is_verified)
		ep_bill_good(&j->bill);
	if(j->out->conn.failures != 0)
		ep_conn_passed(j->out->conn.id);
}

static enum ep_token_cause check(struct job *j)
{
	struct ep_check *c = j->out;
	int method = j->msg->REQ_METHOD;
	enum ep_token_cause cause;

	if(method == METHOD_ACK || method == METHOD_CANCEL)
		return EP_TOKEN_OK;
	if(!c->has_conn || c->conn.revoked) {
		/* A WAF was asked for it: not for nothing. */
		if(ep_pending_current() != NULL)
			ep_source_failed(&j->msg->rcv, EP_TOKEN_REVOKED);
		return c->has_conn ? EP_TOKEN_REVOKED : EP_TOKEN_ORIGIN_UNKNOWN;
	}
	if((method == METHOD_BYE || method == METHOD_PRACK) && c->conn.bound)
		return EP_TOKEN_OK;
	if(!c->conn.authenticated && ep_source_wait_s(&j->msg->rcv) != 0)
		return refused(j, EP_TOKEN_SOURCE_EXCEEDED);
	cause = method == METHOD_REGISTER ? register_check(j) : other_check(j);
	if(cause != EP_TOKEN_OK)
		return refused(j, cause);
	passed(j);
	return EP_TOKEN_OK;
}

void ep_check_request(
		struct ep_check *out, sip_msg_t *msg, struct ep_arena *arena)
{
	struct job j = {.out = out, .msg = msg, .arena = arena};

	j.now_s = time(NULL);
	ep_bill_init(&j.bill, &msg->rcv);
	*out = (struct ep_check){.token = {.issuer_index = SIZE_MAX}};
	out->has_conn = ep_conn_get(&out->conn, msg->rcv.proto_reserved1) == EP_OK;
	out->cause = check(&j);
	if(out->cause == EP_TOKEN_OK)
		out->cause = ep_revoke_check(out, msg->REQ_METHOD);
	if(out->cause != EP_TOKEN_OK)
		out->is_verified = false;
}
