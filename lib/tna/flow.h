/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The flow token: user part of our URI in Path and Record-Route
 * (RFC 5626 5.2). It names a *binding*, not a connection, so that a page that
 * comes back on a new connection keeps its registration and its dialogs.
 *
 *   octets   0       purpose (enum ep_flow_purpose)
 *            1..4    node    which of our nodes holds the binding
 *            5..8    epoch   changes with every start of that node
 *            9..24   id      of the binding, random
 *            25..36  first octets of HMAC-SHA-256(key, octets 0..24)
 *
 * Numbers are big-endian; the text is base64url without padding: letters,
 * digits, '-' and '_', nothing that a SIP user part would escape. It is case
 * sensitive, as a user part is.
 *
 * Nodes that may get each other's requests share the keys; then a foreign
 * token is told apart from a forged one.
 */
#ifndef EP_TNA_FLOW_H
#define EP_TNA_FLOW_H

#include "base/buf.h"
#include "base/view.h"

#define EP_FLOW_ID_LEN 16
#define EP_FLOW_MAC_LEN 12
#define EP_FLOW_TEXT_LEN 50 /* characters of every token */
#define EP_FLOW_KEY_MIN_LEN 16

enum ep_flow_purpose
{
	EP_FLOW_PATH = 'p', /* Path: requests towards the WIC */
	EP_FLOW_ORIG = 'o', /* Record-Route of a dialog the WIC began */
	EP_FLOW_TERM = 't', /* Record-Route of a dialog begun towards it */
	EP_FLOW_EVENT = 'e' /* Contact of our own subscription; the id is that of
						   its dialog, not of a binding */
};

struct ep_flow
{
	enum ep_flow_purpose purpose;
	uint32_t node;
	uint32_t epoch;
	unsigned char id[EP_FLOW_ID_LEN];
};

struct ep_flow_keys
{
	struct ep_view current;  /* signs, and checks first */
	struct ep_view previous; /* only checks; absent: none */
};

enum ep_flow_err
{
	EP_FLOW_OK = 0,
	EP_FLOW_NOT_A_TOKEN, /* length, alphabet or purpose: some other user part */
	EP_FLOW_BAD_MAC,     /* looks like one, but not signed by our keys */
	EP_FLOW_OTHER_NODE,  /* *out is filled: sent here by mistake */
	EP_FLOW_OTHER_EPOCH, /* *out is filled: from before a restart */
	EP_FLOW_ECRYPTO,     /* the crypto library failed, or a key too short */
	EP_FLOW_ENOSPC
};

/* Appends EP_FLOW_TEXT_LEN characters. */
enum ep_flow_err ep_flow_encode(struct ep_buf *out, const struct ep_flow *flow,
		const struct ep_flow_keys *keys);
/* `node` and `epoch` are ours. The MAC is looked at first and compared in
 * constant time: what a token says counts only when it is ours. */
enum ep_flow_err ep_flow_decode(struct ep_flow *out, struct ep_view text,
		const struct ep_flow_keys *keys, uint32_t node, uint32_t epoch);

#endif
