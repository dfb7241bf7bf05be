/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "webrtc_auth/params.h"

static struct ep_params params = {
		.max_connections = 65536,
		.key_miss_window = 5,
		.keys_max_age = 86400,
		.max_failures = 20,
		.max_sources = 16384,
		.signature_budget = 500,
		.log_rate = 10,
		.async_group = str_init("default"),
		.cache_size = 16384,
		.max_revoked = 100000,
		.revoke_seconds = 86400,
		.node_skew = 60,
		.logout_rate = 50,
};

// clang-format off
param_export_t ep_params_export[] = {
	{"config", PARAM_STRING, &params.config},
	{"max_connections", PARAM_INT, &params.max_connections},
	{"key_miss_window", PARAM_INT, &params.key_miss_window},
	{"keys_max_age", PARAM_INT, &params.keys_max_age},
	{"max_failures", PARAM_INT, &params.max_failures},
	{"max_sources", PARAM_INT, &params.max_sources},
	{"signature_budget", PARAM_INT, &params.signature_budget},
	{"cache_size", PARAM_INT, &params.cache_size},
	{"log_rate", PARAM_INT, &params.log_rate},
	{"async_group", PARAM_STR, &params.async_group},
	{"max_revoked", PARAM_INT, &params.max_revoked},
	{"revoke_seconds", PARAM_INT, &params.revoke_seconds},
	{"revoked_file", PARAM_STRING, &params.revoked_file},
	{"dmq", PARAM_INT, &params.dmq},
	{"node", PARAM_STRING, &params.node},
	{"node_key_file", PARAM_STRING, &params.node_key_file},
	{"node_skew", PARAM_INT, &params.node_skew},
	{"logout_rate", PARAM_INT, &params.logout_rate},
	{"realm", PARAM_STR, &params.realm},
	{0, 0, 0}
};
// clang-format on

const struct ep_params *ep_params(void)
{
	return &params;
}

int ep_params_check(void)
{
	if(params.config == NULL || params.config[0] == '\0') {
		LM_ERR("modparam config is missing: the path of the file with the "
			   "issuers and WWSFs\n");
		return -1;
	}
	if(params.max_connections < 1 || params.key_miss_window < 1
			|| params.keys_max_age < 1 || params.max_failures < 0
			|| params.log_rate < 0 || params.max_sources < 1
			|| params.max_sources > 10000000 || params.signature_budget < 0
			|| params.signature_budget > 1000000 || params.cache_size < 0
			|| params.max_revoked < 1 || params.max_revoked > 10000000
			|| params.revoke_seconds < 1 || params.node_skew < 1
			|| params.logout_rate < 0) {
		LM_ERR("a modparam is out of range\n");
		return -1;
	}
	return 0;
}
