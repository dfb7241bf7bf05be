/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "batch.h"

#include <stdlib.h>

struct ep_batch *ep_batch_new(void)
{
	struct ep_batch *b = calloc(1, sizeof *b);

	if(!b)
		return NULL;
	b->text = malloc(EP_BATCH_N * sizeof *b->text);
	if(!b->text) {
		free(b);
		return NULL;
	}
	for(int i = 0; i < EP_BATCH_N; i++) {
		struct msghdr *m = &b->msgs[i].msg_hdr;
		b->parts[i] = (struct iovec){b->text[i], EP_BATCH_LEN};
		m->msg_iov = &b->parts[i];
		m->msg_iovlen = 1;
		m->msg_name = &b->from[i].sa;
		m->msg_namelen = sizeof b->from[i].in6;
	}
	return b;
}

void ep_batch_free(struct ep_batch *b)
{
	if(b)
		free(b->text);
	free(b);
}

int ep_batch_recv(struct ep_batch *b, int fd)
{
	int n = recvmmsg(fd, b->msgs, EP_BATCH_N, MSG_DONTWAIT, NULL);

	for(int i = 0; i < n; i++) {
		struct msghdr *m = &b->msgs[i].msg_hdr;
		b->len[i] = b->msgs[i].msg_len;
		b->from[i].len = m->msg_namelen;
		m->msg_namelen = sizeof b->from[i].in6;
	}
	return n;
}

struct ep_view ep_batch_get(const struct ep_batch *b, int i)
{
	return ep_view_of(b->text[i], b->len[i]);
}
