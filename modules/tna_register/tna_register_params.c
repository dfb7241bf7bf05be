/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>
#include <sys/random.h>

#include "core/dprint.h"
#include "core/mem/mem.h"

#include "base/sipuri.h"
#include "common/view.h"
#include "barred.h"
#include "route.h"
#include "scscf.h"
#include "tna_register.h"

#define KEY_MAX 256

struct tna_settings tna_set;

static str home_domain = STR_NULL;
static str realm = STR_NULL;
static str registrar_uri = STR_NULL;
static str visited_network_id = STR_NULL;
static str orig_ioi = STR_NULL;
static str icid_generated_at = STR_NULL;
static str access_network_info = STR_NULL;
static str wwsf_param = STR_NULL;
static str feature_caps = STR_NULL;
static str core = str_init("tna");
static str core_realm = STR_NULL;
static str core_integrity = STR_NULL;
static char *credentials;
static str own_uri = STR_NULL;
static str own_params = STR_NULL;
static str icscf_uri = STR_NULL;
static str core_hosts = STR_NULL;
static str event_callback = STR_NULL;
static str flow_key = STR_NULL;
static str flow_key_old = STR_NULL;
static str role = str_init("epcscf");
static int node_id = 1;
static int outbound = 1;
static int charging_addresses = 1;
static int from_strict = 0;
static int expires_default_s = 600000;
static int expires_max_s = 600000;
static int token_min_s = 30;
static int token_skew_s = 5;
static int hold_s = 30;
static int token_grace_s = 60;
static int deregister_lost = 1;
static int max_call_s = 0;
static int max_bindings = 100000;
static int hash_size = 0;
static int sip_digest = 0;
static int emergency = 380;
static str emergency_reason =
		str_init("Emergency calls are not possible from this web page.");
static str emergency_numbers = str_init("112,911");
static int max_subscriptions = 100000;
static int binding_subscriptions = 64;
static int binding_calls = 32;
static int reg_event = 0;
static int reg_event_expires_s = 604800;

param_export_t tna_params[] = {
		{"home_domain", PARAM_STR, &home_domain},
		{"realm", PARAM_STR, &realm},
		{"registrar_uri", PARAM_STR, &registrar_uri},
		{"visited_network_id", PARAM_STR, &visited_network_id},
		{"orig_ioi", PARAM_STR, &orig_ioi},
		{"icid_generated_at", PARAM_STR, &icid_generated_at},
		{"access_network_info", PARAM_STR, &access_network_info},
		{"own_uri", PARAM_STR, &own_uri},
		{"own_params", PARAM_STR, &own_params},
		{"icscf_uri", PARAM_STR, &icscf_uri},
		{"core_hosts", PARAM_STR, &core_hosts},
		{"event_callback", PARAM_STR, &event_callback},
		{"flow_key", PARAM_STR, &flow_key},
		{"flow_key_old", PARAM_STR, &flow_key_old},
		{"role", PARAM_STR, &role},
		{"node_id", PARAM_INT, &node_id},
		{"outbound", PARAM_INT, &outbound},
		{"charging_addresses", PARAM_INT, &charging_addresses},
		{"from_strict", PARAM_INT, &from_strict},
		{"default_expires_s", PARAM_INT, &expires_default_s},
		{"max_expires_s", PARAM_INT, &expires_max_s},
		{"min_expires_s", PARAM_INT, &token_min_s},
		{"token_skew_s", PARAM_INT, &token_skew_s},
		{"hold_s", PARAM_INT, &hold_s},
		{"token_grace_s", PARAM_INT, &token_grace_s},
		{"deregister_lost", PARAM_INT, &deregister_lost},
		{"max_call_s", PARAM_INT, &max_call_s},
		{"max_bindings", PARAM_INT, &max_bindings},
		{"hash_size", PARAM_INT, &hash_size},
		{"sip_digest", PARAM_INT, &sip_digest},
		/* REGISTER towards the core: lib/tna/cfg.h */
		{"wwsf_param", PARAM_STR, &wwsf_param},
		{"feature_caps", PARAM_STR, &feature_caps},
		/* requests of pages, and towards them */
		{"emergency", PARAM_INT, &emergency},
		{"emergency_reason", PARAM_STR, &emergency_reason},
		{"emergency_numbers", PARAM_STR, &emergency_numbers},
		{"max_subscriptions", PARAM_INT, &max_subscriptions},
		{"binding_subscriptions", PARAM_INT, &binding_subscriptions},
		{"binding_calls", PARAM_INT, &binding_calls},
		/* answer.h */
		{"core", PARAM_STR, &core},
		{"core_realm", PARAM_STR, &core_realm},
		{"core_integrity", PARAM_STR, &core_integrity},
		{"credentials", PARAM_STRING, &credentials},
		/* regevent.h */
		{"reg_event", PARAM_INT, &reg_event},
		{"reg_event_expires_s", PARAM_INT, &reg_event_expires_s},
		/* barred.h */
		{"max_barred", PARAM_INT, &tna_barred_params.max},
		{"barred_file", PARAM_STRING, &tna_barred_params.file},
		{"dmq", PARAM_INT, &tna_barred_params.dmq},
		{"node", PARAM_STRING, &tna_barred_params.node},
		{"node_key_file", PARAM_STRING, &tna_barred_params.node_key_file},
		{"node_skew", PARAM_INT, &tna_barred_params.node_skew},
		/* scscf.h */
		{"scscf_name", PARAM_STR, &tna_scscf_name},
		{"trusted", PARAM_STRING | PARAM_USE_FUNC,
				(void *)tna_scscf_trusted_add},
		{"trusted_udp", PARAM_INT, &tna_scscf_trusted_udp},
		{"home_waf", PARAM_STRING | PARAM_USE_FUNC,
				(void *)tna_scscf_home_waf_add},
		{"no_list", PARAM_STR, &tna_scscf_no_list},
		{"hss_realm", PARAM_STR, &tna_scscf_hss_realm},
		{"hss_timeout_ms", PARAM_INT, &tna_scscf_hss_timeout_ms},
		{"hss_max_pending", PARAM_INT, &tna_scscf_max_pending},
		{"list_ttl_s", PARAM_INT, &tna_scscf_list_ttl_s},
		{"list_max_users", PARAM_INT, &tna_scscf_max_users},
		{"list_in_no_assignment", PARAM_INT, &tna_scscf_list_in_no_assignment},
		{"async_group", PARAM_STR, &tna_scscf_async_group},
		{NULL, 0, NULL},
};

/* prefix + *from into *to, unless *to was set. */
static int set_default(str *to, const char *prefix, const str *from)
{
	size_t n = strlen(prefix);

	if(to->len > 0)
		return 0;
	to->s = pkg_malloc(n + from->len);
	if(to->s == NULL)
		return -1;
	memcpy(to->s, prefix, n);
	memcpy(to->s + n, from->s, from->len);
	to->len = n + from->len;
	return 0;
}

/* A key given as such, or as the path of a file that holds it. */
static int key_read(struct ep_view *out, const str *given, const char *name)
{
	char path[512], *text;
	FILE *f;
	size_t n;

	*out = ep_view_str(given);
	if(given->len <= 0 || given->s[0] != '/')
		return 0;
	if(given->len >= (int)sizeof(path))
		return -1;
	memcpy(path, given->s, given->len);
	path[given->len] = '\0';
	f = fopen(path, "r");
	text = pkg_malloc(KEY_MAX);
	if(f == NULL || text == NULL) {
		LM_ERR("%s: cannot read %s\n", name, path);
		if(f != NULL)
			fclose(f);
		return -1;
	}
	n = fread(text, 1, KEY_MAX, f);
	fclose(f);
	*out = ep_view_trim(ep_view_of(text, n));
	return 0;
}

/* Tokens name bindings, and bindings do not survive a restart: a key made at
 * the start is enough for a node that stands alone. */
static int key_make(struct ep_view *out)
{
	char *key = pkg_malloc(32);

	if(key == NULL || getrandom(key, 32, 0) != 32)
		return -1;
	*out = ep_view_of(key, 32);
	return 0;
}

static int keys_init(void)
{
	struct ep_flow_keys *keys = &tna_set.keys;

	if(key_read(&keys->current, &flow_key, "flow_key") != 0
			|| key_read(&keys->previous, &flow_key_old, "flow_key_old") != 0)
		return -1;
	if(keys->current.len == 0)
		return key_make(&keys->current);
	if(keys->current.len < EP_FLOW_KEY_MIN_LEN
			|| (keys->previous.len > 0
					&& keys->previous.len < EP_FLOW_KEY_MIN_LEN)) {
		LM_ERR("flow_key: at least %d octets\n", EP_FLOW_KEY_MIN_LEN);
		return -1;
	}
	if(keys->previous.len == 0)
		keys->previous = ep_view_none();
	return 0;
}

static int numbers_init(void)
{
	if(expires_default_s < 1 || expires_max_s < 1 || token_min_s < 0
			|| token_skew_s < 0 || token_grace_s < 0 || hold_s < 0
			|| max_call_s < 0 || max_bindings < 1 || hash_size < 0
			|| max_subscriptions < 0 || binding_subscriptions < 0
			|| binding_calls < 0) {
		LM_ERR("a time or a limit that cannot be used\n");
		return -1;
	}
	if(emergency != 380 && (emergency < 400 || emergency > 699)) {
		LM_ERR("emergency: 380, or a refusal from 400 to 699\n");
		return -1;
	}
	tna_set.emergency = emergency;
	tna_set.cfg.expires_default_s = expires_default_s;
	tna_set.cfg.expires_max_s = expires_max_s;
	tna_set.cfg.token_min_s = token_min_s;
	tna_set.cfg.token_skew_s = token_skew_s;
	tna_set.cfg.outbound = outbound != 0;
	tna_set.cfg.charging_addresses = charging_addresses != 0;
	tna_set.cfg.from_strict = from_strict != 0;
	tna_set.policy.hold_s = hold_s;
	tna_set.policy.deregister_lost = deregister_lost != 0;
	tna_set.policy.token_grace_s = token_grace_s;
	tna_set.max_call_s = max_call_s;
	tna_set.max_subs = max_subscriptions;
	tna_set.max_subs_each = binding_subscriptions;
	tna_set.max_calls_each = binding_calls;
	tna_set.max_bindings = max_bindings;
	tna_set.hash_size = hash_size;
	tna_set.digest = sip_digest != 0;
	tna_set.node = (uint32_t)node_id;
	tna_set.epoch = (uint32_t)time(NULL);
	return 0;
}

/* Comma separated host[:port], each as the host part of a SIP URI. */
static int core_hosts_check(void)
{
	struct ep_view rest = tna_set.core_hosts;
	struct ep_uri uri;

	while(rest.p != NULL)
		if(tna_host_parse(&uri, ep_view_trim(ep_view_cut(&rest, ',')))
				!= EP_OK) {
			LM_ERR("core_hosts: each must be host[:port]\n");
			return -1;
		}
	return 0;
}

static int core_init(struct ep_tna_cfg *cfg)
{
	cfg->core_digest = ep_view_eq(ep_view_str(&core), EP_LIT("digest"));
	if(!cfg->core_digest && !ep_view_eq(ep_view_str(&core), EP_LIT("tna"))) {
		LM_ERR("core: tna or digest\n");
		return -1;
	}
	cfg->core_realm = ep_view_str(core_realm.len > 0 || home_domain.len <= 0
										  ? &core_realm
										  : &home_domain);
	cfg->core_integrity = ep_view_str(&core_integrity);
	if(cfg->core_digest != (credentials != NULL && *credentials != '\0')) {
		LM_ERR("core=digest and credentials go together\n");
		return -1;
	}
	tna_set.credentials = cfg->core_digest ? credentials : NULL;
	return 0;
}

int tna_params_init(void)
{
	struct ep_tna_cfg *cfg = &tna_set.cfg;
	struct ep_uri uri;
	const char *bad;

	tna_set.scscf = ep_view_eq(ep_view_str(&role), EP_LIT("scscf"));
	if(!tna_set.scscf && !ep_view_eq(ep_view_str(&role), EP_LIT("epcscf"))) {
		LM_ERR("role: epcscf or scscf\n");
		return -1;
	}
	cfg->home_domain = ep_view_str(&home_domain);
	cfg->wwsf_param = ep_view_str(&wwsf_param);
	if(max_bindings < 1 || hash_size < 0) {
		LM_ERR("max_bindings: at least 1\n");
		return -1;
	}
	tna_set.max_bindings = max_bindings;
	tna_set.hash_size = hash_size;
	if(tna_set.scscf) {
		cfg->own_host = cfg->home_domain;
		return 0;
	}
	if(home_domain.len <= 0 && (realm.len <= 0 || registrar_uri.len <= 0)) {
		LM_ERR("home_domain is not set\n");
		return -1;
	}
	if(own_uri.len <= 0) {
		LM_ERR("own_uri (host:port of the socket towards the core) is not"
			   " set\n");
		return -1;
	}
	if(set_default(&realm, "registrar.", &home_domain) != 0
			|| set_default(&registrar_uri, "sip:", &realm) != 0
			|| numbers_init() != 0 || keys_init() != 0)
		return -1;
	cfg->realm = ep_view_str(&realm);
	cfg->home_uri = ep_view_str(&registrar_uri);
	cfg->own_host = ep_view_str(&own_uri);
	cfg->own_params = ep_view_str(&own_params);
	cfg->visited_network = ep_view_str(&visited_network_id);
	cfg->ioi = ep_view_str(&orig_ioi);
	cfg->icid_generated_at = ep_view_str(&icid_generated_at);
	cfg->access_network_info = ep_view_str(&access_network_info);
	cfg->feature_caps = ep_view_str(&feature_caps);
	cfg->emergency_numbers = ep_view_str(&emergency_numbers);
	tna_set.emergency_reason = ep_view_str(&emergency_reason);
	tna_set.event_callback = ep_view_str(&event_callback);
	tna_set.icscf_uri = ep_view_str(&icscf_uri);
	if(icscf_uri.len > 0 && ep_uri_parse(&uri, tna_set.icscf_uri) != EP_OK) {
		LM_ERR("icscf_uri is no SIP URI\n");
		return -1;
	}
	tna_set.reg_event = reg_event != 0;
	tna_set.reg_event_expires_s = (uint32_t)reg_event_expires_s;
	if(reg_event && (icscf_uri.len <= 0 || reg_event_expires_s < 60)) {
		LM_ERR("reg_event needs icscf_uri, and a reg_event_expires_s from 60"
			   " on\n");
		return -1;
	}
	tna_set.core_hosts = ep_view_str(&core_hosts);
	if(core_hosts_check() != 0)
		return -1;
	if(core_init(cfg) != 0)
		return -1;
	bad = ep_tna_cfg_check(cfg);
	if(bad != NULL) {
		LM_ERR("a setting cannot be used: %s\n", bad);
		return -1;
	}
	return 0;
}
