/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The sleep of a process that writes a list to disk and to other nodes, and
 * how the others wake it.
 */
#ifndef EP_COMMON_KEEPER_H
#define EP_COMMON_KEEPER_H

/* The module's own; zero, with socks -1. */
struct ep_keeper
{
	int socks[2];
};
#define EP_KEEPER_NONE                                                         \
	{                                                                          \
		{                                                                      \
			-1, -1                                                             \
		}                                                                      \
	}

/* Before fork: 0 or -1. */
int ep_keeper_open(struct ep_keeper *k);
void ep_keeper_close(struct ep_keeper *k);

/* From any process: something is to be done. Never waits. */
void ep_keeper_ring(const struct ep_keeper *k);
/* In the keeper: until somebody rings, at most `ms`. */
void ep_keeper_sleep(const struct ep_keeper *k, int ms);

#endif
