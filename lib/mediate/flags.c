/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/flags.h"

/* The gateway's addresses stand everywhere (topology hiding); addresses in
 * the SDP count, not where the SIP message came from; keys of SDES are for
 * nobody but a core that speaks RTP/SAVP. */
#define ALWAYS "replace-origin replace-session-connection trust-address"

#define TO_CORE " ICE=remove DTLS=off rtcp-mux-demux no-rtcp-attribute"
#define TO_WIC " ICE=force UDP/TLS/RTP/SAVPF SDES-off generate-mid"

static const char *const of_case[EP_MEDIATE_CASE_N] = {
		/* The gateway must be DTLS server towards the browser from the first
		 * moment: it begins with ICE while it still handles the offer, and a
		 * browser that met a ClientHello before the answer says a=setup:
		 * passive never sends its own. Passive in the answer alone is late. */
		[EP_MEDIATE_W2C_OFFER] = ALWAYS TO_CORE " DTLS-reverse=passive",
		[EP_MEDIATE_C2W_ANSWER] = ALWAYS TO_WIC " DTLS=passive rtcp-mux-accept",
		/* Browsers' rtcpMuxPolicy is "require". */
		[EP_MEDIATE_C2W_OFFER] = ALWAYS TO_WIC " rtcp-mux-require",
		[EP_MEDIATE_W2C_ANSWER] = ALWAYS TO_CORE,
};

/* Interface names go from who is asking to who is asked. */
static void interfaces_print(
		struct ep_buf *out, const struct ep_mediate_plan *plan)
{
	const struct ep_mediate_profile *p = plan->profile;
	bool from_wic = ep_mediate_case_to_core(plan->kind);

	if(!p->access_if.p)
		return;
	ep_buf_put_z(out, " direction=");
	ep_buf_put(out, from_wic ? p->access_if : p->core_if);
	ep_buf_put_z(out, " direction=");
	ep_buf_put(out, from_wic ? p->core_if : p->access_if);
}

void ep_mediate_flags_print(
		struct ep_buf *out, const struct ep_mediate_plan *plan)
{
	ep_buf_put_z(out, of_case[plan->kind]);
	if(ep_mediate_case_to_core(plan->kind)) {
		struct ep_view proto = ep_mediate_core_proto(plan);
		ep_buf_put_chr(out, ' ');
		ep_buf_put(out, proto);
		if(!ep_mediate_proto_srtp(proto))
			ep_buf_put_z(out, " SDES-off");
	}
	interfaces_print(out, plan);
}
