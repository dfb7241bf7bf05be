/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/flow.h"
#include "base/crypto.h"

#define NODE_AT 1
#define EPOCH_AT 5
#define ID_AT 9
#define MAC_AT (ID_AT + EP_FLOW_ID_LEN)
#define TOKEN_LEN (MAC_AT + EP_FLOW_MAC_LEN)

static void put_u32(unsigned char *p, uint32_t n)
{
	p[0] = (unsigned char)(n >> 24);
	p[1] = (unsigned char)(n >> 16);
	p[2] = (unsigned char)(n >> 8);
	p[3] = (unsigned char)n;
}

static uint32_t get_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8
		   | p[3];
}

static struct ep_view octets(const unsigned char *p, size_t n)
{
	return ep_view_of((const char *)p, n);
}

static enum ep_err mac_of(unsigned char mac[EP_SHA256_LEN],
		const unsigned char *token, struct ep_view key)
{
	struct ep_view signed_part = octets(token, MAC_AT);

	if(key.len < EP_FLOW_KEY_MIN_LEN)
		return EP_ECRYPTO;
	return ep_hmac_sha256(mac, key, &signed_part, 1);
}

static bool is_purpose(unsigned char c)
{
	return c == EP_FLOW_PATH || c == EP_FLOW_ORIG || c == EP_FLOW_TERM
		   || c == EP_FLOW_EVENT;
}

enum ep_flow_err ep_flow_encode(struct ep_buf *out, const struct ep_flow *flow,
		const struct ep_flow_keys *keys)
{
	unsigned char token[TOKEN_LEN], mac[EP_SHA256_LEN];

	token[0] = (unsigned char)flow->purpose;
	put_u32(token + NODE_AT, flow->node);
	put_u32(token + EPOCH_AT, flow->epoch);
	memcpy(token + ID_AT, flow->id, EP_FLOW_ID_LEN);
	if(mac_of(mac, token, keys->current))
		return EP_FLOW_ECRYPTO;
	memcpy(token + MAC_AT, mac, EP_FLOW_MAC_LEN);
	ep_buf_put_b64url(out, octets(token, TOKEN_LEN));
	return out->overflow ? EP_FLOW_ENOSPC : EP_FLOW_OK;
}

static enum ep_flow_err mac_check(
		const unsigned char token[TOKEN_LEN], struct ep_view key)
{
	unsigned char mac[EP_SHA256_LEN];

	if(mac_of(mac, token, key))
		return EP_FLOW_ECRYPTO;
	return ep_memeq_const(octets(mac, EP_FLOW_MAC_LEN),
				   octets(token + MAC_AT, EP_FLOW_MAC_LEN))
				   ? EP_FLOW_OK
				   : EP_FLOW_BAD_MAC;
}

enum ep_flow_err ep_flow_decode(struct ep_flow *out, struct ep_view text,
		const struct ep_flow_keys *keys, uint32_t node, uint32_t epoch)
{
	unsigned char token[TOKEN_LEN];
	enum ep_flow_err err;
	size_t n;

	if(text.len != EP_FLOW_TEXT_LEN
			|| ep_b64url_decode(token, sizeof(token), &n, text)
			|| n != TOKEN_LEN || !is_purpose(token[0]))
		return EP_FLOW_NOT_A_TOKEN;
	err = mac_check(token, keys->current);
	if(err == EP_FLOW_BAD_MAC && keys->previous.p)
		err = mac_check(token, keys->previous);
	if(err)
		return err;
	out->purpose = (enum ep_flow_purpose)token[0];
	out->node = get_u32(token + NODE_AT);
	out->epoch = get_u32(token + EPOCH_AT);
	memcpy(out->id, token + ID_AT, EP_FLOW_ID_LEN);
	if(out->node != node)
		return EP_FLOW_OTHER_NODE;
	return out->epoch == epoch ? EP_FLOW_OK : EP_FLOW_OTHER_EPOCH;
}
