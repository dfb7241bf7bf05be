/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The modparams: set while the script is read, constant from mod_init on. */
#ifndef EP_WEBRTC_AUTH_PARAMS_H
#define EP_WEBRTC_AUTH_PARAMS_H

#include "core/sr_module.h"

struct ep_params
{
	char *config;        /* path of the configuration file; no default */
	int max_connections; /* entries of the connection table */
	int key_miss_window; /* s: a kid that is missing in keys this fresh is no
							key of the issuer's; and the least time between
							two fetches on demand */
	int keys_max_age;    /* s: keys whose source was silent for so long are
							not used any more */
	int max_failures;    /* REGISTERs refused in a row on one connection before
							it is closed; 0: no limit */
	int log_rate;        /* lines a second and process about refused tokens */
	str realm;           /* of the challenge; empty: host of the Request-URI */
};

extern param_export_t ep_params_export[];

const struct ep_params *ep_params(void);
/* 0, or -1 with the reason logged. */
int ep_params_check(void);

#endif
