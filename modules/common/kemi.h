/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Functions of other modules that have no C API, found by name in the tables
 * they export to scripts. Call only after all modules are initialised
 * (child_init, or at first use).
 */
#ifndef EP_COMMON_KEMI_H
#define EP_COMMON_KEMI_H

#include "core/kemi.h"

/* NULL when the module is not loaded or has no such function, or the function
 * has other parameter types than `types` (SR_KEMIP_*, unused = SR_KEMIP_NONE).
 * The caller casts `func` accordingly. */
sr_kemi_t *ep_kemi_find(
		const char *module, const char *function, const int types[6]);

#endif
