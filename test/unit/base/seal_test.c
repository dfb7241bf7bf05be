/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "base/seal.h"
#include "support.h"

#define KEY1 "0123456789abcdef0123456789abcdef"
#define KEY2 "another key that is long enough.."

static const struct ep_seal_keys keys = {{KEY1, 32}, {NULL, 0}};
static const struct ep_seal_keys both = {{KEY2, 33}, {KEY1, 32}};
static const struct ep_seal_keys second = {{KEY2, 33}, {NULL, 0}};
static const struct ep_view purpose = {"test", 4};
static const struct ep_seal seal = {.node = {"n1", 2},
		.epoch_ms = 1700000000000,
		.number = 7,
		.at_s = 1700000100,
		.payload = {"hello\nworld\n", 12}};
static char text[512];

static struct ep_view print(
		const struct ep_seal *s, const struct ep_seal_keys *k)
{
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	ck_assert_int_eq(ep_seal_print(&b, s, purpose, k), EP_OK);
	ck_assert_uint_le(b.len, s->payload.len + EP_SEAL_MORE);
	return ep_buf_view(&b);
}

START_TEST(seal_comes_back_as_it_was)
{
	struct ep_seal got;

	ck_assert_int_eq(ep_seal_open(&got, print(&seal, &keys), purpose, &keys),
			EP_SEAL_OK);
	ck_assert_view_eq(got.node, "n1");
	ck_assert_view_eq(got.payload, "hello\nworld\n");
	ck_assert(got.epoch_ms == seal.epoch_ms && got.number == 7
			  && got.at_s == seal.at_s);
}
END_TEST

START_TEST(seal_text_is_the_documented_one)
{
	/* made with Python's hmac and base64 */
	ck_assert_view_eq(print(&seal, &keys),
			"EPSEAL1 n1 1700000000000 7 1700000100 "
			"a7qyvD-IpCNW9VWOwiILitlqzdG3ZVvOgTFRLJpY8k4\n"
			"hello\nworld\n");
}
END_TEST

START_TEST(seal_keys_rotate)
{
	struct ep_seal got;

	ck_assert_int_eq(ep_seal_open(&got, print(&seal, &keys), purpose, &both),
			EP_SEAL_OK);
	ck_assert_int_eq(ep_seal_open(&got, print(&seal, &both), purpose, &both),
			EP_SEAL_OK);
	ck_assert_int_eq(ep_seal_open(&got, print(&seal, &both), purpose, &keys),
			EP_SEAL_FORGED);
	ck_assert_int_eq(ep_seal_open(&got, print(&seal, &keys), purpose, &second),
			EP_SEAL_FORGED);
}
END_TEST

START_TEST(seal_for_one_purpose_is_nothing_for_another)
{
	struct ep_seal got;

	ck_assert_int_eq(
			ep_seal_open(&got, print(&seal, &keys), EP_LIT("tes"), &keys),
			EP_SEAL_FORGED);
}
END_TEST

static void cut_seal(struct ep_view cut, void *ctx)
{
	size_t whole = *(size_t *)ctx;
	struct ep_seal got;
	enum ep_seal_err err = ep_seal_open(&got, cut, purpose, &keys);

	ck_assert(err == (cut.len == whole ? EP_SEAL_OK : err));
	ck_assert(cut.len == whole || err == EP_SEAL_MALFORMED
			  || err == EP_SEAL_FORGED);
}

START_TEST(seal_cut_or_changed_anywhere_is_refused)
{
	struct ep_view v = print(&seal, &keys);
	size_t n = v.len, i;
	struct ep_seal got;

	every_cut(v, cut_seal, &n);
	for(i = 0; i < n; i++) {
		char was = text[i];
		int bit;

		for(bit = 0; bit < 8; bit++) {
			text[i] = (char)(was ^ 1 << bit);
			ck_assert_int_ne(ep_seal_open(&got, v, purpose, &keys), EP_SEAL_OK);
		}
		text[i] = was;
	}
	ck_assert_int_eq(ep_seal_open(&got, v, purpose, &keys), EP_SEAL_OK);
	ck_assert_int_eq(ep_seal_open(&got, ep_view_none(), purpose, &keys),
			EP_SEAL_MALFORMED);
}
END_TEST

START_TEST(seal_print_has_limits)
{
	struct ep_seal s = seal;
	struct ep_buf b;
	char small[512];
	size_t n;

	s.node = EP_LIT("a b");
	ep_buf_init(&b, small, sizeof(small));
	ck_assert_int_eq(ep_seal_print(&b, &s, purpose, &keys), EP_ERANGE);
	s = seal;
	s.number = UINT64_MAX;
	ck_assert_int_eq(ep_seal_print(&b, &s, purpose, &keys), EP_ERANGE);
	n = print(&seal, &keys).len;
	while(n-- > 0) {
		ep_buf_init(&b, small, n);
		ck_assert_int_eq(ep_seal_print(&b, &seal, purpose, &keys), EP_ENOSPC);
	}
	ck_assert(ep_seal_node_ok(EP_LIT("ep-cscf_1.home")));
	ck_assert(!ep_seal_node_ok(EP_LIT("")));
	ck_assert(!ep_seal_node_ok(ep_view_none()));
	ck_assert(!ep_seal_node_ok(EP_LIT("123456789012345678901234567890123")));
}
END_TEST

START_TEST(seal_key_file_has_one_or_two_keys)
{
	struct ep_seal_keys k;

	ck_assert_int_eq(ep_seal_keys_parse(&k, EP_LIT(KEY1 "\n")), EP_OK);
	ck_assert_view_eq(k.key, KEY1);
	ck_assert(k.previous.p == NULL);
	ck_assert_int_eq(
			ep_seal_keys_parse(&k, EP_LIT("# keys\n\n " KEY2 "\r\n#\n" KEY1)),
			EP_OK);
	ck_assert_view_eq(k.key, KEY2);
	ck_assert_view_eq(k.previous, KEY1);
	ck_assert_int_eq(ep_seal_keys_parse(&k, EP_LIT("")), EP_ERANGE);
	ck_assert_int_eq(ep_seal_keys_parse(&k, EP_LIT("short\n")), EP_ERANGE);
	ck_assert_int_eq(
			ep_seal_keys_parse(&k, EP_LIT(KEY1 "\n" KEY2 "\n" KEY1 "\n")),
			EP_ERANGE);
	ck_assert_int_eq(
			ep_seal_keys_parse(&k, EP_LIT(KEY1 "\0" KEY1 "\n")), EP_ESYNTAX);
}
END_TEST

/* --- what was there already --- */

static struct ep_seal_peer peers[2];
static size_t peers_n;

static enum ep_seal_err take(
		const char *node, uint64_t epoch, uint64_t number, uint64_t at_s)
{
	struct ep_seal s = {.node = ep_view_z(node),
			.epoch_ms = epoch,
			.number = number,
			.at_s = at_s};

	return ep_seal_accept(peers, &peers_n, 2, &s, EP_LIT("me"), 1000, 60);
}

START_TEST(seal_number_counts_once)
{
	uint64_t i;

	peers_n = 0;
	for(i = 1; i < 1000; i += 2)
		ck_assert_int_eq(take("a", 1, i, 1000), EP_SEAL_OK);
	for(i = 999 - EP_SEAL_WINDOW + 1; i < 999; i++)
		ck_assert_int_eq(
				take("a", 1, i, 1000), i % 2 ? EP_SEAL_REPLAYED : EP_SEAL_OK);
	for(i = 0; i < 1000; i++)
		ck_assert_int_eq(take("a", 1, i, 1000), EP_SEAL_REPLAYED);
	ck_assert_int_eq(take("a", 1, 1000, 1000), EP_SEAL_OK);
	ck_assert_int_eq(take("a", 1, (uint64_t)1 << 50, 1000), EP_SEAL_OK);
	ck_assert_int_eq(take("a", 1, 1001, 1000), EP_SEAL_REPLAYED);
	ck_assert_int_eq(take("a", 1, ((uint64_t)1 << 50) - 255, 1000), EP_SEAL_OK);
	ck_assert_int_eq(
			take("a", 1, ((uint64_t)1 << 50) - 256, 1000), EP_SEAL_REPLAYED);
}
END_TEST

START_TEST(seal_window_keeps_every_bit)
{
	uint64_t step, top, i;

	for(step = 1; step < 300; step++) {
		peers_n = 0;
		ck_assert_int_eq(take("a", 1, 300, 1000), EP_SEAL_OK);
		ck_assert_int_eq(take("a", 1, 299, 1000), EP_SEAL_OK);
		top = 300 + step;
		ck_assert_int_eq(take("a", 1, top, 1000), EP_SEAL_OK);
		for(i = top - EP_SEAL_WINDOW + 1; i <= top; i++)
			ck_assert_int_eq(take("a", 1, i, 1000),
					i == 299 || i == 300 || i == top ? EP_SEAL_REPLAYED
													 : EP_SEAL_OK);
	}
}
END_TEST

START_TEST(seal_of_an_earlier_life_is_a_replay)
{
	peers_n = 0;
	ck_assert_int_eq(take("a", 5, 100, 1000), EP_SEAL_OK);
	ck_assert_int_eq(take("a", 4, 101, 1000), EP_SEAL_REPLAYED);
	ck_assert_int_eq(take("a", 6, 1, 1000), EP_SEAL_OK);
	ck_assert_int_eq(take("a", 6, 1, 1000), EP_SEAL_REPLAYED);
	ck_assert_int_eq(take("a", 5, 200, 1000), EP_SEAL_REPLAYED);
}
END_TEST

START_TEST(seal_is_fresh_and_of_somebody_else)
{
	peers_n = 0;
	ck_assert_int_eq(take("me", 1, 1, 1000), EP_SEAL_OWN);
	ck_assert_int_eq(take("a", 1, 1, 940), EP_SEAL_OK);
	ck_assert_int_eq(take("a", 1, 2, 939), EP_SEAL_STALE);
	ck_assert_int_eq(take("a", 1, 2, 1060), EP_SEAL_OK);
	ck_assert_int_eq(take("a", 1, 3, 1061), EP_SEAL_STALE);
	ck_assert_int_eq(take("b", 1, 1, 1000), EP_SEAL_OK);
	ck_assert_int_eq(take("c", 1, 1, 1000), EP_SEAL_FULL);
	ck_assert_int_eq(take("b", 1, 2, 1000), EP_SEAL_OK);
	ck_assert_str_eq(ep_seal_err_text(EP_SEAL_FULL), "too many nodes");
	ck_assert_str_eq(ep_seal_err_text(EP_SEAL_ERR_N), "?");
}
END_TEST

UNIT_MAIN("base/seal", seal_comes_back_as_it_was,
		seal_text_is_the_documented_one, seal_keys_rotate,
		seal_for_one_purpose_is_nothing_for_another,
		seal_cut_or_changed_anywhere_is_refused, seal_print_has_limits,
		seal_key_file_has_one_or_two_keys, seal_number_counts_once,
		seal_window_keeps_every_bit, seal_of_an_earlier_life_is_a_replay,
		seal_is_fresh_and_of_somebody_else)
