/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/counters.h"
#include "core/dprint.h"
#include "core/mem/mem.h"

#include "common/mem.h"
#include "common/view.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/fetch.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"

#define FETCH_TIMEOUT_MS 3000
#define CHECK_ARENA_MAX (1024 * 1024)

/* Where one issuer's keys come from. Views and pointers into this process's
 * policy, which changes only in sources_build(). */
struct source
{
	const struct ep_issuer *issuer;
	char *where; /* NUL-terminated; in pkg, like all below */
	char *ca_file;
	time_t due_s;
	bool failed; /* the last time: a change of that is logged */

	CURL *easy; /* NULL for a file */
	bool in_flight;
	char *text; /* what came so far; cap: policy's max_jwks_len */
	size_t len;
	char error[CURL_ERROR_SIZE];

	struct timespec mtime; /* of the file as it was last read */
	off_t size;
};

static CURLM *multi;
static struct source *sources;
static size_t sources_n;
static const struct ep_token_policy *policy;
static unsigned generation; /* of the policy the sources were made from */

static char *text_of(struct ep_view v)
{
	char *p = pkg_malloc(v.len + 1);

	if(p != NULL) {
		if(v.len > 0)
			memcpy(p, v.p, v.len);
		p[v.len] = '\0';
	}
	return p;
}

static void source_fini(struct source *s)
{
	if(s->in_flight)
		curl_multi_remove_handle(multi, s->easy);
	if(s->easy != NULL)
		curl_easy_cleanup(s->easy);
	if(s->where != NULL)
		pkg_free(s->where);
	if(s->ca_file != NULL)
		pkg_free(s->ca_file);
	if(s->text != NULL)
		pkg_free(s->text);
}

static void sources_fini(void)
{
	size_t i;

	for(i = 0; i < sources_n; i++)
		source_fini(&sources[i]);
	if(sources != NULL)
		pkg_free(sources);
	sources = NULL;
	sources_n = 0;
}

static size_t on_data(char *p, size_t size, size_t n, void *ctx)
{
	struct source *s = ctx;

	n *= size;
	if(n > policy->max_jwks_len - s->len)
		return 0; /* curl ends the transfer with CURLE_WRITE_ERROR */
	memcpy(s->text + s->len, p, n);
	s->len += n;
	return n;
}

/* HTTPS only, the certificate checked, no redirect followed (it would let the
 * WAF's front end choose where keys come from), no cookie, no credentials. */
static CURLcode easy_set(CURL *e, struct source *s)
{
	CURLcode bad = CURLE_OK;

#define SET(option, value)                                                     \
	if(bad == CURLE_OK)                                                        \
	bad = curl_easy_setopt(e, CURLOPT_##option, value)
	SET(URL, s->where);
	SET(PROTOCOLS_STR, "https");
	SET(FOLLOWLOCATION, 0L);
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	if(s->ca_file[0] != '\0')
		SET(CAINFO, s->ca_file);
	SET(NOSIGNAL, 1L);
	SET(TIMEOUT_MS, (long)FETCH_TIMEOUT_MS);
	SET(MAXFILESIZE, (long)policy->max_jwks_len);
	SET(TCP_KEEPALIVE, 1L);
	SET(USERAGENT, "epcscf");
	SET(WRITEFUNCTION, on_data);
	SET(WRITEDATA, s);
	SET(ERRORBUFFER, s->error);
	SET(PRIVATE, s);
#undef SET
	return bad;
}

static int source_init(struct source *s, const struct ep_issuer *issuer)
{
	*s = (struct source){.issuer = issuer};
	s->where = text_of(issuer->jwks);
	s->ca_file = text_of(issuer->jwks_ca_file);
	if(s->where == NULL || s->ca_file == NULL)
		return -1;
	if(issuer->jwks_is_file)
		return 0;
	s->text = pkg_malloc(policy->max_jwks_len + 1);
	s->easy = curl_easy_init();
	if(s->text == NULL || s->easy == NULL || easy_set(s->easy, s) != CURLE_OK)
		return -1;
	return 0;
}

static bool is_source(struct ep_view issuer, struct ep_view where, void *ctx)
{
	size_t i;

	for(i = 0; i < policy->issuers_n; i++)
		if(ep_view_eq(policy->issuers[i].name, issuer)
				&& ep_view_eq(policy->issuers[i].jwks, where))
			return true;
	return false;
}

/* When is this source to be asked, by what the store knows? */
static time_t due_of(const struct ep_issuer *issuer)
{
	struct ep_keystore_state state;

	if(ep_keystore_get(&state, issuer->name, issuer->jwks) != EP_OK
			|| state.ok_s == 0)
		return 0;
	return state.ok_s + issuer->jwks_refresh_s;
}

static void sources_build(void)
{
	size_t i;

	sources_fini();
	generation = ep_policy_generation();
	policy = ep_policy_get();
	if(policy == NULL || policy->issuers_n == 0)
		return;
	sources = pkg_malloc(policy->issuers_n * sizeof(*sources));
	if(sources == NULL) {
		LM_ERR("out of memory: no keys will be fetched\n");
		return;
	}
	for(i = 0; i < policy->issuers_n; i++) {
		if(source_init(&sources[sources_n], &policy->issuers[i]) != 0) {
			LM_ERR("keys of issuer %.*s will not be fetched: out of memory\n",
					EP_FMT(policy->issuers[i].name));
			source_fini(&sources[sources_n]);
			continue;
		}
		sources[sources_n].due_s = due_of(&policy->issuers[i]);
		sources_n++;
	}
	ep_keystore_prune(is_source, NULL);
}

/* A text is published only if this process could make keys of it, and one of
 * them at least can verify something: an empty set is more likely an accident
 * of the WAF than its wish, and the old keys age out by themselves. */
static const char *text_refused(
		const struct ep_issuer *issuer, struct ep_view text)
{
	const struct ep_jwk_limits limits = {
			policy->max_jwks_len, policy->max_jwks_keys};
	const char *why = NULL;
	enum ep_token_cause cause;
	struct ep_keyset set;
	struct ep_arena arena;

	ep_arena_init(&arena, NULL, 0, &ep_pkg_alloc, CHECK_ARENA_MAX);
	cause = ep_keyset_load(&set, text, issuer, &limits, &arena);
	if(cause != EP_TOKEN_OK)
		why = ep_token_cause_get(cause)->text;
	else if(set.usable_n == 0)
		why = "no usable key in the set";
	ep_keyset_fini(&set);
	ep_arena_fini(&arena);
	return why;
}

static void source_failed(struct source *s, const char *why)
{
	const struct ep_issuer *issuer = s->issuer;
	time_t now_s = time(NULL);

	counter_inc(ep_counters.fetch_failed);
	if(!s->failed)
		LM_ERR("keys of issuer %.*s from %s: %s\n", EP_FMT(issuer->name),
				s->where, why);
	s->failed = true;
	s->due_s = now_s + ep_params()->key_miss_window;
	if(ep_keystore_fail(issuer->name, issuer->jwks, why, now_s) != EP_OK)
		LM_ERR("out of shared memory\n");
}

static void source_got(struct source *s, struct ep_view text)
{
	const struct ep_issuer *issuer = s->issuer;
	const char *why = text_refused(issuer, text);
	time_t now_s = time(NULL);

	if(why == NULL
			&& ep_keystore_put(issuer->name, issuer->jwks, text, now_s)
					   != EP_OK)
		why = "out of shared memory";
	if(why != NULL) {
		source_failed(s, why);
		return;
	}
	counter_inc(ep_counters.fetch_ok);
	if(s->failed)
		LM_NOTICE("keys of issuer %.*s from %s: good again\n",
				EP_FMT(issuer->name), s->where);
	s->failed = false;
	s->due_s = now_s + issuer->jwks_refresh_s;
}

static void file_get(struct source *s)
{
	FILE *f = fopen(s->where, "re");
	size_t cap = policy->max_jwks_len + 1, n;
	struct stat st;
	char *text;

	if(f == NULL) {
		source_failed(s, strerror(errno));
		return;
	}
	if(fstat(fileno(f), &st) == 0) {
		s->mtime = st.st_mtim;
		s->size = st.st_size;
	}
	text = pkg_malloc(cap);
	if(text == NULL) {
		fclose(f);
		source_failed(s, "out of memory");
		return;
	}
	n = fread(text, 1, cap, f);
	if(ferror(f))
		source_failed(s, "cannot be read");
	else if(n == cap)
		source_failed(s, "longer than max_jwks_len");
	else
		source_got(s, ep_view_of(text, n));
	pkg_free(text);
	fclose(f);
}

static bool file_changed(const struct source *s)
{
	struct stat st;

	return stat(s->where, &st) == 0
		   && (st.st_mtim.tv_sec != s->mtime.tv_sec
				   || st.st_mtim.tv_nsec != s->mtime.tv_nsec
				   || st.st_size != s->size);
}

/* Two issuers may share one URL: one request at a time there. */
static bool url_is_busy(const struct source *s)
{
	size_t i;

	for(i = 0; i < sources_n; i++)
		if(sources[i].in_flight && strcmp(sources[i].where, s->where) == 0)
			return true;
	return false;
}

static void url_get(struct source *s)
{
	s->len = 0;
	s->error[0] = '\0';
	if(curl_multi_add_handle(multi, s->easy) == CURLM_OK)
		s->in_flight = true;
	else
		source_failed(s, "libcurl refuses");
}

static void url_done(struct source *s, CURLcode result)
{
	char why[64];
	long status = 0;

	curl_multi_remove_handle(multi, s->easy);
	s->in_flight = false;
	if(result == CURLE_WRITE_ERROR || result == CURLE_FILESIZE_EXCEEDED) {
		source_failed(s, "longer than max_jwks_len");
		return;
	}
	if(result != CURLE_OK) {
		source_failed(s, s->error[0] ? s->error : curl_easy_strerror(result));
		return;
	}
	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if(status != 200) {
		snprintf(why, sizeof(why), "HTTP status %ld", status);
		source_failed(s, why);
		return;
	}
	source_got(s, ep_view_of(s->text, s->len));
}

/* Somebody met a key id we do not have: ask, but not more often than once in
 * key_miss_window. */
static void wanted_check(struct source *s)
{
	struct ep_keystore_state state;
	time_t soonest;

	if(!ep_keystore_wanted(s->issuer->name))
		return;
	if(ep_keystore_get(&state, s->issuer->name, s->issuer->jwks) != EP_OK)
		return;
	soonest = state.tried_s + ep_params()->key_miss_window;
	if(s->due_s > soonest)
		s->due_s = soonest;
}

static void source_step(struct source *s, time_t now_s)
{
	if(s->in_flight)
		return;
	wanted_check(s);
	if(s->easy == NULL) {
		if(now_s >= s->due_s || file_changed(s))
			file_get(s);
	} else if(now_s >= s->due_s && !url_is_busy(s)) {
		url_get(s);
	}
}

int ep_fetch_init(void)
{
	if(curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return -1;
	multi = curl_multi_init();
	return multi != NULL ? 0 : -1;
}

void ep_fetch_step(int wake_fd, int max_ms)
{
	struct curl_waitfd wake = {.fd = wake_fd, .events = CURL_WAIT_POLLIN};
	struct source *s;
	CURLMsg *done;
	int n, left;
	size_t i;

	if(multi == NULL) {
		usleep(10 * 1000);
		return;
	}
	if(generation != ep_policy_generation())
		sources_build();
	for(i = 0; i < sources_n; i++)
		source_step(&sources[i], time(NULL));
	curl_multi_perform(multi, &n);
	while((done = curl_multi_info_read(multi, &left)) != NULL) {
		if(done->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(done->easy_handle, CURLINFO_PRIVATE, &s);
		url_done(s, done->data.result);
	}
	curl_multi_poll(multi, &wake, 1, max_ms, NULL);
}
