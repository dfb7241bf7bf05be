/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * How long an answer that was fetched stays fresh (RFC 9111 4.2, 5.2.2, 5.3).
 */
#ifndef EP_TOKEN_FRESHNESS_H
#define EP_TOKEN_FRESHNESS_H

#include "base/view.h"

/* Values of the answer's headers, absent if it has none. Several headers of
 * one name: their values with a comma between them (RFC 9110 5.2). */
struct ep_freshness_headers
{
	struct ep_view cache_control;
	struct ep_view age;
	struct ep_view expires;
	struct ep_view date;
};

struct ep_freshness_limits
{
	uint32_t usual_s; /* when the headers say nothing */
	uint32_t min_s;   /* no-store, no-cache, an answer that is stale already */
	uint32_t max_s;
};

/* Seconds from now, within the limits. Of Cache-Control: no-store and no-cache
 * (0), max-age (less Age; a quoted number too; of several the least), else
 * Expires - Date (now_s, seconds since 1970, without a Date that can be read).
 * An Expires that cannot be read is a time in the past (RFC 9111 5.3); a
 * directive that cannot be read is as if it was not there. */
uint32_t ep_freshness_s(const struct ep_freshness_headers *headers,
		const struct ep_freshness_limits *limits, int64_t now_s);

/* HTTP-date (RFC 9110 5.6.7), all three forms, as seconds since 1970; -1: none.
 * Years of two digits are those from 50 years before to 50 years after now_s.
 */
int64_t ep_http_date_s(struct ep_view text, int64_t now_s);

#endif
