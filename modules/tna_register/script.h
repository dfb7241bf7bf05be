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

/* The header values that stood there before a lent identity's name was put
 * into its place: From of a page's request, To of a request to the page. */
#define TNA_NOTE_FROM "tna_from"
#define TNA_NOTE_TO "tna_to"

/* Is this REGISTER of the user `impi` for a binding that exists: of its
 * connection, or of the same page on another? */
bool tna_registers_again(sip_msg_t *msg, int conid, struct ep_view impi);

int tna_ki_register(sip_msg_t *msg);
int tna_ki_reply(sip_msg_t *msg);
int tna_ki_check(sip_msg_t *msg);
int tna_ki_locate(sip_msg_t *msg);
int tna_ki_record_route(sip_msg_t *msg);

#endif
