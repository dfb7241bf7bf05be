/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned max_level = EP_LOG_NOTICE;

void ep_log_level_set(unsigned level)
{
	max_level = level;
}

static void line_write(
		enum ep_log_level level, unsigned skipped, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof text, fmt, ap);
	if(skipped)
		fprintf(stderr, "<%d>%s (and %u more)\n", level, text, skipped);
	else
		fprintf(stderr, "<%d>%s\n", level, text);
}

void ep_log(enum ep_log_level level, const char *fmt, ...)
{
	va_list ap;

	if(level > max_level)
		return;
	va_start(ap, fmt);
	line_write(level, 0, fmt, ap);
	va_end(ap);
}

void ep_log_limited(struct ep_log_limit *limit, uint64_t now_ms,
		enum ep_log_level level, const char *fmt, ...)
{
	va_list ap;

	if(level > max_level)
		return;
	if(now_ms < limit->next_ms) {
		limit->skipped++;
		return;
	}
	va_start(ap, fmt);
	line_write(level, limit->skipped, fmt, ap);
	va_end(ap);
	limit->next_ms = now_ms + 1000;
	limit->skipped = 0;
}
