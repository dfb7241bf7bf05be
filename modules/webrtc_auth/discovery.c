/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/counters.h"
#include "core/dprint.h"

#include "common/mem.h"
#include "common/view.h"
#include "token/freshness.h"
#include "token/metadata.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/discovery.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"

#define ARENA_MAX (1024 * 1024)

static void failed(struct ep_source *s, const char *why)
{
	const struct ep_issuer *issuer = s->issuer;
	time_t now_s = time(NULL);

	counter_inc(ep_counters.fetch_failed);
	if(!s->metadata_failed)
		LM_ERR("metadata of issuer %.*s: %s\n", EP_FMT(issuer->name), why);
	s->metadata_failed = true;
	s->metadata_due_s = now_s
						+ (s->is_discovered ? EP_DISCOVERY_RETRY_S
											: ep_params()->key_miss_window);
	if(ep_keystore_discovered(
			   issuer, ep_view_none(), ep_view_none(), why, now_s)
			!= EP_OK)
		LM_ERR("out of shared memory\n");
}

static const char *take(struct ep_source *s, const struct ep_metadata *found)
{
	const struct ep_issuer *issuer = s->issuer;
	bool is_needed = issuer->jwks.p == NULL;

	if(is_needed && found->jwks_uri.p == NULL && !issuer->is_introspected)
		return "no jwks_uri";
	if(issuer->is_introspected && issuer->introspect.p == NULL
			&& found->introspection_endpoint.p == NULL)
		return "no introspection_endpoint";
	if(is_needed
			&& (s->keys == NULL
					|| !ep_view_eq(ep_view_z(s->keys), found->jwks_uri))) {
		if(s->keys_http != NULL)
			ep_http_cancel(s->keys_http);
		s->keys_http = NULL;
		if(!ep_text_set(&s->keys, found->jwks_uri))
			return "out of memory";
		s->due_s = 0;
	}
	if(issuer->is_introspected && issuer->introspect.p == NULL
			&& !ep_text_set(&s->introspect, found->introspection_endpoint))
		return "out of memory";
	return NULL;
}

static void got(struct ep_source *s, const struct ep_http_answer *answer)
{
	const struct ep_freshness_limits limits = {
			EP_DISCOVERY_USUAL_S, EP_DISCOVERY_MIN_S, EP_DISCOVERY_MAX_S};
	struct ep_metadata found = {ep_view_none(), ep_view_none()};
	enum ep_token_cause cause;
	time_t now_s = time(NULL);
	struct ep_arena arena;
	const char *why;

	ep_arena_init(&arena, NULL, 0, &ep_pkg_alloc, ARENA_MAX);
	cause = ep_metadata_decode(&found, s->issuer, answer->body, &arena);
	if(cause == EP_TOKEN_ISSUER_UNKNOWN)
		why = "it is the document of another issuer";
	else if(cause != EP_TOKEN_OK)
		why = ep_token_cause_get(cause)->text;
	else
		why = take(s, &found);
	if(why == NULL
			&& ep_keystore_discovered(s->issuer, found.jwks_uri,
					   found.introspection_endpoint, NULL, now_s)
					   != EP_OK)
		why = "out of shared memory";
	ep_arena_fini(&arena);
	if(why != NULL) {
		failed(s, why);
		return;
	}
	counter_inc(ep_counters.fetch_ok);
	if(s->metadata_failed)
		LM_NOTICE("metadata of issuer %.*s: good again\n",
				EP_FMT(s->issuer->name));
	s->metadata_failed = false;
	s->is_discovered = true;
	s->metadata_due_s =
			now_s + ep_freshness_s(&answer->headers, &limits, now_s);
}

static void done(const struct ep_http_answer *answer, void *ctx)
{
	struct ep_source *s = ctx;
	char why[EP_HTTP_FLAW_MAX];
	const char *flaw = ep_http_flaw(why, answer);

	s->metadata_http = NULL;
	if(flaw != NULL)
		failed(s, flaw);
	else
		got(s, answer);
}

void ep_discovery_step(struct ep_source *s, time_t now_s)
{
	struct ep_http_request request = {
			.ca_file = s->issuer->ca_file,
			.timeout_ms = s->issuer->http_timeout_ms,
			.max_len = EP_METADATA_MAX,
			.is_urgent = true,
	};
	char url[EP_METADATA_URL_MAX];
	struct ep_buf b;

	if(s->issuer->discovery == EP_DISCOVERY_NO || s->metadata_http != NULL
			|| now_s < s->metadata_due_s)
		return;
	s->metadata_tried_s = now_s;
	ep_buf_init(&b, url, sizeof(url));
	if(ep_metadata_url_print(&b, s->issuer) != EP_OK) {
		failed(s, "iss is no URL that metadata could stand under");
		return;
	}
	request.url = ep_buf_view(&b);
	s->metadata_http = ep_http_start(&request, done, s);
	if(s->metadata_http == NULL)
		failed(s, "out of memory");
}

void ep_discovery_doubt(struct ep_source *s)
{
	time_t soonest = s->metadata_tried_s + EP_DISCOVERY_RETRY_S;

	if(s->metadata_due_s > soonest)
		s->metadata_due_s = soonest;
}
