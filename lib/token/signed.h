/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A token that an issuer signed, whatever it is for: its form, whose it says
 * it is, and whether that one's key signed it. verify.c and logout.c say what
 * else it has to be.
 */
#ifndef EP_TOKEN_SIGNED_H
#define EP_TOKEN_SIGNED_H

#include "token/budget.h"
#include "token/jws.h"
#include "token/keyset.h"

struct ep_signed
{
	struct ep_jws jws;
	const struct ep_json *payload; /* an object */
	const struct ep_issuer *issuer;
};

/* A payload and an introspection answer: `address` and `cnf` nest; nothing we
 * read is deeper. */
#define EP_PAYLOAD_DEPTH 6
#define EP_PAYLOAD_MEMBERS 128
/* Entra ID writes up to 200 groups into a token. */
#define EP_PAYLOAD_ELEMENTS 512

/* Nothing is believed yet: EP_TOKEN_OK, EP_TOKEN_NO_MEMORY, a cause of the
 * groups "form of the token" and "protected header", EP_TOKEN_CLAIM_TYPE,
 * EP_TOKEN_ISSUER_MISSING, EP_TOKEN_ISSUER_UNKNOWN. */
enum ep_token_cause ep_signed_read(struct ep_signed *out,
		const struct ep_token_policy *policy, struct ep_view token,
		struct ep_arena *arena);

/* RFC 8725 3.1: the issuer's algorithms, the kind of token (`typ_ok`), the
 * key's own algorithm, what it may cost (`budget` may be NULL), and only then
 * the signature. */
enum ep_token_cause ep_signed_check(const struct ep_signed *token, bool typ_ok,
		const struct ep_keyring *keyring, const struct ep_token_budget *budget);

#endif
