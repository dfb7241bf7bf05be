/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The eP-CSCF's subscription to the registration event of the users whose
 * pages it has (RFC 3680, TS 24.229 5.2.3): what the network ends ends here,
 * what it shortens is shortened.
 *
 *   regsubs.c    the table, and what is due
 *   regsubsin.c  what comes for its records
 *   regevent.c   SUBSCRIBE requests and their answers
 *   regnotify.c  tna_notify(): NOTIFY requests
 */
#ifndef EP_TNA_REGEVENT_GLUE_H
#define EP_TNA_REGEVENT_GLUE_H

#include "core/parser/msg_parser.h"
#include "core/rpc.h"

/* mod_init. 0 or -1. */
int tna_regevent_init(void);
void tna_regevent_destroy(void);

/* A 200 OK made or renewed this binding. Any process; sends nothing. */
void tna_regevent_bound(const unsigned char *id);
/* Once every tick of the module's own process (life.c). */
void tna_regevent_tick(void);

/* A NOTIFY from the core: 1 when it was to us and is taken; the script answers
 * 200. The causes not_ours (it goes on to tna_locate()), no_dialog,
 * malformed, bad_event, body_type, cseq, flow_tampered, internal. */
int tna_ki_notify(sip_msg_t *msg);

/* RPC tna.regevent: the subscriptions. */
void tna_regevent_rpc(rpc_t *rpc, void *ctx);

#endif
