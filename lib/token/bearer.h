/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The value of one Authorization or Proxy-Authorization header -> token.
 *
 * Two forms, in every request (TS 24.371 7.2.1, A.3.2; RFC 8898; RFC 6750 2.1):
 *   Bearer <b64token>
 *   Bearer access_token="<token>"       also unquoted, and among other
 *                                       auth-params of RFC 3261 25.1
 * The scheme and parameter names are compared without regard to case; folding
 * counts as white space.
 */
#ifndef EP_TOKEN_BEARER_H
#define EP_TOKEN_BEARER_H

#include "base/view.h"

enum ep_bearer
{
	EP_BEARER_OK,
	EP_BEARER_OTHER,    /* another scheme (Digest), or no scheme at all */
	EP_BEARER_MALFORMED /* Bearer, but not of one of the two forms: no token,
						   two of them, an escape in the quoted string, octets
						   that no token has */
};

/* *token is a view into `value`, not empty, b64token characters only. It is
 * untouched unless EP_BEARER_OK. */
enum ep_bearer ep_bearer_parse(struct ep_view *token, struct ep_view value);

#endif
