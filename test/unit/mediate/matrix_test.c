/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/matrix.h"
#include "support.h"

/* What must never reach the core, whatever the gateway does with it. */
static const char *const webrtc_only[] = {"mid", "msid", "msid-semantic",
		"ssrc", "ssrc-group", "extmap", "extmap-allow-mixed", "rid",
		"simulcast", "rtcp-rsize", "rtcp-xr", "rtcp-mux", "group", "ice-ufrag",
		"ice-pwd", "ice-options", "candidate", "end-of-candidates",
		"fingerprint", "setup", "tls-id", "bundle-only", "sctp-port",
		"max-message-size", "MID", "Ssrc", "x-google-flag", "ssrc-audio-level",
		"rtcp-mux-only", "identity", "imageattr", "ice-lite",
		"remote-candidates", "dcmap", "sctpmap", "goog-any"};

/* What belongs to the core, or to its other end, and ends here towards a
 * browser. */
static const char *const core_only[] = {"crypto", "curr", "des", "conf",
		"3ge2ae", "ssrc", "msid", "visited-realm", "secondary-realm",
		"omr-codecs", "tra-contact", "tcap", "acap", "pcfg", "acfg", "key-mgmt",
		"rtcp-rsize", "rtcp-xr", "source-filter"};

START_TEST(matrix_lets_nothing_of_webrtc_out)
{
	static const enum ep_mediate_case to_core[] = {
			EP_MEDIATE_W2C_OFFER, EP_MEDIATE_W2C_ANSWER};

	for(size_t c = 0; c < 2; c++)
		for(size_t i = 0; i < sizeof webrtc_only / sizeof *webrtc_only; i++)
			ck_assert_msg(
					!ep_mediate_rule_passes(ep_mediate_matrix_get(to_core[c],
													ep_view_z(webrtc_only[i])),
							EP_MEDIATE_OUT),
					"%s", webrtc_only[i]);
}
END_TEST

START_TEST(matrix_gives_the_gateway_what_it_terminates)
{
	static const char *const terminated[] = {"ice-ufrag", "ice-pwd",
			"candidate", "fingerprint", "setup", "rtcp-mux", "mid"};

	for(size_t i = 0; i < sizeof terminated / sizeof *terminated; i++) {
		struct ep_view name = ep_view_z(terminated[i]);
		ck_assert_int_eq(ep_mediate_matrix_get(EP_MEDIATE_W2C_OFFER, name),
				EP_MEDIATE_TO_AGW);
		ck_assert_int_eq(ep_mediate_matrix_get(EP_MEDIATE_W2C_ANSWER, name),
				EP_MEDIATE_TO_AGW);
		ck_assert_int_eq(ep_mediate_matrix_get(EP_MEDIATE_C2W_OFFER, name),
				EP_MEDIATE_FROM_AGW);
		ck_assert_int_eq(ep_mediate_matrix_get(EP_MEDIATE_C2W_ANSWER, name),
				EP_MEDIATE_FROM_AGW);
	}
}
END_TEST

START_TEST(matrix_unknown_goes_to_the_browser_only)
{
	struct ep_view name = EP_LIT("tool");

	ck_assert_int_eq(
			ep_mediate_matrix_get(EP_MEDIATE_W2C_OFFER, name), EP_MEDIATE_DROP);
	ck_assert_int_eq(ep_mediate_matrix_get(EP_MEDIATE_W2C_ANSWER, name),
			EP_MEDIATE_DROP);
	ck_assert_int_eq(
			ep_mediate_matrix_get(EP_MEDIATE_C2W_OFFER, name), EP_MEDIATE_KEEP);
	ck_assert_int_eq(ep_mediate_matrix_get(EP_MEDIATE_C2W_ANSWER, name),
			EP_MEDIATE_KEEP);
}
END_TEST

START_TEST(matrix_keeps_a_foreign_ssrc_from_the_browser)
{
	static const enum ep_mediate_case to_wic[] = {
			EP_MEDIATE_C2W_OFFER, EP_MEDIATE_C2W_ANSWER};

	for(size_t c = 0; c < 2; c++) {
		ck_assert_int_eq(ep_mediate_matrix_get(to_wic[c], EP_LIT("ssrc")),
				EP_MEDIATE_DROP);
		ck_assert_int_eq(ep_mediate_matrix_get(to_wic[c], EP_LIT("curr")),
				EP_MEDIATE_DROP);
	}
	ck_assert(!ep_mediate_rule_passes(EP_MEDIATE_FROM_AGW, EP_MEDIATE_IN));
	ck_assert(ep_mediate_rule_passes(EP_MEDIATE_FROM_AGW, EP_MEDIATE_OUT));
}
END_TEST

START_TEST(matrix_lets_nothing_of_the_core_in)
{
	static const enum ep_mediate_case to_wic[] = {
			EP_MEDIATE_C2W_OFFER, EP_MEDIATE_C2W_ANSWER};

	for(size_t c = 0; c < 2; c++)
		for(size_t i = 0; i < sizeof core_only / sizeof *core_only; i++) {
			ck_assert_msg(
					!ep_mediate_rule_passes(ep_mediate_matrix_get(to_wic[c],
													ep_view_z(core_only[i])),
							EP_MEDIATE_OUT),
					"%s", core_only[i]);
		}
}
END_TEST

/* The name is compared as a whole, not as far as one of the two goes. */
START_TEST(matrix_knows_whole_names)
{
	static const char *const not_these[] = {"rtpmapp", "rtpma", "sendrec", ""};

	for(size_t i = 0; i < sizeof not_these / sizeof *not_these; i++)
		ck_assert_int_eq(ep_mediate_matrix_get(
								 EP_MEDIATE_W2C_OFFER, ep_view_z(not_these[i])),
				EP_MEDIATE_DROP);
	ck_assert_int_eq(
			ep_mediate_matrix_get(EP_MEDIATE_W2C_OFFER, EP_LIT("rtpmap")),
			EP_MEDIATE_PT);
}
END_TEST

UNIT_MAIN("mediate/matrix", matrix_lets_nothing_of_the_core_in,
		matrix_knows_whole_names, matrix_lets_nothing_of_webrtc_out,
		matrix_gives_the_gateway_what_it_terminates,
		matrix_unknown_goes_to_the_browser_only,
		matrix_keeps_a_foreign_ssrc_from_the_browser)
