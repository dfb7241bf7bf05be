/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of revocations permit, and revoke again. */
#ifndef EP_UNIT_TOKEN_GRANT_H
#define EP_UNIT_TOKEN_GRANT_H

#include "support.h"
#include "token/revoke.h"

#define V(s)                                                                   \
	{                                                                          \
		"" s, sizeof(s) - 1                                                    \
	}

static const struct ep_view impus[] = {
		V("sip:alice@home1.net"), V("tel:+49-30-123")};
static const struct ep_revoke_grant alice = {.issuer = V("home"),
		.jti = V("t1"),
		.sub = V("alice"),
		.sid = V("s1"),
		.impi = V("alice@home1.net"),
		.waf = V("waf@home1.net"),
		.wwsf = V("shop"),
		.impus = impus,
		.impus_n = 2,
		.iat_s = 500};

#endif
