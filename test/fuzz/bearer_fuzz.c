/* ep_bearer_parse, ep_b64url_decode, ep_buf_put_b64url, ep_buf_put_quoted.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "base/buf.h"
#include "token/bearer.h"

/* One text for one value: what decodes, encodes to the same again. */
static void b64_round_trip(struct ep_view text)
{
	unsigned char *octets = malloc(text.len + 1);
	char *again = malloc(text.len + 1);
	struct ep_buf b;
	size_t n;

	if(ep_b64url_decode(octets, text.len, &n, text) == EP_OK) {
		ep_buf_init(&b, again, text.len);
		ep_buf_put_b64url(&b, ep_view_of((char *)octets, n));
		need(ep_view_eq(ep_buf_view(&b), text));
	}
	free(octets);
	free(again);
}

/* The token in the quoted form is the same token. */
static void quoted_round_trip(struct ep_view token)
{
	size_t cap = token.len + 40;
	char *text = malloc(cap);
	struct ep_view again;
	struct ep_buf b;

	ep_buf_init(&b, text, cap);
	ep_buf_put_z(&b, "bEARER x=1,\r\n access_token=");
	ep_buf_put_quoted(&b, token);
	need(ep_bearer_parse(&again, ep_buf_view(&b)) == EP_BEARER_OK);
	need(ep_view_eq(again, token));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view value = ep_view_of((const char *)data, size);
	struct ep_view token = ep_view_none();

	b64_round_trip(value);
	if(ep_bearer_parse(&token, value) != EP_BEARER_OK) {
		need(token.p == NULL);
		return 0;
	}
	need(token.len > 0 && token.p >= value.p
			&& token.p + token.len <= value.p + value.len);
	for(size_t i = 0; i < token.len; i++)
		need(token.p[i] > ' ' && token.p[i] != '"' && token.p[i] != '\\'
				&& token.p[i] != ',' && token.p[i] < 0x7f);
	quoted_round_trip(token);
	return 0;
}
