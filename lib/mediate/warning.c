/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/warning.h"

static const struct ep_mediate_warning_info table[EP_MEDIATE_WARNING_N] = {
		[EP_MEDIATE_WKEYFRAME] = {"keyframe",
				"video without AVPF, or PLI and FIR: no keyframe can be asked for"},
		[EP_MEDIATE_WUNBUNDLE] = {"unbundle",
				"the gateway cannot take a bundle apart: "
				"sections were left out"},
		[EP_MEDIATE_WUNCLEAR] = {"unclear",
				"an offer without candidates: its bundle policy is guessed"},
		[EP_MEDIATE_WFINGERPRINT] = {"fingerprint",
				"several fingerprints of one hash: the first one counts"},
};

const struct ep_mediate_warning_info *ep_mediate_warning_get(
		enum ep_mediate_warning warning)
{
	static const struct ep_mediate_warning_info unknown = {
			"unknown", "unknown"};

	return (unsigned)warning < EP_MEDIATE_WARNING_N ? &table[warning]
													: &unknown;
}
