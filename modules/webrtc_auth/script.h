/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What a script sees: the tables that the module exports. */
#ifndef EP_WEBRTC_AUTH_SCRIPT_H
#define EP_WEBRTC_AUTH_SCRIPT_H

#include "core/kemi.h"
#include "core/pvar.h"
#include "core/rpc.h"
#include "core/sr_module.h"

extern cmd_export_t ep_cmds[];
extern sr_kemi_t ep_kemi[];
extern pv_export_t ep_pvs[];
extern rpc_export_t ep_rpcs[];

/* revoke_rpc.c */
void ep_rpc_revoke(rpc_t *rpc, void *ctx);
void ep_rpc_unrevoke(rpc_t *rpc, void *ctx);
void ep_rpc_revoked(rpc_t *rpc, void *ctx);

/* Values of script functions besides those of token/cause.h. */
enum
{
	EP_RET_TABLE_FULL = -90, /* no more connections: answer 503 */
	EP_RET_NO_CONNECTION = -91,
	EP_RET_BAD_CODE = -92,
	EP_RET_NOT_CHECKED = -93, /* webrtc_auth_check() was not called before */
	EP_RET_SUSPENDED_TWICE = -94, /* a transaction is suspended once only */
	EP_RET_LOGOUT = -96,          /* a log-out was refused (and answered) */
	EP_RET_LOGOUT_LATER = -97,    /* not now (answered with 503) */
	/* webrtc_auth_check_async(): the request goes on in the other route; a
	 * native script ends by it, a KEMI script has to return. */
	EP_RET_SUSPENDED = 0
};

/* What Kamailio calls this process; above 0: it serves SIP and must not wait.
 */
extern int ep_rank;

/* Before fork. 0 or -1. */
int ep_script_init(void);

#endif
