/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The media gateway, through Kamailio's own rtpengine module: its node sets,
 * its RPC and its time-outs stay as operators know them. The SDP goes in and
 * out through $sdpm(in) and $sdpm(out), which that module reads and writes:
 *
 *   modparam("rtpengine", "read_sdp_pv", "$sdpm(in)")
 *   modparam("rtpengine", "write_sdp_pv", "$sdpm(out)")
 */
#ifndef EP_SDPM_AGW_H
#define EP_SDPM_AGW_H

#include "core/parser/msg_parser.h"
#include "mediate/plan.h"

/* child_init: finds rtpengine's functions. 0 or -1. */
int ep_agw_init(void);

/* An offer or an answer. *out is arena memory. EP_MEDIATE_EGWDOWN when the
 * gateway gave nothing (rtpengine.so does not say why; its log does). */
enum ep_mediate_cause ep_agw_mediate(struct ep_view *out, sip_msg_t *msg,
		bool is_offer, const struct ep_mediate_plan *plan);
/* A fragment of the WIC that wrote the message (RFC 8840). False: the gateway
 * did not take it, or did not say. */
bool ep_agw_fragment(
		sip_msg_t *msg, struct ep_view fragment, struct ep_arena *arena);
/* The call of this message or, in an event route of dialog's, of that dialog
 * (whose message may be a made-up one). True: done. */
bool ep_agw_delete(sip_msg_t *msg, struct ep_arena *arena);

/* For the PV, while the gateway is being asked about just this message. */
struct ep_view ep_agw_in(const sip_msg_t *msg);
/* 0 or -1. */
int ep_agw_out_set(const sip_msg_t *msg, struct ep_view sdp);

#endif
