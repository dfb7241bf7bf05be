/* ep_sipframe_check. Input: one frame. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "base/sipframe.h"

/* What was taken has no octet a line-by-line reader could trip over. */
static void lines_hold(struct ep_view rest)
{
	struct ep_view line;

	while(ep_view_starts(rest, EP_LIT("\r\n")))
		rest = ep_view_from(rest, 2);
	if(rest.len == 0)
		return;
	for(;;) {
		line = ep_view_cut(&rest, '\n');
		need(rest.p != NULL && ep_view_ends(line, EP_LIT("\r")));
		if(line.len == 1)
			return;
		line = ep_view_head(line, line.len - 1);
		need(ep_view_find_chr(line, '\r') == SIZE_MAX);
		need(ep_view_find_chr(line, '\0') == SIZE_MAX);
		need(line.p[0] == ' ' || line.p[0] == '\t'
				|| ep_view_find_chr(line, ':') != SIZE_MAX
				|| ep_view_starts(line, EP_LIT("SIP/2.0 "))
				|| ep_view_ends(line, EP_LIT(" SIP/2.0")));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view frame = ep_view_of((const char *)data, n);
	struct ep_view end = EP_LIT("\r\n\r\n");
	enum ep_sipframe_flaw flaw = ep_sipframe_check(frame);
	size_t at = ep_view_find(frame, end);

	need(flaw < EP_SIPFRAME_FLAW_N);
	if(flaw != EP_SIPFRAME_OK)
		return 0;
	lines_hold(frame);
	/* without the last octet of its head it is none */
	if(at != SIZE_MAX && at > 4)
		need(ep_sipframe_check(ep_view_head(frame, at + 3)) != EP_SIPFRAME_OK);
	return 0;
}
