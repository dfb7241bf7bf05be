/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Datagrams as they come, as many as there are (up to EP_BATCH_N) with one
 * call of the system. What is left makes the descriptor ready again, so that
 * others have their turn between.
 */
#ifndef EP_IQ_BATCH_H
#define EP_IQ_BATCH_H

#include <sys/socket.h>
#include "addr.h"

#define EP_BATCH_N 16
#define EP_BATCH_LEN 65536

struct ep_batch
{
	struct ep_addr from[EP_BATCH_N];
	unsigned len[EP_BATCH_N];
	char (*text)[EP_BATCH_LEN];
	/* What recvmmsg() is told, made once. */
	struct mmsghdr msgs[EP_BATCH_N];
	struct iovec parts[EP_BATCH_N];
};

/* NULL without memory. */
struct ep_batch *ep_batch_new(void);
void ep_batch_free(struct ep_batch *b);
/* How many came; -1 (errno). */
int ep_batch_recv(struct ep_batch *b, int fd);
struct ep_view ep_batch_get(const struct ep_batch *b, int i);

#endif
