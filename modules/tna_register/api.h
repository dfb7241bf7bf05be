/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What tna_register offers to other modules, by bind_tna_register().
 * All functions may be called from any process after mod_init; none blocks.
 */
#ifndef EP_TNA_REGISTER_API_H
#define EP_TNA_REGISTER_API_H

#include "core/sr_module.h"
#include "base/err.h"
#include "base/view.h"

#define TNA_BINDING_ID_LEN 16

/* Why calls, or a binding, are ended: what Reason and final answers say. */
enum tna_end_cause
{
	TNA_END_OPERATOR,     /* tna.terminate */
	TNA_END_REVOKED,      /* token, user, WAF or WWSF revoked or barred */
	TNA_END_EXPIRED,      /* registration or token ended, nobody refreshed */
	TNA_END_DEREGISTERED, /* by the page or by the network */
	TNA_END_LOST,         /* connection gone longer than hold_s */
	TNA_END_MEDIA,        /* media gone (ICE consent, DTLS, inactivity) */
	TNA_END_POLICY,       /* QoS or session policy */
	TNA_END_DURATION,     /* longest permitted duration */
	TNA_END_USED_UP,      /* the WWSF's call seconds of this day */
	TNA_END_REPLACED,     /* the page came back on another connection */
	TNA_END_N
};

typedef struct tna_register_api
{
	/* The binding of a connection; of several, one for each public identity
	 * that the page registered, the oldest. EP_OK or EP_ENOENT. */
	enum ep_err (*by_conn)(unsigned char id[TNA_BINDING_ID_LEN], int conid);
	/* The nth binding of a public identity. EP_OK or EP_ENOENT. */
	enum ep_err (*by_impu)(unsigned char id[TNA_BINDING_ID_LEN],
			struct ep_view impu, size_t nth);

	/* Ends all calls of a binding: BYE both ways, or CANCEL and a final
	 * answer. The registration stays. Only queued here: the module's own
	 * process does it within 100 ms. EP_OK (also when there are none),
	 * EP_ENOMEM. */
	enum ep_err (*end_calls)(const unsigned char id[TNA_BINDING_ID_LEN],
			enum tna_end_cause cause);
	/* Ends the call(s) with this Call-ID: of one binding, or (NULL) of all.
	 * Who calls chooses a Call-ID, so one alone may name a stranger's call too.
	 * Queued. EP_OK, EP_ENOMEM. */
	enum ep_err (*end_call)(const unsigned char *id, struct ep_view callid,
			enum tna_end_cause cause);
	/* Ends a binding: from now on nothing of it passes; calls end, then its
	 * WebSocket is closed. Queued. EP_OK, EP_ENOENT, EP_ENOMEM. */
	enum ep_err (*end_binding)(const unsigned char id[TNA_BINDING_ID_LEN],
			enum tna_end_cause cause);
} tna_register_api_t;

typedef int (*bind_tna_register_f)(tna_register_api_t *api);

/* 0, or -1 for a NULL `api`. */
int bind_tna_register(tna_register_api_t *api);

/* For the user's mod_init; 0, or -1 when tna_register is not loaded before. */
static inline int tna_register_load_api(tna_register_api_t *api)
{
	bind_tna_register_f bind;

	/* find_export() knows script functions only. */
	bind = (bind_tna_register_f)(void (*)(void))find_export(
			"bind_tna_register", 0, 0);
	if(bind == NULL)
		return -1;
	return bind(api);
}

#endif
