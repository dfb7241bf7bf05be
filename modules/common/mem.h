/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Kamailio's allocators for lib/'s arenas. */
#ifndef EP_COMMON_MEM_H
#define EP_COMMON_MEM_H

#include "base/arena.h"

/* Private (per process) memory: for what lives as long as one message. */
extern const struct ep_alloc ep_pkg_alloc;
/* Shared memory: for what other processes read. */
extern const struct ep_alloc ep_shm_alloc;

/* What one message's plan may take from pkg memory, in octets. */
#define EP_MSG_ARENA_MAX (512 * 1024)

#endif
