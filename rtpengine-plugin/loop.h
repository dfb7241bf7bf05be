/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The loop: descriptors (epoll) and timers, one thread.
 *
 * A callback may add, change and remove any descriptor or timer, its own too;
 * a descriptor that was removed in the same round is not called any more.
 */
#ifndef EP_IQ_LOOP_H
#define EP_IQ_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct ep_loop;

/* `events`: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP … as epoll_wait() has them.
 */
typedef void (*ep_loop_fd_f)(void *ctx, int fd, uint32_t events);
typedef void (*ep_loop_timer_f)(void *ctx);

/* A timer is the caller's and stays where it is while it runs. */
struct ep_loop_timer
{
	ep_loop_timer_f fn;
	void *ctx;
	uint64_t at_ms;
	bool running;
	/* Behind the others of its ms, and at once when they set it. To be said
	 * before it is set. */
	bool last;
	/* Its place in the heap: the loop's. */
	struct ep_loop_timer *child, *next, *prev;
};

/* NULL: errno says why. */
struct ep_loop *ep_loop_new(void);
void ep_loop_free(struct ep_loop *l);
/* Until ep_loop_stop(). 0, or -1 (errno). */
int ep_loop_run(struct ep_loop *l);
void ep_loop_stop(struct ep_loop *l);

/* 0, or -1 (errno). The descriptor is still the caller's to close, after del.
 */
int ep_loop_fd_add(
		struct ep_loop *l, int fd, uint32_t events, ep_loop_fd_f fn, void *ctx);
int ep_loop_fd_mod(struct ep_loop *l, int fd, uint32_t events);
void ep_loop_fd_del(struct ep_loop *l, int fd);

void ep_loop_timer_init(struct ep_loop_timer *t, ep_loop_timer_f fn, void *ctx);
/* Once, in `after_ms` from now; a timer that runs is set anew. Never fails. */
void ep_loop_timer_set(
		struct ep_loop *l, struct ep_loop_timer *t, uint64_t after_ms);
void ep_loop_timer_stop(struct ep_loop *l, struct ep_loop_timer *t);

/* The monotonic clock as this round of the loop began. */
uint64_t ep_loop_now_ms(const struct ep_loop *l);
/* ms since 1970, now. */
int64_t ep_loop_wall_ms(void);

#endif
