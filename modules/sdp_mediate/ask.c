/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/mem/mem.h"

#include "sdp_mediate/ask.h"
#include "sdp_mediate/health.h"
#include "sdp_mediate/node.h"

#define BUCKETS 1024
/* The wheel: SLOTS slots of SLOT_MS. What is due later than a whole turn goes
 * round once more. */
#define SLOT_MS 8
#define SLOTS 512
/* Bursts of answers must not be lost between two looks. */
#define RCVBUF (4 * 1024 * 1024)
/* Datagrams of one node that one look takes. */
#define READ_MAX 256

struct ep_ask
{
	struct ep_ask *hash_next;
	struct ep_ask *next, **link; /* in a slot of the wheel */
	/* Those of a node that end with it; link NULL: not this one. */
	struct ep_ask *node_next, **node_link;
	struct ep_ask_spec spec;
	uint64_t number;
	int64_t since_ms;
	int64_t due_ms; /* to be repeated, or to end */
	int64_t end_ms;
	unsigned wait_ms;
};

static int socks[EP_NODES_MAX];
static struct ep_ask *ending[EP_NODES_MAX];
static struct ep_ask *buckets[BUCKETS];
static struct ep_ask *slots[SLOTS];
static int64_t turned_ms; /* slots before this time are done */
static size_t count;
static uint64_t numbers;
static char prefix[20]; /* of this start's cookies */
static ep_ask_other_f on_other;

int64_t ep_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- sockets --- */

/* A node that cannot be reached yet (no route) is tried again at each send. */
static int sock_open(int i)
{
	const union sockaddr_union *su = ep_node_address(i);
	int size = RCVBUF, fd = socket(su->s.sa_family, SOCK_DGRAM, 0);

	if(fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if(fcntl(fd, F_SETFL, O_NONBLOCK) == 0
			&& connect(fd, &su->s, sockaddru_len(*su)) == 0)
		return fd;
	close(fd);
	return -1;
}

int ep_asks_init(void)
{
	uint64_t epoch;

	if(getrandom(&epoch, sizeof(epoch), 0) != sizeof(epoch)) {
		LM_ERR("no random octets\n");
		return -1;
	}
	/* Gateways remember cookies: those of the start before are none of ours. */
	snprintf(prefix, sizeof(prefix), "%016llx_", (unsigned long long)epoch);
	return 0;
}

void ep_asks_open(ep_ask_other_f other)
{
	size_t i;

	on_other = other;
	turned_ms = ep_now_ms();
	for(i = 0; i < ep_nodes_n(); i++) {
		socks[i] = sock_open((int)i);
		if(socks[i] < 0)
			LM_WARN("gateway %zu: %s\n", i, strerror(errno));
	}
}

void ep_asks_poll(struct pollfd *fds)
{
	size_t i;

	for(i = 0; i < ep_nodes_n(); i++)
		fds[i] = (struct pollfd){.fd = socks[i], .events = POLLIN};
}

/* --- hash and wheel --- */

static struct ep_ask **hash_at(uint64_t number)
{
	return &buckets[number % BUCKETS];
}

static void hash_del(struct ep_ask *a)
{
	struct ep_ask **at = hash_at(a->number);

	while(*at != a)
		at = &(*at)->hash_next;
	*at = a->hash_next;
}

static void wheel_put(struct ep_ask *a)
{
	int64_t due = a->due_ms < turned_ms ? turned_ms : a->due_ms;
	struct ep_ask **slot = &slots[(due / SLOT_MS) % SLOTS];

	a->next = *slot;
	if(a->next != NULL)
		a->next->link = &a->next;
	a->link = slot;
	*slot = a;
}

static void wheel_del(struct ep_ask *a)
{
	*a->link = a->next;
	if(a->next != NULL)
		a->next->link = a->link;
}

static void ending_put(struct ep_ask *a)
{
	struct ep_ask **first = &ending[a->spec.node];

	a->node_next = *first;
	if(a->node_next != NULL)
		a->node_next->node_link = &a->node_next;
	a->node_link = first;
	*first = a;
}

static void ending_del(struct ep_ask *a)
{
	if(a->node_link == NULL)
		return;
	*a->node_link = a->node_next;
	if(a->node_next != NULL)
		a->node_next->node_link = a->node_link;
}

static void ask_free(struct ep_ask *a)
{
	hash_del(a);
	wheel_del(a);
	ending_del(a);
	count--;
	pkg_free(a);
}

static void finish(struct ep_ask *a, enum ep_asked how, struct ep_view answer)
{
	struct ep_ask_spec spec = a->spec;

	ask_free(a);
	spec.done(spec.ctx, spec.node, how, answer);
}

void ep_ask_cancel(struct ep_ask *a)
{
	ask_free(a);
}

size_t ep_asks_count(void)
{
	return count;
}

/* --- sending --- */

static bool sent(int node, struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = n};

	if(socks[node] < 0)
		socks[node] = sock_open(node);
	if(socks[node] < 0)
		return false;
	/* The first may bring the refusal of an earlier one. */
	if(sendmsg(socks[node], &m, 0) >= 0)
		return true;
	if(errno == ECONNREFUSED) {
		ep_health_refused(node);
		return sendmsg(socks[node], &m, 0) >= 0;
	}
	return false;
}

static void ask_send(struct ep_ask *a)
{
	char cookie[48];
	int n = snprintf(cookie, sizeof(cookie), "%s%llu ", prefix,
			(unsigned long long)a->number);
	struct iovec iov[2] = {
			{cookie, n},
			{(void *)a->spec.body.p, a->spec.body.len},
	};

	sent(a->spec.node, iov, 2);
}

void ep_ask_send(int node, struct ep_view datagram)
{
	struct iovec iov = {(void *)datagram.p, datagram.len};

	sent(node, &iov, 1);
}

static void due_set(struct ep_ask *a, int64_t now)
{
	a->due_ms = now + a->wait_ms;
	if(a->due_ms > a->end_ms)
		a->due_ms = a->end_ms;
	a->wait_ms *= 2;
	if(a->wait_ms > a->spec.most_ms)
		a->wait_ms = a->spec.most_ms;
}

struct ep_ask *ep_ask_start(const struct ep_ask_spec *spec)
{
	struct ep_ask *a = pkg_malloc(sizeof(*a));
	int64_t now = ep_now_ms();

	if(a == NULL)
		return NULL;
	*a = (struct ep_ask){
			.spec = *spec,
			.number = ++numbers,
			.since_ms = now,
			.end_ms = now + spec->timeout_ms,
			.wait_ms = spec->first_ms,
	};
	a->hash_next = *hash_at(a->number);
	*hash_at(a->number) = a;
	due_set(a, now);
	wheel_put(a);
	if(spec->give_up_when_down)
		ending_put(a);
	count++;
	if(spec->is_command)
		ep_node_count(spec->node, EP_NODE_COMMANDS);
	ask_send(a);
	return a;
}

/* --- answers --- */

/* `<prefix><number> `; NULL: it is none of ours, or was answered before. */
static struct ep_ask *cookie_find(struct ep_view cookie)
{
	struct ep_ask *a;
	uint64_t number;

	if(!ep_view_starts(cookie, ep_view_z(prefix))
			|| !ep_view_u64(
					&number, ep_view_from(cookie, strlen(prefix)), UINT64_MAX))
		return NULL;
	for(a = *hash_at(number); a != NULL && a->number != number;)
		a = a->hash_next;
	return a;
}

static void take(int node, struct ep_view datagram)
{
	struct ep_view rest = datagram;
	struct ep_view cookie = ep_view_cut(&rest, ' ');
	struct ep_ask *a = cookie_find(cookie);

	if(a != NULL && a->spec.node == node) {
		ep_health_answered(node);
		finish(a, EP_ASKED_ANSWER, datagram);
	} else if(a == NULL && !ep_view_starts(cookie, ep_view_z(prefix))) {
		on_other(node, datagram);
	}
}

void ep_asks_read(int i)
{
	static char buf[65536];
	int left;
	ssize_t n;

	/* One that never ends must not keep the others waiting. */
	for(left = READ_MAX; left > 0 && socks[i] >= 0; left--) {
		n = recv(socks[i], buf, sizeof(buf), 0);
		if(n >= 0)
			take(i, ep_view_of(buf, (size_t)n));
		else if(errno == ECONNREFUSED)
			ep_health_refused(i);
		else if(errno != EINTR)
			return;
	}
}

/* --- time --- */

static void due(struct ep_ask *a, int64_t now)
{
	if(now >= a->end_ms) {
		if(a->spec.is_command)
			ep_node_count(a->spec.node, EP_NODE_TIMEOUTS);
		ep_health_missed(a->spec.node, a->since_ms);
		finish(a, EP_ASKED_TIMEOUT, ep_view_none());
		return;
	}
	wheel_del(a);
	due_set(a, now);
	wheel_put(a);
	ep_health_suspect(a->spec.node, a->since_ms);
	if(a->spec.is_command)
		ep_node_count(a->spec.node, EP_NODE_REPEATS);
	ask_send(a);
}

/* One at a time: an end may start, end or cancel others. */
static bool slot_step(struct ep_ask **slot, int64_t now)
{
	struct ep_ask *a;

	for(a = *slot; a != NULL; a = a->next)
		if(a->due_ms <= now) {
			due(a, now);
			return true;
		}
	return false;
}

int ep_asks_step(int max_ms)
{
	int64_t now = ep_now_ms(), from = turned_ms / SLOT_MS, i;

	if(now / SLOT_MS - from >= SLOTS)
		from = now / SLOT_MS - SLOTS + 1;
	turned_ms = now;
	for(i = from; i <= now / SLOT_MS; i++)
		while(slot_step(&slots[i % SLOTS], now))
			;
	if(count == 0)
		return max_ms;
	for(i = now / SLOT_MS; (i - now / SLOT_MS) * SLOT_MS < max_ms; i++)
		if(slots[i % SLOTS] != NULL)
			return (int)((i - now / SLOT_MS + 1) * SLOT_MS);
	return max_ms;
}

void ep_asks_down(int node)
{
	struct ep_ask *a, *here = ending[node];

	/* What an end starts is not among these; what it cancels is no more. */
	ending[node] = NULL;
	if(here != NULL)
		here->node_link = &here;
	while((a = here) != NULL) {
		if(a->spec.is_command)
			ep_node_count(node, EP_NODE_TIMEOUTS);
		finish(a, EP_ASKED_DOWN, ep_view_none());
	}
}
