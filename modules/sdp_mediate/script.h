/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What sdp_mediate exports to Kamailio, one table per source file. */
#ifndef EP_SDPM_SCRIPT_H
#define EP_SDPM_SCRIPT_H

#include "core/kemi.h"
#include "core/pvar.h"
#include "core/rpc.h"
#include "core/sr_module.h"

extern cmd_export_t ep_cmds[];            /* sdp_mediate_api.c */
extern sr_kemi_t ep_kemi[];               /* sdp_mediate_api.c */
extern param_export_t ep_params_export[]; /* sdp_mediate_params.c */
extern pv_export_t ep_pvs[];              /* sdp_mediate_pv.c */
extern rpc_export_t ep_rpcs[];              /* sdp_mediate_rpc.c */

/* Values of script functions besides the causes of mediate/cause.h, negated. */
enum
{
	EP_RET_NOT_ASYNC = -93,       /* there is no modparam agw */
	EP_RET_SUSPENDED_TWICE = -94, /* a transaction is suspended once only */
	/* sdp_mediate_async(): the request goes on in the other route; a native
	 * script ends by it, a KEMI script has to return. */
	EP_RET_SUSPENDED = 0
};

#endif
