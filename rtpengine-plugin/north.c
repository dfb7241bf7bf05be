/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "north.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "batch.h"
#include "calls.h"
#include "cookies.h"
#include "events.h"
#include "local.h"
#include "log.h"
#include "ng/shim.h"
#include "resync.h"
#include "service.h"
#include "south.h"
#include "watch.h"

#define DATAGRAM_MAX 65507 /* of UDP over IPv4 */
#define ARENA_FIRST 262144
#define ARENA_MORE (8 << 20)

enum kind
{
	OTHER,
	OFFER,
	ANSWER,
	DELETE
};

/* A command on its way; one block with its strings. */
struct passage
{
	struct ep_cookie *cookie;
	enum kind kind;
	bool web;          /* its SDP is a browser's */
	bool dtls_reverse; /* it names the gateway DTLS server */
	bool of_all;       /* a delete of the whole call */
	struct ep_view call_id, from_tag, to_tag;
};

struct ep_north
{
	int fds[EP_CONF_LISTEN_MAX];
	struct ep_batch *in;
	char out[DATAGRAM_MAX + EP_NG_SHIM_MORE];
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

bool ep_peer_eq(const struct ep_peer *a, const struct ep_peer *b)
{
	return a->socket == b->socket && ep_addr_eq(&a->addr, &b->addr);
}

bool ep_north_send(
		struct ep_iq *iq, const struct ep_peer *to, struct ep_view datagram)
{
	ssize_t n = sendto(iq->north->fds[to->socket], datagram.p, datagram.len, 0,
			&to->addr.sa, to->addr.len);

	if(n >= 0)
		return true;
	ep_stat_inc(iq, send_failed);
	return false;
}

static void result_send(struct ep_iq *iq, const struct ep_peer *to,
		struct ep_view cookie, const char *result, const char *reason)
{
	char text[512];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_message_put_result(&b, cookie, result, ep_view_z(reason));
	ep_north_send(iq, to, ep_buf_view(&b));
}

/* ---- what an answer of rtpengine says of the call ---- */

static void offer_note(
		struct ep_iq *iq, const struct passage *p, struct ep_call *call)
{
	struct ep_call_tag *tag = ep_call_tag_add(call, p->from_tag);

	(void)iq;
	if(tag)
		tag->web = p->web;
	if(call->state != EP_CALL_ANSWERED)
		call->state = EP_CALL_OFFERED;
	call->dtls_reverse |= p->dtls_reverse;
}

static void answer_note(const struct passage *p, struct ep_call *call)
{
	ep_call_tag_add(call, p->from_tag);
	struct ep_call_tag *tag = ep_call_tag_add(call, p->to_tag);

	if(tag)
		tag->web = p->web;
	call->state = EP_CALL_ANSWERED;
}

static void delete_note(struct ep_iq *iq, const struct passage *p)
{
	struct ep_call *call = ep_calls_get(iq, p->call_id);

	if(!call)
		return;
	if(p->of_all) {
		ep_calls_drop(iq, call);
		return;
	}
	call->state = EP_CALL_ENDING;
	call->changed_ms = ep_loop_now_ms(iq->loop);
	ep_resync_call(iq, call);
}

static void call_note(struct ep_iq *iq, const struct passage *p)
{
	if(p->kind == DELETE) {
		delete_note(iq, p);
		return;
	}
	if(p->kind == OTHER || !p->call_id.p)
		return;
	size_t known_n = ep_calls_n(iq);
	struct ep_call *call = ep_calls_add(iq, p->call_id);
	if(!call)
		return;
	if(ep_calls_n(iq) != known_n)
		ep_stat_inc(iq, calls_seen);
	if(p->kind == OFFER)
		offer_note(iq, p, call);
	else
		answer_note(p, call);
	call->changed_ms = ep_loop_now_ms(iq->loop);
	ep_watch_call_changed(iq, call);
}

/* ---- a command that rtpengine answers ---- */

static const char *end_text(enum ep_south_end end)
{
	switch(end) {
		case EP_SOUTH_TIMEOUT:
			return "rtpengine did not answer";
		case EP_SOUTH_GONE:
			return "rtpengine is out of service";
		case EP_SOUTH_BROKEN:
			return "the answer of rtpengine cannot be read";
		default:
			return "rtpengine-iq ends";
	}
}

static void passage_answer(struct ep_iq *iq, struct ep_cookie *cookie,
		const struct ep_ng_message *answer, const char *reason)
{
	struct ep_peer peer = cookie->peer;
	struct ep_buf b;

	ep_buf_init(&b, iq->north->out, DATAGRAM_MAX);
	if(answer) {
		ep_buf_put(&b, cookie->cookie);
		ep_buf_put_chr(&b, ' ');
		ep_ng_put_val(&b, answer->dict);
		reason = "the answer of rtpengine is too long";
	}
	if(!answer || b.overflow) {
		ep_buf_init(&b, iq->north->out, DATAGRAM_MAX);
		ep_ng_message_put_result(
				&b, cookie->cookie, "error", ep_view_z(reason));
	}
	ep_north_send(iq, &peer, ep_buf_view(&b));
	ep_cookies_end(iq, cookie, ep_buf_view(&b));
}

/* rtpengine may do yet what was given up, when nobody wants it any more. Only
 * of a call that is certainly new. */
static void given_up(struct ep_iq *iq, const struct passage *p)
{
	if(p->kind == OFFER && p->call_id.p && !p->to_tag.len
			&& !ep_calls_get(iq, p->call_id) && ep_resync_whole(iq))
		ep_resync_orphan(iq, p->call_id, p->from_tag);
}

static void passage_done(struct ep_iq *iq, void *ctx, enum ep_south_end end,
		const struct ep_ng_message *answer)
{
	struct passage *p = ctx;

	if(end == EP_SOUTH_ENDING) {
		/* Whoever sends it again meets the next process. */
		free(p);
		return;
	}
	passage_answer(iq, p->cookie, answer, answer ? NULL : end_text(end));
	if(!answer)
		given_up(iq, p);
	else if(ep_view_eq(answer->result, EP_LIT("ok")))
		call_note(iq, p);
	else if(ep_view_eq(answer->result, EP_LIT("error")))
		ep_stat_inc(iq, south_errors);
	free(p);
}

static enum kind kind_of(struct ep_view command)
{
	if(ep_view_eq(command, EP_LIT("offer")))
		return OFFER;
	if(ep_view_eq(command, EP_LIT("answer")))
		return ANSWER;
	return ep_view_eq(command, EP_LIT("delete")) ? DELETE : OTHER;
}

static struct ep_view copy_put(char **at, struct ep_view v)
{
	char *p = *at;

	if(!v.p)
		return v;
	memcpy(p, v.p, v.len);
	*at += v.len;
	return ep_view_of(p, v.len);
}

static struct passage *passage_new(const struct ep_ng_message *msg,
		const struct ep_ng_shim *shim, struct ep_cookie *cookie)
{
	struct ep_view call_id = ep_ng_get_str(msg->dict, EP_LIT("call-id"));
	struct ep_view from = ep_ng_get_str(msg->dict, EP_LIT("from-tag"));
	struct ep_view to = ep_ng_get_str(msg->dict, EP_LIT("to-tag"));
	struct passage *p = calloc(1, sizeof *p + call_id.len + from.len + to.len);

	if(!p)
		return NULL;
	char *at = (char *)(p + 1);
	p->cookie = cookie;
	p->kind = kind_of(msg->command);
	p->web = shim->from_browser;
	p->dtls_reverse =
			shim->add_dtls_reverse
			|| ep_view_ieq(ep_ng_get_str(msg->dict, EP_LIT("DTLS-reverse")),
					EP_LIT("passive"));
	p->of_all = !to.len && !ep_ng_get(msg->dict, EP_LIT("via-branch"));
	p->call_id = copy_put(&at, call_id);
	p->from_tag = copy_put(&at, from);
	p->to_tag = copy_put(&at, to);
	return p;
}

static void command_pass(struct ep_iq *iq, const struct ep_ng_message *msg,
		const struct ep_ng_shim *shim, struct ep_cookie *cookie,
		const struct ep_cookie_id *id)
{
	char south[EP_SOUTH_COOKIE_LEN + 1];
	struct passage *p = passage_new(msg, shim, cookie);
	struct ep_buf b;

	if(ep_ng_shim_changes(shim))
		ep_stat_inc(iq, changed);
	ep_cookie_south(south, id);
	ep_buf_init(&b, iq->north->out, DATAGRAM_MAX - EP_SOUTH_COOKIE_LEN - 1);
	ep_ng_shim_print(&b, msg, shim);
	if(b.overflow) {
		ep_stat_inc(iq, refused_size);
		passage_answer(iq, cookie, NULL, "the command is too long");
	} else if(!p
			  || !ep_south_ask(iq, south, ep_buf_view(&b), passage_done, p)) {
		passage_answer(iq, cookie, NULL, "no memory");
	} else {
		return;
	}
	free(p);
}

static void shim_plan(struct ep_ng_shim *shim, struct ep_iq *iq,
		const struct ep_ng_message *msg)
{
	const struct ep_call *call =
			ep_calls_get(iq, ep_ng_get_str(msg->dict, EP_LIT("call-id")));
	struct ep_ng_shim_ctx ctx = {.version = &iq->version,
			.dtls_reverse = call && call->dtls_reverse};

	ep_ng_shim_plan(shim, msg, &ctx);
}

static void command_first(struct ep_iq *iq, const struct ep_ng_message *msg,
		struct ep_cookie *cookie, const struct ep_cookie_id *id)
{
	struct ep_ng_shim shim;

	shim_plan(&shim, iq, msg);
	if(shim.refuse) {
		ep_stat_inc(iq, refused_fragment);
		passage_answer(iq, cookie, NULL, shim.refuse);
	} else if(!ep_service_up(iq)) {
		ep_stat_inc(iq, out_of_service);
		passage_answer(iq, cookie, NULL, "rtpengine is out of service");
	} else {
		command_pass(iq, msg, &shim, cookie, id);
	}
}

static void command_take(struct ep_iq *iq, const struct ep_peer *from,
		const struct ep_ng_message *msg)
{
	struct ep_cookie_id id;
	struct ep_cookie *cookie;

	ep_cookie_id_make(&id, from, msg->cookie, msg->dict->raw);
	switch(ep_cookies_begin(&cookie, iq, &id, from, msg->cookie)) {
		case EP_COOKIE_NEW:
			command_first(iq, msg, cookie, &id);
			break;
		case EP_COOKIE_INFLIGHT:
			ep_stat_inc(iq, absorbed);
			break;
		case EP_COOKIE_ANSWERED:
			ep_stat_inc(iq, repeated);
			ep_north_send(
					iq, from, ep_view_of(cookie->answer, cookie->answer_len));
			break;
		case EP_COOKIE_FULL:
		default:
			/* Kamailio's module takes an offer to another node on this. */
			ep_stat_inc(iq, refused_load);
			result_send(iq, from, msg->cookie, "load limit",
					"too many commands under way");
	}
}

static void local_take(struct ep_iq *iq, const struct ep_peer *from,
		const struct ep_ng_message *msg, ep_local_f fn)
{
	struct ep_request req = {.from = *from, .msg = msg};
	char text[8192];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_message_open(&b, msg->cookie);
	fn(iq, &req, &b);
	ep_ng_close(&b);
	if(!b.overflow)
		ep_north_send(iq, from, ep_buf_view(&b));
}

static void message_take(struct ep_iq *iq, const struct ep_peer *from,
		const struct ep_ng_message *msg)
{
	if(!msg->command.p && msg->result.p) {
		ep_events_answered(iq, from, msg);
		return;
	}
	ep_stat_inc(iq, requests);
	if(!msg->command.p) {
		result_send(iq, from, msg->cookie, "error", "no command");
		return;
	}
	ep_local_f fn = ep_local_find(msg->command);
	if(fn)
		local_take(iq, from, msg, fn);
	else
		command_take(iq, from, msg);
}

/* ---- datagrams ---- */

static void datagram_refuse(struct ep_iq *iq, const struct ep_peer *from,
		struct ep_view cookie, enum ep_err err)
{
	static struct ep_log_limit limit;
	char text[EP_ADDR_TEXT_MAX];

	ep_stat_inc(iq, refused_syntax);
	if(err == EP_ENOMEM)
		ep_stat_inc(iq, out_of_memory);
	ep_log_limited(&limit, ep_loop_now_ms(iq->loop), EP_LOG_WARNING,
			"a datagram of %s is no command: %s",
			ep_addr_print(text, &from->addr), ep_err_text(err));
	if(cookie.p)
		result_send(iq, from, cookie, "error",
				err == EP_ENOMEM ? "no memory"
								 : "the dictionary cannot be read");
}

static void datagram_take(
		struct ep_iq *iq, const struct ep_peer *from, struct ep_view datagram)
{
	static struct ep_log_limit limit;
	char text[EP_ADDR_TEXT_MAX];
	struct ep_ng_message msg;
	struct ep_arena arena;

	if(!ep_conf_allows(iq->conf, &from->addr)) {
		ep_stat_inc(iq, refused_source);
		ep_log_limited(&limit, ep_loop_now_ms(iq->loop), EP_LOG_WARNING,
				"%s may not command", ep_addr_print(text, &from->addr));
		return;
	}
	if(datagram.len > DATAGRAM_MAX) {
		ep_stat_inc(iq, refused_size);
		return;
	}
	ep_arena_init(&arena, iq->north->arena, sizeof iq->north->arena, &heap,
			ARENA_MORE);
	enum ep_err err = ep_ng_message_decode(&msg, datagram, &arena);
	if(err)
		datagram_refuse(iq, from, msg.cookie, err);
	else
		message_take(iq, from, &msg);
	ep_arena_fini(&arena);
}

static unsigned socket_of(const struct ep_iq *iq, int fd)
{
	unsigned i = 0;

	while(iq->north->fds[i] != fd)
		i++;
	return i;
}

static void north_ready(void *ctx, int fd, uint32_t events)
{
	struct ep_iq *iq = ctx;
	struct ep_north *n = iq->north;
	struct ep_peer from = {.socket = socket_of(iq, fd)};

	(void)events;
	int got = ep_batch_recv(n->in, fd);
	for(int i = 0; i < got; i++) {
		from.addr = n->in->from[i];
		datagram_take(iq, &from, ep_batch_get(n->in, i));
	}
}

int ep_north_init(struct ep_iq *iq)
{
	char text[EP_ADDR_TEXT_MAX];
	int room = 4 << 20;

	iq->north = calloc(1, sizeof *iq->north);
	if(!iq->north)
		return -1;
	for(size_t i = 0; i < EP_CONF_LISTEN_MAX; i++)
		iq->north->fds[i] = -1;
	iq->north->in = ep_batch_new();
	if(!iq->north->in)
		return -1;
	for(size_t i = 0; i < iq->conf->listen_n; i++) {
		const struct ep_addr *addr = &iq->conf->listen[i];
		int fd = iq->north->fds[i] = ep_addr_udp(addr);
		if(fd < 0 || ep_loop_fd_add(iq->loop, fd, EPOLLIN, north_ready, iq)) {
			ep_log(EP_LOG_ERROR, "listen = %s: %s", ep_addr_print(text, addr),
					strerror(errno));
			return -1;
		}
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	}
	return 0;
}

void ep_north_fini(struct ep_iq *iq)
{
	for(size_t i = 0; iq->north && i < EP_CONF_LISTEN_MAX; i++)
		if(iq->north->fds[i] >= 0) {
			ep_loop_fd_del(iq->loop, iq->north->fds[i]);
			close(iq->north->fds[i]);
		}
	if(iq->north)
		ep_batch_free(iq->north->in);
	free(iq->north);
	iq->north = NULL;
}
