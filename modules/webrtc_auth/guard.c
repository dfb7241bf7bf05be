/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/counters.h"
#include "core/dprint.h"
#include "core/events.h"
#include "core/ip_addr.h"
#include "core/nonsip_hooks.h"
#include "core/timer.h"

#include "base/sipframe.h"
#include "common/view.h"
#include "token/cause.h"
#include "webrtc_auth/close.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/guard.h"
#include "webrtc_auth/params.h"

static counter_handle_t frames_malformed;

/* Kamailio has no way to drop a message here: only its text can be changed.
 * This one ends in its parser's quietest error, a first line that is cut off:
 * all it writes are lines of level sip_parser_log with nothing of the frame.
 * (Up to 16 octets it writes one of level INFO instead.) */
static const char refused[] = "refused malformed";
#define REFUSED_LEN ((int)sizeof(refused) - 1)

/* The frame this process has taken away, until the next one arrives. */
static const char *wiped;

static void frame_wipe(str *frame)
{
	wiped = frame->s;
	if(frame->len > REFUSED_LEN)
		memset(frame->s + REFUSED_LEN, ' ', frame->len - REFUSED_LEN);
	if(frame->len >= REFUSED_LEN) {
		memcpy(frame->s, refused, REFUSED_LEN);
		frame->len = REFUSED_LEN;
	} else {
		memset(frame->s, ' ', frame->len);
		frame->len = 0;
	}
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

static void count_failure(int conid)
{
	unsigned max = (unsigned)ep_params()->max_failures;
	const struct ep_token_cause_info *info =
			ep_token_cause_get(EP_TOKEN_TRIES_EXCEEDED);

	if(max != 0 && ep_conn_failed(conid) > max)
		ep_close_start(conid, info->close, ep_view_z(info->text));
}

static int on_data(sr_event_param_t *evp)
{
	str *frame = (str *)evp->data;
	enum ep_sipframe_flaw flaw;

	if(evp->rcv == NULL
			|| (evp->rcv->proto != PROTO_WS && evp->rcv->proto != PROTO_WSS))
		return 0;
	wiped = NULL;
	flaw = ep_sipframe_check(ep_view_str(frame));
	if(flaw == EP_SIPFRAME_OK)
		return 0;
	frame_wipe(frame);
	counter_inc(frames_malformed);
	log_refused(evp->rcv, flaw);
	count_failure(evp->rcv->proto_reserved1);
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

int ep_guard_register(void)
{
	if(sr_event_register_cb(SREV_NET_DATA_IN, on_data) != 0) {
		LM_ERR("no place for a callback on incoming data\n");
		return -1;
	}
	return 0;
}

int ep_guard_init(void)
{
	if(counter_register(&frames_malformed, "webrtc_auth", "frames_malformed", 0,
			   0, 0,
			   "WebSocket messages dropped because they are not well-formed", 0)
			< 0) {
		LM_ERR("counter frames_malformed cannot be registered\n");
		return -1;
	}
	if(sr_event_register_cb(SREV_RCV_NOSIP, on_no_sip) != 0)
		LM_NOTICE(
				"another module takes what is not SIP: a malformed message "
				"ends its connection\n");
	return 0;
}
