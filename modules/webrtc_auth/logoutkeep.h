/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Log-out tokens whose key is not there yet, right behind a rotation: few WAFs
 * say it twice, so the module's own process judges them again when the keys
 * have come.
 *
 * A few in shared memory, for some seconds. What was obeyed is remembered as
 * long as it would have waited: a WAF that does ask again is told so.
 */
#ifndef EP_WEBRTC_AUTH_LOGOUTKEEP_H
#define EP_WEBRTC_AUTH_LOGOUTKEEP_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/view.h"

/* So many at a time, of all issuers. */
#define EP_LOGOUT_KEPT_MAX 32

enum ep_logout_kept
{
	EP_LOGOUT_NOT_KEPT,
	EP_LOGOUT_WAITING,
	EP_LOGOUT_OBEYED
};

/* Before fork: 0, or -1 with the reason logged. */
int ep_logout_keep_init(void);
void ep_logout_keep_fini(void);

/* What became of the token with this SHA-256. */
enum ep_logout_kept ep_logout_kept_get(const unsigned char *hash);
/* Keeps it for `keep_s` seconds. False: no room, or no memory. Twice the same
 * is kept once. */
bool ep_logout_keep(
		const unsigned char *hash, struct ep_view token, unsigned keep_s);

/* --- the worker process's --- */

/* Calls `judge` for each one that waits; `last` when its time is over. What it
 * returns is what the token is from then on; NOT_KEPT forgets it. */
void ep_logout_kept_walk(
		enum ep_logout_kept (*judge)(struct ep_view token, bool last));
/* How many wait. Cheap. */
unsigned ep_logout_kept_count(void);

#endif
