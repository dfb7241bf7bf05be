/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * One SIP request of a connection -> may it pass, by its token?
 *
 * REGISTER (TS 33.203 X.3.2.3 step 4): token, To and From, one user per bound
 * connection. Other methods (TS 24.371 7.2.1, a Bearer in every request): the
 * connection's token again, or another good one of the same user. ACK and
 * CANCEL cannot be answered with a challenge and always pass; BYE and PRACK
 * pass on a bound connection.
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
};

/* Fills *out; its cause is the verdict. A good REGISTER makes its token the
 * connection's. */
void ep_check_request(
		struct ep_check *out, sip_msg_t *msg, struct ep_arena *arena);

#endif
