/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/cause.h"

#define NOT_HERE 488, "Not Acceptable Here"
#define BROKEN 500, "Server Internal Error"

static const struct ep_mediate_cause_info table[EP_MEDIATE_CAUSE_N] = {
		[EP_MEDIATE_OK] = {"ok", "mediated", 200, "OK", 0},
		[EP_MEDIATE_EINTERNAL] = {"internal", "internal error", BROKEN, 0},
		[EP_MEDIATE_ESYNTAX] = {"syntax",
				"the session description cannot be read", 400,
				"Bad Session Description", 399},
		[EP_MEDIATE_ELIMIT] = {"limit", "the session description is too large",
				NOT_HERE, 399},
		[EP_MEDIATE_ETRANSPORT] = {"transport",
				"media transport is not supported", NOT_HERE, 302},
		[EP_MEDIATE_ESDES] = {"sdes",
				"SDES keys are not accepted, DTLS-SRTP is needed", NOT_HERE,
				302},
		[EP_MEDIATE_ENOICE] = {"noice", "ICE is needed", NOT_HERE, 399},
		[EP_MEDIATE_ENODTLS] = {"nodtls", "DTLS-SRTP is needed", NOT_HERE, 302},
		[EP_MEDIATE_EHASH] = {"hash",
				"a fingerprint of sha-256 or better is needed", NOT_HERE, 399},
		[EP_MEDIATE_ENOCODEC] = {"nocodec", "no codec in common", NOT_HERE,
				305},
		[EP_MEDIATE_ENOMEDIA] = {"nomedia", "no media section can be accepted",
				NOT_HERE, 304},
		[EP_MEDIATE_EMISMATCH] = {"mismatch",
				"the answer does not match the offer", BROKEN, 399},
		[EP_MEDIATE_EGATEWAY] = {"gateway",
				"the media gateway's description cannot be used", BROKEN, 399},
		[EP_MEDIATE_EGWDOWN] = {"gwdown", "no media gateway is available", 503,
				"Media Gateway Unavailable", 399},
		[EP_MEDIATE_EFRAGMENT] = {"fragment", "the candidates cannot be read",
				400, "Bad Session Description Fragment", 399},
		[EP_MEDIATE_EPACKAGE] = {"package", "trickle ICE ends here", 469,
				"Bad Info Package", 0},
		[EP_MEDIATE_ENOCALL] = {"nocall", "no such call", 481,
				"Call/Transaction Does Not Exist", 0},
		[EP_MEDIATE_EREFUSED] = {"refused",
				"the media gateway refuses the session description", NOT_HERE,
				399},
		[EP_MEDIATE_EPROFILE] = {"profile", "no such profile", BROKEN, 0},
};

const struct ep_mediate_cause_info *ep_mediate_cause_get(
		enum ep_mediate_cause cause)
{
	if((unsigned)cause >= EP_MEDIATE_CAUSE_N)
		cause = EP_MEDIATE_EINTERNAL;
	return &table[cause];
}
