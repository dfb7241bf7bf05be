/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * One SIP request of a connection -> may it pass, by its token?
 *
 * REGISTER (TS 33.203 X.3.2.3 step 4): token, To and From, one user per bound
 * connection. Other methods (TS 24.371 7.2.1, a Bearer in every request): the
 * connection's token again, or another good one of the same user. ACK and
 * CANCEL cannot be answered with a challenge and always pass; BYE and PRACK
 * pass on a bound connection.
 *
 * What is no JWT is introspected (RFC 7662) by the introspecting issuer of the
 * connection's WWSF; so are an issuer's JWTs with introspect_for = all, behind
 * their own check, and those of an issuer without keys.
 */
#ifndef EP_WEBRTC_AUTH_CHECK_H
#define EP_WEBRTC_AUTH_CHECK_H

#include "core/parser/msg_parser.h"
#include "token/verify.h"
#include "webrtc_auth/conn.h"

struct ep_check
{
	enum ep_token_cause cause;
	bool has_token; /* fingerprint is set */
	char fingerprint[9];
	bool is_verified;             /* `token` holds identities */
	struct ep_token_result token; /* in the arena */
	bool has_conn;
	struct ep_conn conn; /* as it was before the check */
	/* With EP_TOKEN_PENDING: who is to be asked about which token. Views and
	 * pointer die with the message and the policy. */
	const struct ep_issuer *ask;
	struct ep_view ask_token;
	unsigned char ask_hash[EP_SHA256_LEN]; /* of issuer and token */
	unsigned max_pending, ask_issuers_n;   /* shared by so many issuers */
};

/* Fills *out; its cause is the verdict. A good REGISTER makes its token the
 * connection's. EP_TOKEN_PENDING, for REGISTER only: its WAF has to be asked
 * (pending.h), and was not yet or too long ago. In the route that goes on
 * behind that question, its answer counts. */
void ep_check_request(
		struct ep_check *out, sip_msg_t *msg, struct ep_arena *arena);

#endif
