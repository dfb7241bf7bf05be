/* ep_mask_walk, ep_mask_write. Input: one frame. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "base/sipframe.h"
#include "token/bearer.h"
#include "token/mask.h"

static int is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Masks in place and says which octets are in a span. */
static void mask(char *text, size_t n, char *inside)
{
	struct ep_mask_span span;
	struct ep_mask_walk w;
	size_t end = 0;
	char *was;

	ep_mask_walk_init(&w, ep_view_of(text, n));
	while(ep_mask_walk_next(&span, &w)) {
		need(span.at >= end && span.len > 0 && span.keep < span.len);
		need(span.len <= n && span.at <= n - span.len);
		end = span.at + span.len;
		was = malloc(span.len);
		memcpy(was, text + span.at, span.len);
		ep_mask_write(text, &span);
		need(span.kind == EP_MASK_STRAY
				|| ep_mask_is_of(ep_view_of(text + span.at, span.len),
						ep_view_of(was, span.len), span.keep));
		free(was);
		memset(inside + span.at + span.keep,
				span.kind == EP_MASK_STRAY ? EP_MASK_STRAY_CHR : EP_MASK_CHR,
				span.len - span.keep);
	}
}

/* No header gives a token any more. */
static void no_token(struct ep_view rest)
{
	struct ep_view line, name, token;

	while(rest.p != NULL) {
		line = ep_view_cut(&rest, '\n');
		if(ep_view_trim(line).len == 0)
			continue;
		name = ep_view_trim(ep_view_cut(&line, ':'));
		if(line.p != NULL
				&& (ep_view_ieq(name, EP_LIT("Authorization"))
						|| ep_view_ieq(name, EP_LIT("Proxy-Authorization"))))
			need(ep_bearer_parse(&token, line) != EP_BEARER_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view frame = ep_view_of((const char *)data, n);
	char *text = malloc(n + 1), *inside = calloc(1, n + 1);
	enum ep_sipframe_flaw flaw = ep_sipframe_check(frame);
	size_t i, head;

	memcpy(text, data, n);
	mask(text, n, inside);
	for(i = 0; i < n; i++)
		need(inside[i] && !is_lws((char)data[i]) ? text[i] == inside[i]
												 : text[i] == (char)data[i]);
	(void)ep_mask_is_upgrade(frame);
	if(flaw == EP_SIPFRAME_OK && n > 0) {
		/* as well-formed as it was, and no header gives a token */
		need(ep_sipframe_check(ep_view_of(text, n)) == EP_SIPFRAME_OK);
		for(head = 0; head < n && (text[head] == '\r' || text[head] == '\n');)
			head++;
		i = ep_view_find(
				ep_view_from(ep_view_of(text, n), head), EP_LIT("\r\n\r\n"));
		if(i != SIZE_MAX)
			no_token(ep_view_head(ep_view_of(text, n), head + i));
	}
	free(text);
	free(inside);
	return 0;
}
