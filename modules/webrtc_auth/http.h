/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * HTTPS requests to WAFs, many at a time, on libcurl's multi interface. Only
 * in the worker process (worker.h): no call into libcurl happens elsewhere.
 *
 * https only, the certificate and the name in it checked; no redirect is
 * followed (it would let the WAF's front end choose where an answer comes
 * from), no cookie kept, HTTP/1.1. Connections are reused; to one host and
 * port at most EP_HTTP_PER_HOST are used at once, what is over waits. A
 * request ends after its timeout_ms, whatever it waited for: a connection, the
 * answer's first octet or its last.
 */
#ifndef EP_WEBRTC_AUTH_HTTP_H
#define EP_WEBRTC_AUTH_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/view.h"
#include "token/freshness.h"

/* Connections to one host and port; urgent requests are not counted. */
#define EP_HTTP_PER_HOST 64

struct ep_http_request
{
	struct ep_view url;     /* https://... */
	struct ep_view ca_file; /* absent: the system's authorities */
	unsigned timeout_ms;
	size_t max_len; /* of the answer's body */
	/* POST of a form (application/x-www-form-urlencoded); absent: GET */
	struct ep_view form;
	/* The value of Authorization; absent: none. Both this and the form may
	 * hold secrets: neither is ever logged. */
	struct ep_view authorization;
	bool is_urgent; /* does not wait for a connection */
};

struct ep_http_answer
{
	const char *error; /* NULL: an answer came, of any status; else why none */
	long status;
	struct ep_view body;
	struct ep_freshness_headers headers;
};

/* Why an answer is of no use: none came, or its status is not 200. NULL: it is
 * of use. The text is in `why` or the answer's. */
#define EP_HTTP_FLAW_MAX 64
const char *ep_http_flaw(
		char why[EP_HTTP_FLAW_MAX], const struct ep_http_answer *answer);

/* *answer dies with the call. The request is gone: nothing to cancel. May
 * start other requests. */
typedef void (*ep_http_done_f)(const struct ep_http_answer *answer, void *ctx);

struct ep_http;

/* 0 or -1. After the fork. */
int ep_http_init(void);

/* Begins a request; `done` is called from ep_http_step(), never from here.
 * Everything is copied. NULL: out of memory. */
struct ep_http *ep_http_start(
		const struct ep_http_request *request, ep_http_done_f done, void *ctx);
/* `done` will not be called. */
void ep_http_cancel(struct ep_http *http);

/* Moves what is under way, then sleeps at most `max_ms`, until a request's
 * deadline, or until wake_fd can be read. */
void ep_http_step(int wake_fd, int max_ms);

#endif
