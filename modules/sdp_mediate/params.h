/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Module parameters. Fixed once mod_init has checked them. */
#ifndef EP_SDPM_PARAMS_H
#define EP_SDPM_PARAMS_H

#include "core/parser/msg_parser.h"
#include "core/str.h"
#include "base/arena.h"
#include "mediate/profile.h"

#define EP_PROFILES_MAX 16

/* 0, or -1 with a line in the log. */
int ep_params_check(void);

/* NULL when there is no profile of that name. */
const struct ep_mediate_profile *ep_profile_find(struct ep_view name);

/* May `v` be one word among the gateway's flags? A peer chose it: what it is
 * kept under, and for how long, is not his to make dear. */
#define EP_WORD_MAX 500
bool ep_word_check(struct ep_view v);

/* Which leg of a call this message belongs to, by modparam leg; absent
 * without one, or when it is null or empty here. A static buffer of
 * Kamailio's: copy it at once. */
struct ep_view ep_leg_get(sip_msg_t *msg);

/* In an event route of dialog's: the Call-ID of that dialog, in arena memory.
 * EP_ENOENT outside, EP_ENOMEM. */
enum ep_err ep_dialog_callid(
		struct ep_view *callid, sip_msg_t *msg, struct ep_arena *arena);

/* Does dialog know the dialog of this request? True also where it is not
 * loaded, or another module keeps the calls. */
bool ep_dialog_known(sip_msg_t *msg);
/* Have calls legs here (modparam leg)? */
bool ep_leg_configured(void);

/* Of asynchronous mode. */
struct ep_async_params
{
	int timeout_ms;              /* of one exchange, in all */
	int max_pending;             /* exchanges at once */
	int max_calls;               /* remembered, with their gateway */
	int call_expire;             /* s */
	str async_group;             /* of core's async workers */
	struct ep_view subscriber;   /* our name at the gateways */
	struct ep_view event_callback; /* a function of the KEMI script */
};
const struct ep_async_params *ep_async_params(void);

/* The set of gateways (agw's set) for calls of a profile. */
unsigned ep_profile_set(const struct ep_mediate_profile *p);

/* May this process write one more line about a call this second? */
bool ep_log_may(void);

/* Our name in a Warning header (RFC 3261 20.43 warn-agent). */
struct ep_view ep_warning_agent(void);

#endif
