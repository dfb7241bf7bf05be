/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "common/replica.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/dmq.h"
#include "webrtc_auth/keeper.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/revfile.h"
#include "webrtc_auth/revoke.h"

static int on_message(
		struct sip_msg *msg, peer_reponse_t *resp, dmq_node_t *node);
static int on_joined(void);

static void count(enum ep_replica_count what)
{
	switch(what) {
		case EP_REPLICA_TAKEN:
			counter_inc(ep_counters.node_taken);
			break;
		case EP_REPLICA_REFUSED:
			counter_inc(ep_counters.node_refused);
			break;
		case EP_REPLICA_REPLAYED:
			counter_inc(ep_counters.node_replayed);
			break;
		case EP_REPLICA_UNDELIVERED:
			counter_inc(ep_counters.node_undelivered);
			break;
	}
}

static struct ep_replica replica = {.name = "webrtc_auth",
		.list = &ep_revoke_lines,
		.on_message = on_message,
		.on_joined = on_joined,
		.changed = ep_revoke_enforce_later,
		.wake = ep_keeper_wake,
		.count = count};

static int on_message(
		struct sip_msg *msg, peer_reponse_t *resp, dmq_node_t *node)
{
	return ep_replica_message(&replica, msg, resp);
}

static int on_joined(void)
{
	return ep_replica_joined(&replica);
}

void ep_dmq_send(const struct ep_revoke_entry *entry)
{
	char text[EP_REVOKE_LINE_MAX];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	ep_revoke_entry_print(&b, entry);
	ep_replica_tell(&replica, ep_buf_view(&b));
}

void ep_dmq_step(void)
{
	ep_replica_step(&replica);
}

int ep_dmq_init(void)
{
	const struct ep_params *p = ep_params();

	if(!p->dmq)
		return 0;
	return ep_replica_init(
			&replica, p->node, p->node_key_file, (uint64_t)p->node_skew);
}

void ep_dmq_fini(void)
{
	ep_replica_fini(&replica);
}
