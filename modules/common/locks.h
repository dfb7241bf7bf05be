/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Sets of locks for hash tables. */
#ifndef EP_COMMON_LOCKS_H
#define EP_COMMON_LOCKS_H

#include "core/locking.h"

/* `n` locks that nobody holds; NULL: no memory. Before fork. */
gen_lock_set_t *ep_locks_new(int n);
void ep_locks_free(gen_lock_set_t *locks);

#endif
