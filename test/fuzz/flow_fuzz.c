/* ep_flow_decode, ep_flow_encode, ep_binding_unpack, ep_binding_pack.
 * Input: a token's text or a packed binding. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "tna/binding.h"
#include "tna/flow.h"

static const struct ep_flow_keys keys = {
		{"0123456789abcdef0123456789abcdef", 32}, {"another key of 20 oc", 20}};

static void token_holds(struct ep_view text)
{
	struct ep_flow flow;
	char again[EP_FLOW_TEXT_LEN];
	struct ep_buf buf;
	struct ep_flow_keys old = {keys.previous, {NULL, 0}};
	enum ep_flow_err err = ep_flow_decode(&flow, text, &keys, 7, 1);

	need(err != EP_FLOW_ECRYPTO && err != EP_FLOW_ENOSPC);
	if(err == EP_FLOW_NOT_A_TOKEN || err == EP_FLOW_BAD_MAC)
		return;
	/* there is one text for each token and key */
	need((err == EP_FLOW_OTHER_NODE) == (flow.node != 7));
	need((err == EP_FLOW_OK) == (flow.node == 7 && flow.epoch == 1));
	ep_buf_init(&buf, again, sizeof(again));
	need(ep_flow_encode(&buf, &flow, &keys) == EP_FLOW_OK);
	if(ep_view_eq(ep_buf_view(&buf), text))
		return;
	ep_buf_init(&buf, again, sizeof(again));
	need(ep_flow_encode(&buf, &flow, &old) == EP_FLOW_OK);
	need(ep_view_eq(ep_buf_view(&buf), text));
}

/* Any flow that the input spells comes back. */
static void flow_holds(const uint8_t *data, size_t n)
{
	struct ep_flow flow = {.purpose = EP_FLOW_TERM}, got;
	char text[EP_FLOW_TEXT_LEN];
	struct ep_buf buf;

	memcpy(flow.id, data, n < sizeof(flow.id) ? n : sizeof(flow.id));
	if(n >= 24) {
		memcpy(&flow.node, data + 16, 4);
		memcpy(&flow.epoch, data + 20, 4);
	}
	ep_buf_init(&buf, text, sizeof(text));
	need(ep_flow_encode(&buf, &flow, &keys) == EP_FLOW_OK);
	need(ep_flow_decode(&got, ep_buf_view(&buf), &keys, flow.node, flow.epoch)
			== EP_FLOW_OK);
	need(memcmp(got.id, flow.id, sizeof(flow.id)) == 0);
}

static void block_holds(const uint8_t *data, size_t n)
{
	static char mem[1 << 20];
	struct ep_arena arena;
	struct ep_binding b, again;
	char *block;
	size_t size;

	ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
	if(ep_binding_unpack(&b, data, n, &arena) != EP_OK)
		return;
	size = ep_binding_size(&b);
	if(size == 0 || size > 1 << 20) /* slots may share their text */
		return;
	block = malloc(size);
	need(block != NULL);
	need(ep_binding_pack(block, size, &b) == EP_OK);
	if(ep_binding_unpack(&again, block, size, &arena) == EP_OK) {
		need(ep_view_eq(b.impi, again.impi));
		need(b.service_route.n == again.service_route.n);
	}
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	token_holds(ep_view_of((const char *)data, n));
	flow_holds(data, n);
	block_holds(data, n);
	return 0;
}
