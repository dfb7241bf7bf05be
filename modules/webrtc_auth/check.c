/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>
#include <time.h>

#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"

#include "base/sipuri.h"
#include "common/msg.h"
#include "common/view.h"
#include "token/bearer.h"
#include "webrtc_auth/check.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"

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
		struct ep_view *token, const struct ep_msg *m)
{
	struct ep_view found = ep_view_none(), one;
	size_t i;

	for(i = 0; i < m->hdrs_n; i++) {
		if(!ep_hdr_is(&m->hdrs[i], EP_LIT("Authorization"))
				&& !ep_hdr_is(&m->hdrs[i], EP_LIT("Proxy-Authorization")))
			continue;
		switch(ep_bearer_parse(&one, m->hdrs[i].value)) {
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
	enum ep_token_cause cause;
	struct ep_msg m;

	cause = cause_of(ep_msg_view(&m, j->msg, j->arena));
	if(cause == EP_TOKEN_OK)
		cause = bearer_find(&j->bearer, &m);
	if(cause != EP_TOKEN_OK)
		return cause;
	j->out->has_token = true;
	ep_token_fingerprint(j->out->fingerprint, j->bearer);
	return cause_of(ep_sha256(j->token_hash, j->bearer));
}

/* The token names a key that is not there. If the issuer's keys were fetched
 * a moment ago there is no such key; else somebody has to look. */
static enum ep_token_cause key_missing(struct job *j,
		const struct ep_token_policy *policy, enum ep_token_cause cause)
{
	const struct ep_issuer *issuer;
	struct ep_keystore_state state;

	if(j->out->token.issuer_index >= policy->issuers_n)
		return cause;
	issuer = &policy->issuers[j->out->token.issuer_index];
	if(cause == EP_TOKEN_KEY_UNKNOWN
			&& ep_keystore_get(&state, issuer->name, issuer->jwks) == EP_OK
			&& state.ok_s != 0
			&& j->now_s - state.ok_s < ep_params()->key_miss_window)
		return EP_TOKEN_KID_INVALID;
	ep_keystore_want(issuer->name);
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

static enum ep_token_cause token_verify(struct job *j)
{
	struct ep_check *c = j->out;
	const struct ep_token_policy *policy;
	enum ep_token_cause cause;
	struct ep_keyring ring;

	policy = ep_policy_keys_get(&ring, j->now_s);
	if(policy == NULL)
		return EP_TOKEN_NO_MEMORY;
	cause = ep_token_verify(&c->token, policy, &ring, j->bearer,
			ep_view_z(c->conn.wwsf), j->now_s, j->arena);
	if(cause == EP_TOKEN_KEY_UNKNOWN || cause == EP_TOKEN_KEYS_ABSENT)
		return key_missing(j, policy, cause);
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
	if(ep_conn_authenticate(
			   conn->id, j->token_hash, j->identity_hash, j->valid_until_s)
			!= EP_OK)
		return EP_TOKEN_REVOKED;
	return EP_TOKEN_OK;
}

/* A REGISTER that was refused without closing: not for ever. */
static enum ep_token_cause register_refused(
		struct job *j, enum ep_token_cause cause)
{
	const struct ep_token_cause_info *info = ep_token_cause_get(cause);
	int max = ep_params()->max_failures;

	if(info->close != EP_CLOSE_NONE || info->sip_status >= 500 || max == 0)
		return cause;
	if(ep_conn_failed(j->out->conn.id) > (unsigned)max)
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
	if(cause == EP_TOKEN_OK && conn->authenticated && !is_same_user(j))
		return EP_TOKEN_USER_CHANGED;
	return cause;
}

static enum ep_token_cause check(struct job *j)
{
	struct ep_check *c = j->out;
	int method = j->msg->REQ_METHOD;
	enum ep_token_cause cause;

	if(method == METHOD_ACK || method == METHOD_CANCEL)
		return EP_TOKEN_OK;
	if(!c->has_conn)
		return EP_TOKEN_ORIGIN_UNKNOWN;
	if(c->conn.revoked)
		return EP_TOKEN_REVOKED;
	if(method == METHOD_REGISTER) {
		cause = register_check(j);
		return cause == EP_TOKEN_OK ? cause : register_refused(j, cause);
	}
	if((method == METHOD_BYE || method == METHOD_PRACK) && c->conn.bound)
		return EP_TOKEN_OK;
	return other_check(j);
}

void ep_check_request(
		struct ep_check *out, sip_msg_t *msg, struct ep_arena *arena)
{
	struct job j = {.out = out, .msg = msg, .arena = arena};

	j.now_s = time(NULL);
	*out = (struct ep_check){.token = {.issuer_index = SIZE_MAX}};
	out->has_conn = ep_conn_get(&out->conn, msg->rcv.proto_reserved1) == EP_OK;
	out->cause = check(&j);
	if(out->cause != EP_TOKEN_OK)
		out->is_verified = false;
}
