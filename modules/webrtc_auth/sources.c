/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/dprint.h"
#include "core/mem/mem.h"

#include "common/view.h"
#include "webrtc_auth/discovery.h"
#include "webrtc_auth/introspect.h"
#include "webrtc_auth/jwks.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/pending.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/source.h"

/* A step back that small does no harm. */
#define CLOCK_BACK_S 5

static struct ep_source *sources;
static size_t sources_n;
static const struct ep_token_policy *policy;
static unsigned generation; /* of the policy the sources were made from */

char *ep_text_copy(struct ep_view v)
{
	char *p = pkg_malloc(v.len + 1);

	if(p != NULL) {
		if(v.len > 0)
			memcpy(p, v.p, v.len);
		p[v.len] = '\0';
	}
	return p;
}

void ep_text_free(char **text)
{
	if(*text != NULL) {
		explicit_bzero(*text, strlen(*text));
		pkg_free(*text);
	}
	*text = NULL;
}

bool ep_text_set(char **text, struct ep_view v)
{
	char *copy = NULL;

	if(v.p != NULL && (copy = ep_text_copy(v)) == NULL)
		return false;
	ep_text_free(text);
	*text = copy;
	return true;
}

const struct ep_token_policy *ep_sources_policy(void)
{
	return policy;
}

struct ep_source *ep_source_find(struct ep_view name)
{
	size_t i;

	for(i = 0; i < sources_n; i++)
		if(ep_view_eq(sources[i].issuer->name, name))
			return &sources[i];
	return NULL;
}

bool ep_sources_fetch(const char *url)
{
	size_t i;

	for(i = 0; i < sources_n; i++)
		if(sources[i].keys_http != NULL && strcmp(sources[i].keys, url) == 0)
			return true;
	return false;
}

static void source_fini(struct ep_source *s)
{
	if(s->keys_http != NULL)
		ep_http_cancel(s->keys_http);
	if(s->metadata_http != NULL)
		ep_http_cancel(s->metadata_http);
	ep_text_free(&s->keys);
	ep_text_free(&s->introspect);
	ep_text_free(&s->secret);
}

/* What a reload does not change is kept: what was discovered by this very
 * `iss`, until it is asked again. */
static void source_inherit(struct ep_source *s, struct ep_source *old)
{
	struct ep_keystore_state state;

	if(ep_keystore_get(&state, s->issuer) == EP_OK)
		s->metadata_failed = state.metadata_error[0] != '\0';
	if(old == NULL || !old->is_discovered)
		return;
	s->is_discovered = true;
	s->metadata_due_s = old->metadata_due_s;
	s->metadata_tried_s = old->metadata_tried_s;
	if(s->keys == NULL) {
		s->keys = old->keys;
		old->keys = NULL;
	}
	if(s->introspect == NULL && s->issuer->is_introspected) {
		s->introspect = old->introspect;
		old->introspect = NULL;
	}
}

static int source_init(struct ep_source *s, const struct ep_issuer *issuer)
{
	*s = (struct ep_source){.issuer = issuer};
	if(!ep_text_set(&s->keys, issuer->jwks)
			|| !ep_text_set(&s->introspect, issuer->introspect))
		return -1;
	if(issuer->is_introspected) {
		ep_introspect_secret_read(s);
		if(!async_task_workers_active())
			LM_ERR("issuer %.*s: introspection needs async_workers\n",
					EP_FMT(issuer->name));
	}
	s->due_s = ep_jwks_due(issuer);
	return 0;
}

/* The old one of the same discovery. Names in the old policy's memory are gone
 * by now: what identifies it was copied. */
struct old
{
	struct ep_source source;
	char *name, *iss;
	enum ep_discovery discovery;
};

static struct old *olds;
static size_t olds_n;

/* Called while the old policy is still there. */
static void olds_take(void)
{
	struct ep_source *s;
	size_t i;

	olds_n = 0;
	olds = sources_n > 0 ? pkg_malloc(sources_n * sizeof(*olds)) : NULL;
	for(i = 0; i < sources_n; i++) {
		s = &sources[i];
		if(s->keys_http != NULL)
			ep_http_cancel(s->keys_http);
		if(s->metadata_http != NULL)
			ep_http_cancel(s->metadata_http);
		s->keys_http = s->metadata_http = NULL;
		if(olds == NULL) {
			source_fini(s);
			continue;
		}
		olds[olds_n++] = (struct old){*s, ep_text_copy(s->issuer->name),
				ep_text_copy(s->issuer->iss), s->issuer->discovery};
	}
	if(sources != NULL)
		pkg_free(sources);
	sources = NULL;
	sources_n = 0;
}

static struct ep_source *old_find(const struct ep_issuer *issuer)
{
	struct old *o;

	for(o = olds; o < olds + olds_n; o++)
		if(o->name != NULL && o->iss != NULL
				&& ep_view_eq(ep_view_z(o->name), issuer->name)
				&& ep_view_eq(ep_view_z(o->iss), issuer->iss)
				&& o->discovery == issuer->discovery)
			return &o->source;
	return NULL;
}

static void olds_free(void)
{
	struct old *o;

	for(o = olds; o < olds + olds_n; o++) {
		source_fini(&o->source);
		ep_text_free(&o->name);
		ep_text_free(&o->iss);
	}
	if(olds != NULL)
		pkg_free(olds);
	olds = NULL;
	olds_n = 0;
}

static void sources_make(void)
{
	struct ep_source *s;
	size_t i;

	if(policy == NULL || policy->issuers_n == 0)
		return;
	sources = pkg_malloc(policy->issuers_n * sizeof(*sources));
	if(sources == NULL) {
		LM_ERR("out of memory: no keys will be fetched\n");
		return;
	}
	for(i = 0; i < policy->issuers_n; i++) {
		s = &sources[sources_n];
		if(source_init(s, &policy->issuers[i]) != 0) {
			LM_ERR("keys of issuer %.*s will not be fetched: out of memory\n",
					EP_FMT(policy->issuers[i].name));
			source_fini(s);
			continue;
		}
		if(s->issuer->discovery != EP_DISCOVERY_NO)
			source_inherit(s, old_find(s->issuer));
		sources_n++;
	}
	ep_keystore_prune(policy);
}

static void sources_build(void)
{
	olds_take();
	generation = ep_policy_generation();
	policy = ep_policy_get();
	sources_make();
	olds_free();
	ep_introspect_reloaded();
}

/* Somebody met a key id we do not have, or an operator asks: look, but not
 * more often than once in key_miss_window. */
static void wanted_check(struct ep_source *s)
{
	enum ep_keystore_want want = ep_keystore_wanted(s->issuer->name);
	struct ep_keystore_state state;
	time_t soonest;

	if(want == EP_WANT_NOTHING)
		return;
	soonest = s->metadata_tried_s + ep_params()->key_miss_window;
	if(want == EP_WANT_METADATA && s->metadata_due_s > soonest)
		s->metadata_due_s = soonest;
	if(ep_keystore_get(&state, s->issuer) != EP_OK)
		return;
	soonest = state.tried_s + ep_params()->key_miss_window;
	if(s->due_s > soonest)
		s->due_s = soonest;
}

/* A clock that was set back would leave everything due in a far future. */
static void clock_check(time_t now_s)
{
	static time_t last_s;
	size_t i;

	if(now_s + CLOCK_BACK_S < last_s) {
		LM_NOTICE("the clock was set back: keys are asked for again\n");
		for(i = 0; i < sources_n; i++) {
			sources[i].due_s = sources[i].metadata_due_s = now_s;
			sources[i].metadata_tried_s = 0;
		}
	}
	last_s = now_s;
}

void ep_sources_step(void)
{
	time_t now_s = time(NULL);
	size_t i;

	if(generation != ep_policy_generation())
		sources_build();
	clock_check(now_s);
	for(i = 0; i < sources_n; i++) {
		wanted_check(&sources[i]);
		ep_discovery_step(&sources[i], now_s);
		ep_jwks_step(&sources[i], now_s);
	}
}
