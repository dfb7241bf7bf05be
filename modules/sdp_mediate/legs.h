/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Which media gateway has a call (a leg of one, where it has several here):
 * shared memory, one lock a bucket, every lock a leaf. Any process may call.
 *
 * It is a memory, not the truth: what is not found here (after a restart, or
 * because the table was full) is asked for at all gateways.
 */
#ifndef EP_SDPM_LEGS_H
#define EP_SDPM_LEGS_H

#include <stddef.h>

#include "base/view.h"

/* mod_init. Entries die `expire_s` after they were last looked for. 0 or -1. */
int ep_legs_init(unsigned max, unsigned expire_s);
void ep_legs_fini(void);

/* Names are what the gateway is told: `<Call-ID>` or `<Call-ID>~<leg>`. */
/* The node, or EP_NODE_NONE. */
int ep_legs_find(struct ep_view name);
/* A full table forgets nobody for it: the new one is not kept. */
void ep_legs_set(struct ep_view name, int node);
void ep_legs_del(struct ep_view name);

unsigned ep_legs_count(void);
/* What nobody asked for in a long time goes. Once a second or so. */
void ep_legs_sweep(void);
/* `see` is called with a bucket locked, and ends the walk with false. */
void ep_legs_walk(
		bool (*see)(void *ctx, struct ep_view name, int node, unsigned age_s),
		void *ctx);

#endif
