/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "south.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "batch.h"
#include "log.h"
#include "service.h"

#define BUCKETS_N 4096
#define QUIET_ms 10
#define QUIET_TURNS_N 8 /* then others have their turn */
#define ARENA_FIRST 262144
#define ARENA_MORE (8 << 20)

struct ask
{
	struct ep_iq *iq;
	struct ask *next_hash;
	struct ep_loop_timer timer;
	ep_south_done_f done;
	void *ctx;
	unsigned tries_left;
	unsigned wait_ms;
	bool quiet; /* nobody waits for it but ourselves */
	bool whole; /* all of its answer is looked at, not the top alone */
	uint64_t since_ms;
	size_t len;
	char datagram[]; /* `<cookie> <dictionary>`; the cookie's length is fixed */
};

struct ep_south
{
	int fd;
	/* What nobody waits for has a socket that wakes nobody up: answers gather
	 * in it until a timer reads them. Waking up costs more than to read one. */
	int quiet_fd;
	struct ep_loop_timer quiet_timer;
	size_t quiet_n; /* under way there */
	uint64_t own;   /* numbers of our own commands */
	size_t inflight_n;
	struct ask *buckets[BUCKETS_N];
	struct ep_batch *in;
	char arena[ARENA_FIRST];
};

static void *heap_get(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void heap_put(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static const struct ep_alloc heap = {heap_get, heap_put, NULL};

/* A cookie is a sum itself, or ends with a number that counts up. */
static struct ask **bucket_of(struct ep_iq *iq, const char *cookie)
{
	uint64_t word;

	memcpy(&word, cookie + EP_SOUTH_COOKIE_LEN - sizeof word, sizeof word);
	word *= 0x9e3779b97f4a7c15u;
	return &iq->south->buckets[(word >> 32) % BUCKETS_N];
}

static struct ask *ask_find(struct ep_iq *iq, const char *cookie)
{
	struct ask *a = *bucket_of(iq, cookie);

	while(a && memcmp(a->datagram, cookie, EP_SOUTH_COOKIE_LEN))
		a = a->next_hash;
	return a;
}

static void ask_end(struct ask *a, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	struct ep_iq *iq = a->iq;
	struct ask **at = bucket_of(iq, a->datagram);

	while(*at != a)
		at = &(*at)->next_hash;
	*at = a->next_hash;
	iq->south->inflight_n--;
	iq->south->quiet_n -= a->quiet;
	ep_loop_timer_stop(iq->loop, &a->timer);
	a->done(iq, a->ctx, end, answer);
	free(a);
}

/* A full socket buffer is as good as a lost datagram: it is repeated. */
static void ask_send(struct ask *a)
{
	struct ep_iq *iq = a->iq;

	ep_stat_inc(iq, south_sent);
	if(send(a->quiet ? iq->south->quiet_fd : iq->south->fd, a->datagram, a->len,
			   0)
			< 0) {
		ep_stat_inc(iq, send_failed);
		if(errno == ECONNREFUSED)
			ep_service_refused(iq);
	}
}

static void ask_due(void *ctx)
{
	struct ask *a = ctx;

	if(!a->tries_left) {
		ep_stat_inc(a->iq, south_timeouts);
		ask_end(a, EP_SOUTH_TIMEOUT, NULL);
		return;
	}
	a->tries_left--;
	ep_stat_inc(a->iq, south_repeated);
	ep_loop_timer_set(a->iq->loop, &a->timer, a->wait_ms);
	ep_service_suspect(a->iq, a->since_ms);
	ask_send(a);
}

/* Never one that rtpengine remembers of an earlier process. */
static void cookie_own(char out[EP_SOUTH_COOKIE_LEN], struct ep_iq *iq)
{
	uint64_t n = iq->south->own++, epoch = iq->epoch;
	unsigned char half[2][8];
	struct ep_buf b;

	for(int i = 7; i >= 0; i--, n >>= 8, epoch >>= 8) {
		half[0][i] = (unsigned char)epoch;
		half[1][i] = (unsigned char)n;
	}
	ep_buf_init(&b, out, EP_SOUTH_COOKIE_LEN);
	ep_buf_put_z(&b, "ow");
	ep_buf_put_hex(&b, ep_view_of((const char *)half, sizeof half));
}

static struct ask *ask_begin(struct ep_iq *iq, const char *cookie,
		struct ep_view dict, ep_south_done_f done, void *ctx, unsigned tries,
		unsigned wait_ms)
{
	char own[EP_SOUTH_COOKIE_LEN];

	if(!cookie) {
		cookie_own(own, iq);
		cookie = own;
	} else if(ask_find(iq, cookie)) {
		return NULL;
	}
	size_t len = EP_SOUTH_COOKIE_LEN + 1 + dict.len;
	struct ask *a = malloc(sizeof *a + len);
	if(!a) {
		ep_stat_inc(iq, out_of_memory);
		return NULL;
	}
	a->iq = iq;
	a->done = done;
	a->ctx = ctx;
	a->tries_left = tries - 1;
	a->wait_ms = wait_ms;
	a->quiet = false;
	a->whole = cookie == own;
	a->since_ms = ep_loop_now_ms(iq->loop);
	a->len = len;
	memcpy(a->datagram, cookie, EP_SOUTH_COOKIE_LEN);
	a->datagram[EP_SOUTH_COOKIE_LEN] = ' ';
	memcpy(a->datagram + EP_SOUTH_COOKIE_LEN + 1, dict.p, dict.len);
	struct ask **bucket = bucket_of(iq, cookie);
	a->next_hash = *bucket;
	*bucket = a;
	iq->south->inflight_n++;
	ep_loop_timer_init(&a->timer, ask_due, a);
	ep_loop_timer_set(iq->loop, &a->timer, wait_ms);
	return a;
}

bool ep_south_ask(struct ep_iq *iq, const char *cookie, struct ep_view dict,
		ep_south_done_f done, void *ctx)
{
	struct ask *a = ask_begin(iq, cookie, dict, done, ctx,
			iq->conf->rtpengine_retries + 1, iq->conf->rtpengine_timeout_ms);

	if(a)
		ask_send(a);
	return a != NULL;
}

bool ep_south_ask_quietly(
		struct ep_iq *iq, struct ep_view dict, ep_south_done_f done, void *ctx)
{
	struct ep_south *s = iq->south;
	struct ask *a = ask_begin(iq, NULL, dict, done, ctx,
			iq->conf->rtpengine_retries + 1, iq->conf->rtpengine_timeout_ms);

	if(!a)
		return false;
	a->quiet = true;
	a->whole = false;
	s->quiet_n++;
	if(!s->quiet_timer.running)
		ep_loop_timer_set(iq->loop, &s->quiet_timer, QUIET_ms);
	ask_send(a);
	return true;
}

bool ep_south_ask_once(struct ep_iq *iq, struct ep_view dict, unsigned wait_ms,
		ep_south_done_f done, void *ctx)
{
	struct ask *a = ask_begin(iq, NULL, dict, done, ctx, 1, wait_ms);

	if(a)
		ask_send(a);
	return a != NULL;
}

size_t ep_south_inflight_n(const struct ep_iq *iq)
{
	return iq->south->inflight_n;
}

/* Who is told may ask anew: only what was under way before ends here. */
static void all_end(struct ep_iq *iq, enum ep_south_end end)
{
	struct ask *list = NULL, *a;

	for(size_t i = 0; i < BUCKETS_N; i++)
		while((a = iq->south->buckets[i])) {
			iq->south->buckets[i] = a->next_hash;
			a->next_hash = list;
			list = a;
			iq->south->inflight_n--;
			iq->south->quiet_n -= a->quiet;
			ep_loop_timer_stop(iq->loop, &a->timer);
		}
	while((a = list)) {
		list = a->next_hash;
		a->done(iq, a->ctx, end, NULL);
		free(a);
	}
}

void ep_south_drop(struct ep_iq *iq)
{
	all_end(iq, EP_SOUTH_GONE);
}

static void answer_read(struct ep_iq *iq, struct ep_view datagram)
{
	static struct ep_log_limit limit;
	struct ep_ng_message msg;
	struct ep_arena arena;

	ep_service_heard(iq);
	ep_stat_inc(iq, south_answers);
	struct ask *a = datagram.len > EP_SOUTH_COOKIE_LEN
									&& datagram.p[EP_SOUTH_COOKIE_LEN] == ' '
							? ask_find(iq, datagram.p)
							: NULL;
	if(!a) {
		ep_stat_inc(iq, south_late);
		return;
	}
	ep_arena_init(&arena, iq->south->arena, sizeof iq->south->arena, &heap,
			ARENA_MORE);
	enum ep_err err =
			a->whole ? ep_ng_message_decode(&msg, datagram, &arena)
					 : ep_ng_message_decode_top(&msg, datagram, &arena);
	if(err) {
		ep_stat_inc(iq, south_broken);
		ep_log_limited(&limit, ep_loop_now_ms(iq->loop), EP_LOG_WARNING,
				"an answer of rtpengine: %s", ep_err_text(err));
		ask_end(a, EP_SOUTH_BROKEN, NULL);
	} else {
		ask_end(a, EP_SOUTH_ANSWERED, &msg);
	}
	ep_arena_fini(&arena);
}

/* How many were read. */
static int answers_read(struct ep_iq *iq, int fd)
{
	struct ep_batch *in = iq->south->in;
	int got = ep_batch_recv(in, fd);

	if(got < 0 && errno == ECONNREFUSED)
		ep_service_refused(iq);
	for(int i = 0; i < got; i++)
		answer_read(iq, ep_batch_get(in, i));
	return got;
}

static void south_ready(void *ctx, int fd, uint32_t events)
{
	(void)events;
	answers_read(ctx, fd);
}

static void quiet_due(void *ctx)
{
	struct ep_iq *iq = ctx;
	struct ep_south *s = iq->south;
	unsigned turns = QUIET_TURNS_N;

	while(turns-- && answers_read(iq, s->quiet_fd) == EP_BATCH_N)
		;
	if(s->quiet_n && !s->quiet_timer.running)
		ep_loop_timer_set(iq->loop, &s->quiet_timer, QUIET_ms);
}

static int socket_open(const struct ep_addr *to)
{
	int room = 4 << 20, fd = socket(to->sa.sa_family,
								SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if(fd < 0)
		return -1;
	if(connect(fd, &to->sa, to->len)) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	return fd;
}

int ep_south_init(struct ep_iq *iq)
{
	char text[EP_ADDR_TEXT_MAX];
	const struct ep_addr *to = &iq->conf->rtpengine;
	struct ep_south *s = iq->south = calloc(1, sizeof *s);

	if(!s)
		return -1;
	s->fd = s->quiet_fd = -1;
	ep_loop_timer_init(&s->quiet_timer, quiet_due, iq);
	s->in = ep_batch_new();
	if(!s->in)
		return -1;
	s->fd = socket_open(to);
	s->quiet_fd = s->fd < 0 ? -1 : socket_open(to);
	if(s->quiet_fd < 0
			|| ep_loop_fd_add(iq->loop, s->fd, EPOLLIN, south_ready, iq)) {
		ep_log(EP_LOG_ERROR, "rtpengine = %s: %s", ep_addr_print(text, to),
				strerror(errno));
		return -1;
	}
	return 0;
}

void ep_south_fini(struct ep_iq *iq)
{
	if(!iq->south)
		return;
	all_end(iq, EP_SOUTH_ENDING);
	ep_loop_timer_stop(iq->loop, &iq->south->quiet_timer);
	if(iq->south->fd >= 0) {
		ep_loop_fd_del(iq->loop, iq->south->fd);
		close(iq->south->fd);
	}
	if(iq->south->quiet_fd >= 0)
		close(iq->south->quiet_fd);
	ep_batch_free(iq->south->in);
	free(iq->south);
	iq->south = NULL;
}
