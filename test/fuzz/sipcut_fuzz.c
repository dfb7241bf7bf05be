/* ep_sipcut_*, ep_tmbranch_parse. Input: one message as it came.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include "heap.h"
#include "base/sipcut.h"
#include "base/sipframe.h"
#include "base/tmbranch.h"

static char first[65536 + 256], second[65536 + 512];

static bool has(struct ep_view m, struct ep_view name, char compact)
{
	size_t at = 0;

	return ep_sipcut_find(m, name, compact, &at).p != NULL;
}

/* No body, no word of one, and cutting it once more changes nothing. */
static void no_body(struct ep_view m)
{
	struct ep_buf b;
	size_t at = 0;

	need(ep_view_ends(m, EP_LIT("Content-Length: 0\r\n\r\n")));
	need(!has(m, EP_LIT("Content-Type"), 'c'));
	need(!has(m, EP_LIT("Content-Disposition"), '\0'));
	need(ep_view_eq(ep_sipcut_find(m, EP_LIT("Content-Length"), 'l', &at),
			EP_LIT("0")));
	need(ep_sipcut_find(m, EP_LIT("Content-Length"), 'l', &at).p == NULL);
	ep_buf_init(&b, second, sizeof(second));
	need(ep_sipcut_body(&b, m) == EP_OK && ep_view_eq(ep_buf_view(&b), m));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view m = ep_view_of((const char *)data, n);
	struct ep_tmbranch branch;
	struct ep_buf b;

	if(n > 65536)
		return 0;
	ep_buf_init(&b, first, sizeof(first));
	if(ep_sipcut_body(&b, m) == EP_OK) {
		no_body(ep_buf_view(&b));
		/* What the gate in front of Kamailio's parser took, it takes again. */
		if(ep_sipframe_check(m) == EP_SIPFRAME_OK)
			need(ep_sipframe_check(ep_buf_view(&b)) == EP_SIPFRAME_OK);
	}
	ep_buf_init(&b, first, sizeof(first));
	if(ep_sipcut_refuse(&b, m, 503, EP_LIT("Gone")) == EP_OK) {
		no_body(ep_buf_view(&b));
		need(ep_view_starts(ep_buf_view(&b), EP_LIT("SIP/2.0 503 Gone\r\n")));
		need(!has(ep_buf_view(&b), EP_LIT("Contact"), 'm'));
		need(!has(ep_buf_view(&b), EP_LIT("Record-Route"), '\0'));
		need(!has(ep_buf_view(&b), EP_LIT("RSeq"), '\0'));
	}
	if(ep_tmbranch_parse(&branch, m))
		need(branch.id.len == EP_TMBRANCH_ID_LEN && branch.id.p >= m.p
				&& branch.id.p + branch.id.len <= m.p + m.len);
	return 0;
}
