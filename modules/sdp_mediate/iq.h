/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The Iq process: it talks to the media gateways, and does nothing else (no
 * SDP is read, nothing is decided there). Others leave jobs in an inbox in
 * shared memory and ring; what comes of them goes to async workers.
 */
#ifndef EP_SDPM_IQ_H
#define EP_SDPM_IQ_H

#include "core/async_task.h"
#include "core/str.h"

/* In shared memory; run() is called in the Iq process, which then owns it. */
struct ep_iq_job
{
	struct ep_iq_job *next;
	void (*run)(struct ep_iq_job *job);
};

/* What goes back. One block in shared memory, the core frees it. */
struct ep_iq_task
{
	async_task_t task; /* first */
	struct ep_iq_task *next;
};

/* mod_init; `group` of core's async workers. 0 or -1. */
int ep_iq_init(str group);
/* child_init(PROC_MAIN). 0 or -1. */
int ep_iq_fork(void);
void ep_iq_fini(void);

/* Did an async worker run a task of ours? Before that, nothing that waits for
 * one may be started. */
bool ep_iq_is_ready(void);
/* From any process. Never waits. */
void ep_iq_post(struct ep_iq_job *job);

/* --- in the process --- */

/* Now, or as soon as the async workers' socket has room. */
void ep_iq_give(struct ep_iq_task *task);
/* Now, or false. */
bool ep_iq_push(async_task_t *task);

#endif
