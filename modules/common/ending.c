/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/globals.h"
#include "core/mem/shm_mem.h"
#include "core/script_cb.h"
#include "core/timer.h"
#include "core/timer_ticks.h"
#include "core/ut.h"

#include "common/ending.h"

/* main.c; in no header. */
extern int sig_flag;

struct ep_ending
{
	int begun;
	int stopped[2]; /* of the timers */
	struct timer_ln timers[2];
};
enum
{
	SLOW,
	FAST
};

/* What all copies share, in each of them. */
static struct ep_ending *ending;

/* In the copy that does the work. */
static struct
{
	struct ep_ending *made;
	sr_corecb_void_f before; /* whom we went before */
} own;

static bool has_begun(void)
{
	return ending != NULL && __atomic_load_n(&ending->begun, __ATOMIC_ACQUIRE);
}

static void stop(void)
{
	for(;;)
		pause(); /* until SIGTERM */
}

void ep_ending_stop_here(void)
{
	if(has_begun())
		stop();
}

static int before_script(sip_msg_t *msg, unsigned flags, void *param)
{
	ep_ending_stop_here();
	return 1;
}

static bool is_stopped(int which)
{
	return __atomic_load_n(&ending->stopped[which], __ATOMIC_ACQUIRE);
}

static void stop_timer(int which)
{
	__atomic_store_n(&ending->stopped[which], 1, __ATOMIC_RELEASE);
	stop();
}

static ticks_t slow_tick(ticks_t now, struct timer_ln *tl, void *param)
{
	if(has_begun())
		stop_timer(SLOW);
	return (ticks_t)-1;
}

/* The slow timer is woken by the fast one. */
static ticks_t fast_tick(ticks_t now, struct timer_ln *tl, void *param)
{
	if(has_begun() && is_stopped(SLOW))
		stop_timer(FAST);
	return (ticks_t)-1;
}

struct ep_ending *ep_ending_make(void)
{
	struct ep_ending *e;

	if(own.made != NULL)
		return own.made;
	e = shm_malloc(sizeof(*e));
	if(e == NULL)
		return NULL;
	memset(e, 0, sizeof(*e));
	timer_init(&e->timers[SLOW], slow_tick, NULL, 0);
	timer_init(&e->timers[FAST], fast_tick, NULL, F_TIMER_FAST);
	if(timer_add(&e->timers[SLOW], 1) != 0
			|| timer_add(&e->timers[FAST], 1) != 0
			|| register_script_cb(before_script,
					   PRE_SCRIPT_CB | REQUEST_CB | ONREPLY_CB, NULL)
					   < 0)
		return NULL;
	return own.made = e;
}

int ep_ending_init(void)
{
	struct ep_ending *(*make)(void) = (struct ep_ending * (*)(void))(
			void (*)(void))find_export("ep_ending", 0, 0);

	ending = make != NULL ? make() : NULL;
	if(ending == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	return 0;
}

/* In the main process, before any signal was sent. */
static void on_shutdown(void)
{
	int ms;

	__atomic_store_n(&ending->begun, 1, __ATOMIC_RELEASE);
	for(ms = 0; ms < EP_ENDING_MAX_MS && !is_stopped(FAST); ms++)
		sleep_us(1000);
	if(own.before != NULL)
		own.before();
}

int ep_ending_child_init(int rank)
{
	sr_corecb_t *cb = sr_corecb_get();

	/* The end began while this process still took itself for the main one, as
	 * it does until fork_process() corrects it: Kamailio's handler made a note
	 * for the main process only, and no second signal comes. */
	if(!_ksr_is_main && (sig_flag == SIGTERM || sig_flag == SIGINT))
		_exit(0);
	/* Behind all mod_init: systemdops takes the one place there is. */
	if(rank != PROC_INIT || own.made == NULL)
		return 0;
	own.before = cb->app_shutdown;
	cb->app_shutdown = on_shutdown;
	return 0;
}
