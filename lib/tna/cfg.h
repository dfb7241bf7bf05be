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
	bool charging_addresses; /* stored P-Charging-Function-Addresses are put
								into requests: next hop is our own network */

	uint32_t expires_default_s; /* REGISTER without any expiry: 600000 */
	uint32_t expires_max_s;     /* never more */
	uint32_t token_skew_s; /* kept between our expiry and the token's end */
	uint32_t token_min_s;  /* less left than this: EP_TNA_TOKEN_ENDING */

	bool from_strict; /* From must be a registered identity or anonymous */
};

/* Name of the first setting that cannot be used; NULL: all good. */
const char *ep_tna_cfg_check(const struct ep_tna_cfg *cfg);

#endif
