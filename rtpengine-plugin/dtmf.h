/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Keys that were pressed: rtpengine tells them as JSON over UDP (its option
 * dtmf-log-dest), where `dtmf_listen` is configured. And calls it ended for
 * silence, which come by HTTP (http.h).
 */
#ifndef EP_IQ_DTMF_H
#define EP_IQ_DTMF_H

#include "iq.h"

/* 0, or -1 with a line in the log. */
int ep_dtmf_init(struct ep_iq *iq);
void ep_dtmf_fini(struct ep_iq *iq);

/* May this address tell us? rtpengine's own, and who may command. */
bool ep_notice_allows(const struct ep_conf *conf, const struct ep_addr *from);
/* The body of a POST of rtpengine's b2b-url. */
void ep_notice_silence(struct ep_iq *iq, struct ep_view body);

#endif
