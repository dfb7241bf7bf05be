/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"
#include "core/sr_module.h"
#include "core/timer.h"

#include "common/ending.h"
#include "common/keeper.h"
#include "sdp_mediate/ask.h"
#include "sdp_mediate/events.h"
#include "sdp_mediate/health.h"
#include "sdp_mediate/iq.h"
#include "sdp_mediate/legs.h"
#include "sdp_mediate/node.h"

#define IDLE_MS 1000
/* While the async workers' socket is full: it takes some 270, and Kamailio
 * writes a line for each that it does not. */
#define UNTAKEN_MS 20
/* A ping that was not run so long after the start means no async worker. */
#define PING_S 3

static struct shared
{
	gen_lock_t lock;
	struct ep_iq_job *first; /* the inbox */
	struct ep_iq_job **last;
	volatile bool ready;
} * shared;

static struct ep_keeper bell = EP_KEEPER_NONE;
static str workers;

/* The process's: tasks that no async worker took yet. */
static struct ep_iq_task *untaken;
static struct ep_iq_task **untaken_last = &untaken;

int ep_iq_init(str async_group)
{
	workers = async_group;
	shared = shm_malloc(sizeof(*shared));
	if(shared == NULL || lock_init(&shared->lock) == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	shared->first = NULL;
	shared->last = &shared->first;
	shared->ready = false;
	return ep_asks_init() == 0 ? ep_keeper_open(&bell) : -1;
}

/* Jobs that are under way die with the shared memory. */
void ep_iq_fini(void)
{
	ep_keeper_close(&bell);
	if(shared == NULL)
		return;
	lock_destroy(&shared->lock);
	shm_free(shared);
	shared = NULL;
}

bool ep_iq_is_ready(void)
{
	return shared != NULL && shared->ready;
}

void ep_iq_post(struct ep_iq_job *job)
{
	bool was_empty;

	job->next = NULL;
	lock_get(&shared->lock);
	was_empty = shared->first == NULL;
	*shared->last = job;
	shared->last = &job->next;
	lock_release(&shared->lock);
	if(was_empty)
		ep_keeper_ring(&bell);
}

/* --- the process --- */

static struct ep_iq_job *take(void)
{
	struct ep_iq_job *jobs;

	lock_get(&shared->lock);
	jobs = shared->first;
	shared->first = NULL;
	shared->last = &shared->first;
	lock_release(&shared->lock);
	return jobs;
}

bool ep_iq_push(async_task_t *task)
{
	return async_task_group_push(&workers, task) == 0;
}

void ep_iq_give(struct ep_iq_task *t)
{
	if(untaken == NULL && ep_iq_push(&t->task))
		return;
	t->next = NULL;
	*untaken_last = t;
	untaken_last = &t->next;
}

/* True: all were taken. */
static bool untaken_step(void)
{
	struct ep_iq_task *next;

	while(untaken != NULL) {
		next = untaken->next;
		if(!ep_iq_push(&untaken->task))
			return false;
		untaken = next;
	}
	untaken_last = &untaken;
	return true;
}

static void pong(void *p)
{
	const async_wgroup_t *group = async_task_workers_get_crt();

	if(group != NULL && !group->nonblock)
		LM_WARN("async_workers_group %.*s lacks nonblock=1: while its queue is "
				"full, SIP workers wait\n",
				STR_FMT(&group->name));
	shared->ready = true;
}

/* To a group that does not exist a task is pushed with success, and lost. So
 * nothing is begun before one came back. */
static void ping(void)
{
	async_task_t *t;

	if(!async_task_workers_active())
		return;
	t = shm_malloc(sizeof(*t));
	if(t == NULL)
		return;
	*t = (async_task_t){pong, NULL};
	if(!ep_iq_push(t))
		shm_free(t);
}

/* Once a second. */
static void second(unsigned n)
{
	ep_legs_sweep();
	if(n == PING_S && !shared->ready)
		LM_ERR("no async worker of group %.*s: nothing will be mediated\n",
				STR_FMT(&workers));
}

static void poll_all(int ms)
{
	struct pollfd fds[EP_NODES_MAX + 1];
	size_t i, n = ep_nodes_n();
	char notes[64];

	ep_asks_poll(fds);
	fds[n] = (struct pollfd){.fd = bell.socks[0], .events = POLLIN};
	if(poll(fds, n + 1, ms) <= 0)
		return;
	if(fds[n].revents != 0)
		while(recv(bell.socks[0], notes, sizeof(notes), 0) > 0)
			;
	for(i = 0; i < n; i++)
		if(fds[i].revents != 0)
			ep_asks_read((int)i);
}

static void run(void)
{
	struct ep_iq_job *job, *next;
	unsigned started_s = get_ticks(), seen_s = started_s;
	int ms;

	ep_asks_open(ep_events_datagram);
	ping();
	for(;;) {
		ep_ending_stop_here();
		cfg_update();
		for(job = take(); job != NULL; job = next) {
			next = job->next;
			job->run(job);
		}
		if(get_ticks() != seen_s) {
			seen_s = get_ticks();
			second(seen_s - started_s);
		}
		ms = untaken_step() ? IDLE_MS : UNTAKEN_MS;
		poll_all(ep_asks_step(ep_health_step(ms)));
	}
}

int ep_iq_fork(void)
{
	int pid = fork_process(PROC_RPC, "sdp_mediate Iq", 1);

	if(pid < 0)
		return -1;
	if(pid == 0) {
		if(cfg_child_init())
			return -1;
		run();
	}
	return 0;
}
