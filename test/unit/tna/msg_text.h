/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * SIP text <-> struct ep_msg, for tests and fuzzers of the plans. It reads as
 * Kamailio does: CRLF or LF, folded lines, white space before the colon.
 */
#ifndef EP_UNIT_MSG_TEXT_H
#define EP_UNIT_MSG_TEXT_H

#include "base/buf.h"
#include "base/hdredit.h"

#define MSG_HDRS_MAX 128

struct msg_text
{
	struct ep_msg m;
	struct ep_hdr hdrs[MSG_HDRS_MAX];
};

/* The next line with its folded continuations, without its end. */
static inline struct ep_view msg_line(struct ep_view *rest)
{
	struct ep_view all = *rest;
	size_t i = 0, end;

	for(;;) {
		while(i < all.len && all.p[i] != '\n')
			i++;
		end = i < all.len ? i + 1 : i;
		if(i == 0 || end >= all.len || (all.p[end] != ' ' && all.p[end] != '\t')
				|| (i == 1 && all.p[0] == '\r'))
			break;
		i = end;
	}
	*rest = ep_view_from(all, end);
	if(end == all.len)
		rest->len = 0;
	return ep_view_trim(ep_view_head(all, i));
}

static inline bool msg_start(struct ep_msg *m, struct ep_view line)
{
	struct ep_view rest = line, first = ep_view_cut(&rest, ' '), second;
	uint64_t status;

	if(!rest.p)
		return false;
	second = ep_view_cut(&rest, ' ');
	if(ep_view_eq(first, EP_LIT("SIP/2.0"))) {
		if(!ep_view_u64(&status, second, 699) || status < 100)
			return false;
		m->status = (unsigned)status;
	} else {
		m->method = first;
		m->ruri = second;
	}
	return true;
}

/* False for what is no SIP message, or has too many headers. */
static inline bool msg_parse(struct msg_text *t, struct ep_view text)
{
	size_t at;

	*t = (struct msg_text){.m = {.hdrs = t->hdrs}};
	if(!msg_start(&t->m, msg_line(&text)))
		return false;
	while(text.len) {
		struct ep_view line = msg_line(&text);

		if(line.len == 0)
			break;
		at = ep_view_find_chr(line, ':');
		if(at == SIZE_MAX || at == 0 || t->m.hdrs_n == MSG_HDRS_MAX)
			return false;
		t->hdrs[t->m.hdrs_n++] =
				(struct ep_hdr){.name = ep_view_trim(ep_view_head(line, at)),
						.value = ep_view_trim(ep_view_from(line, at + 1))};
	}
	t->m.body = text;
	if(t->m.status
			&& (at = ep_msg_find(&t->m, EP_LIT("CSeq"), 0)) != SIZE_MAX) {
		struct ep_view cseq = t->hdrs[at].value;

		ep_view_cut(&cseq, ' ');
		t->m.method = ep_view_trim(cseq);
	}
	return true;
}

/* How many headers `name`. */
static inline size_t msg_count(const struct ep_msg *m, struct ep_view name)
{
	size_t i, n = 0;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1))
		n++;
	return n;
}

/* The value of the k-th header `name`; absent if there are not so many. */
static inline struct ep_view msg_value(
		const struct ep_msg *m, struct ep_view name, size_t k)
{
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1))
		if(k-- == 0)
			return m->hdrs[i].value;
	return ep_view_none();
}

/* `m` after the edits, rendered and read again. */
struct msg_after
{
	char text[65536];
	struct msg_text t;
};

static inline bool msg_apply(struct msg_after *after, const struct ep_msg *m,
		const struct ep_hdredits *edits)
{
	struct ep_buf buf;

	ep_buf_init(&buf, after->text, sizeof(after->text) - 1);
	if(ep_hdredits_render(&buf, m, edits) != EP_OK)
		return false;
	after->text[buf.len] = '\0';
	return msg_parse(&after->t, ep_buf_view(&buf));
}

#endif
