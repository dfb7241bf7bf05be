/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The log: standard error, with the priority prefixes that journald reads.
 * What peers say is never printed: no SDP, no keys; a call by its Call-ID at
 * most, at level debug.
 */
#ifndef EP_IQ_LOG_H
#define EP_IQ_LOG_H

#include <stdint.h>

enum ep_log_level
{
	EP_LOG_ERROR = 3,
	EP_LOG_WARNING = 4,
	EP_LOG_NOTICE = 5,
	EP_LOG_INFO = 6,
	EP_LOG_DEBUG = 7
};

void ep_log_level_set(unsigned level);
__attribute__((format(printf, 2, 3))) void ep_log(
		enum ep_log_level level, const char *fmt, ...);

/* For what a peer can cause: a line a second at most, and how many were left
 * out. One per cause, static, zeroed. */
struct ep_log_limit
{
	uint64_t next_ms;
	unsigned skipped;
};
__attribute__((format(printf, 4, 5))) void ep_log_limited(
		struct ep_log_limit *limit, uint64_t now_ms, enum ep_log_level level,
		const char *fmt, ...);

#endif
