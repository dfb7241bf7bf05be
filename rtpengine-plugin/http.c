/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "http.h"

#include <libwebsockets.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/buf.h"
#include "dtmf.h"
#include "log.h"
#include "metrics.h"

#define TEXT_MAX 65536
#define BODY_MAX 4096
#define NOTICES_MAX 1024
#define PATIENCE_s 5

enum page
{
	METRICS,
	HEALTH,
	PAGES_N
};

/* A body that the loop has not seen yet. */
struct notice
{
	struct notice *next;
	size_t len;
	char text[];
};

struct ep_http
{
	struct ep_iq *iq;
	struct lws_context *context;
	struct lws_vhost *vhost[2];
	pthread_t thread;
	bool running;
	int wake; /* eventfd: the thread -> the loop */
	/* Under the lock: */
	pthread_mutex_t lock;
	bool stop;
	uint64_t asked, told; /* rounds: of pages wanted, of pages made */
	char text[PAGES_N][TEXT_MAX];
	size_t len[PAGES_N];
	bool up;
	struct notice *first, *last;
	size_t notice_n;
	uint64_t notice_lost;
};

/* Of a connection; the thread's. */
struct session
{
	enum page page;
	uint64_t round; /* of `asked` that it waits for; 0: for none */
	char *body;
	size_t body_len;
};

static void loop_wake(struct ep_http *h)
{
	uint64_t one = 1;

	/* A full counter wakes as well. */
	(void)!write(h->wake, &one, sizeof one);
}

/* ---- the thread ---- */

static int answer_send(struct lws *wsi, unsigned code, const char *type,
		const char *text, size_t len)
{
	unsigned char head[LWS_PRE + 1024];
	unsigned char *from = head + LWS_PRE, *p = from,
				  *end = head + sizeof head - 1;

	if(lws_add_http_common_headers(wsi, code, type, len, &p, end)
			|| lws_add_http_header_by_name(wsi,
					(const unsigned char *)"Cache-Control:",
					(const unsigned char *)"no-store", 8, &p, end)
			|| lws_finalize_write_http_header(wsi, from, &p, end))
		return -1;
	unsigned char *body = malloc(LWS_PRE + len + 1);
	if(!body)
		return -1;
	memcpy(body + LWS_PRE, text, len);
	int n = lws_write(wsi, body + LWS_PRE, len, LWS_WRITE_HTTP_FINAL);
	free(body);
	if(n < 0)
		return -1;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int refuse(struct lws *wsi, unsigned code)
{
	lws_return_http_status(wsi, code, NULL);
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int page_ask(
		struct ep_http *h, struct lws *wsi, struct session *s, enum page page)
{
	pthread_mutex_lock(&h->lock);
	s->page = page;
	s->round = ++h->asked;
	pthread_mutex_unlock(&h->lock);
	loop_wake(h);
	/* A loop that stands still must not look healthy. */
	lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, PATIENCE_s);
	return 0;
}

static int request(
		struct ep_http *h, struct lws *wsi, struct session *s, const char *path)
{
	bool is_notice = lws_get_vhost(wsi) == h->vhost[1];

	if(lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI))
		return is_notice ? 0 : refuse(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED);
	if(is_notice || !lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI))
		return refuse(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED);
	if(strcmp(path, "/metrics") == 0)
		return page_ask(h, wsi, s, METRICS);
	if(strcmp(path, "/healthz") == 0)
		return page_ask(h, wsi, s, HEALTH);
	return refuse(wsi, HTTP_STATUS_NOT_FOUND);
}

static int writeable(struct ep_http *h, struct lws *wsi, struct session *s)
{
	static const char *const type[PAGES_N] = {
			"text/plain; version=0.0.4; charset=utf-8",
			"text/plain; charset=utf-8"};
	static __thread char text[TEXT_MAX];

	pthread_mutex_lock(&h->lock);
	bool ready = s->round && s->round <= h->told;
	size_t len = h->len[s->page];
	bool up = h->up;
	if(ready)
		memcpy(text, h->text[s->page], len);
	pthread_mutex_unlock(&h->lock);
	if(!ready)
		return 0;
	s->round = 0;
	return answer_send(wsi,
			s->page == METRICS || up ? HTTP_STATUS_OK
									 : HTTP_STATUS_SERVICE_UNAVAILABLE,
			type[s->page], text, len);
}

static int body_add(struct session *s, const char *text, size_t len)
{
	if(!len)
		return 0;
	if(len > BODY_MAX - s->body_len)
		return -1;
	if(!s->body)
		s->body = malloc(BODY_MAX);
	if(!s->body)
		return -1;
	memcpy(s->body + s->body_len, text, len);
	s->body_len += len;
	return 0;
}

static void notice_push(struct ep_http *h, const struct session *s)
{
	struct notice *n = malloc(sizeof *n + s->body_len);

	if(n) {
		n->next = NULL;
		n->len = s->body_len;
		if(n->len)
			memcpy(n->text, s->body, n->len);
	}
	pthread_mutex_lock(&h->lock);
	if(!n || h->notice_n >= NOTICES_MAX) {
		h->notice_lost++;
		free(n);
	} else {
		*(h->last ? &h->last->next : &h->first) = n;
		h->last = n;
		h->notice_n++;
	}
	pthread_mutex_unlock(&h->lock);
	loop_wake(h);
}

static int body_whole(struct ep_http *h, struct lws *wsi, struct session *s)
{
	static const char said[] =
			"<?xml version=\"1.0\"?>\n<methodResponse><params><param><value>"
			"<string>ok</string></value></param></params></methodResponse>\n";

	notice_push(h, s);
	free(s->body);
	s->body = NULL;
	s->body_len = 0;
	return answer_send(wsi, HTTP_STATUS_OK, "text/xml", said, sizeof said - 1);
}

/* The descriptor is that of a connection that was just accepted. */
static int admit(struct ep_http *h, int fd)
{
	struct ep_addr from = {.len = sizeof from.in6};

	if(getpeername(fd, &from.sa, &from.len))
		return -1;
	return ep_notice_allows(h->iq->conf, &from) ? 0 : -1;
}

static void waiting_wake(struct ep_http *h, struct lws *wsi)
{
	struct lws_vhost *vhost = lws_get_vhost(wsi);

	(void)h;
	lws_callback_on_writable_all_protocol_vhost(vhost, lws_get_protocol(wsi));
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason,
		void *user, void *in, size_t len)
{
	struct ep_http *h = lws_context_user(lws_get_context(wsi));
	struct session *s = user;

	switch(reason) {
		case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
			return admit(h, (int)(intptr_t)in);
		case LWS_CALLBACK_HTTP:
			return request(h, wsi, s, in);
		case LWS_CALLBACK_HTTP_BODY:
			return body_add(s, in, len);
		case LWS_CALLBACK_HTTP_BODY_COMPLETION:
			return body_whole(h, wsi, s);
		case LWS_CALLBACK_HTTP_WRITEABLE:
			return s ? writeable(h, wsi, s) : 0;
		case LWS_CALLBACK_CLOSED_HTTP:
			if(s) {
				free(s->body);
				s->body = NULL;
			}
			return 0;
		case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
			waiting_wake(h, wsi);
			return 0;
		default:
			return 0;
	}
}

static const struct lws_protocols protocols[] = {
		{"http", callback, sizeof(struct session), 0, 0, NULL, 0},
		{NULL, NULL, 0, 0, 0, NULL, 0}};

static void *thread_run(void *ctx)
{
	struct ep_http *h = ctx;

	for(;;) {
		pthread_mutex_lock(&h->lock);
		bool stop = h->stop;
		pthread_mutex_unlock(&h->lock);
		if(stop || lws_service(h->context, 0) < 0)
			return NULL;
	}
}

/* ---- the loop ---- */

static void pages_make(struct ep_http *h)
{
	struct ep_buf b;

	ep_buf_init(&b, h->text[METRICS], TEXT_MAX);
	ep_metrics_put(h->iq, &b);
	h->len[METRICS] = b.overflow ? 0 : b.len;
	ep_buf_init(&b, h->text[HEALTH], TEXT_MAX);
	h->up = ep_health_put(h->iq, &b);
	h->len[HEALTH] = b.len;
}

static void woken(void *ctx, int fd, uint32_t events)
{
	struct ep_http *h = ctx;
	uint64_t n;

	(void)events;
	if(read(fd, &n, sizeof n) != sizeof n)
		return;
	pthread_mutex_lock(&h->lock);
	struct notice *first = h->first;
	h->first = h->last = NULL;
	h->notice_n = 0;
	h->iq->stats.n[EP_STAT_refused_notice] += h->notice_lost;
	h->notice_lost = 0;
	bool asked = h->told != h->asked;
	if(asked) {
		pages_make(h);
		h->told = h->asked;
	}
	pthread_mutex_unlock(&h->lock);
	if(asked)
		lws_cancel_service(h->context);
	while(first) {
		struct notice *next = first->next;
		ep_notice_silence(h->iq, ep_view_of(first->text, first->len));
		free(first);
		first = next;
	}
}

static struct lws_vhost *vhost_make(
		struct ep_http *h, const char *name, const struct ep_addr *at)
{
	struct lws_context_creation_info info = {0};
	char text[EP_ADDR_TEXT_MAX];

	if(getnameinfo(
			   &at->sa, at->len, text, sizeof text, NULL, 0, NI_NUMERICHOST))
		return NULL;
	info.vhost_name = name;
	info.iface = text;
	info.port = ntohs(
			at->sa.sa_family == AF_INET6 ? at->in6.sin6_port : at->in.sin_port);
	info.protocols = protocols;
	info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
	if(at->sa.sa_family == AF_INET6)
		info.options |= LWS_SERVER_OPTION_IPV6_V6ONLY_MODIFY
						| LWS_SERVER_OPTION_IPV6_V6ONLY_VALUE;
	else
		info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	info.keepalive_timeout = PATIENCE_s;
	info.timeout_secs = PATIENCE_s;
	struct lws_vhost *vhost = lws_create_vhost(h->context, &info);
	if(!vhost)
		ep_log(EP_LOG_ERROR, "HTTP at %s port %d is not possible", text,
				info.port);
	return vhost;
}

static int context_make(struct ep_http *h)
{
	const struct ep_conf *conf = h->iq->conf;
	struct lws_context_creation_info info = {0};

	lws_set_log_level(LLL_ERR, NULL);
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.user = h;
	info.pt_serv_buf_size = BODY_MAX;
	h->context = lws_create_context(&info);
	if(!h->context)
		return -1;
	if(conf->http_listen.len
			&& !(h->vhost[0] = vhost_make(h, "watch", &conf->http_listen)))
		return -1;
	if(conf->timeout_listen.len
			&& !(h->vhost[1] = vhost_make(h, "notice", &conf->timeout_listen)))
		return -1;
	return 0;
}

int ep_http_init(struct ep_iq *iq)
{
	struct ep_http *h;

	if(!iq->conf->http_listen.len && !iq->conf->timeout_listen.len)
		return 0;
	h = iq->http = calloc(1, sizeof *h);
	if(!h)
		return -1;
	h->iq = iq;
	pthread_mutex_init(&h->lock, NULL);
	h->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if(h->wake < 0 || ep_loop_fd_add(iq->loop, h->wake, EPOLLIN, woken, h)
			|| context_make(h))
		return -1;
	/* Signals are the loop's: they are blocked since before. */
	int err = pthread_create(&h->thread, NULL, thread_run, h);
	if(err)
		ep_log(EP_LOG_ERROR, "HTTP: %s", strerror(err));
	h->running = !err;
	return err ? -1 : 0;
}

void ep_http_fini(struct ep_iq *iq)
{
	struct ep_http *h = iq->http;

	if(!h)
		return;
	if(h->running) {
		pthread_mutex_lock(&h->lock);
		h->stop = true;
		pthread_mutex_unlock(&h->lock);
		lws_cancel_service(h->context);
		pthread_join(h->thread, NULL);
	}
	if(h->context)
		lws_context_destroy(h->context);
	if(h->wake >= 0) {
		ep_loop_fd_del(iq->loop, h->wake);
		close(h->wake);
	}
	while(h->first) {
		struct notice *next = h->first->next;
		free(h->first);
		h->first = next;
	}
	pthread_mutex_destroy(&h->lock);
	free(h);
	iq->http = NULL;
}
