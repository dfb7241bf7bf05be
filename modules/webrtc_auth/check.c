/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>
#include <time.h>

#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"

#include "base/sipuri.h"
#include "common/msg.h"
#include "common/view.h"
#include "token/bearer.h"
#include "token/policy.h"
#include "webrtc_auth/limits.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/replay.h"
#include "webrtc_auth/revoke.h"
#include "webrtc_auth/stash.h"
#include "webrtc_auth/verify.h"

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

static enum ep_token_cause token_take(struct ep_check_job *j)
{
	const struct ep_job *resumed = ep_pending_current();
	enum ep_token_cause cause = EP_TOKEN_OK;
	struct ep_msg m;

	if(resumed != NULL) {
		j->bearer = resumed->token;
	} else {
		cause = ep_check_cause_of(ep_msg_view(&m, j->msg, j->arena));
		if(cause == EP_TOKEN_OK)
			cause = bearer_find(&j->bearer, &m, j->msg);
	}
	if(cause != EP_TOKEN_OK)
		return cause;
	cause = ep_check_cause_of(ep_sha256(j->token_hash, j->bearer));
	if(cause != EP_TOKEN_OK)
		return cause;
	j->out->has_token = true;
	ep_token_fingerprint_of(j->out->fingerprint, j->token_hash);
	return EP_TOKEN_OK;
}

/* To and From: the same identity, and one of the token's. */
static enum ep_token_cause register_identity(struct ep_check_job *j)
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

static bool is_same_user(const struct ep_check_job *j)
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
static enum ep_token_cause replay_check(struct ep_check_job *j)
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
	cause = ep_check_cause_of(ep_sha256(said, said_of(j->bearer)));
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

static enum ep_token_cause register_check(struct ep_check_job *j)
{
	const struct ep_conn *conn = &j->out->conn;
	enum ep_token_cause cause = token_take(j);

	if(cause == EP_TOKEN_OK)
		cause = ep_check_verify(j);
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
static bool is_our_fault(
		const struct ep_check_job *j, enum ep_token_cause cause)
{
	if(cause == EP_TOKEN_KEY_UNKNOWN)
		return j->out->conn.authenticated;
	return ep_token_cause_get(cause)->sip_status >= 500
		   && cause != EP_TOKEN_SOURCE_EXCEEDED
		   && cause != EP_TOKEN_COST_EXCEEDED;
}

/* A request that was refused without closing: not for ever. */
static enum ep_token_cause refused(
		struct ep_check_job *j, enum ep_token_cause cause)
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

static enum ep_token_cause other_check(struct ep_check_job *j)
{
	const struct ep_conn *conn = &j->out->conn;
	enum ep_token_cause cause = token_take(j);

	if(cause != EP_TOKEN_OK)
		return cause;
	if(conn->authenticated
			&& memcmp(j->token_hash, conn->token, EP_SHA256_LEN) == 0)
		return j->now_s <= conn->valid_until_s ? EP_TOKEN_OK : EP_TOKEN_EXPIRED;
	cause = ep_check_verify(j);
	/* Nothing but a REGISTER waits for a WAF. */
	if(cause == EP_TOKEN_PENDING)
		return EP_TOKEN_OPAQUE_CHANGED;
	if(cause == EP_TOKEN_OK && conn->authenticated && !is_same_user(j))
		return EP_TOKEN_USER_CHANGED;
	return cause;
}

static void passed(struct ep_check_job *j)
{
	if(j->out->is_verified)
		ep_bill_good(&j->bill);
	if(j->out->conn.failures != 0)
		ep_conn_passed(j->out->conn.id);
}

static enum ep_token_cause check(struct ep_check_job *j)
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
	struct ep_check_job j = {.out = out, .msg = msg, .arena = arena};

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
