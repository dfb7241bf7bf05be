/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/dprint.h"
#include "core/mem/mem.h"

#include "base/buf.h"
#include "common/clock.h"
#include "common/view.h"
#include "webrtc_auth/http.h"

/* Idle connections that are kept for the next request, to all hosts, and how
 * long: each takes some 50 kB, in shared memory where tls.so is loaded. */
#define KEPT_CONNECTIONS 128
#define KEPT_S 20
#define BODY_FIRST 4096
#define HEADERS_MAX 1024

struct host
{
	struct host *next;
	unsigned active;         /* requests that are counted */
	unsigned users;          /* requests of all kinds */
	struct ep_http *waiting; /* oldest first */
	struct ep_http **last;
	struct ep_view name; /* host:port as in the URL; behind the struct */
};

struct ep_http
{
	struct ep_http *next; /* in host.waiting */
	struct ep_http *newer, *older;
	struct host *host;
	bool is_urgent;
	bool is_active; /* in curl's hands */
	CURL *easy;
	struct curl_slist *headers;
	int64_t deadline_ms;
	ep_http_done_f done;
	void *ctx;
	char *body; /* what came so far */
	size_t len, cap, max_len;
	bool too_long;
	bool no_memory;
	char error[CURL_ERROR_SIZE];
};

static CURLM *multi;
static struct host *hosts;
/* All requests; new ones at the head. */
static struct ep_http *all;
/* The next one deadlines_step() looks at, whatever is cancelled meanwhile. */
static struct ep_http *cursor;

const char *ep_http_flaw(
		char why[EP_HTTP_FLAW_MAX], const struct ep_http_answer *answer)
{
	if(answer->error != NULL)
		return answer->error;
	if(answer->status == 200)
		return NULL;
	snprintf(why, EP_HTTP_FLAW_MAX, "HTTP status %ld", answer->status);
	return why;
}

int ep_http_init(void)
{
	if(curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return -1;
	multi = curl_multi_init();
	if(multi == NULL)
		return -1;
	if(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS)
					!= CURLM_OK
			|| curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING)
					   != CURLM_OK) {
		curl_multi_cleanup(multi);
		multi = NULL;
		return -1;
	}
	return 0;
}

/* --- hosts --- */

static struct ep_view host_of(struct ep_view url)
{
	struct ep_view rest = ep_view_from(url, sizeof("https://") - 1);
	size_t n;

	for(n = 0; n < rest.len; n++)
		if(rest.p[n] == '/' || rest.p[n] == '?' || rest.p[n] == '#')
			break;
	return ep_view_of(rest.p, n);
}

static struct host *host_need(struct ep_view name)
{
	struct host *h;

	for(h = hosts; h != NULL; h = h->next)
		if(ep_view_eq(h->name, name))
			return h;
	h = pkg_malloc(sizeof(*h) + name.len + 1);
	if(h == NULL)
		return NULL;
	memset(h, 0, sizeof(*h));
	memcpy(h + 1, name.p, name.len);
	h->name = ep_view_of((char *)(h + 1), name.len);
	h->last = &h->waiting;
	h->next = hosts;
	hosts = h;
	return h;
}

static void host_release(struct host *h)
{
	struct host **at;

	if(h == NULL || --h->users > 0)
		return;
	for(at = &hosts; *at != h; at = &(*at)->next)
		;
	*at = h->next;
	pkg_free(h);
}

static void wait_begin(struct ep_http *r)
{
	r->next = NULL;
	*r->host->last = r;
	r->host->last = &r->next;
}

static void wait_end(struct ep_http *r)
{
	struct ep_http **at;

	for(at = &r->host->waiting; *at != NULL; at = &(*at)->next)
		if(*at == r) {
			*at = r->next;
			if(r->host->last == &r->next)
				r->host->last = at;
			return;
		}
}

/* --- one request --- */

/* The text of a secret does not stay behind in freed memory. */
static void forget(CURL *easy, struct curl_slist *headers)
{
	struct curl_slist *h;

	if(easy != NULL)
		curl_easy_cleanup(easy);
	for(h = headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
}

static void request_free(struct ep_http *r)
{
	if(r->is_active) {
		curl_multi_remove_handle(multi, r->easy);
		if(!r->is_urgent)
			r->host->active--;
	} else if(r->host != NULL) {
		wait_end(r);
	}
	forget(r->easy, r->headers);
	host_release(r->host);
	if(cursor == r)
		cursor = r->older;
	if(r->newer != NULL)
		r->newer->older = r->older;
	else if(all == r)
		all = r->older;
	if(r->older != NULL)
		r->older->newer = r->newer;
	if(r->body != NULL) {
		explicit_bzero(r->body, r->cap);
		pkg_free(r->body);
	}
	pkg_free(r);
}

static bool body_grow(struct ep_http *r, size_t need)
{
	size_t cap = r->cap;
	char *p;

	while(cap < need)
		cap *= 2;
	if(cap > r->max_len)
		cap = r->max_len;
	if(cap == r->cap)
		return true;
	p = pkg_realloc(r->body, cap);
	if(p == NULL)
		return false;
	r->body = p;
	r->cap = cap;
	return true;
}

static size_t on_data(char *p, size_t size, size_t n, void *ctx)
{
	struct ep_http *r = ctx;

	n *= size;
	if(n > r->max_len - r->len) {
		r->too_long = true;
		return 0; /* curl ends the transfer with CURLE_WRITE_ERROR */
	}
	if(!body_grow(r, r->len + n)) {
		r->no_memory = true;
		return 0;
	}
	memcpy(r->body + r->len, p, n);
	r->len += n;
	return n;
}

static bool header_add(
		struct ep_http *r, const char *name, struct ep_view value)
{
	size_t n = strlen(name);
	char *line = pkg_malloc(n + value.len + 1);
	struct curl_slist *more;

	if(line == NULL)
		return false;
	memcpy(line, name, n);
	if(value.len > 0)
		memcpy(line + n, value.p, value.len);
	line[n + value.len] = '\0';
	more = curl_slist_append(r->headers, line);
	explicit_bzero(line, n + value.len);
	pkg_free(line);
	if(more != NULL)
		r->headers = more;
	return more != NULL;
}

static bool headers_set(struct ep_http *r, const struct ep_http_request *q)
{
	if(!header_add(r, "Accept: application/json", ep_view_none()))
		return false;
	if(q->form.p != NULL
			&& !header_add(r, "Content-Type: application/x-www-form-urlencoded",
					ep_view_none()))
		return false;
	/* No 100-continue: one more round trip, and some servers ignore it. */
	if(q->form.p != NULL && !header_add(r, "Expect:", ep_view_none()))
		return false;
	return q->authorization.p == NULL
		   || header_add(r, "Authorization: ", q->authorization);
}

static CURLcode text_set(CURL *e, CURLoption option, struct ep_view v)
{
	char *z = pkg_malloc(v.len + 1);
	CURLcode bad;

	if(z == NULL)
		return CURLE_OUT_OF_MEMORY;
	memcpy(z, v.p, v.len);
	z[v.len] = '\0';
	bad = curl_easy_setopt(e, option, z); /* copies it */
	pkg_free(z);
	return bad;
}

static CURLcode easy_set(struct ep_http *r, const struct ep_http_request *q)
{
	CURL *e = r->easy;
	CURLcode bad = text_set(e, CURLOPT_URL, q->url);

#define SET(option, value)                                                     \
	if(bad == CURLE_OK)                                                        \
	bad = curl_easy_setopt(e, CURLOPT_##option, value)
	SET(PROTOCOLS_STR, "https");
	SET(FOLLOWLOCATION, 0L);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	if(bad == CURLE_OK && q->ca_file.p != NULL)
		bad = text_set(e, CURLOPT_CAINFO, q->ca_file);
	SET(NOSIGNAL, 1L);
	SET(MAXAGE_CONN, (long)KEPT_S);
	SET(MAXFILESIZE, (long)q->max_len);
	SET(TCP_KEEPALIVE, 1L);
	SET(USERAGENT, "epcscf");
	SET(WRITEFUNCTION, on_data);
	SET(WRITEDATA, r);
	SET(ERRORBUFFER, r->error);
	SET(PRIVATE, r);
	SET(HTTPHEADER, r->headers);
	if(q->form.p != NULL) {
		SET(POSTFIELDSIZE, (long)q->form.len);
		SET(COPYPOSTFIELDS, q->form.len > 0 ? q->form.p : "");
	}
#undef SET
	return bad;
}

static bool easy_begin(struct ep_http *r)
{
	int64_t left_ms = r->deadline_ms - ep_clock_ms();

	if(left_ms < 1)
		left_ms = 1;
	if(curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, (long)left_ms) != CURLE_OK
			|| curl_multi_add_handle(multi, r->easy) != CURLM_OK)
		return false;
	r->is_active = true;
	if(!r->is_urgent)
		r->host->active++;
	return true;
}

struct ep_http *ep_http_start(
		const struct ep_http_request *q, ep_http_done_f done, void *ctx)
{
	struct ep_http *r;

	if(multi == NULL || (r = pkg_malloc(sizeof(*r))) == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->done = done;
	r->ctx = ctx;
	r->is_urgent = q->is_urgent;
	r->deadline_ms = ep_clock_ms() + q->timeout_ms;
	r->max_len = q->max_len;
	r->cap = q->max_len < BODY_FIRST ? q->max_len : BODY_FIRST;
	r->body = pkg_malloc(r->cap + 1);
	r->easy = curl_easy_init();
	r->host = host_need(host_of(q->url));
	if(r->host != NULL) {
		r->host->users++;
		wait_begin(r);
	}
	r->older = all;
	if(all != NULL)
		all->newer = r;
	all = r;
	if(r->body == NULL || r->easy == NULL || r->host == NULL
			|| !headers_set(r, q) || easy_set(r, q) != CURLE_OK) {
		request_free(r);
		return NULL;
	}
	return r;
}

void ep_http_cancel(struct ep_http *r)
{
	request_free(r);
}

/* --- its end --- */

/* All headers of that name as one list (RFC 9110 5.3); absent without one. */
static struct ep_view header_get(struct ep_buf *b, CURL *easy, const char *name)
{
	size_t from = b->len, i;
	struct curl_header *h;

	for(i = 0;
			curl_easy_header(easy, name, i, CURLH_HEADER, -1, &h) == CURLHE_OK;
			i++) {
		if(i > 0)
			ep_buf_put_z(b, ", ");
		ep_buf_put_z(b, h->value);
	}
	if(i == 0 || b->overflow)
		return ep_view_none();
	return ep_view_of(b->p + from, b->len - from);
}

static void headers_get(
		struct ep_freshness_headers *out, struct ep_buf *b, CURL *easy)
{
	out->cache_control = header_get(b, easy, "Cache-Control");
	out->age = header_get(b, easy, "Age");
	out->expires = header_get(b, easy, "Expires");
	out->date = header_get(b, easy, "Date");
	/* What does not fit cannot be judged: as if it forbade to keep it. */
	if(b->overflow)
		*out = (struct ep_freshness_headers){
				.cache_control = EP_LIT("no-store")};
}

/* May call ep_http_start() through `done`. */
static void finish(struct ep_http *r, const char *error)
{
	struct ep_http_answer a = {.error = error};
	char text[HEADERS_MAX];
	struct ep_buf b;

	if(error == NULL) {
		curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &a.status);
		a.body = ep_view_of(r->body, r->len);
		ep_buf_init(&b, text, sizeof(text));
		headers_get(&a.headers, &b, r->easy);
	}
	r->done(&a, r->ctx);
	request_free(r);
}

static const char *error_of(struct ep_http *r, CURLcode result)
{
	if(result == CURLE_OK)
		return NULL;
	if(r->too_long || result == CURLE_FILESIZE_EXCEEDED)
		return "longer than allowed";
	if(r->no_memory || result == CURLE_OUT_OF_MEMORY)
		return "out of memory";
	if(result == CURLE_OPERATION_TIMEDOUT)
		return "timed out";
	return r->error[0] ? r->error : curl_easy_strerror(result);
}

/* What waits and whose turn it is. */
static void hosts_step(void)
{
	struct ep_http *r, *next;
	struct host *h, *h_next;

	for(h = hosts; h != NULL; h = h_next) {
		h_next = h->next;
		for(r = h->waiting; r != NULL; r = next) {
			next = r->next;
			if(!r->is_urgent && h->active >= EP_HTTP_PER_HOST)
				continue;
			wait_end(r);
			if(!easy_begin(r)) {
				wait_begin(r); /* it ends at its deadline */
				break;
			}
		}
	}
}

/* curl watches the time of what it has; what waits for a connection is ours. */
static int deadlines_step(int max_ms)
{
	int64_t now = ep_clock_ms(), left;
	struct ep_http *r;

	for(cursor = all; (r = cursor) != NULL;) {
		cursor = r->older;
		left = r->deadline_ms - now;
		if(left <= 0)
			finish(r, "timed out");
		else if(left < max_ms)
			max_ms = (int)left;
	}
	return max_ms;
}

void ep_http_step(int wake_fd, int max_ms)
{
	struct curl_waitfd wake = {.fd = wake_fd, .events = CURL_WAIT_POLLIN};
	struct ep_http *r;
	CURLMsg *done;
	int n, left;

	if(multi == NULL) {
		usleep(10 * 1000);
		return;
	}
	hosts_step();
	curl_multi_perform(multi, &n);
	n = 0;
	while((done = curl_multi_info_read(multi, &left)) != NULL) {
		if(done->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(done->easy_handle, CURLINFO_PRIVATE, &r);
		finish(r, error_of(r, done->data.result));
		n++;
	}
	max_ms = deadlines_step(max_ms);
	/* An end makes room for another beginning. */
	curl_multi_poll(multi, &wake, 1, n > 0 ? 0 : max_ms, NULL);
}
