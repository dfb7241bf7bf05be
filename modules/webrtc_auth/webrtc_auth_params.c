/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "webrtc_auth/params.h"

static struct ep_params params = {
		.max_connections = 65536,
		.key_miss_window = 5,
		.keys_max_age = 86400,
		.max_failures = 20,
		.log_rate = 10,
};

// clang-format off
param_export_t ep_params_export[] = {
	{"config", PARAM_STRING, &params.config},
	{"max_connections", PARAM_INT, &params.max_connections},
	{"key_miss_window", PARAM_INT, &params.key_miss_window},
	{"keys_max_age", PARAM_INT, &params.keys_max_age},
	{"max_failures", PARAM_INT, &params.max_failures},
	{"log_rate", PARAM_INT, &params.log_rate},
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
			|| params.log_rate < 0) {
		LM_ERR("a modparam is out of range\n");
		return -1;
	}
	return 0;
}
