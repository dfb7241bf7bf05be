/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The functions scripts call. Each returns 1, or the script value of its
 * cause (lib/tna/cause.c), which $tna(cause) names.
 */
#ifndef EP_TNA_SCRIPT_H
#define EP_TNA_SCRIPT_H

#include "tna_register.h"

/* Remembered with the transaction of a request that goes to a page: the
 * Record-Route list it carries. */
#define TNA_NOTE_RECORD_ROUTE "tna_record_route"

int tna_ki_register(sip_msg_t *msg);
int tna_ki_reply(sip_msg_t *msg);
int tna_ki_check(sip_msg_t *msg);
int tna_ki_locate(sip_msg_t *msg);
int tna_ki_record_route(sip_msg_t *msg);

#endif
