/* SPDX-License-Identifier: BSD-2-Clause */
/* For bench-iq. Three programs in one:
 *
 *   load HOST PORT CALLS PER_S HOLD_ms OFFER ANSWER [PREFIX]
 *       sets calls up at an even rate (offer, answer, HOLD_ms, delete), sends
 *       a command again after 300 ms as a proxy would, and prints JSON
 *   respond HOST PORT OFFER ANSWER
 *       an ng server that costs next to nothing: says ok to everything, with a
 *       session description as large as a real one
 *   forward HOST PORT TO_HOST TO_PORT
 *       what a process between one proxy and rtpengine costs at least:
 *       datagrams go on as they come, and back, unseen
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "ng/message.h"

#define REPEAT_ns 300000000LL
#define TRIES 5

enum step
{
	OFFER,
	ANSWER,
	HOLD,
	DELETE,
	DONE,
	FAILED
};

struct call
{
	enum step step;
	unsigned tries;
	int64_t since; /* of the command under way */
	int64_t due;   /* repeated, or the hold is over */
	int64_t began;
};

static struct
{
	struct ep_view sdp[2];
	const char *prefix;
	int fd;
	unsigned n, ended;
	struct call *calls;
	unsigned long sent, repeated, errors, unanswered;
	char why[80]; /* the first error's reason */
	int64_t hold;
	int64_t *took; /* of each set-up: offer sent to answer's answer */
	unsigned took_n;
} load;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *why)
{
	fprintf(stderr, "%s: %s\n", why, strerror(errno));
	exit(1);
}

static struct ep_view file_read(const char *path)
{
	static char room[1 << 17];
	static size_t used;
	FILE *f = fopen(path, "r");
	char *p = room + used;

	if(!f)
		die(path);
	size_t n = fread(p, 1, sizeof(room) - used, f);
	fclose(f);
	used += n;
	return ep_view_of(p, n);
}

static int socket_open(const char *host, const char *port, bool server)
{
	struct sockaddr_in to = {
			.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int room = 4 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, host, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if(server ? bind(fd, (struct sockaddr *)&to, sizeof(to))
			  : connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(host);
	return fd;
}

static void put_list(struct ep_buf *b, const char *key, const char *word)
{
	ep_ng_put_key(b, key);
	ep_ng_list_open(b);
	ep_ng_put_str(b, ep_view_z(word));
	ep_ng_close(b);
}

/* What sdp_mediate says for a call of a browser to the core. */
static void command_put(struct ep_buf *b, enum step step, const char *call_id)
{
	static const char *const name[] = {"offer", "answer", "", "delete"};

	ep_ng_put_pair(b, "call-id", ep_view_z(call_id));
	ep_ng_put_pair(b, "command", ep_view_z(name[step]));
	ep_ng_put_pair(b, "from-tag", EP_LIT("from"));
	if(step == DELETE)
		return;
	if(step == ANSWER)
		ep_ng_put_pair(b, "to-tag", EP_LIT("to"));
	ep_ng_put_pair(b, "ICE", ep_view_z(step == OFFER ? "remove" : "force"));
	if(step == OFFER) {
		ep_ng_put_pair(b, "DTLS", EP_LIT("off"));
		ep_ng_put_pair(b, "DTLS-reverse", EP_LIT("passive"));
	}
	ep_ng_put_pair(b, "transport-protocol",
			ep_view_z(step == OFFER ? "RTP/AVP" : "UDP/TLS/RTP/SAVPF"));
	put_list(b, "flags", "trust-address");
	put_list(b, "replace", "origin");
	put_list(b, "SDES", "off");
	put_list(b, "rtcp-mux", step == OFFER ? "demux" : "accept");
	ep_ng_put_pair(b, "sdp", load.sdp[step]);
}

static void command_send(unsigned i)
{
	static char text[65536];
	char cookie[64], call_id[64];
	struct call *c = &load.calls[i];
	struct ep_buf b;

	snprintf(cookie, sizeof(cookie), "%s_%u_%d", load.prefix, i, c->step);
	snprintf(call_id, sizeof(call_id), "%s-%u@bench.example", load.prefix, i);
	ep_buf_init(&b, text, sizeof(text));
	ep_ng_message_open(&b, ep_view_z(cookie));
	command_put(&b, c->step, call_id);
	ep_ng_close(&b);
	c->due = now_ns() + REPEAT_ns;
	load.sent++;
	if(send(load.fd, b.p, b.len, 0) < 0 && errno != EAGAIN)
		die("send");
}

static void step_begin(unsigned i, enum step step)
{
	struct call *c = &load.calls[i];

	c->step = step;
	c->tries = 1;
	if(step == DONE || step == FAILED)
		load.ended++;
	else if(step == HOLD)
		c->due = now_ns() + load.hold;
	else
		command_send(i);
}

static void answered(
		unsigned i, enum step step, const struct ep_ng_message *msg)
{
	struct call *c = &load.calls[i];

	if(c->step != step)
		return; /* to one that was sent twice */
	if(!ep_view_eq(msg->result, EP_LIT("ok"))) {
		struct ep_view why = ep_ng_get_str(msg->dict, EP_LIT("error-reason"));
		if(!load.errors++)
			snprintf(load.why, sizeof(load.why), "%.*s", EP_FMT(why));
		step_begin(i, FAILED);
		return;
	}
	if(step == ANSWER) {
		load.took[load.took_n++] = now_ns() - c->began;
		step_begin(i, load.hold ? HOLD : DELETE);
	} else {
		step_begin(i, step == OFFER ? ANSWER : DONE);
	}
}

static void answers_read(void)
{
	static char in[65536], room[1 << 18];
	struct ep_arena arena;
	struct ep_ng_message msg;
	ssize_t n;

	while((n = recv(load.fd, in, sizeof(in) - 1, 0)) > 0) {
		unsigned i;
		int step;
		char *end = memchr(in, ' ', (size_t)n);
		ep_arena_init(&arena, room, sizeof(room), NULL, 0);
		enum ep_err err =
				ep_ng_message_decode(&msg, ep_view_of(in, (size_t)n), &arena);
		if(!end || err)
			continue;
		*end = 0;
		if(strncmp(in, load.prefix, strlen(load.prefix)) == 0
				&& sscanf(in + strlen(load.prefix), "_%u_%d", &i, &step) == 2
				&& i < load.n)
			answered(i, (enum step)step, &msg);
	}
}

static void due_look(unsigned begun)
{
	int64_t now = now_ns();

	for(unsigned i = 0; i < begun; i++) {
		struct call *c = &load.calls[i];
		if(c->step >= DONE || c->due > now)
			continue;
		if(c->step == HOLD) {
			step_begin(i, DELETE);
		} else if(c->tries++ == TRIES) {
			load.unanswered++;
			step_begin(i, FAILED);
		} else {
			load.repeated++;
			command_send(i);
		}
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void load_run(double per_s)
{
	struct pollfd p = {.fd = load.fd, .events = POLLIN};
	int64_t start = now_ns(), looked = start, all_begun = 0;
	unsigned begun = 0, failed = 0;

	while(load.ended < load.n) {
		int64_t now = now_ns();
		for(; begun < load.n && (double)(now - start) * 1e-9 * per_s >= begun;
				begun++) {
			load.calls[begun].began = now;
			step_begin(begun, OFFER);
			all_begun = now;
		}
		if(now - looked > 5000000) {
			due_look(begun);
			looked = now;
		}
		poll(&p, 1, 1);
		answers_read();
	}
	for(unsigned i = 0; i < load.n; i++)
		failed += load.calls[i].step == FAILED;
	qsort(load.took, load.took_n, sizeof(*load.took), by_size);
	double span_s = (double)(all_begun - start) * 1e-9;
	printf("{\"calls\":%u,\"ok\":%u,\"failed\":%u,\"sent\":%lu,\"repeated\":%lu,"
		   "\"errors\":%lu,\"first_error\":\"%s\",\"unanswered\":%lu,\"offered_per_s\":%.1f,"
		   "\"setup_ms_median\":%.2f,\"setup_ms_p99\":%.2f}\n",
			load.n, load.n - failed, failed, load.sent, load.repeated,
			load.errors, load.why, load.unanswered,
			span_s > 0 ? (load.n - 1) / span_s : 0,
			load.took_n ? (double)load.took[load.took_n / 2] * 1e-6 : 0,
			load.took_n ? (double)load.took[load.took_n * 99 / 100] * 1e-6 : 0);
}

static void respond_run(int fd)
{
	static char in[65536], out[65536], room[1 << 18];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct sockaddr_in from;
	struct ep_ng_message msg;
	struct ep_arena arena;
	struct ep_buf b;

	for(;;) {
		socklen_t len = sizeof(from);
		ssize_t n =
				recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&from, &len);
		if(n < 0) {
			poll(&p, 1, -1);
			continue;
		}
		ep_arena_init(&arena, room, sizeof(room), NULL, 0);
		if(ep_ng_message_decode(&msg, ep_view_of(in, (size_t)n), &arena))
			continue;
		ep_buf_init(&b, out, sizeof(out));
		ep_ng_message_open(&b, msg.cookie);
		bool offer = ep_view_eq(msg.command, EP_LIT("offer"));
		if(ep_view_eq(msg.command, EP_LIT("ping"))) {
			ep_ng_put_pair(&b, "result", EP_LIT("pong"));
		} else {
			if(ep_view_eq(msg.command, EP_LIT("list")))
				ep_buf_put_z(&b, "5:callsle");
			ep_ng_put_pair(&b, "result", EP_LIT("ok"));
			if(offer || ep_view_eq(msg.command, EP_LIT("answer")))
				ep_ng_put_pair(&b, "sdp", load.sdp[!offer]);
		}
		ep_ng_close(&b);
		sendto(fd, out, b.len, 0, (struct sockaddr *)&from, len);
	}
}

static void forward_run(int north, int south)
{
	static char text[65536];
	int fds[] = {north, south}, wait = epoll_create1(0);
	struct sockaddr_in from = {0};
	socklen_t len = sizeof(from);
	struct epoll_event e;

	for(unsigned i = 0; i < 2; i++) {
		e = (struct epoll_event){.events = EPOLLIN, .data.u32 = i};
		if(epoll_ctl(wait, EPOLL_CTL_ADD, fds[i], &e))
			die("epoll_ctl");
	}
	while(epoll_wait(wait, &e, 1, -1) > 0 || errno == EINTR) {
		bool up = e.data.u32 == 0;
		ssize_t n = up ? recvfrom(north, text, sizeof(text), 0,
							(struct sockaddr *)&from, &len)
					   : recv(south, text, sizeof(text), 0);
		if(n > 0 && up)
			send(south, text, (size_t)n, 0);
		else if(n > 0)
			sendto(north, text, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

int main(int argc, char **argv)
{
	if(argc == 6 && strcmp(argv[1], "forward") == 0) {
		int north = socket_open(argv[2], argv[3], true);
		forward_run(north, socket_open(argv[4], argv[5], false));
		return 1;
	}
	if(argc == 6 && strcmp(argv[1], "respond") == 0) {
		load.sdp[0] = file_read(argv[4]);
		load.sdp[1] = file_read(argv[5]);
		respond_run(socket_open(argv[2], argv[3], true));
	}
	if(argc < 9 || strcmp(argv[1], "load") != 0)
		return 2;
	load.fd = socket_open(argv[2], argv[3], false);
	load.n = (unsigned)atoi(argv[4]);
	load.hold = (int64_t)atoi(argv[6]) * 1000000;
	load.sdp[0] = file_read(argv[7]);
	load.sdp[1] = file_read(argv[8]);
	load.prefix = argc > 9 ? argv[9] : "b";
	load.calls = calloc(load.n, sizeof(*load.calls));
	load.took = calloc(load.n, sizeof(*load.took));
	if(!load.calls || !load.took)
		die("calloc");
	load_run(atof(argv[5]));
	return 0;
}
