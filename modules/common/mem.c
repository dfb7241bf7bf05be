/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"
#include "common/mem.h"

static void *pkg_get(void *ctx, size_t n)
{
	return pkg_malloc(n);
}

static void pkg_put(void *ctx, void *p)
{
	pkg_free(p);
}

static void *shm_get(void *ctx, size_t n)
{
	return shm_malloc(n);
}

static void shm_put(void *ctx, void *p)
{
	shm_free(p);
}

const struct ep_alloc ep_pkg_alloc = {pkg_get, pkg_put, NULL};
const struct ep_alloc ep_shm_alloc = {shm_get, shm_put, NULL};
