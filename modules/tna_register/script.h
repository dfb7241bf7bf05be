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

/* The binding whose subscription a request is about: its id. */
#define TNA_NOTE_SUB "tna_sub"

/* The header values that stood in From and To of a request before others were
 * put into their place (name.h). */
#define TNA_NOTE_FROM "tna_from"
#define TNA_NOTE_TO "tna_to"

/* The binding for which a request went to its page: the id, as it is. */
#define TNA_NOTE_BINDING "tna_binding"

/* Is this REGISTER of the user `impi` for a binding that exists: of its
 * connection, or of the same page on another? *impu: the identity it is about,
 * a view into the message; or absent. */
bool tna_registers_again(
		struct ep_view *impu, sip_msg_t *msg, int conid, struct ep_view impi);

int tna_ki_register(sip_msg_t *msg);
int tna_ki_reply(sip_msg_t *msg);
int tna_ki_check(sip_msg_t *msg);
int tna_ki_locate(sip_msg_t *msg);
int tna_ki_record_route(sip_msg_t *msg);

#endif
