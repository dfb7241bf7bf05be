/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The list of revocations as a file (modparam revoked_file, common/listfile.h):
 *
 *   # webrtc_auth revoked 1
 *   <entry>            a line each, as ep_revoke_entry_print() writes it
 *   end <number of entries>
 */
#ifndef EP_WEBRTC_AUTH_REVFILE_H
#define EP_WEBRTC_AUTH_REVFILE_H

#include <stdbool.h>

#include "common/lines.h"

/* The list for the file and the other nodes (lines.c). */
extern const struct ep_lines ep_revoke_lines;

/* Before fork: reads the file, if there is one. 0, or -1 with the reason and
 * the line in the log. */
int ep_revfile_init(void);
void ep_revfile_fini(void);

/* Waits, at most `ms`, until the disk has the list as it is now. True without
 * a file to wait for. Not in a process that serves SIP. */
bool ep_revfile_wait(int ms);
/* Is modparam revoked_file set? */
bool ep_revfile_exists(void);

/* Only in the keeper process. */
void ep_revfile_step(void);

#endif
