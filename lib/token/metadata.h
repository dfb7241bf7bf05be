/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * An issuer's metadata: OAuth 2.0 Authorization Server Metadata (RFC 8414) and
 * OpenID Connect Discovery 1.0, of which two URLs are wanted.
 */
#ifndef EP_TOKEN_METADATA_H
#define EP_TOKEN_METADATA_H

#include "base/buf.h"
#include "token/config.h"
#include "token/json.h"

/* Octets of the longest document that is read, and of a URL in it. */
#define EP_METADATA_MAX (64 * 1024)
#define EP_METADATA_URL_MAX 2048

/* In the arena; absent if the document has none. */
struct ep_metadata
{
	struct ep_view jwks_uri;
	struct ep_view introspection_endpoint;
};

/* Where the issuer's document stands. With discovery = oauth (RFC 8414 3.1)
 * "/.well-known/oauth-authorization-server" goes between host and path, with
 * discovery = openid (Discovery 1.0 4.1) "/.well-known/openid-configuration"
 * behind the path; a final slash is taken off before. EP_OK; EP_ENOENT:
 * discovery = no; EP_ESYNTAX: iss is no https URL, or has a query or fragment
 * (RFC 8414 2); EP_ENOSPC. */
enum ep_err ep_metadata_url_print(
		struct ep_buf *out, const struct ep_issuer *issuer);

/* RFC 8414 3.2, 3.3. EP_TOKEN_OK, EP_TOKEN_NO_MEMORY, EP_TOKEN_JSON_*;
 * EP_TOKEN_ISSUER_MISSING; EP_TOKEN_ISSUER_UNKNOWN: `issuer` is not iss octet
 * for octet; EP_TOKEN_CLAIM_TYPE; EP_TOKEN_CLAIM_VALUE: a URL that is not
 * https, has user information, a fragment or odd octets, or is too long. Both
 * URLs may be absent: who needs one has to look. */
enum ep_token_cause ep_metadata_decode(struct ep_metadata *out,
		const struct ep_issuer *issuer, struct ep_view text,
		struct ep_arena *arena);

#endif
