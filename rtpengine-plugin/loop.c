/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_N 64

struct watched
{
	ep_loop_fd_f fn; /* NULL: nobody watches this descriptor */
	void *ctx;
	uint32_t turn; /* told apart from an earlier life of the number */
};

struct ep_loop
{
	int epoll;
	bool stop;
	uint64_t now_ms;
	uint64_t not_before_ms; /* no timer that is set now is due earlier */
	struct watched *fds;    /* by number */
	size_t fds_n;
	uint32_t turn;
	struct ep_loop_timer *first; /* the root of a pairing heap */
};

static uint64_t clock_ms(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int64_t ep_loop_wall_ms(void)
{
	return (int64_t)clock_ms(CLOCK_REALTIME);
}

uint64_t ep_loop_now_ms(const struct ep_loop *l)
{
	return l->now_ms;
}

struct ep_loop *ep_loop_new(void)
{
	struct ep_loop *l = calloc(1, sizeof *l);

	if(!l)
		return NULL;
	l->now_ms = clock_ms(CLOCK_MONOTONIC);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if(l->epoll < 0) {
		free(l);
		return NULL;
	}
	return l;
}

void ep_loop_free(struct ep_loop *l)
{
	if(!l)
		return;
	close(l->epoll);
	free(l->fds);
	free(l);
}

void ep_loop_stop(struct ep_loop *l)
{
	l->stop = true;
}

/* ---- descriptors ---- */

static int fds_grow(struct ep_loop *l, int fd)
{
	size_t n = l->fds_n ? l->fds_n : 64;

	while(n <= (size_t)fd)
		n *= 2;
	if(n == l->fds_n)
		return 0;
	struct watched *fds = realloc(l->fds, n * sizeof *fds);
	if(!fds)
		return -1;
	memset(fds + l->fds_n, 0, (n - l->fds_n) * sizeof *fds);
	l->fds = fds;
	l->fds_n = n;
	return 0;
}

static int fd_ctl(struct ep_loop *l, int op, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events};

	e.data.u64 = (uint64_t)l->fds[fd].turn << 32 | (uint32_t)fd;
	return epoll_ctl(l->epoll, op, fd, &e);
}

int ep_loop_fd_add(
		struct ep_loop *l, int fd, uint32_t events, ep_loop_fd_f fn, void *ctx)
{
	if(fds_grow(l, fd))
		return -1;
	l->fds[fd] = (struct watched){fn, ctx, ++l->turn};
	if(fd_ctl(l, EPOLL_CTL_ADD, fd, events)) {
		l->fds[fd].fn = NULL;
		return -1;
	}
	return 0;
}

int ep_loop_fd_mod(struct ep_loop *l, int fd, uint32_t events)
{
	if(fd < 0 || (size_t)fd >= l->fds_n || !l->fds[fd].fn) {
		errno = ENOENT;
		return -1;
	}
	return fd_ctl(l, EPOLL_CTL_MOD, fd, events);
}

void ep_loop_fd_del(struct ep_loop *l, int fd)
{
	if(fd < 0 || (size_t)fd >= l->fds_n || !l->fds[fd].fn)
		return;
	l->fds[fd].fn = NULL;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void fds_call(struct ep_loop *l, const struct epoll_event *e)
{
	uint32_t fd = (uint32_t)e->data.u64;
	struct watched w = l->fds[fd];

	if(w.fn && w.turn == (uint32_t)(e->data.u64 >> 32))
		w.fn(w.ctx, (int)fd, e->events);
}

/* ---- timers: a pairing heap, so that setting one needs no memory ---- */

static bool before(const struct ep_loop_timer *a, const struct ep_loop_timer *b)
{
	return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && b->last && !a->last);
}

static struct ep_loop_timer *heap_join(
		struct ep_loop_timer *a, struct ep_loop_timer *b)
{
	if(!a || !b)
		return a ? a : b;
	if(before(b, a)) {
		struct ep_loop_timer *swap = a;
		a = b;
		b = swap;
	}
	b->next = a->child;
	if(b->next)
		b->next->prev = b;
	b->prev = a; /* of a first child: its parent */
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Pairs from the left, then all from the right: amortised O(log n). */
static struct ep_loop_timer *heap_pairs(struct ep_loop_timer *t)
{
	struct ep_loop_timer *pairs = NULL, *root = NULL;

	while(t) {
		struct ep_loop_timer *a = t, *b = t->next;
		t = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if(b)
			b->next = b->prev = NULL;
		a = heap_join(a, b);
		a->next = pairs;
		pairs = a;
	}
	while(pairs) {
		struct ep_loop_timer *a = pairs;
		pairs = a->next;
		a->next = NULL;
		root = heap_join(root, a);
	}
	return root;
}

static void heap_take(struct ep_loop *l, struct ep_loop_timer *t)
{
	struct ep_loop_timer *below = heap_pairs(t->child);

	if(t == l->first) {
		l->first = below;
	} else {
		if(t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if(t->next)
			t->next->prev = t->prev;
		l->first = heap_join(l->first, below);
	}
	t->child = t->next = t->prev = NULL;
	t->running = false;
}

void ep_loop_timer_init(struct ep_loop_timer *t, ep_loop_timer_f fn, void *ctx)
{
	memset(t, 0, sizeof *t);
	t->fn = fn;
	t->ctx = ctx;
}

void ep_loop_timer_stop(struct ep_loop *l, struct ep_loop_timer *t)
{
	if(t->running)
		heap_take(l, t);
}

void ep_loop_timer_set(
		struct ep_loop *l, struct ep_loop_timer *t, uint64_t after_ms)
{
	bool ran = !t->last || t->at_ms >= l->now_ms;

	ep_loop_timer_stop(l, t);
	t->at_ms = l->now_ms + after_ms;
	if(t->at_ms < l->not_before_ms && ran)
		t->at_ms = l->not_before_ms;
	t->running = true;
	t->child = t->next = t->prev = NULL;
	l->first = heap_join(l->first, t);
}

/* Those that are due as the round begins; one set anew for "at once" waits
 * for the next round, so that descriptors have their turn. */
static void timers_call(struct ep_loop *l)
{
	l->not_before_ms = l->now_ms + 1;
	while(l->first && l->first->at_ms <= l->now_ms && !l->stop) {
		struct ep_loop_timer *t = l->first;
		heap_take(l, t);
		t->fn(t->ctx);
	}
	l->not_before_ms = 0;
}

static int wait_ms(const struct ep_loop *l)
{
	if(!l->first)
		return -1;
	if(l->first->at_ms <= l->now_ms)
		return 0;
	uint64_t ms = l->first->at_ms - l->now_ms;
	return ms > 60000 ? 60000 : (int)ms;
}

int ep_loop_run(struct ep_loop *l)
{
	struct epoll_event events[EVENTS_N];

	l->now_ms = clock_ms(CLOCK_MONOTONIC);
	while(!l->stop) {
		int n = epoll_wait(l->epoll, events, EVENTS_N, wait_ms(l));
		if(n < 0 && errno != EINTR)
			return -1;
		l->now_ms = clock_ms(CLOCK_MONOTONIC);
		for(int i = 0; i < n && !l->stop; i++)
			fds_call(l, &events[i]);
		timers_call(l);
	}
	return 0;
}
