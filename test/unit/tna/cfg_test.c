/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "tna/cfg.h"

static struct ep_tna_cfg good(void)
{
	return (struct ep_tna_cfg){.realm = EP_LIT("home1.net"),
			.home_uri = EP_LIT("sip:home1.net"),
			.own_host = EP_LIT("[2001:db8::1]:5060"),
			.own_params = EP_LIT("transport=tcp;x"),
			.visited_network = EP_LIT("Visited 1"),
			.ioi = EP_LIT("home1.net"),
			.icid_generated_at = EP_LIT("10.0.0.1"),
			.expires_default_s = 1,
			.expires_max_s = 1};
}

START_TEST(cfg_takes_what_can_be_used)
{
	struct ep_tna_cfg cfg = good();

	ck_assert_ptr_null(ep_tna_cfg_check(&cfg));
	cfg.own_params = cfg.visited_network = cfg.ioi = cfg.icid_generated_at =
			ep_view_none();
	ck_assert_ptr_null(ep_tna_cfg_check(&cfg));
}
END_TEST

#define REFUSES(field, value)                                                  \
	do {                                                                       \
		struct ep_tna_cfg cfg = good();                                        \
		cfg.field = value;                                                     \
		ck_assert_str_eq(ep_tna_cfg_check(&cfg), #field);                      \
	} while(0)

START_TEST(cfg_names_what_cannot_be_used)
{
	REFUSES(realm, ep_view_none());
	REFUSES(realm, EP_LIT("a\"b"));
	REFUSES(realm, EP_LIT("a\r\nb"));
	REFUSES(home_uri, EP_LIT("home1.net"));
	REFUSES(home_uri, EP_LIT("sip:u@home1.net"));
	REFUSES(home_uri, EP_LIT("sip:home1.net;lr"));
	REFUSES(home_uri, EP_LIT("tel:1"));
	REFUSES(own_host, ep_view_none());
	REFUSES(own_host, EP_LIT("u@pcscf"));
	REFUSES(own_host, EP_LIT("pcscf;lr"));
	REFUSES(own_host, EP_LIT("pcscf:0"));
	REFUSES(own_host, EP_LIT("pc scf"));
	REFUSES(own_params, EP_LIT("a>b"));
	REFUSES(own_params, EP_LIT("a?b=c"));
	REFUSES(visited_network, EP_LIT("a\\b"));
	REFUSES(visited_network, EP_LIT("\xc3\xa4"));
	REFUSES(ioi, EP_LIT("\""));
	REFUSES(icid_generated_at, EP_LIT("a b"));
	REFUSES(expires_default_s, 0);
	REFUSES(expires_max_s, 0);
}
END_TEST

START_TEST(cfg_checks_what_goes_into_register)
{
	struct ep_tna_cfg all = good();

	all.wwsf_param = EP_LIT("webrtc-web-server");
	all.feature_caps = EP_LIT("*;+sip.audio;+sip.ice , *;+g.x=\"a;b\"");
	all.access_network_info = EP_LIT("IEEE-802.11;network-provided");
	ck_assert_ptr_null(ep_tna_cfg_check(&all));
	REFUSES(wwsf_param, EP_LIT("a b"));
	REFUSES(wwsf_param, EP_LIT("a=b"));
	REFUSES(wwsf_param, EP_LIT("Integrity-Protected"));
	REFUSES(wwsf_param, EP_LIT("authorization-entity"));
	REFUSES(wwsf_param, EP_LIT("username"));
	REFUSES(wwsf_param, EP_LIT("nc"));
	REFUSES(feature_caps, EP_LIT("+sip.audio"));
	REFUSES(feature_caps, EP_LIT("*"));
	REFUSES(feature_caps, EP_LIT("*;sip.audio"));
	REFUSES(feature_caps, EP_LIT("*;+sip.audio=1"));
	REFUSES(feature_caps, EP_LIT("*;+sip.audio,"
								 "+sip.ice"));
	REFUSES(feature_caps, EP_LIT("*;+sip.audio=\""));
	REFUSES(feature_caps, EP_LIT("*;+a\r\nX: y"));
	REFUSES(feature_caps, EP_LIT(","));
	REFUSES(access_network_info, EP_LIT("a\r\nX: y"));
}
END_TEST

UNIT_MAIN("tna/cfg", cfg_takes_what_can_be_used, cfg_names_what_cannot_be_used,
		cfg_checks_what_goes_into_register)
