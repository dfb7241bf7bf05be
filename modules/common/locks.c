/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "common/locks.h"

gen_lock_set_t *ep_locks_new(int n)
{
	gen_lock_set_t *locks = lock_set_alloc(n);

	if(locks == NULL || lock_set_init(locks) != NULL)
		return locks;
	lock_set_dealloc(locks);
	return NULL;
}

void ep_locks_free(gen_lock_set_t *locks)
{
	lock_set_destroy(locks);
	lock_set_dealloc(locks);
}
