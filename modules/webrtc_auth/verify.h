/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Is the token of a request good, and whose is it? For check.c alone.
 *
 * A JWT is so by its signature and claims, or by what is remembered of them;
 * what is introspected by its WAF's word (RFC 7662), which came just now or not
 * long ago. Else the WAF is to be asked: EP_TOKEN_PENDING, and check.h says
 * what is filled then.
 */
#ifndef EP_WEBRTC_AUTH_VERIFY_H
#define EP_WEBRTC_AUTH_VERIFY_H

#include "webrtc_auth/check.h"
#include "webrtc_auth/flood.h"

/* Everything one check needs besides its result. check.c fills it as far as the
 * token and its hash; the rest is set here. */
struct ep_check_job
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

/* What an error of lib/ in taking credentials apart is to the client. */
enum ep_token_cause ep_check_cause_of(enum ep_err err);
/* By bearer and token_hash. EP_TOKEN_OK: the result, valid_until_s and
 * identity_hash are set. */
enum ep_token_cause ep_check_verify(struct ep_check_job *j);

#endif
