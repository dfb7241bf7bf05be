/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/counters.h"
#include "core/dprint.h"
#include "core/mem/mem.h"

#include "common/view.h"
#include "token/introspect.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/discovery.h"
#include "webrtc_auth/introspect.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/pending.h"

#define SECRET_MAX 1024
#define BUCKETS 256

/* One question under way. */
struct ask
{
	struct ask *next; /* in its bucket */
	struct ep_http *http;
	struct ep_job *first; /* whose token it is about; linked by next */
	struct ep_job **last;
	char *url; /* in pkg */
	char *issuer;
};

/* By the first octet of the token's hash. */
static struct ask *asks[BUCKETS];

/* --- the client's secret --- */

static ssize_t file_read(char *text, size_t cap, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if(fd < 0)
		return -1;
	if(fstat(fd, &st) == 0 && (st.st_mode & S_IROTH) != 0)
		LM_WARN("%s can be read by everybody\n", path);
	n = read(fd, text, cap);
	close(fd);
	return n;
}

void ep_introspect_secret_read(struct ep_source *s)
{
	struct ep_view path = s->issuer->introspect_secret_file;
	char text[SECRET_MAX], *name;
	ssize_t n = 0;

	ep_text_free(&s->secret);
	if(path.p != NULL) {
		name = ep_text_copy(path);
		n = name != NULL ? file_read(text, sizeof(text), name) : -1;
		if(n < 0 || n == (ssize_t)sizeof(text)) {
			LM_ERR("secret of issuer %.*s, %.*s: %s\n", EP_FMT(s->issuer->name),
					EP_FMT(path), n < 0 ? strerror(errno) : "too long");
			ep_text_free(&name);
			return;
		}
		ep_text_free(&name);
	}
	/* An editor's line end is not part of it. */
	while(n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	ep_text_set(&s->secret, ep_view_of(text, (size_t)n));
	explicit_bzero(text, sizeof(text));
}

/* --- questions --- */

static struct ask **bucket_of(const struct ep_job *job)
{
	return &asks[job->hash[0]];
}

static struct ask *ask_find(const struct ep_job *job)
{
	struct ask *a;

	for(a = *bucket_of(job); a != NULL; a = a->next)
		if(memcmp(a->first->hash, job->hash, sizeof(job->hash)) == 0)
			return a;
	return NULL;
}

static void ask_add(struct ask *a, struct ep_job *job)
{
	job->next = NULL;
	*a->last = job;
	a->last = &job->next;
}

static void ask_free(struct ask *a)
{
	struct ask **at;

	for(at = bucket_of(a->first); *at != a; at = &(*at)->next)
		;
	*at = a->next;
	ep_text_free(&a->url);
	ep_text_free(&a->issuer);
	pkg_free(a);
}

static void jobs_finish(struct ep_job *job, enum ep_token_cause cause,
		struct ep_waf_answer *answer)
{
	struct ep_job *next;

	for(; job != NULL; job = next) {
		next = job->next;
		ep_pending_finish(job, cause, answer);
	}
}

static void ask_finish(
		struct ask *a, enum ep_token_cause cause, struct ep_waf_answer *answer)
{
	struct ep_job *jobs = a->first;

	ask_free(a);
	jobs_finish(jobs, cause, answer);
}

/* Why the issuer could not be asked, or did not answer. Only a change is
 * logged: a dead WAF is not to fill the log. */
static void report(struct ep_view name, const char *why)
{
	struct ep_source *s = ep_source_find(name);

	counter_inc(ep_counters.introspect_failed);
	if(s == NULL)
		return;
	if(ep_keystore_introspected(s->issuer, why, time(NULL)))
		LM_ERR("introspection at issuer %.*s: %s\n", EP_FMT(name), why);
	if(s->issuer->introspect.p == NULL)
		ep_discovery_doubt(s);
}

static void done(const struct ep_http_answer *answer, void *ctx)
{
	struct ep_waf_answer *shared;
	struct ask *a = ctx;
	char why[EP_HTTP_FLAW_MAX];
	const char *flaw = ep_http_flaw(why, answer);

	a->http = NULL;
	if(flaw != NULL) {
		report(ep_view_z(a->issuer), flaw);
		ask_finish(a, EP_TOKEN_INTROSPECT_FAILED, NULL);
		return;
	}
	counter_inc(ep_counters.introspect_answered);
	shared = ep_waf_answer_new(answer->body);
	ask_finish(a, shared != NULL ? EP_TOKEN_OK : EP_TOKEN_NO_MEMORY, shared);
	ep_waf_answer_release(shared);
}

static enum ep_err form_make(
		char **form, size_t *len, struct ep_source *s, struct ep_view token)
{
	size_t cap = 3 * (token.len + SECRET_MAX + s->issuer->introspect_client.len)
				 + 256;
	struct ep_buf b;

	*form = pkg_malloc(cap);
	if(*form == NULL)
		return EP_ENOMEM;
	ep_buf_init(&b, *form, cap);
	if(ep_introspect_request_print(&b, s->issuer, ep_view_z(s->secret), token)
			!= EP_OK) {
		pkg_free(*form);
		return EP_ENOSPC;
	}
	*len = b.len;
	return EP_OK;
}

/* What is left of the issuer's time-out, of which some went by already. */
static unsigned timeout_ms(const struct ep_job *job, unsigned whole_ms)
{
	unsigned age_ms = ep_job_age_ms(job);

	return age_ms < whole_ms ? whole_ms - age_ms : 1;
}

static struct ep_http *ask_send(
		struct ask *a, struct ep_source *s, const struct ep_job *job)
{
	struct ep_http_request request = {
			.url = ep_view_z(a->url),
			.ca_file = s->issuer->ca_file,
			.timeout_ms = timeout_ms(job, s->issuer->http_timeout_ms),
			.max_len = EP_INTROSPECT_ANSWER_MAX,
	};
	char basic[4 * (2 * SECRET_MAX + 64)], *form;
	struct ep_http *http;
	struct ep_buf b;
	size_t len;

	ep_buf_init(&b, basic, sizeof(basic));
	switch(ep_introspect_basic_print(&b, s->issuer, ep_view_z(s->secret))) {
		case EP_OK:
			request.authorization = ep_buf_view(&b);
			break;
		case EP_ENOENT:
			break;
		default:
			return NULL;
	}
	if(form_make(&form, &len, s, job->token) != EP_OK)
		return NULL;
	request.form = ep_view_of(form, len);
	http = ep_http_start(&request, done, a);
	explicit_bzero(basic, sizeof(basic));
	explicit_bzero(form, len);
	pkg_free(form);
	return http;
}

/* Where to ask, and as whom: NULL, or why that is not known. */
static const char *not_askable(const struct ep_source *s)
{
	if(s == NULL)
		return "no such issuer any more";
	if(s->introspect == NULL)
		return "its introspection endpoint is not known yet";
	if(s->secret == NULL)
		return "its secret could not be read";
	return NULL;
}

static struct ask *ask_new(struct ep_job *job, struct ep_source *s)
{
	struct ask *a = pkg_malloc(sizeof(*a));

	if(a == NULL)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->last = &a->first;
	ask_add(a, job);
	a->next = *bucket_of(job);
	*bucket_of(job) = a;
	a->url = ep_text_copy(ep_view_z(s->introspect));
	a->issuer = ep_text_copy(job->issuer);
	if(a->url != NULL && a->issuer != NULL)
		a->http = ask_send(a, s, job);
	if(a->http != NULL)
		return a;
	ask_free(a);
	return NULL;
}

static void job_begin(struct ep_job *job)
{
	struct ep_source *s;
	const char *why;
	struct ask *a = ask_find(job);

	if(a != NULL) {
		ask_add(a, job);
		return;
	}
	s = ep_source_find(job->issuer);
	why = not_askable(s);
	if(why != NULL) {
		report(job->issuer, why);
		ep_pending_finish(job, EP_TOKEN_INTROSPECT_FAILED, NULL);
		return;
	}
	counter_inc(ep_counters.introspect_asked);
	if(ask_new(job, s) == NULL) {
		job->next = NULL;
		report(job->issuer, "out of memory");
		ep_pending_finish(job, EP_TOKEN_NO_MEMORY, NULL);
	}
}

void ep_introspect_step(void)
{
	struct ep_job *job, *next;

	for(job = ep_pending_take(); job != NULL; job = next) {
		next = job->next;
		job_begin(job);
	}
}

static bool is_where_it_was(const struct ask *a)
{
	const struct ep_source *s = ep_source_find(ep_view_z(a->issuer));

	return s != NULL && s->introspect != NULL
		   && strcmp(s->introspect, a->url) == 0;
}

void ep_introspect_reloaded(void)
{
	struct ask *a, *next;
	size_t i;

	for(i = 0; i < BUCKETS; i++)
		for(a = asks[i]; a != NULL; a = next) {
			next = a->next;
			if(is_where_it_was(a))
				continue;
			ep_http_cancel(a->http);
			counter_inc(ep_counters.introspect_failed);
			ask_finish(a, EP_TOKEN_INTROSPECT_FAILED, NULL);
		}
}
