/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Kamailio's end.
 *
 * The main process sends SIGTERM to all others, and each of them is gone at
 * once, in the middle of whatever it does. Then the main process, alone,
 * destroys the modules in what was left to it: it waits for ever for a lock
 * whose holder is dead (core's timers, dialog's timer) and frees what was half
 * freed. So before that signal all processes of which a point is known where
 * they hold nothing stop there: SIP and async workers before a message, the
 * two timers in a timer, our own processes in their loops. Who comes to no
 * such point in time (EP_ENDING_MAX_MS) dies as before.
 *
 * The modules act as one: of the copies of this file that of the module that
 * was loaded last does the work, and the others find it by name.
 */
#ifndef EP_COMMON_ENDING_H
#define EP_COMMON_ENDING_H

#include "core/sr_module.h"

/* The longest that the end may be delayed; about 0.1 s as a rule. */
#define EP_ENDING_MAX_MS 500

struct ep_ending;

/* A row of the module's functions: how the copies find each other. */
#define EP_ENDING_EXPORT                                                       \
	{                                                                          \
		"ep_ending", (cmd_function)(void (*)(void))ep_ending_make, 0, 0, 0, 0  \
	}
struct ep_ending *ep_ending_make(void);

/* mod_init and child_init: 0 or -1. */
int ep_ending_init(void);
int ep_ending_child_init(int rank);

/* In a process that holds no lock: does not come back when the end has begun.
 */
void ep_ending_stop_here(void);

#endif
