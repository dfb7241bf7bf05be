/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/str.h"
#include "core/async_task.h"
#include "core/mem/shm_mem.h"

#include "common/probe.h"

static void came_back(void *p)
{
	volatile bool *ready = p;

	*ready = true;
}

void ep_async_probe(str *group, volatile bool *ready)
{
	async_task_t *task;

	if(!async_task_workers_active())
		return;
	task = shm_malloc(sizeof(*task));
	if(task == NULL)
		return;
	*task = (async_task_t){came_back, (void *)ready};
	if(async_task_group_push(group, task) != 0)
		shm_free(task);
}
