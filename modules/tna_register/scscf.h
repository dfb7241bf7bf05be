/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The S-CSCF's side (modparam role "scscf"): whose word that a user is
 * authenticated counts, and through which WAF and WWSF the user may come
 * (TS 33.203 X.3.2.3 step 6). cdp is bound in this role only.
 *
 *   scscf.c         the check, $tna(...) in this role
 *   scscf_params.c  modparams, trusted nodes
 *   scscf_ask.c     REGISTERs that wait for the HSS, and what is undone
 *   scscf_cx.c      Cx messages: SAR, SAA, PPR
 *   scscf_users.c   what is remembered of a user: list, last registration
 */
#ifndef EP_TNA_SCSCF_GLUE_H
#define EP_TNA_SCSCF_GLUE_H

#include "tna_register.h"
#include "tna/scscf.h"

/* What tna_scscf_check() returns besides cause.script: nobody trusted says
 * that the user is authenticated, so the script authenticates it. */
#define TNA_SCSCF_AUTHENTICATE 2

struct tna_scscf_settings
{
	struct ep_scscf_policy policy;
	struct ep_view wwsf_param; /* absent: none */
	struct ep_view name;       /* Server-Name: our SIP URI */
	struct ep_view hss_realm;  /* Destination-Realm */
	str async_group;
	unsigned hss_timeout_ms;
	unsigned max_pending;
	unsigned list_ttl_s; /* 0: ask the HSS every time */
	unsigned max_users;
	bool list_in_no_assignment;
};

extern struct tna_scscf_settings tna_scscf_set;

/* mod_init and what follows, in this role. 0 or -1. */
int tna_scscf_init(void);
int tna_scscf_child_init(int rank);
void tna_scscf_destroy(void);

/* --- scscf_params.c --- */

/* 0, or -1 with the reason in the log. */
int tna_scscf_params_init(void);
/* Did a trusted node send it? */
bool tna_scscf_is_trusted(sip_msg_t *msg);

extern str tna_scscf_name, tna_scscf_no_list;
extern str tna_scscf_hss_realm, tna_scscf_async_group;
extern int tna_scscf_trusted_udp, tna_scscf_hss_timeout_ms;
extern int tna_scscf_max_pending, tna_scscf_list_ttl_s, tna_scscf_max_users;
extern int tna_scscf_list_in_no_assignment;
int tna_scscf_trusted_add(modparam_t type, void *val);
int tna_scscf_home_waf_add(modparam_t type, void *val);

/* --- scscf.c --- */

/* The route it goes on in; of a KEMI script: the function. */
int tna_ki_scscf_check(sip_msg_t *msg, str *function);
int tna_w_scscf_check(sip_msg_t *msg, char *route, char *p2);
int tna_scscf_check_fixup(void **param, int n);

/* What the REGISTER at hand says; false when it was not checked. The views
 * live until the next check in this process. */
struct tna_scscf_said
{
	struct ep_view impi, impu, waf, wwsf; /* or absent */
};
bool tna_scscf_said(struct tna_scscf_said *out, sip_msg_t *msg);

void tna_rpc_allowed(rpc_t *rpc, void *ctx);
void tna_rpc_scscf(rpc_t *rpc, void *ctx);

#endif
