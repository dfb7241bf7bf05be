/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/counters.h"
#include "core/dprint.h"
#include "core/mem/mem.h"

#include "common/mem.h"
#include "common/view.h"
#include "token/freshness.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/discovery.h"
#include "webrtc_auth/jwks.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"

#define CHECK_ARENA_MAX (1024 * 1024)

time_t ep_jwks_due(const struct ep_issuer *issuer)
{
	struct ep_keystore_state state;

	if(ep_keystore_get(&state, issuer) != EP_OK || state.ok_s == 0)
		return 0;
	return state.ok_s + issuer->jwks_refresh_s;
}

/* A text is published only if this process could make keys of it, and one of
 * them at least can verify something: an empty set is more likely an accident
 * of the WAF than its wish, and the old keys age out by themselves. */
static const char *text_refused(
		const struct ep_issuer *issuer, struct ep_view text)
{
	const struct ep_token_policy *policy = ep_sources_policy();
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

static void keys_failed(struct ep_source *s, const char *why)
{
	const struct ep_issuer *issuer = s->issuer;
	time_t now_s = time(NULL);

	counter_inc(ep_counters.fetch_failed);
	if(!s->failed)
		LM_ERR("keys of issuer %.*s from %s: %s\n", EP_FMT(issuer->name),
				s->keys, why);
	s->failed = true;
	s->due_s = now_s + ep_params()->key_miss_window;
	if(ep_keystore_fail(issuer, why, now_s) != EP_OK)
		LM_ERR("out of shared memory\n");
}

static uint32_t fresh_s(const struct ep_issuer *issuer,
		const struct ep_freshness_headers *headers, time_t now_s)
{
	struct ep_freshness_limits limits = {
			issuer->jwks_refresh_s, EP_JWKS_MIN_S, EP_JWKS_MAX_S};

	if(limits.min_s > limits.usual_s)
		limits.min_s = limits.usual_s;
	if(limits.max_s > (uint32_t)ep_params()->keys_max_age / 2)
		limits.max_s = (uint32_t)ep_params()->keys_max_age / 2;
	if(limits.max_s < limits.min_s)
		limits.max_s = limits.min_s;
	return ep_freshness_s(headers, &limits, now_s);
}

static void keys_got(struct ep_source *s, struct ep_view text,
		const struct ep_freshness_headers *headers)
{
	const struct ep_issuer *issuer = s->issuer;
	const char *why = text_refused(issuer, text);
	time_t now_s = time(NULL);

	if(why == NULL && ep_keystore_put(issuer, text, now_s) != EP_OK)
		why = "out of shared memory";
	if(why != NULL) {
		keys_failed(s, why);
		return;
	}
	counter_inc(ep_counters.fetch_ok);
	if(s->failed)
		LM_NOTICE("keys of issuer %.*s from %s: good again\n",
				EP_FMT(issuer->name), s->keys);
	s->failed = false;
	s->due_s = now_s + fresh_s(issuer, headers, now_s);
}

static void file_get(struct ep_source *s)
{
	const struct ep_freshness_headers none = {.age = ep_view_none()};
	size_t cap = ep_sources_policy()->max_jwks_len + 1, n;
	FILE *f = fopen(s->keys, "re");
	struct stat st;
	char *text;

	ep_keystore_begin(s->issuer);
	if(f == NULL) {
		keys_failed(s, strerror(errno));
		return;
	}
	if(fstat(fileno(f), &st) == 0) {
		s->mtime = st.st_mtim;
		s->size = st.st_size;
	}
	text = pkg_malloc(cap);
	if(text == NULL) {
		fclose(f);
		keys_failed(s, "out of memory");
		return;
	}
	n = fread(text, 1, cap, f);
	if(ferror(f))
		keys_failed(s, "cannot be read");
	else if(n == cap)
		keys_failed(s, "longer than max_jwks_len");
	else
		keys_got(s, ep_view_of(text, n), &none);
	pkg_free(text);
	fclose(f);
}

static bool file_changed(const struct ep_source *s)
{
	struct stat st;

	return stat(s->keys, &st) == 0
		   && (st.st_mtim.tv_sec != s->mtime.tv_sec
				   || st.st_mtim.tv_nsec != s->mtime.tv_nsec
				   || st.st_size != s->size);
}

static void url_done(const struct ep_http_answer *answer, void *ctx)
{
	struct ep_source *s = ctx;
	char why[EP_HTTP_FLAW_MAX];
	const char *flaw = ep_http_flaw(why, answer);

	s->keys_http = NULL;
	if(flaw == NULL) {
		keys_got(s, answer->body, &answer->headers);
		return;
	}
	keys_failed(s, flaw);
	/* It may have moved. */
	ep_discovery_doubt(s);
}

static void url_get(struct ep_source *s)
{
	const struct ep_http_request request = {
			.url = ep_view_z(s->keys),
			.ca_file = s->issuer->ca_file,
			.timeout_ms = s->issuer->http_timeout_ms,
			.max_len = ep_sources_policy()->max_jwks_len,
			.is_urgent = true,
	};

	ep_keystore_begin(s->issuer);
	s->keys_http = ep_http_start(&request, url_done, s);
	if(s->keys_http == NULL)
		keys_failed(s, "out of memory");
}

void ep_jwks_step(struct ep_source *s, time_t now_s)
{
	if(s->keys == NULL || s->keys_http != NULL)
		return;
	if(s->issuer->jwks_is_file) {
		if(now_s >= s->due_s || file_changed(s))
			file_get(s);
	} else if(now_s >= s->due_s && !ep_sources_fetch(s->keys)) {
		/* Two issuers may share one URL: one request at a time there. */
		url_get(s);
	}
}
