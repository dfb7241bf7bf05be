/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>

#include "core/dprint.h"
#include "core/globals.h"
#include "core/mem/shm_mem.h"

#include "webrtc_auth/forks.h"

/* Keys are small numbers in glibc; OpenSSL's are among the first. */
#define KEYS 64

/* A thread-specific value in shared memory cannot be one process's own. All
 * others (of other libraries) are left alone. */
static int is_shared(const void *p)
{
	uintptr_t at = (uintptr_t)p, pool = (uintptr_t)_shm_root.mem_pool;

	return pool != 0 && at >= pool && at < pool + shm_mem_size;
}

static void on_fork_child(void)
{
	pthread_key_t k;

	for(k = 0; k < KEYS; k++)
		if(is_shared(pthread_getspecific(k)))
			pthread_setspecific(k, NULL);
}

int ep_forks_init(void)
{
	int err = pthread_atfork(NULL, NULL, on_fork_child);

	if(err != 0)
		LM_ERR("pthread_atfork: %s\n", strerror(err));
	return err == 0 ? 0 : -1;
}
