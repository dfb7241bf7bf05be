/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * JWS compact serialisation (RFC 7515 3.1, 7.1) -> its parts.
 *
 * No signature is checked here. Refused, whatever the signature: other than
 * three parts, an `alg` of the none or MAC kind, any `crit`, `b64`, `zip`,
 * nested tokens (`cty`), and header parameters that bring a key along
 * (RFC 8725 3.1, 3.10).
 */
#ifndef EP_TOKEN_JWS_H
#define EP_TOKEN_JWS_H

#include "token/json.h"

#define EP_KID_MAX 128

struct ep_jws
{
	struct ep_view signing_input; /* into the token */
	struct ep_view payload;       /* octets, in the arena */
	struct ep_view signature;     /* octets, in the arena */
	struct ep_view alg;           /* in the arena, like the next two */
	struct ep_view kid;           /* what ep_kid_ok() accepts */
	struct ep_view typ;           /* absent if the header has none */
};

/* EP_TOKEN_OK, EP_TOKEN_NO_MEMORY, or a cause of the groups "form of the
 * token" and "protected header". `max_len` caps the token. */
enum ep_token_cause ep_jws_parse(struct ep_jws *out, struct ep_view token,
		size_t max_len, struct ep_arena *arena);

/* A key id that we are ready to look up, count and print: 1..EP_KID_MAX
 * letters, digits and -._~+/=:@#, not beginning with '/' and without "..". */
bool ep_kid_ok(struct ep_view kid);

#endif
