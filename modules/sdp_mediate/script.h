/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What sdp_mediate exports to Kamailio, one table per source file. */
#ifndef EP_SDPM_SCRIPT_H
#define EP_SDPM_SCRIPT_H

#include "core/kemi.h"
#include "core/pvar.h"
#include "core/sr_module.h"

extern cmd_export_t ep_cmds[];            /* sdp_mediate_api.c */
extern sr_kemi_t ep_kemi[];               /* sdp_mediate_api.c */
extern param_export_t ep_params_export[]; /* sdp_mediate_params.c */
extern pv_export_t ep_pvs[];              /* sdp_mediate_pv.c */

#endif
