/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What the last sdp_mediate() of this process said, for $sdpm(…). It belongs
 * to one message: another message sees nothing of it.
 */
#ifndef EP_SDPM_RESULT_H
#define EP_SDPM_RESULT_H

#include "core/parser/msg_parser.h"
#include "mediate/cause.h"
#include "mediate/warning.h"

/* Nothing is known of this message yet. */
void ep_result_begin(const sip_msg_t *msg);
/* Warnings (bits) of a mediation that went well: counted, and kept. */
void ep_result_warn(const sip_msg_t *msg, unsigned warnings);
void ep_result_set(const sip_msg_t *msg, enum ep_mediate_cause cause);
/* NULL when the last result is another message's. */
const struct ep_mediate_cause_info *ep_result_get(const sip_msg_t *msg);

/* 0 when there are none, or they are another message's. */
unsigned ep_result_warnings(const sip_msg_t *msg);

#endif
