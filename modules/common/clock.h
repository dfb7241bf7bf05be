/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Clocks in milliseconds; all processes of a node read the same. */
#ifndef EP_COMMON_CLOCK_H
#define EP_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t ep_clock_read_ms(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For deadlines and ages: it never jumps. */
static inline int64_t ep_clock_ms(void)
{
	return ep_clock_read_ms(CLOCK_MONOTONIC);
}

/* Since 1970: for what other nodes, and files, are told. */
static inline int64_t ep_clock_unix_ms(void)
{
	return ep_clock_read_ms(CLOCK_REALTIME);
}

#endif
