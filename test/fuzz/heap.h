/* What fuzz targets stand on. SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_FUZZ_HEAP_H
#define TEST_FUZZ_HEAP_H

#include <stdlib.h>
#include "base/arena.h"

/* A property that must hold, whatever the input. */
static inline void need(bool ok)
{
	if(!ok)
		abort();
}

static inline void *heap_get(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static inline void heap_put(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

/* An arena's memory, where the sanitizers see each block. */
static const struct ep_alloc heap = {heap_get, heap_put, NULL};

#endif
