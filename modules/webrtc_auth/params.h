/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The modparams: set while the script is read, constant from mod_init on. */
#ifndef EP_WEBRTC_AUTH_PARAMS_H
#define EP_WEBRTC_AUTH_PARAMS_H

#include "core/sr_module.h"

struct ep_params
{
	char *config;         /* path of the configuration file; no default */
	int max_connections;  /* entries of the connection table */
	int key_miss_window;  /* s: a kid that is missing in keys this fresh is no
							 key of the issuer's; and the least time between
							 two fetches on demand */
	int keys_max_age;     /* s: keys whose source was silent for so long are
							 not used any more */
	int max_failures;     /* requests refused in a row on one connection before
							 it is closed; 0: no limit */
	int max_sources;      /* addresses whose failures are remembered */
	int signature_budget; /* ms a second of signatures of bad tokens, of all
							 sources that never had a good one; 0: no limit */
	int cache_size;       /* tokens whose check is remembered; 0: none */
	int log_rate;         /* lines a second and process about refused tokens */
	str async_group;      /* of core async workers: suspended REGISTERs go on
							 there */
	int max_revoked;      /* entries of the list of revocations */
	int revoke_seconds;   /* s: how long one counts that says nothing itself */
	char *revoked_file;   /* where the list is kept; NULL: nowhere */
	int dmq;              /* 1: the list is shared with the other nodes */
	char *node;           /* this node's name among them; no default */
	char *node_key_file;  /* the key they share; no default */
	int node_skew;        /* s: how old what they say may be */
	int logout_rate;      /* log-out tokens looked at in a second */
	str realm;            /* of the challenge; empty: host of the Request-URI */
};

extern param_export_t ep_params_export[];

const struct ep_params *ep_params(void);
/* 0, or -1 with the reason logged. */
int ep_params_check(void);

#endif
