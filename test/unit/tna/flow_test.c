/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "tna/flow.h"

static const struct ep_flow_keys keys = {
		{"0123456789abcdef0123456789abcdef", 32}, {NULL, 0}};
static const struct ep_flow flow = {EP_FLOW_PATH, 7, 0x01020304,
		{0xff, 0xfe, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static char text_of_flow[EP_FLOW_TEXT_LEN];

static struct ep_view token_of(
		const struct ep_flow *f, const struct ep_flow_keys *k)
{
	struct ep_buf buf;

	ep_buf_init(&buf, text_of_flow, sizeof(text_of_flow));
	ck_assert_int_eq(ep_flow_encode(&buf, f, k), EP_FLOW_OK);
	ck_assert_uint_eq(buf.len, EP_FLOW_TEXT_LEN);
	return ep_buf_view(&buf);
}

START_TEST(flow_comes_back_as_it_was)
{
	static const enum ep_flow_purpose purposes[] = {
			EP_FLOW_PATH, EP_FLOW_ORIG, EP_FLOW_TERM};
	struct ep_flow f = flow, got;
	size_t i;

	for(i = 0; i < 3; i++) {
		f.purpose = purposes[i];
		ck_assert_int_eq(
				ep_flow_decode(&got, token_of(&f, &keys), &keys, 7, 0x01020304),
				EP_FLOW_OK);
		ck_assert_int_eq(got.purpose, f.purpose);
		ck_assert_uint_eq(got.node, 7);
		ck_assert_uint_eq(got.epoch, 0x01020304);
		ck_assert_mem_eq(got.id, flow.id, EP_FLOW_ID_LEN);
	}
}
END_TEST

START_TEST(flow_text_is_the_documented_one)
{
	/* octets and MAC made with Python's hmac and base64 */
	ck_assert_view_eq(token_of(&flow, &keys),
			"cAAAAAcBAgME__4CAwQFBgcICQoLDA0OD1fpVEeIpDq8tGjB0Q");
}
END_TEST

START_TEST(flow_tells_foreign_node_and_restart_apart)
{
	struct ep_view token = token_of(&flow, &keys);
	struct ep_flow got;

	ck_assert_int_eq(ep_flow_decode(&got, token, &keys, 8, 0x01020304),
			EP_FLOW_OTHER_NODE);
	ck_assert_uint_eq(got.node, 7);
	ck_assert_int_eq(ep_flow_decode(&got, token, &keys, 7, 0x01020305),
			EP_FLOW_OTHER_EPOCH);
	ck_assert_mem_eq(got.id, flow.id, EP_FLOW_ID_LEN);
	/* another node's epoch means nothing here */
	ck_assert_int_eq(
			ep_flow_decode(&got, token, &keys, 8, 1), EP_FLOW_OTHER_NODE);
}
END_TEST

START_TEST(flow_refuses_every_changed_character)
{
	struct ep_view token = token_of(&flow, &keys);
	struct ep_flow got;
	size_t i;

	for(i = 0; i < token.len; i++) {
		char was = text_of_flow[i];
		enum ep_flow_err err;

		text_of_flow[i] = was == 'A' ? 'B' : 'A';
		err = ep_flow_decode(&got, token, &keys, 7, 0x01020304);
		ck_assert_msg(err == EP_FLOW_BAD_MAC
							  || ((i < 2 || i + 1 == token.len)
									  && err == EP_FLOW_NOT_A_TOKEN),
				"character %zu: %d", i, err);
		text_of_flow[i] = '@';
		ck_assert_int_eq(ep_flow_decode(&got, token, &keys, 7, 0x01020304),
				EP_FLOW_NOT_A_TOKEN);
		text_of_flow[i] = was;
	}
}
END_TEST

START_TEST(flow_knows_the_previous_key)
{
	struct ep_flow_keys next = {EP_LIT("another key of 20 oc"), keys.current};
	struct ep_view token = token_of(&flow, &keys);
	struct ep_flow got;

	ck_assert_int_eq(
			ep_flow_decode(&got, token, &next, 7, 0x01020304), EP_FLOW_OK);
	ck_assert_int_eq(
			ep_flow_decode(&got, token_of(&flow, &next), &next, 7, 0x01020304),
			EP_FLOW_OK);
	token = token_of(&flow, &keys);
	next.previous = ep_view_none();
	ck_assert_int_eq(
			ep_flow_decode(&got, token, &next, 7, 0x01020304), EP_FLOW_BAD_MAC);
	/* the previous key does not sign */
	next.previous = keys.current;
	token = token_of(&flow, &next);
	ck_assert_int_eq(
			ep_flow_decode(&got, token, &keys, 7, 0x01020304), EP_FLOW_BAD_MAC);
}
END_TEST

START_TEST(flow_refuses_short_keys_and_buffers)
{
	const struct ep_flow_keys small = {EP_LIT("15 octets long."), {NULL, 0}};
	char text[EP_FLOW_TEXT_LEN];
	struct ep_buf buf;
	struct ep_flow got;

	ep_buf_init(&buf, text, sizeof(text));
	ck_assert_int_eq(ep_flow_encode(&buf, &flow, &small), EP_FLOW_ECRYPTO);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_int_eq(ep_flow_decode(&got, token_of(&flow, &keys), &small, 7, 0),
			EP_FLOW_ECRYPTO);
	ep_buf_init(&buf, text, sizeof(text) - 1);
	ck_assert_int_eq(ep_flow_encode(&buf, &flow, &keys), EP_FLOW_ENOSPC);
}
END_TEST

static void cut_token(struct ep_view cut, void *ctx)
{
	struct ep_flow got;
	size_t *ok = ctx;
	enum ep_flow_err err = ep_flow_decode(&got, cut, &keys, 7, 0x01020304);

	if(err == EP_FLOW_OK)
		++*ok;
	else
		ck_assert_int_eq(err, EP_FLOW_NOT_A_TOKEN);
}

START_TEST(flow_takes_no_part_of_a_token)
{
	char longer[EP_FLOW_TEXT_LEN + 1];
	struct ep_flow got;
	size_t ok = 0;

	every_cut(token_of(&flow, &keys), cut_token, &ok);
	ck_assert_uint_eq(ok, 1);
	memcpy(longer, token_of(&flow, &keys).p, EP_FLOW_TEXT_LEN);
	longer[EP_FLOW_TEXT_LEN] = 'A';
	ck_assert_int_eq(ep_flow_decode(&got, ep_view_of(longer, sizeof(longer)),
							 &keys, 7, 0x01020304),
			EP_FLOW_NOT_A_TOKEN);
	ck_assert_int_eq(ep_flow_decode(&got, ep_view_none(), &keys, 7, 1),
			EP_FLOW_NOT_A_TOKEN);
}
END_TEST

UNIT_MAIN("tna/flow", flow_comes_back_as_it_was,
		flow_text_is_the_documented_one,
		flow_tells_foreign_node_and_restart_apart,
		flow_refuses_every_changed_character, flow_knows_the_previous_key,
		flow_refuses_short_keys_and_buffers, flow_takes_no_part_of_a_token)
