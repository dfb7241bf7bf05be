/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What an operator sets once and every plan of this library reads. Texts must
 * be usable as they are: a module checks them at start with
 * ep_tna_cfg_check().
 */
#ifndef EP_TNA_CFG_H
#define EP_TNA_CFG_H

#include "base/view.h"

struct ep_tna_cfg
{
	struct ep_view realm; /* of the TNA header: registrar.home1.net */
	struct ep_view
			home_uri; /* Request-URI of REGISTER: sip:registrar.home1.net */
	struct ep_view home_domain; /* taken there too: a UE may know its home
								   network by this name only; or absent */
	struct ep_view own_host; /* host[:port] of our URI in Path, Record-Route */
	struct ep_view own_params; /* more URI parameters there, without the first
								  ';': "transport=tcp"; absent: none */
	bool outbound;             /* `;ob` in Path (RFC 5626, TS 24.229 5.2.2.1) */

	struct ep_view visited_network; /* P-Visited-Network-ID; absent: none */
	struct ep_view ioi; /* our name in orig-ioi, without "Type 1"; or absent */
	struct ep_view icid_generated_at;   /* host; absent: none */
	struct ep_view access_network_info; /* our P-Access-Network-Info, whole
										   value; absent: none */
	bool core_digest;                   /* the core does not know Trusted Node
										   Authentication: its Digest challenges are
										   answered here (answer.h) */
	struct ep_view core_realm;          /* the only realm that is answered */
	struct ep_view core_integrity; /* integrity-protected of an answer: that of
									  a P-CSCF, never auth-done; absent: none */
	struct ep_view wwsf_param;     /* Authorization parameter that names
									  the WWSF (no standard name exists);
									  absent: it is not named */
	struct ep_view feature_caps;   /* our Feature-Caps, whole value
									  (RFC 6809, TS 24.229 7.9A.4); absent:
									  none, which says "everything" */
	bool charging_addresses; /* stored P-Charging-Function-Addresses are put
								into requests: next hop is our own network */

	uint32_t expires_default_s; /* REGISTER without any expiry: 600000 */
	uint32_t expires_max_s;     /* never more */
	uint32_t token_skew_s; /* kept between our expiry and the token's end */
	uint32_t token_min_s;  /* less left than this: EP_TNA_TOKEN_ENDING */

	bool from_strict; /* From must be a registered identity or anonymous */
	struct ep_view emergency_numbers; /* comma separated; or absent */
};

/* Can the WWSF be named so? A token, and nothing that credentials have. */
bool ep_tna_wwsf_param_ok(struct ep_view name);
/* Name of the first setting that cannot be used; NULL: all good. */
const char *ep_tna_cfg_check(const struct ep_tna_cfg *cfg);

#endif
