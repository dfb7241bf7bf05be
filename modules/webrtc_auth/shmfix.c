/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/mem/q_malloc.h"
#include "core/mem/shm_mem.h"

#include "webrtc_auth/shmfix.h"

/* The arguments that say who calls. */
#ifdef DBG_SR_MEMORY
#define WHO                                                                    \
	, const char *file, const char *func, unsigned int line, const char *mname
#define SO_THEY , file, func, line, mname
#else
#define WHO
#define SO_THEY
#endif

static sr_realloc_f plain;

static void *realloc_up(void *root, void *p, size_t size WHO)
{
	const struct qm_frag *f = (const struct qm_frag *)p - 1;

	if(p != NULL && size > 0 && f->size >= size)
		return p;
	return plain(root, p, size SO_THEY);
}

void ep_shmfix_begin(void)
{
	if(plain != NULL || _shm_root.mname == NULL
			|| strcmp(_shm_root.mname, "q_malloc") != 0)
		return;
	plain = _shm_root.xrealloc;
	_shm_root.xrealloc = realloc_up;
}
