/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * A list as a file, so that a restart forgets nothing.
 *
 *   <head>             which list it is, and the version of its format
 *   <entry>            a line each
 *   end <number of entries>
 *
 * Written as a whole beside the old one, flushed, and put in its place: there
 * is always a whole file. One that is not whole, or has a line that nobody
 * wrote, is not believed: Kamailio does not start with it.
 */
#ifndef EP_COMMON_LISTFILE_H
#define EP_COMMON_LISTFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/atomic_ops.h"

#include "common/lines.h"

/* The module's own; the first part it sets before ep_listfile_init(). */
struct ep_listfile
{
	const char *param; /* of what modparam it is; the list's in the log */
	const char *limit; /* the modparam that the list is full by */
	const char *head;
	const struct ep_lines *list;
	void (*failed)(void); /* it could not be written: counts that */

	const char *path;  /* NULL: there is no file */
	atomic_t *written; /* shm: the generation that the disk has */
	char *room;        /* the keeper's */
	size_t cap;
	unsigned failed_s;
};

/* Before fork: reads the file, if there is one. 0, or -1 with the reason and
 * the line in the log. With `path` NULL or empty nothing. */
int ep_listfile_init(struct ep_listfile *f, const char *path);
void ep_listfile_fini(struct ep_listfile *f);
bool ep_listfile_exists(const struct ep_listfile *f);

/* Waits, at most `ms`, until the disk has the list as it is now. True without
 * a file to wait for. Not in a process that serves SIP. */
bool ep_listfile_wait(const struct ep_listfile *f, int ms);

/* Only in the keeper process: writes what changed. */
void ep_listfile_step(struct ep_listfile *f);

#endif
