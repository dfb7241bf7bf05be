/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The daemon as a whole: what its parts find each other through. One thread,
 * one loop; nothing here waits for anybody.
 *
 *   north    commands of the SIP side        events    to subscribers
 *   south    commands to the one rtpengine   watch     polls calls, says what
 * changed cookies  answers given lately            http      /metrics, /healthz
 *   calls    calls that passed               service   is rtpengine there?
 */
#ifndef EP_IQ_H
#define EP_IQ_H

#include <stdint.h>
#include "conf.h"
#include "loop.h"
#include "stats.h"
#include "ng/version.h"

struct ep_iq
{
	const struct ep_conf *conf;
	struct ep_loop *loop;
	struct ep_stats stats;
	struct ep_ng_version version; /* of rtpengine; unknown until found out */
	uint64_t epoch;               /* new with every start: ms since 1970 */
	unsigned char hash_key[16];   /* random: for tables keyed by strangers */
	struct ep_north *north;
	struct ep_south *south;
	struct ep_cookies *cookies;
	struct ep_calls *calls;
	struct ep_service *service;
	struct ep_resync *resync;
	struct ep_events *events;
	struct ep_watch *watch;
	struct ep_http *http;
	struct ep_dtmf *dtmf;
	struct ep_capabilities *capabilities;
};

#endif
