/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The file of modparam `credentials` (tna/credentials.h) in shared memory: one
 * block, replaced as a whole. What is in it goes into no log, no RPC answer,
 * no xavp.
 *
 * One lock, a leaf; held for a look-up. Only the module's own process reads
 * the disk once Kamailio runs.
 */
#ifndef EP_TNA_CREDENTIALS_GLUE_H
#define EP_TNA_CREDENTIALS_GLUE_H

#include "core/rpc.h"
#include "tna/credentials.h"

/* mod_init: reads the file. 0; -1 with the reason in the log when it cannot be
 * used: absent, of somebody else, open to others, or with a line that is
 * wrong. Nothing without a path. */
int tna_credentials_init(const char *path);
void tna_credentials_destroy(void);
/* Once every tick of the module's own process: reads again if asked to. A file
 * that cannot be used leaves what was there. */
void tna_credentials_tick(void);

/* Any process. False: no such user. The caller ends with ep_cleanse(). */
bool tna_credentials_find(
		struct ep_secret *out, struct ep_view impi, struct ep_view realm);

void tna_credentials_rpc_reload(rpc_t *rpc, void *ctx);
void tna_credentials_rpc_show(rpc_t *rpc, void *ctx);

#endif
