/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The configuration: one file of `key = value` lines, `#` begins a comment.
 * cfg-examples/rtpengine/rtpengine-iq.conf describes every key. An unknown
 * key, a key twice (unless it may repeat), a value that is none, or an
 * address that strangers reach without an allow list: the daemon does not
 * start.
 */
#ifndef EP_IQ_CONF_H
#define EP_IQ_CONF_H

#include "addr.h"

#define EP_CONF_LISTEN_MAX 8
#define EP_CONF_ALLOW_MAX 64
#define EP_CONF_ERROR_MAX 256

struct ep_conf
{
	struct ep_addr listen[EP_CONF_LISTEN_MAX];
	size_t listen_n;
	struct ep_net allow[EP_CONF_ALLOW_MAX];
	size_t allow_n;
	struct ep_addr rtpengine;
	struct ep_addr http_listen;    /* len 0: none */
	struct ep_addr timeout_listen; /* len 0: none */
	struct ep_addr dtmf_listen;    /* len 0: none */
	char rtpengine_version[32];    /* empty: to be found out */
	unsigned rtpengine_timeout_ms; /* of one try */
	unsigned rtpengine_retries;
	unsigned ping_interval_ms;
	unsigned ping_lost;
	unsigned inflight_max;
	unsigned calls_max;
	unsigned cookie_keep_s;
	unsigned cookie_cache_kb;
	unsigned restore_calls_max;
	unsigned query_interval_ms;
	unsigned query_per_s;
	unsigned ice_timeout_ms;
	unsigned dtls_timeout_ms;
	unsigned media_lost_ms;
	unsigned subscribers_max;
	unsigned subscriber_ttl_max_s;
	unsigned events_max; /* kept for a subscriber */
	unsigned log_level;
};

/* False: *error is a line of text (`path:line: …`). */
bool ep_conf_read(
		struct ep_conf *out, char error[EP_CONF_ERROR_MAX], const char *path);
/* The same from text that is there already; `name` is for the error. */
bool ep_conf_parse(struct ep_conf *out, char error[EP_CONF_ERROR_MAX],
		const char *name, struct ep_view text);
/* May this address command? Loopback always; else it is in the allow list. */
bool ep_conf_allows(const struct ep_conf *conf, const struct ep_addr *from);

#endif
