/* ep_seal_open, ep_seal_print, ep_seal_accept, ep_seal_keys_parse.
 * Input: a sealed payload, a key file, or the order of numbers. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "base/seal.h"

static const struct ep_seal_keys keys = {
		{"0123456789abcdef0123456789abcdef", 32},
		{"another key that is long enough.", 32}};
static const struct ep_view purpose = {"fuzz", 4};

/* There is one text for each seal and key. */
static void text_holds(struct ep_view text)
{
	struct ep_seal_keys only = {keys.previous, {NULL, 0}};
	size_t cap = text.len + EP_SEAL_MORE;
	char *again = malloc(cap);
	enum ep_seal_err err;
	struct ep_seal s;
	struct ep_buf b;

	need(again != NULL);
	err = ep_seal_open(&s, text, purpose, &keys);
	need(err == EP_SEAL_OK || err == EP_SEAL_MALFORMED
			|| err == EP_SEAL_FORGED);
	if(err == EP_SEAL_OK) {
		ep_buf_init(&b, again, cap);
		need(ep_seal_print(&b, &s, purpose, &keys) == EP_OK);
		if(!ep_view_eq(ep_buf_view(&b), text)) {
			ep_buf_init(&b, again, cap);
			need(ep_seal_print(&b, &s, purpose, &only) == EP_OK);
			need(ep_view_eq(ep_buf_view(&b), text));
		}
	}
	free(again);
}

/* Any payload comes back. */
static void payload_holds(struct ep_view payload)
{
	struct ep_seal s = {.node = EP_LIT("n"), .payload = payload}, got;
	size_t cap = payload.len + EP_SEAL_MORE;
	char *text = malloc(cap);
	struct ep_buf b;

	need(text != NULL);
	ep_buf_init(&b, text, cap);
	need(ep_seal_print(&b, &s, purpose, &keys) == EP_OK);
	need(ep_seal_open(&got, ep_buf_view(&b), purpose, &keys) == EP_SEAL_OK);
	need(ep_view_eq(got.payload, payload));
	free(text);
}

/* Whatever the order: no number of an epoch twice. */
static void numbers_hold(const uint8_t *data, size_t n)
{
	static unsigned char taken[4][1024];
	struct ep_seal_peer peers[1];
	size_t peers_n = 0, i;
	uint64_t number = 1;

	memset(taken, 0, sizeof(taken));
	for(i = 0; i + 1 < n; i += 2) {
		unsigned epoch = data[i] % 4;
		struct ep_seal s = {.node = EP_LIT("n"), .epoch_ms = epoch};

		number = (number + data[i + 1] + 1023u * (data[i] >> 4 & 1)) % 1024;
		s.number = number;
		if(ep_seal_accept(peers, &peers_n, 1, &s, EP_LIT("me"), 0, 10)
				!= EP_SEAL_OK)
			continue;
		need(!taken[epoch][number]);
		taken[epoch][number] = 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view all = ep_view_of((const char *)data, n);
	struct ep_seal_keys k;

	text_holds(all);
	payload_holds(all);
	numbers_hold(data, n);
	if(ep_seal_keys_parse(&k, all) == EP_OK)
		need(k.key.len >= EP_SEAL_KEY_MIN
				&& (k.previous.p == NULL || k.previous.len >= EP_SEAL_KEY_MIN));
	return 0;
}
