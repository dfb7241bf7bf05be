/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/ip_addr.h"
#include "core/nonsip_hooks.h"
#include "core/script_cb.h"
#include "core/timer.h"

#include "base/sipframe.h"
#include "common/view.h"
#include "token/cause.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/flood.h"
#include "webrtc_auth/guard.h"
#include "webrtc_auth/listeners.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/stash.h"

/* Kamailio has no way to drop a message here: only its text can be changed.
 * This one ends in its parser's quietest error, a first line that is cut off:
 * all it writes are lines of level sip_parser_log with nothing of the frame.
 * (Up to 16 octets it writes one of level INFO instead.) */
static const char refused[] = "refused malformed";
#define REFUSED_LEN ((int)sizeof(refused) - 1)

/* The frame this process has taken away, until the next one arrives. */
static const char *wiped;

static void frame_cut(str *frame)
{
	frame->len = frame->len >= REFUSED_LEN ? REFUSED_LEN : 0;
}

static void frame_wipe(str *frame)
{
	wiped = frame->s;
	memset(frame->s, ' ', frame->len);
	if(frame->len >= REFUSED_LEN)
		memcpy(frame->s, refused, REFUSED_LEN);
	frame_cut(frame);
}

/* At most one line a second and process; nothing of the frame. */
static void log_refused(struct receive_info *rcv, enum ep_sipframe_flaw flaw)
{
	static ticks_t last;
	static unsigned suppressed;
	ticks_t now = get_ticks();

	if(ep_params()->log_rate == 0)
		return;
	if(now == last) {
		suppressed++;
		return;
	}
	last = now;
	LM_WARN("malformed message dropped: %s, connection %d, from %s (%u lines "
			"suppressed)\n",
			ep_sipframe_flaw_text(flaw), rcv->proto_reserved1,
			ip_addr2a(&rcv->src_ip), suppressed);
	suppressed = 0;
}

static void count_failure(struct receive_info *rcv)
{
	int conid = rcv->proto_reserved1;
	unsigned max = (unsigned)ep_params()->max_failures;
	const struct ep_token_cause_info *info =
			ep_token_cause_get(EP_TOKEN_TRIES_EXCEEDED);

	ep_source_failed(rcv, EP_TOKEN_CREDENTIALS_MALFORMED);
	if(max != 0 && ep_conn_failed(conid) > max)
		ep_close_start(conid, info->close, ep_view_z(info->text));
}

static bool is_websocket(const struct receive_info *rcv)
{
	return rcv->proto == PROTO_WS || rcv->proto == PROTO_WSS;
}

/* Takes a malformed frame away; masks one that goes on. */
static void frame_take(str *frame, struct receive_info *rcv)
{
	enum ep_sipframe_flaw flaw = ep_sipframe_check(ep_view_str(frame));

	wiped = NULL;
	if(flaw == EP_SIPFRAME_OK) {
		ep_stash_take(frame->s, (size_t)frame->len, rcv);
		return;
	}
	ep_stash_clear();
	frame_wipe(frame);
	counter_inc(ep_counters.frames_malformed);
	log_refused(rcv, flaw);
	count_failure(rcv);
}

/* The frame that the first of the two events has been through with. */
static const char *taken;

/* The first event, for what begins like SIP. The length cannot be changed
 * here: on_data() does. */
static int on_received(sr_event_param_t *evp)
{
	sr_net_info_t *net = (sr_net_info_t *)evp->data;
	str frame = net->data;

	if(net->rcv != NULL && is_websocket(net->rcv)) {
		frame_take(&frame, net->rcv);
		taken = frame.s;
		if(wiped != NULL)
			return 0;
	}
	ep_listeners_trace(evp);
	return 0;
}

/* The second event, for everything. */
static int on_data(sr_event_param_t *evp)
{
	str *frame = (str *)evp->data;
	bool again = frame->s == taken;

	taken = NULL;
	if(evp->rcv == NULL)
		return 0;
	if(!is_websocket(evp->rcv)) {
		ep_stash_clear();
		if(evp->rcv->proto == PROTO_TLS || evp->rcv->proto == PROTO_TCP)
			ep_stash_mask_upgrade(frame->s, (size_t)frame->len);
	} else if(!again) {
		frame_take(frame, evp->rcv);
	} else if(wiped != NULL) {
		frame_cut(frame);
	}
	return 0;
}

/* The parser has failed. As an error of ours that would end TCP; "dropped"
 * does not. Everything else goes on as without this callback. */
static int on_no_sip(sr_event_param_t *evp)
{
	const sip_msg_t *msg = (const sip_msg_t *)evp->data;

	if(wiped == NULL || msg->buf != wiped)
		return NONSIP_MSG_PASS;
	wiped = NULL;
	return NONSIP_MSG_DROP;
}

/* What is kept for the gate is not kept longer than the script runs. */
static int on_script_end(sip_msg_t *msg, unsigned int flags, void *param)
{
	ep_stash_clear();
	return 1;
}

int ep_guard_register(void)
{
	if(sr_event_register_cb(SREV_NET_DATA_RECV, on_received) != 0
			|| sr_event_register_cb(SREV_NET_DATA_IN, on_data) != 0) {
		LM_ERR("no place for a callback on incoming data\n");
		return -1;
	}
	return 0;
}

int ep_guard_init(void)
{
	if(register_script_cb(
			   on_script_end, POST_SCRIPT_CB | REQUEST_CB | ONREPLY_CB, NULL)
			< 0) {
		LM_ERR("no place for a post-script callback\n");
		return -1;
	}
	if(sr_event_register_cb(SREV_RCV_NOSIP, on_no_sip) != 0)
		LM_NOTICE(
				"another module takes what is not SIP: a malformed message "
				"ends its connection\n");
	return 0;
}
